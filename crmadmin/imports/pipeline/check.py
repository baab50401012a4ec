"""Cells of mapped columns → values, with all problems of every row. Pure.

Works a column at a time: what is usual in a column is normalised at once, and cell by cell only
where a cell has something about it. Whether a row is new, and so whether a blank is a problem, is
`plan`'s business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from crmadmin.core.normalise import normaliser
from crmadmin.core.normalise_columns import column_normaliser
from crmadmin.core.text import Note, Refusal, cell_text, code_key, shorten, text
from crmadmin.imports.pipeline.mapping import CONTACT_PREFIX, ColumnMap, ImportColumn
from crmadmin.imports.pipeline.references import RefTable, decision_key
from crmadmin.imports.records import Block, Cell, CellError, Problem, Row

TO_ADDRESS = frozenset({"old_province", "unknown_province"})
"""Warnings that ask for the cell's own text to be kept in the address (docs: provinces)."""

_UNFAMILIAR_KEPT = 10_000


@dataclass(slots=True)
class Checked:
    """One row after its cells were checked.

    `values` holds every mapped column of the record, None for a blank cell; `contact` those of
    the contact, without the prefix, or None when all are blank. `address_extra` is text that
    belongs at the end of the address.
    """

    number: int
    values: dict[str, Any]
    contact: dict[str, object] | None = None
    address_extra: str | None = None
    problems: Sequence[Problem] = ()
    warnings: Sequence[Problem] = ()
    _key: str | None = None

    @property
    def key(self) -> str | None:
        """The row's code as codes are compared, or None when it has none."""
        if self._key is None and (code := self.values.get("code")):
            self._key = code_key(code)
        return self._key


