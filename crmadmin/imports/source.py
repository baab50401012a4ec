"""The file of an import, opened: its sheet, its header and what each column was taken for.

What the user chose by hand counts first, then what they chose for such a file before, then what
the headings say. The spreadsheet itself is only ever opened by the reader's child process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import current_app

from crmadmin.core import outside
from crmadmin.core.db import db, utcnow
from crmadmin.core.text import cell_text, heading_key, shorten
from crmadmin.imports.kinds import ImportKind
from crmadmin.imports.models import ImportBatch, ImportMemory
from crmadmin.imports.pipeline.mapping import OUR_HEADINGS, ColumnMap, by_hand, find_header, match
from crmadmin.imports.reader import Head, Limits, Reading, open_sheet, read_heads
from crmadmin.imports.reader.limits import MEBIBYTE
from crmadmin.imports.records import Cell, FileRefused, Row

PROPOSED, REMEMBERED, BY_HAND = "recognised", "remembered", "by hand"
HEAD_CELLS = 200
"""Most columns of the first rows that are kept for the page on which columns are matched."""


@dataclass(frozen=True)
class OpenedFile:
    """An opened file. `how` says where the column map comes from."""

    reading: Reading
    column_map: ColumnMap
    how: str
    heads: list[dict[str, object]]


def uploads_folder() -> Path:
    """Where uploaded files are kept; for nobody but the application to read."""
    folder: Path = current_app.config["SETTINGS"].instance / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def reader_limits() -> Limits:
    """What reading may cost, by the settings."""
    return Limits.within(current_app.config["SETTINGS"].reader_max_mb * MEBIBYTE)


def path_of(batch: ImportBatch) -> Path:
    """The uploaded file. Raises FileRefused when it was deleted since, or is another one by now:
    what a preview showed must be what is written."""
    path = uploads_folder() / Path(batch.file_path or "-").name
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileRefused("file_gone") from error
    if batch.digest and found != batch.digest:
        raise FileRefused("file_changed")
    return path


@contextmanager
def opened(batch: ImportBatch, kind: ImportKind) -> Iterator[OpenedFile]:
    """Open the file of an import at its header. Raises FileRefused.

    `no_header` has the first rows of every sheet noted on the batch, for the user to choose from.
    """
    chosen = batch.mapping or {}
    if batch.planned:
        # The run keeps to what the preview showed, whatever was remembered since.
        chosen = {"sheet": batch.sheet, "header": batch.header_row}
    heads: list[Head] = []

    def choose(head: Head) -> int | None:
        heads.append(head)
        if chosen.get("sheet") and head.sheet != chosen["sheet"]:
            return None
        if row := outside.whole(chosen.get("header"), 1):
            return row
        return find_header(head.rows, kind.columns, kind.key_columns)

    try:
        with open_sheet(path_of(batch), choose, reader_limits()) as reading:
            column_map, how = _column_map(batch, kind, reading.header.cells)
            yield OpenedFile(reading, column_map, how, _noted(heads, reading.header.number))
    except FileRefused as refusal:
        if refusal.code == "no_header":
            batch.heads = _noted(heads, None)
        raise


def _column_map(
    batch: ImportBatch, kind: ImportKind, header: Sequence[Cell]
) -> tuple[ColumnMap, str]:
    chosen = batch.mapping or {}
    if batch.planned:
        return ColumnMap.from_dict(batch.columns), str(batch.options.get("mapped") or PROPOSED)
    if chosen.get("fields") is not None:
        return by_hand(header, chosen["fields"]), BY_HAND
    found = remembered(batch.user_id, kind, header)
    if found is not None and found.fields:
        known = {n: i for n, i in found.fields.items() if kind.column(n) and i < len(header)}
        return by_hand(header, known), REMEMBERED
    return match(header, kind.columns), PROPOSED


def _noted(heads: Sequence[Head], header: int | None) -> list[dict[str, object]]:
    """The first rows of the sheets as JSON keeps them, for the page that matches columns."""
    noted: list[dict[str, Any]] = [
        {"sheet": head.sheet, "header": None, "rows": [_row(row) for row in head.rows]}
        for head in heads
    ]
    if noted and header is not None:
        noted[-1]["header"] = header
    return noted


def _row(row: Row) -> list[Any]:
    return [row.number, [shorten(cell_text(cell)) for cell in row.cells[:HEAD_CELLS]]]


def note_sheets(batch: ImportBatch) -> None:
    """Note the first rows of every visible sheet, so that the user can choose another one."""
    known = {head["sheet"]: head for head in batch.heads}
    every = _noted(read_heads(path_of(batch), reader_limits()), None)
    batch.heads = [known.get(head["sheet"], head) for head in every]
    db.session.commit()


# What users chose before


def digest(header: Sequence[Cell]) -> str:
    """The same for two headers that say the same, in the same order; our own columns apart."""
    words = [heading_key(cell_text(cell)) for cell in header]
    words = ["" if word in OUR_HEADINGS else word for word in words]
    while words and not words[-1]:
        words.pop()
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


def remembered(
    user_id: int | None, kind: ImportKind, header: Sequence[Cell]
) -> ImportMemory | None:
    """What this user chose for a file with these headings the last time."""
    found: ImportMemory | None = db.session.get(ImportMemory, (user_id, kind.name, digest(header)))
    return found


def remember(
    batch: ImportBatch,
    kind: ImportKind,
    header: Sequence[Cell],
    *,
    fields: Mapping[str, int] | None = None,
    values: Mapping[str, Any] | None = None,
) -> None:
    """Keep what the user chose for files like this one; part of the transaction at hand."""
    if batch.user_id is None:
        return
    memory = remembered(batch.user_id, kind, header)
    if memory is None:
        memory = ImportMemory(
            user_id=batch.user_id, kind=kind.name, headings=digest(header), fields={}, values={}
        )
        db.session.add(memory)
    if fields is not None:
        memory.fields = dict(fields)
    if values is not None:
        memory.values = dict(values)
    memory.updated_at = utcnow()


def forget(batch: ImportBatch, kind: ImportKind) -> None:
    """Forget what the user chose for files like this one."""
    for head in batch.heads or ():
        for number, cells in head["rows"]:
            if number == head["header"]:
                memory = remembered(batch.user_id, kind, cells)
                if memory is not None:
                    db.session.delete(memory)
