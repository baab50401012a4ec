"""Where the cells stand that the user corrected in the preview, and the rows they leave behind.

What was typed stands in `import_fix` and takes the place of the cell whenever the file is read, so
the preview and the run see the same. What a fix does to the preview is `fixes`' business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select

from crmadmin.core.bulk import among
from crmadmin.core.db import db
from crmadmin.imports.models import ImportBatch, ImportFix

LEAVE_OUT = ""
"""The column of a fix that leaves the whole row behind."""

LONGEST = 32_767
"""Most characters of a cell, as in Excel."""


def of(batch_id: int) -> dict[int, dict[str, str]]:
    """Every fix of an import: row number → import column → text."""
    return _found(ImportFix.batch_id == batch_id)


def of_rows(batch_id: int, numbers: Sequence[int]) -> dict[int, dict[str, str]]:
    """The fixes of some rows; shape as `of`."""
    return _found(ImportFix.batch_id == batch_id, among(ImportFix.number, numbers))


def _found(*where: Any) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = defaultdict(dict)
    rows = db.session.execute(
        select(ImportFix.number, ImportFix.column, ImportFix.value).where(*where)
    )
    for number, column, value in rows:
        found[number][column] = value
    return dict(found)


def put(batch: ImportBatch, number: int, cells: Mapping[str, str]) -> None:
    """Note what the user typed for cells of a row; part of the transaction at hand."""
    for column, value in cells.items():
        key = (batch.id, number, column)
        fix = db.session.get(ImportFix, key)
        if fix is None:
            fix = ImportFix(batch_id=batch.id, number=number, column=column, value="")
            db.session.add(fix)
        fix.value = value[:LONGEST]
    db.session.flush()


def take_back(batch: ImportBatch, number: int, column: str | None = None) -> None:
    """Forget the fixes of a row, or the one of a column."""
    where: list[Any] = [ImportFix.batch_id == batch.id, ImportFix.number == number]
    if column is not None:
        where.append(ImportFix.column == column)
    db.session.execute(delete(ImportFix).where(*where))
