"""How tests import: rows straight into the ledger, as if a file had been read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.imports import ledger, services
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.mapping import match
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import Row, Rules, Status
from crmadmin.imports.report import Report


def staged(
    user: User,
    kind: str,
    header: Sequence[str],
    rows: Sequence[Sequence[Any]],
    group: str | None = None,
    **options: Any,
) -> ImportBatch:
    """An import whose file has been read: `rows` from Excel's row 2 on; an empty one is blank."""
    column_map = match(tuple(header), KINDS[kind].columns)
    given: dict[str, Any] = Rules.from_mapping(options).to_dict()
    if group is not None:
        given["group_name"] = group
    batch = ImportBatch(
        kind=kind, status=Status.UPLOADED.value, file_name="tep.xlsx", file_size=1, sheet="S",
        digest=hashlib.sha256(repr((header, rows)).encode()).hexdigest(), header_row=1,
        columns=column_map.to_dict(), options=given, user_id=user.id,
    )  # fmt: skip
    db.session.add(batch)
    db.session.flush()
    at = column_map.fields.get("code", -1)
    numbered = [Row(n, tuple(cells)) for n, cells in enumerate(rows, 2)]
    full = [row for row in numbered if any(cell is not None for cell in row.cells)]
    blank = [row.number for row in numbered if row not in full]
    ledger.stage(batch.id, [(row, services.key_of(row, at)) for row in full], blank)
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
