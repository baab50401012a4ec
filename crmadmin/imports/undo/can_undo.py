"""What can be undone of an import: the conditions shared by the preview and the undo job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, case, exists, null, or_, select

from crmadmin.core.db import utcnow
from crmadmin.core.spec import Words
from crmadmin.core.usage import references_to
from crmadmin.customers.models import Contact
from crmadmin.groups.models import Membership
from crmadmin.imports.kinds import KINDS, Family, ImportKind
from crmadmin.imports.models import ImportBatch, ImportChange, ImportRow
from crmadmin.imports.records import RUN, State
from crmadmin.jobs import services as jobs

EDITED, USED, TAKEN, CONTACT, GONE = "edited", "used", "taken", "contact", "gone"

REASONS: Mapping[str, Words] = {
    EDITED: _l("Edited since the import."),
    USED: _l("Others have built on it since: a contact, a group, or records that refer to it."),
    TAKEN: _l("Another record has its old code, name or phone by now."),
    CONTACT: _l("Its contact was edited since, and stays."),
    GONE: _l("Deleted since; there is nothing to take back."),
}
"""Why undoing leaves a record as it is: what `ImportRow.kept` means."""

WRITTEN = (State.CREATED.value, State.UPDATED.value)


class KeptLine(NamedTuple):
    """A record that stays as it is. `number` is the row's; 0 for a record beside the rows."""

    number: int
    label: str
    reason: str


@dataclass(frozen=True)
class ImportScope:
    """One import that is to be taken back.

    `until` is when it ended. A record made after that is none of its own, even if it has the id of
    one that was deleted: SQLite gives ids out again. `step_id` is the step of a group's draft that
    it filled.
    """

    batch_id: int
    kind: ImportKind
    until: datetime
    step_id: int | None = None

    @classmethod
    def of(cls, batch: ImportBatch) -> ImportScope:
        """What is needed to know of an import. One that was stopped ended with its last block."""
        until = batch.finished_at
        if until is None:
            job = jobs.latest(RUN, batch.id)
            until = (job and job.heartbeat_at) or utcnow()
        return cls(batch.id, KINDS[batch.kind], until, batch.step_id)

    @property
    def model(self) -> Any:
        """The model of the rows' own records."""
        return self.kind.model

    @property
    def has_contacts(self) -> bool:
        """Whether its rows may have brought contacts and memberships."""
        return self.kind.family is not Family.CATALOG

    @cached_property
    def changed(self) -> ColumnElement[bool]:
        """Notes of records beside the rows' own that it changed (not made)."""
        return and_(ImportChange.batch_id == self.batch_id, ImportChange.before.is_not(null()))

    def rows(self, *states: str) -> ColumnElement[bool]:
        """Its ledger rows of these states."""
        if len(states) == 1:
            return and_(ImportRow.batch_id == self.batch_id, ImportRow.state == states[0])
        return and_(ImportRow.batch_id == self.batch_id, ImportRow.state.in_(states))

    @cached_property
    def keep_reason(self) -> ColumnElement[str | None]:
        """Why the record of a created or updated row must stay, or NULL."""
        is_made = ImportRow.state == State.CREATED.value
        is_newer = [self.model.version != ImportRow.version]
        if not self.has_contacts:
            is_newer.append(~self._is_changed_later())
        return case(
            (~self._record(), GONE),
            (self._record(*is_newer), EDITED),
            (and_(is_made, or_(*self._uses())), USED),
            else_=null(),
        )

    def _record(self, *where: ColumnElement[bool]) -> ColumnElement[bool]:
        record = self.model
        return exists(
            select(record.id)
            .where(record.id == ImportRow.record_id, record.created_at <= self.until, *where)
            .correlate(ImportRow)
        )

    def _is_changed_later(self) -> ColumnElement[bool]:
        """Whether it was this import that wrote the record once more, such as took its default."""
        return exists(
            select(ImportChange.id)
            .where(
                self.changed,
                ImportChange.target == self.model.__name__,
                ImportChange.record_id == ImportRow.record_id,
                ImportChange.version == self.model.version,
                ImportChange.version > ImportRow.version,
            )
            .correlate(ImportRow, self.model)
        )

    def _uses(self) -> list[ColumnElement[bool]]:
        uses: list[ColumnElement[bool]] = [
            exists(select(r.column).where(r.column == ImportRow.record_id).correlate(ImportRow))
            for r in references_to(self.model)
        ]
        if self.has_contacts:
            uses.append(self._has(Contact, or_(_not(Contact, self.batch_id), Contact.version != 1)))
            uses.append(self._has(Membership, _not(Membership, self.batch_id)))
        return uses

    def _has(self, model: Any, where: ColumnElement[bool]) -> ColumnElement[bool]:
        mine = model.customer_id == ImportRow.record_id
        return exists(select(model.customer_id).where(mine, where).correlate(ImportRow))


def _not(model: Any, batch_id: int) -> ColumnElement[bool]:
    """Contacts or memberships that another import brought, or a person."""
    return or_(model.import_id.is_(None), model.import_id != batch_id)
