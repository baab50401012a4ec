"""The road of a file's rows, block by block: cells → values → outcomes.

The preview and the run take the same road; the run also hands each block to `write` before it goes
on. Nothing is written here.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from crmadmin.access.models import User
from crmadmin.core.db import spec_of
from crmadmin.core.settings import customer_codes
from crmadmin.customers.models import Contact
from crmadmin.imports import queries
from crmadmin.imports.kinds import Family, ImportKind
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline.check import Checked, CheckedColumns, Validator
from crmadmin.imports.pipeline.derived import DerivedColumns, Made, make
from crmadmin.imports.pipeline.mapping import ColumnMap
from crmadmin.imports.pipeline.plan import (
    CatalogPlanner,
    CustomerPlanner,
    Known,
    MemberPlanner,
    RowOutcome,
)
from crmadmin.imports.pipeline.plan.catalogs import BY_NAME, BY_PHONE
from crmadmin.imports.pipeline.plan.outcomes import Existing, RecordShape
from crmadmin.imports.pipeline.target import fills
from crmadmin.imports.records import Block, Cell, Problem, Rules

LEFT_OUT = "left_out"
"""The problem of a row that the user decided to leave behind."""

Corrections = Mapping[int, Mapping[str, str]]
"""Row number → import column → what the user typed instead; the column "" leaves the row out."""


@dataclass(slots=True)
class CheckedBlock:
    """One block, read and checked, before anything was asked of the database.

    `cells` are its columns, or those pickled, if another process made it; `noted` are then
    those of rows that have something remarkable. `read` are the cells as the file has them of rows
    that the user corrected or left behind. `made` and `contact_made` are derived columns (see
    `derived`), empty where nobody made them.
    """

    numbers: list[int]
    blank: list[int]
    checked: CheckedColumns
    cells: list[list[Cell]] | bytes
    read: dict[int, tuple[Cell, ...]] = field(default_factory=dict)
    noted: dict[int, tuple[Cell, ...]] = field(default_factory=dict)
    made: Made = field(default_factory=dict)
    contact_made: Made = field(default_factory=dict)

    def pack(self) -> None:
        """Make it ready for its way to another process: hardly any row's cells are needed there."""
        if isinstance(self.cells, bytes):
            return
        for place in self.checked.remarks:
            self.noted[self.numbers[place]] = tuple(column[place] for column in self.cells)
        self.cells = pickle.dumps(self.cells, 5)


@dataclass
class PlannedBlock:
    """One block whose rows get their outcomes, and the numbers of blank rows in it."""

    checked_block: CheckedBlock
    column_map: ColumnMap
    checked: list[Checked]
    outcomes: list[RowOutcome] = field(default_factory=list)
    known: Known = field(default_factory=Known)

    @cached_property
    def _places(self) -> dict[int, int]:
        return {number: place for place, number in enumerate(self.checked_block.numbers)}

    @cached_property
    def _columns(self) -> list[list[Cell]]:
        cells = self.checked_block.cells
        return pickle.loads(cells) if isinstance(cells, bytes) else cells  # noqa: S301 - `parallel` wrote it

    def cells(self, number: int) -> tuple[Cell, ...]:
        """The cells of a row of this block."""
        if number in self.checked_block.noted:
            return self.checked_block.noted[number]
        place = self._places[number]
        return tuple(column[place] for column in self._columns)

    def ready(self, kind: ImportKind) -> tuple[DerivedColumns, DerivedColumns]:
        """The derived columns that are made already: those of the records and of the contacts."""
        checked_block, rows = self.checked_block, len(self.checked_block.numbers)
        contacts = DerivedColumns(
            spec_of(Contact), checked_block.checked.contacts, checked_block.contact_made, rows
        )
        return DerivedColumns(
            kind.spec, checked_block.checked.values, checked_block.made, rows
        ), contacts

    @property
    def blank(self) -> Sequence[int]:
        """Numbers of the blank rows among the block's."""
        return self.checked_block.blank

    @property
    def read(self) -> Mapping[int, tuple[Cell, ...]]:
        """The cells as the file has them, of rows that the user corrected or left behind."""
        return self.checked_block.read

    @property
    def last(self) -> int:
        """Number of the last row of the block."""
        return self.checked_block.numbers[-1]


