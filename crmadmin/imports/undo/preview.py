"""What undoing an import would do, and what it would leave alone. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select

from crmadmin.core.bulk import among
from crmadmin.core.db import db, spec_of
from crmadmin.core.facets import Condition
from crmadmin.core.records import describe
from crmadmin.core.usage import references_to
from crmadmin.customers.models import Contact
from crmadmin.groups import filling
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.imports.kinds import Family
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.records import State
from crmadmin.imports.undo import lost, side_effects
from crmadmin.imports.undo.can_undo import (
    CONTACT,
    EDITED,
    GONE,
    TAKEN,
    USED,
    WRITTEN,
    ImportScope,
    KeptLine,
)
from crmadmin.imports.undo.lost import LostValue

MOST_LINES = 100
"""Records that stay are named one by one up to here."""

ROWS_AT_ONCE = 5000


@dataclass(frozen=True)
class UndoPreview:
    """How many created records would go and overwritten ones come back, how many contacts and
    memberships would go, how many records beside the rows (`made`, the group included), and what
    would stay. `gone` are records that somebody deleted since."""

    created: int
    restored: int
    members: int
    contacts: int
    made: int
    kept: list[KeptLine]
    kept_count: int
    changed: int = 0
    gone: int = 0
    lost: tuple[LostValue, ...] = ()
    """Old values that cannot come back; whoever undoes it must have seen that."""


def preview(batch: ImportBatch) -> UndoPreview:
    """What undoing the import would do as things stand now."""
    scope = ImportScope.of(batch)
    tally = _tally(scope)
    going = _going(scope)
    taken = _taken(scope)
    rows, rows_count = _kept_rows(scope, taken)
    contacts, contact_rows, contact_count = _contacts(scope)
    made, changed, beside = _beside(scope, going)
    return UndoPreview(
        created=tally[State.CREATED.value, None],
        restored=tally[State.UPDATED.value, None] - len(taken),
        members=_members(scope),
        contacts=contacts,
        made=made,
        kept=sorted([*rows, *contact_rows], key=lambda line: line.number)[:MOST_LINES] + beside,
        kept_count=rows_count + contact_count + len(beside),
        changed=changed,
        gone=sum(tally[state, GONE] for state in WRITTEN),
        lost=tuple(lost.of(scope)),
    )


def kept_lines(batch: ImportBatch) -> list[KeptLine]:
    """What an import that was undone left alone, the first MOST_LINES rows of it."""
    found = db.session.execute(
        select(ImportRow.number, ImportRow.label, ImportRow.kept)
        .where(ImportRow.batch_id == batch.id, ImportRow.kept.is_not(None), ImportRow.kept != GONE)
        .order_by(ImportRow.number)
        .limit(MOST_LINES)
    )
    beside = (batch.undone or {}).get("beside") or ()
    lines = [KeptLine(number, label, str(why)) for number, label, why in found]
    return lines + [KeptLine(0, line["label"], line["reason"]) for line in beside]


def _count(model: Any, *where: Condition) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def _members(scope: ImportScope) -> int:
    drafted = filling.size_of(scope.step_id) if scope.step_id is not None else 0
    return drafted + _count(Membership, Membership.import_id == scope.batch_id)


def _tally(scope: ImportScope) -> Mapping[tuple[str, str | None], int]:
    judged = (
        select(ImportRow.state, scope.keep_reason.label("keep_reason"))
        .where(scope.rows(*WRITTEN))
        .subquery()
    )
    found = db.session.execute(
        select(judged.c.state, judged.c.keep_reason, func.count()).group_by(
            judged.c.state, judged.c.keep_reason
        )
    )
    tally: dict[tuple[str, str | None], int] = defaultdict(int)
    tally.update({(state, keep_reason): many for state, keep_reason, many in found})
    return tally


def _going(scope: ImportScope) -> Any:
    """The records that would go or come back: nothing of theirs stands in anybody's way."""
    return select(ImportRow.record_id).where(scope.rows(*WRITTEN), scope.keep_reason.is_(None))


def _kept_rows(scope: ImportScope, taken: Mapping[int, str]) -> tuple[list[KeptLine], int]:
    reason = scope.keep_reason
    where = and_(scope.rows(*WRITTEN), reason.in_((EDITED, USED)))
    found = db.session.execute(
        select(ImportRow.number, ImportRow.label, reason)
        .where(where)
        .order_by(ImportRow.number)
        .limit(MOST_LINES)
    )
    lines = [KeptLine(number, label, str(why)) for number, label, why in found]
    lines += [KeptLine(number, label, TAKEN) for number, label in taken.items()]
    return lines, _count(ImportRow, where) + len(taken)


# Contacts


