"""The walk of a file's rows, batch by batch: staged cells → values → fates.

The preview and the run take the same walk; the run also hands each batch to `load` before it goes
on. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from crmadmin.access.models import User
from crmadmin.core.settings import customer_codes
from crmadmin.core.text import cell_text
from crmadmin.imports import queries
from crmadmin.imports.kinds import Family, Kind
from crmadmin.imports.mapping import ColumnMap
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.plan import CatalogPlanner, CustomerPlanner, Fate, MemberPlanner
from crmadmin.imports.plan.catalogs import BY_NAME, BY_PHONE
from crmadmin.imports.plan.fates import Journal, Key, Shape, code_of
from crmadmin.imports.reader import frames
from crmadmin.imports.records import Row, Rules
from crmadmin.imports.validate import Checked, Validator

BATCH_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Step:
    """One batch of the walk.

    `cells`: row number → import column → what the cell says, for rows with problems or warnings.
    """

    raw: Sequence[Row]
    fates: list[Fate]
    cells: dict[int, dict[str, str]]

    @property
    def last(self) -> int:
        """Number of the last row of the batch."""
        return self.raw[-1].number


class Walk:
    """Plans the rows of one staged import in file order, remembering what it has met."""

    def __init__(self, kind: Kind, batch: ImportBatch, user: User) -> None:
        self._kind = kind
        self._batch = batch
        self._column_map = ColumnMap.from_dict(batch.columns)
        rules = Rules.from_mapping(batch.options)
        refs = queries.ref_tables(kind, rules.unknown, user.role)
        self._validator = Validator(kind.columns, self._column_map, refs)
        self._planner = _planner(kind, batch, rules, user)
        self._came_before = queries.came_before(kind, batch)

    @property
    def journal(self) -> Journal:
        """Takes back what the last step noted, when it could not be written."""
        return self._planner.journal

    def steps(self, *, lock: bool = False) -> Iterator[Step]:
        """Every batch of rows, planned against what the database holds at that moment.

        With `lock` the records that a batch may write are locked first. Between two batches the
        caller may commit.
        """
        after = 0
        while staged := queries.staged_rows(self._batch.id, after, BATCH_ROWS):
            rows = [Row(number, frames.decode_cells(cells)) for number, cells in staged]
            step = self.plan(rows, lock=lock)
            after = step.last
            yield step

    def plan(self, rows: Sequence[Row], *, lock: bool = False) -> Step:
        """The fates of these rows as things stand now."""
        checked = self._validator.check(rows)
        keys = [key for row in checked for key in self._keys(row)]
        numbers = [row.number for row in checked] if self._came_before else []
        known = queries.known(self._kind, keys, numbers, self._batch, lock=lock)
        fates = self._planner.plan(checked, known)
        texts = {
            row.number: self._texts(row)
            for row, fate in zip(rows, fates, strict=True)
            if fate.problems or fate.warnings
        }
        return Step(rows, fates, texts)

    def _keys(self, row: Checked) -> list[Key]:
        if isinstance(self._planner, CustomerPlanner):
            code = code_of(row)
            return [("code", code)] if code else []
        return self._planner.keys(row)

    def _texts(self, row: Row) -> dict[str, str]:
        return {
            name: cell_text(row.cells[index])
            for name, index in self._column_map.fields.items()
            if index < len(row.cells)
        }


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
    shape = Shape(fields, defaults, required)
    return CustomerPlanner(
        shape, rules, with_members=fills_group, repeated=queries.repeated_keys(batch.id)
    )
