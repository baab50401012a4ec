"""The walk of a file's rows, block by block: cells → values → fates.

The preview and the run take the same walk; the run also hands each block to `load` before it goes
on. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from crmadmin.access.models import User
from crmadmin.core.settings import customer_codes
from crmadmin.imports import queries
from crmadmin.imports.kinds import Family, Kind
from crmadmin.imports.mapping import ColumnMap
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.plan import CatalogPlanner, CustomerPlanner, Fate, Known, MemberPlanner
from crmadmin.imports.plan.catalogs import BY_NAME, BY_PHONE
from crmadmin.imports.plan.fates import Existing, Shape
from crmadmin.imports.records import Block, Cell, Problem, Rules
from crmadmin.imports.validate import Checked, Validator

LEFT_OUT = "left_out"
"""The problem of a row that the user decided to leave behind."""

Fixes = Mapping[int, Mapping[str, str]]
"""Row number → import column → what the user typed instead; the column "" leaves the row out."""


@dataclass
class Step:
    """One block of the walk: its rows with their fates, and the numbers of blank rows in it."""

    block: Block
    blank: Sequence[int]
    column_map: ColumnMap
    checked: list[Checked]
    read: Mapping[int, tuple[Cell, ...]] = field(default_factory=dict)
    """The cells as the file has them, of rows that the user corrected or left behind."""
    fates: list[Fate] = field(default_factory=list)
    known: Known = field(default_factory=Known)

    @cached_property
    def _places(self) -> dict[int, int]:
        return {number: place for place, number in enumerate(self.block.numbers)}

    def cells(self, number: int) -> tuple[Cell, ...]:
        """The cells of a row of this block."""
        place = self._places[number]
        return tuple(column[place] for column in self.block.columns)

    @property
    def last(self) -> int:
        """Number of the last row of the block."""
        return self.block.numbers[-1]


class Walk:
    """Plans the rows of one file in order, remembering what it has met."""

    def __init__(
        self, kind: Kind, batch: ImportBatch, user: User, column_map: ColumnMap, fixes: Fixes
    ) -> None:
        self._kind = kind
        self._batch = batch
        self._column_map = column_map
        self._fixes = fixes
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

    def steps(self, blocks: Iterator[Block]) -> Iterator[Step]:
        """The blocks with their values, not planned yet."""
        for block in blocks:
            blank = list(self._gaps(block.numbers))
            fixed = frozenset(block.numbers).intersection(self._fixes)
            read = self._fix(block, fixed) if fixed else {}
            checked = self.validator.check_block(block)
            for row in checked if fixed else ():
                if "" in self._fixes.get(row.number, ()):
                    row.problems = [Problem(LEFT_OUT)]
            yield Step(block, blank, self._column_map, checked, read)

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
            for name, value in self._fixes[number].items():
                index = self._column_map.fields.get(name)
                if index is None:
                    continue
                while len(block.columns) <= index:
                    block.columns.append([None] * len(block.numbers))
                block.columns[index][place] = value or None
        return read

    def plan(self, step: Step, *, lock: bool = False) -> None:
        """The fates of the step's rows as things stand now.

        With `lock` the records that the block may write are locked first.
        """
        keys = [key for row in step.checked for key in self.planner.keys(row)]
        numbers = step.block.numbers if self._came_before else ()
        step.known = queries.known(
            self._kind, keys, numbers, self._batch, lock=lock, with_contacts=self._with_contacts
        )
        step.fates = self.planner.plan(step.checked, step.known)

    def in_the_way(self, step: Step) -> list[Existing]:
        """Records that this import numbered itself, with codes that rows of this block ask for."""
        found = {
            existing.id: existing
            for (column, _key), records in step.known.by_key.items()
            if column == "code"
            for existing in records
        }
        numbered = queries.numbered_here(self._kind, self._batch, found) if found else []
        return [found[record_id] for record_id in numbered]

    def replay(self, step: Step) -> None:
        """Take note of a block that was carried out before the work was cut off."""
        told = queries.told(self._kind, self._batch, step.block.numbers[0], step.last)
        self.planner.replay(step.checked, told)


def _planner(
    kind: Kind, batch: ImportBatch, rules: Rules, user: User
) -> CustomerPlanner | CatalogPlanner | MemberPlanner:
    fills_group = batch.group_id is not None or bool(batch.options.get("group_name"))
    if kind.family is Family.MEMBERS:
        return MemberPlanner(with_members=fills_group)
    fields = [column.spec for column in kind.columns if not column.is_contact]
    defaults: dict[str, Any] = {
        f.name: f.default for f in fields if f.default is not None and f.name != "position"
    }
    required = [f.name for f in fields if f.required]
    if kind.family is Family.CATALOG:
        second = BY_PHONE if "phone" in kind.spec.by_name else BY_NAME
        return CatalogPlanner(Shape(fields, defaults, required), rules, second)
    defaults["owner"] = user.id
    if not customer_codes().automatic:
        required.insert(0, "code")
    return CustomerPlanner(Shape(fields, defaults, required), rules, with_members=fills_group)
