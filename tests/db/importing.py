"""How tests import: rows straight into the pipeline, as if the reader had read them from a file.

What the reader makes of real files has tests of its own; here a file is its rows.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.imports import services, source
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.reader import Head
from crmadmin.imports.records import Block, FileRefused, Row, Rules
from crmadmin.imports.report import Report
from crmadmin.imports.states import Status

BLOCK_ROWS = 2000

_FILES: dict[str, list[Row]] = {}
_NAMES = itertools.count(1)
_read_file = source.open_sheet


@dataclass
class RowsRead:
    """What `reader.Reading` is, of rows that no file holds."""

    header: Row
    rows: list[Row]
    heads: list[Head]
    sheet: str = "S"
    last: int = field(default=0)

    @property
    def blocks(self) -> Iterator[Block]:
        for start in range(0, len(self.rows), BLOCK_ROWS):
            some = self.rows[start : start + BLOCK_ROWS]
            self.last = some[-1].number
            width = len(self.header.cells)
            columns = [[row.cells[i] for row in some] for i in range(width)]
            yield Block([row.number for row in some], columns)


@contextmanager
def open_sheet(path: Path, choose: Any, limits: Any) -> Iterator[Any]:
    """Takes the place of the reader for files made by `staged`."""
    if path.name not in _FILES:
        with _read_file(path, choose, limits) as reading:
            yield reading
        return
    rows = _FILES[path.name]
    head = Head("S", rows[:20])
    number = choose(head)
    header = next((row for row in rows if row.number == number), None)
    if header is None:
        raise FileRefused("no_header")
    below = [row for row in rows if row.number > header.number]
    yield RowsRead(header, [row for row in below if any(c is not None for c in row.cells)], [head])


def staged(
    user: User,
    kind: str,
    header: Sequence[str],
    rows: Sequence[Sequence[Any]],
    group: str | None = None,
    **options: Any,
) -> ImportBatch:
    """An uploaded import: `rows` from Excel's row 2 on; an empty one is blank."""
    given: dict[str, Any] = Rules.from_mapping(options).to_dict()
    if group is not None:
        given["group_name"] = group
    name = f"rows-{next(_NAMES)}"
    content = repr((header, rows)).encode()
    (source.uploads_folder() / name).write_bytes(content)
    blank = (None,) * len(header)
    _FILES[name] = [
        Row(n, (*cells, *blank)[: len(header)]) for n, cells in enumerate([tuple(header), *rows], 1)
    ]
    batch = ImportBatch(
        kind=kind, status=Status.UPLOADED.value, file_name="tep.xlsx", file_size=1, file_path=name,
        digest=hashlib.sha256(content).hexdigest(), options=given,
        columns={}, planned={}, counts={}, user_id=user.id,
    )  # fmt: skip
    db.session.add(batch)
    db.session.commit()
    return batch


def imported(user: User, kind: str, header: Sequence[str], rows: Any, **options: Any) -> Report:
    """The report of an import of these rows."""
    return services.run(staged(user, kind, header, rows, **options))


def number_of(model: type[Any]) -> int:
    """How many records a table has."""
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def codes(report: Report) -> list[tuple[int, str, str]]:
    """Row, column and code of each problem."""
    return [(p["row"], p["column"], p["code"]) for p in report.to_json()["problems"]]
