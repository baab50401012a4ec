"""Where the customers of an import go besides the list: into a group, or into the draft of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, null, select, update

from crmadmin.core import bulk, outside
from crmadmin.core.bulk import ColumnValues, Same
from crmadmin.core.db import actor, db, utcnow
from crmadmin.groups import filling, sources
from crmadmin.groups.models import Membership
from crmadmin.groups.sources import Brought, Source
from crmadmin.imports import states
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline.plan import RowOutcome
from crmadmin.imports.states import Is

BATCHES: Any = ImportBatch.__table__
DRAFT = "draft"
"""The option of an import that was begun on a group's form: the group's id, 0 for a new one."""


def fills_draft(batch: ImportBatch) -> bool:
    """Whether the customers are to join what somebody edits, or edited, on a group's form."""
    return DRAFT in (batch.options or {})


def fills(batch: ImportBatch) -> bool:
    """Whether the customers are to join a group, one that is there or is to be."""
    named = bool(batch.options.get("group_name"))
    return batch.group_id is not None or batch.step_id is not None or named


class Imports(Source):
    """What groups ask of imports."""

    def filled(self) -> Select[int | None, int, str, bool]:
        """Imports that were begun on a group's form."""
        return select(
            ImportBatch.step_id, ImportBatch.id, ImportBatch.file_name.label("name"),
            ImportBatch.status.in_(states.those(Is.WRITING)).label("is_writing"),
        ).where(ImportBatch.step_id.is_not(None))  # fmt: skip

    def straight(self, group_id: int) -> Select[datetime, None, int]:
        """Imports into the group that were begun elsewhere and have written something."""
        return select(ImportBatch.created_at.label("at"), null(), ImportBatch.id).where(
            ImportBatch.group_id == group_id, ImportBatch.step_id.is_(None),
            ImportBatch.status.in_(states.those(Is.WRITTEN)),
        )  # fmt: skip

    def brought(self, ids: Sequence[int]) -> Sequence[Brought]:
        """The members as each import noted them."""
        batch = ImportBatch
        found = select(batch.id, batch.user_id, batch.created_at, batch.counts, batch.file_name)
        rows = db.session.execute(found.where(batch.id.in_(ids))).all()
        return [
            Brought(row.id, row.user_id, row.created_at, _added(row.counts), row.file_name)
            for row in rows
        ]

    def saved(self, step_ids: Select[Any], group_id: int) -> None:
        """What is paused goes on into the group."""
        mine = update(BATCHES).where(BATCHES.c.step_id.in_(step_ids))
        db.session.execute(mine.values(group_id=group_id))


def _added(counts: object) -> int:
    members = outside.entries(outside.entries(counts).get("members"))
    return outside.whole(members.get("added")) or 0


sources.register(Imports())


class GroupTarget:
    """Puts the customers of each block where they belong.

    The draft may be saved while the import is paused: the rest joins the group then. When it was
    thrown away, or just this step, the rest joins nothing and the ledger says so.
    """

    def __init__(self, batch: ImportBatch) -> None:
        self._batch = batch
        self._group_id = batch.group_id
        self._step_id: int | None = None

    def open(self) -> None:
        """Before anything of a block is looked up or locked: find out where it goes."""
        if not fills_draft(self._batch):
            self._group_id = self._batch.group_id
            return
        where = ImportBatch.id == self._batch.id
        step_id = db.session.scalar(select(ImportBatch.step_id).where(where))
        is_open = step_id is not None and filling.open_step(step_id)
        self._step_id = step_id if is_open else None
        self._group_id = (
            None if is_open else db.session.scalar(select(ImportBatch.group_id).where(where))
        )

    def write(self, outcomes: Sequence[RowOutcome], record_id: Callable[[RowOutcome], int]) -> None:
        """Join the customers of these outcomes. Raises bulk.Taken."""
        joining = [outcome for outcome in outcomes if outcome.member_outcome is not None]
        if not joining:
            return
        if self._step_id is not None:
            filling.put_in(self._step_id, [record_id(outcome) for outcome in joining])
        elif self._group_id is not None:
            self._add([f for f in joining if f.member_outcome == "added"], record_id)
        elif fills_draft(self._batch):
            for outcome in joining:
                outcome.member_outcome = None

    def _add(self, outcomes: Sequence[RowOutcome], record_id: Callable[[RowOutcome], int]) -> None:
        if not outcomes:
            return
        columns: dict[str, ColumnValues] = {
            "group_id": Same(self._group_id),
            "customer_id": [record_id(outcome) for outcome in outcomes],
            "added_at": Same(utcnow()),
            "added_by_id": Same(actor.get()),
            "import_id": Same(self._batch.id),
        }
        bulk.insert(Membership.__table__, columns)