@dataclass(slots=True)
class Remarks:
    """What is remarkable about one row."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    address_extra: str | None = None


@dataclass(slots=True)
class CheckedColumns:
    """The values of one block column by column, those of contacts apart; remarks by place."""

    numbers: list[int]
    values: dict[str, list[object]]
    contacts: dict[str, list[object]]
    remarks: dict[int, Remarks]

    def rows(self, keys: Sequence[str | None] = ()) -> list[Checked]:
        """The same row by row. `keys`: those of their codes, where somebody has them ready."""
        names = tuple(self.values)
        values = zip(*self.values.values(), strict=True) if names else ((),) * len(self.numbers)
        checked = [
            Checked(number, dict(zip(names, row, strict=True)))
            for number, row in zip(self.numbers, values, strict=True)
        ]
        for row, key in zip(checked, keys, strict=False):
            row._key = key
        for index, found in self.remarks.items():
            row = checked[index]
            row.problems, row.warnings = found.problems, found.warnings
            row.address_extra = found.address_extra
        if self.contacts:
            self._add_contacts(checked)
        return checked

    def _add_contacts(self, checked: list[Checked]) -> None:
        names = tuple(self.contacts)
        blank = (None,) * len(names)
        for row, values in zip(checked, zip(*self.contacts.values(), strict=True), strict=True):
            if values == blank and not row.problems:
                continue
            _take_contact(row, dict(zip(names, values, strict=True)))


class Unfamiliar:
    """The catalog values of a file that no record has, each once, with its number of rows."""

    def __init__(self) -> None:
        self._rows: Counter[tuple[str, str]] = Counter()
        self._written: dict[tuple[str, str], str] = {}

    def add(self, column: str, value: str, rows: int) -> None:
        """Count rows that have this value in an import column."""
        key = (column, decision_key(value))
        if key not in self._rows and len(self._rows) >= _UNFAMILIAR_KEPT:
            return  # the column was mistaken for another one; nobody decides on so many
        self._written.setdefault(key, value)
        self._rows[key] += rows

    def most_common(self, most: int) -> list[tuple[tuple[str, str], int]]:
        """((column, the value as it was first written), rows), the most frequent first."""
        return [((key[0], self._written[key]), n) for key, n in self._rows.most_common(most)]


class Validator:
    """Checks the rows of one file, block by block.

    `refs` gives for each ref column (by name) the table of what it may name. Problems name their
    column by its import name; `report` turns that into the file's own heading.
    """

    def __init__(
        self,
        columns: Sequence[ImportColumn],
        column_map: ColumnMap,
        refs: Mapping[str, RefTable],
    ) -> None:
        own = [c for c in columns if c.name in column_map.fields]
        self.unfamiliar = Unfamiliar()
        make = partial(_ColumnChecker, refs=refs, unfamiliar=self.unfamiliar)
        self._columns = [make(c) for c in own if not c.is_contact]
        self._contact = [make(c) for c in own if c.is_contact]
        self._index = column_map.fields

    def check(self, rows: Sequence[Row]) -> list[Checked]:
        """The rows in the same order, each with its values and all of its problems."""
        width = max((len(row.cells) for row in rows), default=0)
        padded = [row.cells + (None,) * (width - len(row.cells)) for row in rows]
        columns = [list(cells) for cells in zip(*padded, strict=True)]
        return self.check_block(Block([row.number for row in rows], columns)).rows()

    def check_block(self, block: Block) -> CheckedColumns:
        """The same for rows that come column by column."""
        notes = _Notes()
        return CheckedColumns(
            block.numbers,
            {c.name: c.values(self._cells(c, block), notes) for c in self._columns},
            {c.name: c.values(self._cells(c, block), notes) for c in self._contact},
            notes.found,
        )

    def _cells(self, column: _ColumnChecker, block: Block) -> list[Cell]:
        index = self._index[column.column.name]
        if index < len(block.columns):
            return block.columns[index]
        return [None] * len(block.numbers)


class _Notes:
    """What is remarkable about the rows of one block, by the place of the row in it."""

    def __init__(self) -> None:
        self.found: dict[int, Remarks] = {}

    def at(self, index: int) -> Remarks:
        """Where problems and warnings of this row go."""
        return self.found.setdefault(index, Remarks())


class _ColumnChecker:
    """One mapped column: its cells → its values."""

    def __init__(
        self, column: ImportColumn, refs: Mapping[str, RefTable], unfamiliar: Unfamiliar
    ) -> None:
        self.column = column
        self._unfamiliar = unfamiliar
        self.name = column.name.removeprefix(CONTACT_PREFIX) if column.is_contact else column.name
        self._normalise = normaliser(column.spec)
        self._normalise_all = column_normaliser(column.spec)
        self._refs = refs.get(column.name)

    def values(self, cells: list[Cell], notes: _Notes) -> list[object]:
        """The column's values; problems and warnings go to their rows."""

        def slow(index: int, cell: Cell) -> object:
            return self._cell(cell, notes.at(index))

        values = self._normalise_all(cells, slow)
        return self._resolved(values, notes) if self.column.spec.is_ref else values

    def _cell(self, cell: Cell, row: Remarks) -> object:
        """One cell's value, or None with the row's problem."""
        name = self.column.name
        if isinstance(cell, CellError):
            row.problems.append(Problem("cell_error", name, cell.text, {"value": cell.text}))
            return None
        found: list[Note] = []
        try:
            value = self._normalise(cell, found)
        except Refusal as refusal:
            shown = refusal.params.get("value") or shorten(cell_text(cell))
            row.problems.append(Problem(refusal.code, name, shown, refusal.params))
            return None
        for note in found:
            shown = note.params.get("value") or shorten(cell_text(cell))
            row.warnings.append(Problem(note.code, name, shown, note.params))
            if note.code in TO_ADDRESS:
                row.address_extra = text(cell)
        return value

    def _resolved(self, texts: list[Any], notes: _Notes) -> list[Any]:
        table = self._refs
        if table is None:
            raise RuntimeError(f"no table of records for {self.column.name}")
        meanings: dict[Any, Any] = {None: None}
        remarkable = False
        for written in dict.fromkeys(texts):
            if written is not None:
                found = table.resolve(written)
                meanings[written] = found.value
                remarkable = remarkable or not found.is_plain
                if found.is_unknown:
                    self._unfamiliar.add(self.column.name, written, texts.count(written))
        if remarkable:
            for index, written in enumerate(texts):
                if written is not None:
                    self._note(table, written, index, notes)
        return [meanings[written] for written in texts]

    def _note(self, table: RefTable, written: str, index: int, notes: _Notes) -> None:
        found = table.resolve(written)
        if found.problem is not None:
            notes.at(index).problems.append(_at(found.problem, self.column))
        if found.warning is not None:
            notes.at(index).warnings.append(_at(found.warning, self.column))


def _at(problem: Problem, column: ImportColumn) -> Problem:
    return Problem(problem.code, column.name, problem.value, problem.params)


def _take_contact(row: Checked, contact: dict[str, object]) -> None:
    """Give the row its contact, if any of the contact's cells has a value; a name is required."""
    has_problem = any(p.column.startswith(CONTACT_PREFIX) for p in row.problems)
    if not has_problem and all(value is None for value in contact.values()):
        return
    row.contact = contact
    if contact.get("name") is None:
        name = CONTACT_PREFIX + "name"
        if not any(p.column == name for p in row.problems):
            row.problems = [*row.problems, Problem("required", name)]