class Pipeline:
    """Takes the blocks of one file from cells to outcomes, remembering what it has met."""

    def __init__(
        self,
        kind: ImportKind,
        batch: ImportBatch,
        user: User,
        column_map: ColumnMap,
        corrections: Corrections,
    ) -> None:
        self._kind = kind
        self._batch = batch
        self._column_map = column_map
        self._corrections = corrections
        self._last = batch.header_row or 0
        rules = Rules.from_mapping(batch.options)
        decided = batch.options.get("values") or {}
        refs = queries.ref_tables(kind, rules, user.role, decided)
        self.validator = Validator(kind.columns, column_map, refs)
        self.planner = _planner(kind, batch, rules, user)
        self._came_before = queries.came_before(kind, batch)
        self._with_contacts = any(
            c.is_contact and c.name in column_map.fields for c in kind.columns
        )

    def check(self, blocks: Iterator[Block], *, making: bool = False) -> Iterator[CheckedBlock]:
        """The blocks with their values. With `making` the derived columns are made, too.

        Asks nothing of the database, so another thread or process may do it.
        """
        for block in blocks:
            blank = list(self._gaps(block.numbers))
            fixed = frozenset(block.numbers).intersection(self._corrections)
            read = self._fix(block, fixed) if fixed else {}
            checked = self.validator.check_block(block)
            checked_block = CheckedBlock(block.numbers, blank, checked, block.columns, read)
            if making:
                rows = len(block.numbers)
                checked_block.made = make(self._kind.spec, checked.values, rows)
                checked_block.contact_made = make(spec_of(Contact), checked.contacts, rows)
            yield checked_block

    def unpack(self, checked_block: CheckedBlock) -> PlannedBlock:
        """The rows of a checked block, one by one, ready to be planned."""
        checked = checked_block.checked.rows(checked_block.made.get("code_key", ()))
        for row in checked if checked_block.read else ():
            if "" in self._corrections.get(row.number, ()):
                row.problems = [Problem(LEFT_OUT)]
        return PlannedBlock(checked_block, self._column_map, checked)

    def _gaps(self, numbers: Sequence[int]) -> Iterator[int]:
        if not numbers:
            return
        if numbers[-1] - self._last != len(numbers):
            for number in numbers:
                yield from range(self._last + 1, number)
                self._last = number
        self._last = numbers[-1]

    def _fix(self, block: Block, numbers: frozenset[int]) -> dict[int, tuple[Cell, ...]]:
        """Put what the user typed in the place of the cells; gives these rows as they were."""
        read: dict[int, tuple[Cell, ...]] = {}
        for place, number in enumerate(block.numbers):
            if number not in numbers:
                continue
            read[number] = tuple(column[place] for column in block.columns)
            for name, value in self._corrections[number].items():
                index = self._column_map.fields.get(name)
                if index is None:
                    continue
                while len(block.columns) <= index:
                    block.columns.append([None] * len(block.numbers))
                block.columns[index][place] = value or None
        return read

    def plan(self, planned: PlannedBlock, *, lock: bool = False) -> None:
        """The outcomes of the block's rows as things stand now.

        With `lock` the records that the block may write are locked first.
        """
        keys = [key for row in planned.checked for key in self.planner.keys(row)]
        numbers = planned.checked_block.numbers if self._came_before else ()
        planned.known = queries.known(
            self._kind, keys, numbers, self._batch, lock=lock, with_contacts=self._with_contacts
        )
        planned.outcomes = self.planner.plan(planned.checked, planned.known)

    def in_the_way(self, planned: PlannedBlock) -> list[Existing]:
        """Records that this import numbered itself, with codes that rows of this block ask for."""
        found = {
            existing.id: existing
            for (column, _key), records in planned.known.by_key.items()
            if column == "code"
            for existing in records
        }
        numbered = queries.numbered_here(self._kind, self._batch, found) if found else []
        return [found[record_id] for record_id in numbered]

    def replay(self, planned: PlannedBlock) -> None:
        """Take note of a block that was carried out before the work was cut off."""
        told = queries.told(self._kind, self._batch, planned.checked_block.numbers[0], planned.last)
        self.planner.replay(planned.checked, told)


def _planner(
    kind: ImportKind, batch: ImportBatch, rules: Rules, user: User
) -> CustomerPlanner | CatalogPlanner | MemberPlanner:
    fills_group = fills(batch)
    if kind.family is Family.MEMBERS:
        return MemberPlanner(with_members=fills_group)
    fields = [column.spec for column in kind.columns if not column.is_contact]
    defaults: dict[str, object] = {
        f.name: f.default for f in fields if f.default is not None and f.name != "position"
    }
    required = [f.name for f in fields if f.required]
    if kind.family is Family.CATALOG:
        second = BY_PHONE if "phone" in kind.spec.by_name else BY_NAME
        return CatalogPlanner(RecordShape(fields, defaults, required), rules, second)
    defaults["owner"] = user.id
    if not customer_codes().automatic:
        required.insert(0, "code")
    return CustomerPlanner(RecordShape(fields, defaults, required), rules, with_members=fills_group)