def _contacts(scope: ImportScope) -> tuple[int, list[KeptLine], int]:
    """How many would go; the rows of which only the contact would stay, and how many those are."""
    if not scope.has_contacts:
        return 0, [], 0
    ours = Contact.import_id == scope.batch_id
    total = _count(Contact, ours)
    if not total:
        return 0, [], 0
    staying = select(ImportRow.record_id).where(
        scope.rows(State.CREATED.value), scope.keep_reason.in_((EDITED, USED))
    )
    left = and_(ours, (Contact.version != 1) | Contact.customer_id.in_(staying))
    many = _count(Contact, left)
    if not many:
        return total, [], 0
    where = and_(
        ImportRow.batch_id == scope.batch_id,
        ImportRow.contact == "created",
        ImportRow.state.not_in(WRITTEN) | scope.keep_reason.is_(None),
        ImportRow.record_id.in_(select(Contact.customer_id).where(left)),
    )
    found = db.session.execute(
        select(ImportRow.number, ImportRow.label)
        .where(where)
        .order_by(ImportRow.number)
        .limit(MOST_LINES)
    )
    lines = [KeptLine(number, label, CONTACT) for number, label in found]
    return total - many, lines, _count(ImportRow, where)


# Unique keys that somebody else has by now


def _taken(scope: ImportScope) -> dict[int, str]:
    """Rows whose old values cannot come back: number → label.

    Only catalogs have keys that an import can overwrite: a customer's code is what it is known by.
    """
    if scope.kind.family is not Family.CATALOG:
        return {}
    found: dict[int, str] = {}
    last = 0
    statement = select(
        ImportRow.number, ImportRow.label, ImportRow.record_id, ImportRow.before
    ).where(scope.rows(State.UPDATED.value), scope.keep_reason.is_(None))
    while True:
        rows = db.session.execute(
            statement.where(ImportRow.number > last).order_by(ImportRow.number).limit(ROWS_AT_ONCE)
        ).all()
        if not rows:
            return found
        last = rows[-1].number
        for column, sources, make in _unique(scope.model):
            found.update(_taken_by(scope, column, sources, make, rows))


def _unique(model: Any) -> Iterable[tuple[Any, str, Any]]:
    """The unique columns of a catalog: the column, what it follows from, and how."""
    spec = spec_of(model)
    for derived in spec.derived:
        if model.__table__.c[derived.column].unique and len(derived.sources) == 1:
            yield getattr(model, derived.column), derived.sources[0], derived.make
    for f in spec.fields:
        if model.__table__.c[f.column].unique:
            yield getattr(model, f.column), f.column, lambda values: values[0]


def _taken_by(
    scope: ImportScope, column: Any, source: str, make: Any, rows: Sequence[Any]
) -> dict[int, str]:
    wanted = {
        make([row.before[source]]): row
        for row in rows
        if row.before and row.before.get(source) is not None
    }
    if not wanted:
        return {}
    holders = select(column, scope.model.id).where(
        among(column, wanted), scope.model.id.not_in(_going(scope))
    )
    return {
        wanted[key].number: wanted[key].label
        for key, holder in db.session.execute(holders)
        if holder != wanted[key].record_id
    }


# Beside the rows


def _beside(scope: ImportScope, going: Any) -> tuple[int, int, list[KeptLine]]:
    """How many side records would go, how many would be changed back, and which would stay."""
    kept: list[KeptLine] = []
    changed = made = 0
    for name, notes in side_effects.notes(scope, made=False).items():
        changed += _changed_back(scope, side_effects.model_named(name), notes, kept)
    for name, notes in side_effects.notes(scope, made=True).items():
        made += _removed(scope, side_effects.model_named(name), notes, going, kept)
    return made, changed, kept


def _changed_back(
    scope: ImportScope, model: Any, notes: Sequence[Any], kept: list[KeptLine]
) -> int:
    own: set[int | None] = set()
    if model is scope.model:  # the rows' own records are counted with them
        own.update(db.session.scalars(select(ImportRow.record_id).where(scope.rows(*WRITTEN))))
    latest: dict[int, int] = {}
    for note in notes:
        if note.record_id not in own:
            latest[note.record_id] = max(note.version, latest.get(note.record_id, 0))
    there = _there(scope, model, list(latest))
    edited = [record for record in there if record.version != latest[record.id]]
    kept += [KeptLine(0, describe(record), EDITED) for record in edited]
    return len(there) - len(edited)


def _removed(
    scope: ImportScope, model: Any, notes: Sequence[Any], going: Any, kept: list[KeptLine]
) -> int:
    versions = {note.record_id: note.version for note in notes}
    used = _used_by_others(scope, model, list(versions), going)
    made = 0
    for record in _there(scope, model, list(versions)):
        if record.version != versions[record.id]:
            kept.append(KeptLine(0, describe(record), EDITED))
        elif record.id in used:
            kept.append(KeptLine(0, describe(record), USED))
        else:
            made += 1
    return made


def _there(scope: ImportScope, model: Any, ids: Sequence[int]) -> Sequence[Any]:
    if model is None:
        return ()
    found = select(model).where(among(model.id, ids), model.created_at <= scope.until)
    return db.session.scalars(found.order_by(model.id)).all()


def _used_by_others(scope: ImportScope, model: Any, ids: Sequence[int], going: Any) -> set[int]:
    """Which of the records something refers to that would not go or come back itself."""
    if model is None:
        return set()
    if model is CustomerGroup:
        return {i for i in ids if side_effects.is_needed(scope, i, but_own=True)}
    used: set[int] = set()
    for reference in references_to(model):
        where = [among(reference.column, ids)]
        if reference.spec.model is scope.model:
            where.append(scope.model.id.not_in(going))
        used.update(db.session.scalars(select(reference.column).where(*where).distinct()))
    return used
