"""The rows' own records on their way back, a block of ledger rows at a time, set-based.

First what the import made, in file order: a customer's first row tells whether it goes, and its
contacts with it. Then what it overwrote, from the last row to the first, as things were written.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, update

from crmadmin.core import images
from crmadmin.core.acts import CHANGE, ROWS, WRITTEN
from crmadmin.core.bulk import among
from crmadmin.core.db import Base, db, present, rows_written
from crmadmin.customers.models import Contact
from crmadmin.groups import filling
from crmadmin.groups.models import Membership
from crmadmin.imports import states
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch, ImportChange, ImportRow
from crmadmin.imports.records import State
from crmadmin.imports.states import Is
from crmadmin.imports.undo.can_undo import CONTACT, GONE, TAKEN, ImportScope
from crmadmin.imports.undo.values import Restore, put_back

BLOCK = 5000

Counts = Counter[str]


def remove_made(scope: ImportScope, after: int, counts: Counts) -> tuple[int, int] | None:
    """Take back what the next rows made: contacts, memberships, records.

    Gives the number of the last of these rows and how many overwrote nothing; None at the end.
    """
    mine = ImportRow.batch_id == scope.batch_id
    drafted = scope.step_id is not None and filling.open_step(scope.step_id)
    last = db.session.scalar(
        select(func.max(ImportRow.number)).where(
            ImportRow.number.in_(
                select(ImportRow.number)
                .where(mine, ImportRow.number > after)
                .order_by(ImportRow.number)
                .limit(BLOCK)
            )
        )
    )
    if last is None:
        return None
    block = and_(mine, ImportRow.number > after, ImportRow.number <= last)
    _judge(scope, and_(block, ImportRow.state == State.CREATED.value), counts)
    if scope.has_contacts:
        _remove_contacts(scope, block, counts)
        _remove_members(scope, block, counts)
    if drafted and scope.step_id is not None:
        counts["members"] += filling.take_out(scope.step_id, _records(block))
    created = and_(block, ImportRow.state == State.CREATED.value, ImportRow.kept.is_(None))
    counts["created"] += _delete(scope.model, scope.model.id.in_(_records(created)))
    others = func.coalesce(ImportRow.state, "") != State.UPDATED.value
    seen = db.session.scalar(select(func.count()).select_from(ImportRow).where(block, others))
    return last, seen or 0


def _records(where: ColumnElement[bool]) -> Any:
    return select(ImportRow.record_id).where(where, ImportRow.record_id.is_not(None))


def _judge(scope: ImportScope, where: ColumnElement[bool], counts: Counts) -> None:
    """Lock the records of some rows, and note which of them must stay."""
    model = scope.model
    locked = select(model.id).where(model.id.in_(_records(where))).order_by(model.id)
    db.session.execute(locked.with_for_update()).all()
    _update(ImportRow, where, kept=scope.keep_reason)
    gone = select(func.count()).select_from(ImportRow).where(where, ImportRow.kept == GONE)
    counts["gone"] += db.session.scalar(gone) or 0


def _remove_contacts(scope: ImportScope, block: ColumnElement[bool], counts: Counts) -> None:
    """Those that nobody edited; a created customer that stays keeps those that came with it."""
    stays = select(ImportRow.record_id).where(
        scope.rows(State.CREATED.value), ImportRow.kept.is_not(None), ImportRow.kept != GONE
    )
    counts["contacts"] += _delete(
        Contact,
        # Plus nothing: the customers of the block are far fewer than the contacts of the import,
        # which is what SQLite would go through if it could use that index.
        Contact.import_id + 0 == scope.batch_id,
        Contact.customer_id.in_(_records(block)),
        Contact.version == 1,
        Contact.customer_id.not_in(stays),
    )


def _remove_members(scope: ImportScope, block: ColumnElement[bool], counts: Counts) -> None:
    counts["members"] += _delete(
        Membership,
        Membership.import_id + 0 == scope.batch_id,
        Membership.customer_id.in_(_records(block)),
    )


def _delete(model: Any, *where: ColumnElement[bool]) -> int:
    statement = delete(model).where(*where).execution_options(synchronize_session=False)
    return rows_written(db.session.execute(statement))


def restore(scope: ImportScope, before: int, counts: Counts) -> tuple[int, int] | None:
    """Bring back what the rows above this number overwrote, the next block of them.

    Gives the number of the first of these rows and how many they are; None at the end.
    """
    beside = select(ImportChange.record_id).where(
        scope.changed, ImportChange.target == scope.model.__name__
    )
    updated = and_(
        scope.rows(State.UPDATED.value),
        ImportRow.number < before,
        # Those that it also changed beside the rows are brought back from all notes at once.
        ImportRow.record_id.not_in(beside),
    )
    numbers = list(
        db.session.scalars(
            select(ImportRow.number).where(updated).order_by(ImportRow.number.desc()).limit(BLOCK)
        )
    )
    if not numbers:
        return None
    block = and_(updated, ImportRow.number >= numbers[-1], ImportRow.number <= numbers[0])
    _judge(scope, block, counts)
    wanted = [
        Restore(record_id, version, present(image) or {})
        for record_id, version, image in db.session.execute(
            select(ImportRow.record_id, ImportRow.version, ImportRow.before)
            .where(block, ImportRow.kept.is_(None))
            .order_by(ImportRow.number.desc())
        )
    ]
    failed = put_back(scope.model, wanted)
    _keep(scope, failed)
    done = [restore.record_id for restore in wanted if restore.record_id not in failed]
    _tell_earlier(scope, done)
    counts["restored"] += len(done)
    return numbers[-1], len(numbers)


def _keep(scope: ImportScope, failed: set[int]) -> None:
    if failed:
        rows = and_(scope.rows(State.UPDATED.value), among(ImportRow.record_id, failed))
        _update(ImportRow, rows, kept=TAKEN)


def _update(model: Any, *where: ColumnElement[bool], **values: Any) -> None:
    statement = update(model).where(*where).values(**values)
    db.session.execute(statement.execution_options(synchronize_session=False))


def notes_of_others(scope: ImportScope, notes: Any, model: Any) -> list[ColumnElement[bool]]:
    """What other imports, which may be undone themselves, noted of records of this model."""
    others = select(ImportBatch.id).where(
        ImportBatch.id != scope.batch_id, ImportBatch.status.in_(states.those(Is.STANDS))
    )
    if notes is ImportChange:
        return [ImportChange.target == model.__name__, ImportChange.batch_id.in_(others)]
    kinds = [kind.name for kind in KINDS.values() if kind.model is model]
    return [ImportRow.batch_id.in_(others.where(ImportBatch.kind.in_(kinds)))]


def _tell_earlier(scope: ImportScope, ids: list[int]) -> None:
    """Earlier imports of these records may be undone next: let their notes name the new version.

    A record that they left at version 4, and this import at 5, is at 6 now: their notes say 6, and
    what was noted before goes up as much, so that what followed one another still does. Nothing
    was noted later: a record that another import wrote since was edited since, and is left alone.
    """
    for notes in (ImportRow, ImportChange):
        theirs = notes_of_others(scope, notes, scope.model)
        _update(notes, *theirs, among(notes.record_id, ids), version=notes.version + 2)
    # Acts on many records that came before the import may be taken back next as well.
    table = scope.model.__tablename__
    mine = [ROWS.c.target == table, ROWS.c.fate == WRITTEN, ROWS.c.how == CHANGE]
    acted = update(ROWS).where(*mine, among(ROWS.c.record_id, ids))
    db.session.execute(acted.values(version=ROWS.c.version + 2))


def _follow(table: Any, ids: Any) -> None:
    """Records of which an act on many was taken back are as the import left them: two versions on.

    One that somebody wrote between the import and the act stays apart from its note by as much.
    """
    standing = select(ImportBatch.id).where(ImportBatch.status.in_(states.those(Is.STANDS)))
    kinds = [kind.name for kind in KINDS.values() if kind.model.__table__ is table]
    if kinds:
        theirs = ImportRow.batch_id.in_(standing.where(ImportBatch.kind.in_(kinds)))
        _update(ImportRow, theirs, ImportRow.record_id.in_(ids), version=ImportRow.version + 2)
    for mapper in Base.registry.mappers:
        if mapper.local_table is table:
            beside = ImportChange.target == mapper.class_.__name__
            _update(
                ImportChange, beside, ImportChange.batch_id.in_(standing),
                ImportChange.record_id.in_(ids), version=ImportChange.version + 2,
            )  # fmt: skip


images.tell_also(_follow)


def note_contacts(scope: ImportScope) -> None:
    """Name the rows whose contact stays, though nothing else of them does."""
    left = select(Contact.customer_id).where(Contact.import_id == scope.batch_id)
    _update(
        ImportRow,
        ImportRow.batch_id == scope.batch_id,
        ImportRow.contact == "created",
        ImportRow.kept.is_(None),
        ImportRow.record_id.in_(left),
        kept=CONTACT,
    )
