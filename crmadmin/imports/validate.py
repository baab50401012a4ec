"""Cells of mapped columns → values, with all problems of every row. Pure.

Works a column at a time: the normaliser runs over the whole column, and cell by cell only where
that column of the batch has something wrong. Whether a row is new, and so whether a blank is a
problem, is `plan`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crmadmin.core.normalise import Normalise, normaliser
from crmadmin.core.spec import FieldKind
from crmadmin.core.text import Note, Refusal, cell_text, shorten, text
from crmadmin.imports.mapping import CONTACT_PREFIX, ColumnMap, ImportColumn
from crmadmin.imports.records import Cell, CellError, Problem, Row
from crmadmin.imports.refs import RefTable

TO_ADDRESS = frozenset({"old_province", "unknown_province"})
"""Warnings that ask for the cell's own text to be kept in the address (docs: provinces)."""


@dataclass(slots=True)
class Checked:
    """One row after its cells were checked.

    `values` holds every mapped column of the record, None for a blank cell; `contact` those of
    the contact, without the prefix, or None when all are blank. `address_extra` is text that
    belongs at the end of the address.
    """

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    contact: dict[str, Any] | None = None
    address_extra: str | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


class Validator:
    """Checks the rows of one file, batch by batch.

    `refs` gives for each ref column (by name) the table of what it may name. Problems name their
    column by its import name; `report` turns that into the file's own heading.
    """

    def __init__(
        self,
        columns: Sequence[ImportColumn],
        column_map: ColumnMap,
        refs: Mapping[str, RefTable],
    ) -> None:
        self._columns = [c for c in columns if c.name in column_map.fields]
        self._index = column_map.fields
        self._refs = refs
        self._normalise = {c.name: normaliser(c.spec) for c in self._columns}

    def check(self, rows: Sequence[Row]) -> list[Checked]:
        """The rows in the same order, each with its values and all of its problems."""
        checked = [Checked(row.number) for row in rows]
        contacts: list[dict[str, Any]] = [{} for _ in rows]
        for column in self._columns:
            index = self._index[column.name]
            cells = [row.cells[index] if index < len(row.cells) else None for row in rows]
            values = self._column(column, cells, checked)
            if column.is_contact:
                name = column.name.removeprefix(CONTACT_PREFIX)
                for contact, value in zip(contacts, values, strict=True):
                    contact[name] = value
            else:
                for row, value in zip(checked, values, strict=True):
                    row.values[column.name] = value
        for row, contact in zip(checked, contacts, strict=True):
            _take_contact(row, contact)
        return checked

    def _column(self, column: ImportColumn, cells: list[Cell], rows: list[Checked]) -> list[Any]:
        """The column's values; problems and warnings go to their rows."""
        normalise = self._normalise[column.name]
        notes: list[Note] = []
        try:
            if any(isinstance(cell, CellError) for cell in cells):
                raise Refusal("cell_error")
            values = _normalised(normalise, cells, notes)
        except Refusal:
            notes.append(Note("cell_error"))
        if notes:
            values = [
                _cell(column, normalise, cell, row) for cell, row in zip(cells, rows, strict=True)
            ]
        if column.spec.kind is FieldKind.REF:
            return self._resolved(column, values, rows)
        if column.spec.kind is FieldKind.PROVINCE:
            return [getattr(value, "name", value) for value in values]
        return values

    def _resolved(self, column: ImportColumn, texts: list[Any], rows: list[Checked]) -> list[Any]:
        table = self._refs[column.name]
        values: list[Any] = []
        for written, row in zip(texts, rows, strict=True):
            if written is None:
                values.append(None)
                continue
            found = table.resolve(written)
            values.append(found.value)
            if found.problem is not None:
                row.problems.append(_at(found.problem, column))
            if found.warning is not None:
                row.warnings.append(_at(found.warning, column))
        return values


def _normalised(normalise: Normalise, cells: Sequence[Cell], notes: list[Note]) -> list[Any]:
    """The whole column at once. A text that repeats, as catalog values do, is read once."""
    texts = {cell: normalise(cell, notes) for cell in {c for c in cells if type(c) is str}}
    return [
        texts[cell] if type(cell) is str else None if cell is None else normalise(cell, notes)
        for cell in cells
    ]


def _at(problem: Problem, column: ImportColumn) -> Problem:
    return Problem(problem.code, column.name, problem.value, problem.params)


def _cell(column: ImportColumn, normalise: Normalise, cell: Cell, row: Checked) -> Any:
    """One cell's value, or None with the row's problem; the slow way, for columns with trouble."""
    if isinstance(cell, CellError):
        row.problems.append(Problem("cell_error", column.name, cell.text, {"value": cell.text}))
        return None
    notes: list[Note] = []
    try:
        value = normalise(cell, notes)
    except Refusal as refusal:
        shown = refusal.params.get("value") or shorten(cell_text(cell))
        row.problems.append(Problem(refusal.code, column.name, shown, refusal.params))
        return None
    for note in notes:
        shown = note.params.get("value") or shorten(cell_text(cell))
        row.warnings.append(Problem(note.code, column.name, shown, note.params))
        if note.code in TO_ADDRESS and column.spec.kind is FieldKind.PROVINCE:
            row.address_extra = text(cell)
    return value


def _take_contact(row: Checked, contact: dict[str, Any]) -> None:
    """Give the row its contact, if any of the contact's cells has a value; a name is required."""
    has_problem = any(p.column.startswith(CONTACT_PREFIX) for p in row.problems)
    if not has_problem and all(value is None for value in contact.values()):
        return
    row.contact = contact
    if contact.get("name") is None:
        name = CONTACT_PREFIX + "name"
        if not any(p.column == name for p in row.problems):
            row.problems.append(Problem("required", name))
