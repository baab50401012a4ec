"""Where the cells stand that the user corrected in the preview, and the rows they leave behind.

What was typed stands in `import_fix` and takes the place of the cell whenever the file is read, so
the preview and the run see the same. What a fix does to the preview is the business of `correct`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete, insert, select

from crmadmin.core.bulk import among
from crmadmin.core.db import db
from crmadmin.core.facets import Condition
from crmadmin.core.outside import whole
from crmadmin.imports.models import ImportBatch, ImportFix
from crmadmin.imports.pipeline.mapping import ColumnMap

LEAVE_OUT = ""
"""The column of a fix that leaves the whole row behind."""

ASIDE = "aside"
"""The option of an import with corrections of cells that are not imported as things stand:
{sheet: {row: {place of the column from 0: text}}}; the place "" leaves the row out. A column that
the file does not have stands there by its name."""


def of(batch_id: int) -> dict[int, dict[str, str]]:
    """Every fix of an import: row number → import column → text."""
    return _found(ImportFix.batch_id == batch_id)


def of_rows(batch_id: int, numbers: Sequence[int]) -> dict[int, dict[str, str]]:
    """The fixes of some rows; shape as `of`."""
    return _found(ImportFix.batch_id == batch_id, among(ImportFix.number, numbers))


def _found(*where: Condition) -> dict[int, dict[str, str]]:
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
        fix.value = value
    db.session.flush()


def set_aside(batch: ImportBatch) -> None:
    """Note corrections by their cells: the sheet is about to be read with other columns, perhaps.

    Part of the transaction at hand; `bring_back` is the way back.
    """
    found = of(batch.id)
    if not found:
        return
    places = ColumnMap.from_dict(batch.columns).fields
    kept = {sheet: {n: dict(row) for n, row in rows.items()} for sheet, rows in aside(batch)}
    rows = kept.setdefault(batch.sheet or "", {})
    for number, cells in found.items():
        row = rows.setdefault(str(number), {})
        row.update({str(places.get(name, name)): text for name, text in cells.items()})
    batch.options = {**batch.options, ASIDE: kept}
    forget(batch)


def bring_back(batch: ImportBatch) -> None:
    """Let corrections count again whose cells are imported: of the sheet and by the columns that
    are in force now. The others stay aside. Part of the transaction at hand."""
    kept = dict(aside(batch))
    rows = kept.pop(batch.sheet or "", None)
    if rows is None:
        return
    places = ColumnMap.from_dict(batch.columns).fields
    names = {str(place): name for name, place in places.items()} | {LEAVE_OUT: LEAVE_OUT}
    names |= {name: name for name in places}
    left: dict[str, dict[str, str]] = {}
    again: dict[tuple[int, str], str] = {}
    for number, cells in rows.items():
        for place, text in cells.items():
            if place in names:
                # A place and a name may mean one cell by now: what was typed last counts.
                again[whole(number) or 0, names[place]] = text
            else:
                left.setdefault(number, {})[place] = text
    if again:
        db.session.execute(
            insert(ImportFix),
            [
                {"batch_id": batch.id, "number": number, "column": name, "value": text}
                for (number, name), text in again.items()
            ],
        )
    if left:
        kept[batch.sheet or ""] = left
    batch.options = {**batch.options, ASIDE: kept}


def aside(batch: ImportBatch) -> Iterable[tuple[str, Mapping[str, Mapping[str, str]]]]:
    """The corrections that do not count now: (sheet, row → place → text)."""
    return (batch.options.get(ASIDE) or {}).items()


def forget(batch: ImportBatch) -> None:
    """Forget every correction that counts; part of the transaction at hand."""
    db.session.execute(delete(ImportFix).where(ImportFix.batch_id == batch.id))


def take_back(batch: ImportBatch, number: int, column: str | None = None) -> None:
    """Forget the fixes of a row, or the one of a column."""
    where: list[Condition] = [ImportFix.batch_id == batch.id, ImportFix.number == number]
    if column is not None:
        where.append(ImportFix.column == column)
    db.session.execute(delete(ImportFix).where(*where))
