"""What an import reads: what its rows may refer to, what exists already, its own ledger.

Reads only; `write` and `ledger` write. Everything is asked for a whole batch of rows at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select

from crmadmin.access import queries as users
from crmadmin.access.models import User
from crmadmin.access.permissions import find
from crmadmin.access.roles import Scope, scope
from crmadmin.catalogs.models import Collaborator
from crmadmin.core.bulk import among
from crmadmin.core.db import LostError, db, spec_of
from crmadmin.core.records import fetch
from crmadmin.core.text import name_key
from crmadmin.customers.models import Contact
from crmadmin.groups import filling
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.imports import states
from crmadmin.imports.kinds import KINDS, TARGETS, Family, ImportKind
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.pipeline.mapping import ImportColumn
from crmadmin.imports.pipeline.plan import Existing, Known
from crmadmin.imports.pipeline.plan.outcomes import Key, PastOutcome
from crmadmin.imports.pipeline.references import (
    CATALOG_WAYS,
    COLLABORATOR_WAYS,
    USER_WAYS,
    NamedRecord,
    RefTable,
    Way,
)
from crmadmin.imports.records import OnUnknown, Rules, State
from crmadmin.imports.states import Action
from crmadmin.jobs.models import Job

KEPT = (State.CREATED, State.UPDATED, State.UNCHANGED, State.SKIPPED)
Decisions = Mapping[str, Mapping[str, int | str]]
"""Import column → value (by `refs.decision_key`) → a record's id, or a word of OnUnknown."""

_KEY_COLUMNS = {"code": "code_key", "name": "name_key", "email": "email_key", "phone": "phone"}


def ref_tables(
    kind: ImportKind, rules: Rules, role: str, decided: Decisions
) -> dict[str, RefTable]:
    """For each ref column of the kind, the records that its cells may name.

    `decided` are the user's decisions about single values, by column. Creating holds only where
    the role may create such records; elsewhere an unknown value stays an error.
    """
    return {
        c.name: _ref_table(c, rules.unknown, role, decided.get(c.name) or {}) for c in kind.refs
    }


def may_create(target: str, role: str) -> bool:
    """Whether the role may create the records that a ref column names."""
    model = TARGETS[target]
    permission = find(spec_of(model).options.resource, "create")
    allowed = permission is not None and scope(role, permission) is Scope.ALL
    return allowed and model is not User


def can_mean(column: ImportColumn, record_id: int) -> bool:
    """Whether the user may map a value of a ref column to this record."""
    model = TARGETS[column.spec.target]
    found = select(model.id).where(model.id == record_id, model.is_active)
    return db.session.scalar(found) is not None


def _ref_table(
    column: ImportColumn, unknown: OnUnknown, role: str, decided: Mapping[str, int | str]
) -> RefTable:
    target = column.spec.target
    model = TARGETS[target]
    ways = _ways(model)
    spec = spec_of(model)
    columns = list(dict.fromkeys(column for column, _ in ways))
    rows = db.session.execute(
        select(model.id, model.is_active, *(getattr(model, c) for c in columns))
    )
    records = []
    for key, is_active, *names in rows:
        named = dict(zip(columns, names, strict=True))
        label = " – ".join(filter(None, (named.get("code") or named.get("username"), names[-1])))
        records.append(NamedRecord(key, label, bool(is_active), named))
    longest = spec.field("name").max_length if "name" in spec.by_name else None
    said = {k: v if isinstance(v, int) else OnUnknown(v) for k, v in decided.items()}
    return RefTable(target, records, ways, unknown, longest, said, may_create(target, role))


def _ways(model: type[Any]) -> tuple[Way, ...]:
    if model is User:
        return USER_WAYS
    return COLLABORATOR_WAYS if model is Collaborator else CATALOG_WAYS


def known(
    kind: ImportKind,
    keys: Iterable[Key],
    numbers: Iterable[int],
    batch: ImportBatch,
    *,
    lock: bool = False,
    with_contacts: bool = True,
) -> Known:
    """What the database holds about one block of rows.

    `keys` are the keys of its rows; `numbers` their numbers if the same file came before. With
    `lock` the records found are locked until the transaction ends (PostgreSQL; SQLite's is
    locked whole).
    """
    by_column: dict[str, list[str]] = defaultdict(list)
    for column, key in keys:
        by_column[column].append(key)
    found: dict[int, Existing] = {}
    by_key: dict[Key, list[Existing]] = defaultdict(list)
    for column, values in by_column.items():
        name = _KEY_COLUMNS[column]
        where = among(getattr(kind.model, name), dict.fromkeys(values))
        for record in _records(kind, where, lock):
            existing = found.get(record.id)
            if existing is None:
                existing = found[record.id] = _existing(kind, record)
            by_key[column, getattr(record, name)].append(existing)
    earlier = _earlier(kind, batch, numbers)
    by_row = _by_row(kind, earlier, found, lock)
    if kind.family is not Family.CATALOG:
        if with_contacts:
            _add_contacts(found)
        _add_membership(found, batch)
    refused = frozenset(n for n, (state, _) in earlier.items() if state == State.INVALID)
    return Known(by_key, by_row, refused)


def _records(kind: ImportKind, where: ColumnElement[bool], lock: bool) -> Sequence[Any]:
    statement = select(*kind.read_columns).where(where).order_by(kind.model.id)
    return db.session.execute(statement.with_for_update() if lock else statement).all()


def _existing(kind: ImportKind, record: Any) -> Existing:
    names = kind.field_names
    values = dict(zip(names, record[-len(names) :], strict=True))
    return Existing(record.id, f"{record.code} – {record.name}", values, version=record.version)


def _earlier(
    kind: ImportKind, batch: ImportBatch, numbers: Iterable[int]
) -> dict[int, tuple[str, int | None]]:
    """What rows of this very file became the last time: number → state and record id.

    A row without a key matches nothing else, so without this the same file imported twice would
    make its records twice.
    """
    asked = list(numbers)
    if not asked:
        return {}
    rows = db.session.execute(
        select(ImportRow.number, ImportRow.state, ImportRow.record_id)
        .join(ImportBatch, ImportBatch.id == ImportRow.batch_id)
        .where(*_same_file(kind, batch), among(ImportRow.number, asked))
        .order_by(ImportBatch.id)
    )
    return {number: (state or "", key) for number, state, key in rows}


def _by_row(
    kind: ImportKind,
    earlier: Mapping[int, tuple[str, int | None]],
    found: dict[int, Existing],
    lock: bool,
) -> dict[int, Existing]:
    """The records that rows became the last time, if they are still there."""
    ids = {number: key for number, (state, key) in earlier.items() if key and state in KEPT}
    missing = {i for i in ids.values() if i not in found}
    if missing:
        for record in _records(kind, among(kind.model.id, missing), lock):
            found[record.id] = _existing(kind, record)
    return {number: found[i] for number, i in ids.items() if i in found}


def told(kind: ImportKind, batch: ImportBatch, first: int, last: int) -> dict[int, PastOutcome]:
    """What the ledger says of the rows with these numbers, with their records as they are now."""
    rows = db.session.execute(
        select(ImportRow.number, ImportRow.state, ImportRow.record_id, ImportRow.before).where(
            ImportRow.batch_id == batch.id,
            ImportRow.number.between(first, last),
            ImportRow.state.is_not(None),
        )
    ).all()
    found: dict[int, Existing] = {}
    ids = {record_id for _, _, record_id, _ in rows if record_id is not None}
    for record in _records(kind, among(kind.model.id, ids), lock=False):
        found[record.id] = _existing(kind, record)
    if kind.with_contacts:
        _add_contacts(found)
    names = {f.column: f.name for f in kind.spec.fields}
    return {
        number: PastOutcome(
            _outcome(state),
            found.get(record_id),
            {names[c]: value for c, value in (before or {}).items() if c in names},
        )
        for number, state, record_id, before in rows
    }


def _outcome(state: str) -> State:
    if state not in set(State):
        raise LostError(f"no row becomes {state}")
    return State(state)


def numbered_here(kind: ImportKind, batch: ImportBatch, ids: Iterable[int]) -> list[int]:
    """Which of these records this import made from rows without a code."""
    return list(
        db.session.scalars(
            select(ImportRow.record_id).where(
                ImportRow.batch_id == batch.id,
                ImportRow.state == State.CREATED.value,
                ImportRow.key.is_(None),
                among(ImportRow.record_id, ids),
            )
        )
    )


def came_before(kind: ImportKind, batch: ImportBatch) -> bool:
    """Whether this very file was imported before, as records of the same model."""
    statement = select(ImportBatch.id).where(*_same_file(kind, batch)).limit(1)
    return db.session.scalar(statement) is not None


def _same_file(kind: ImportKind, batch: ImportBatch) -> tuple[ColumnElement[bool], ...]:
    return (
        ImportBatch.digest == batch.digest,
        ImportBatch.kind.in_([k.name for k in KINDS.values() if k.model is kind.model]),
        # Those whose rows stand, and are not being written now.
        ImportBatch.status.in_(states.at(Action.UNDO)),
        ImportBatch.id != batch.id,
        ImportBatch.sheet == batch.sheet,
    )


def _add_contacts(found: Mapping[int, Existing]) -> None:
    if not found:
        return
    rows = db.session.execute(
        select(Contact.customer_id, Contact.phone, Contact.email, Contact.name)
        .where(among(Contact.customer_id, found))
        .order_by(Contact.id)
    )
    for customer_id, phone, email, name in rows:
        found[customer_id].contacts.add({"phone": phone, "email": email, "name": name})


def _add_membership(found: Mapping[int, Existing], batch: ImportBatch) -> None:
    if not found:
        return
    for customer_id in _members_among(batch, list(found)):
        found[customer_id].is_member = True


def _members_among(batch: ImportBatch, ids: Sequence[int]) -> Iterable[int]:
    if batch.group_id is None:
        return filling.members_among(batch.step_id, ids) if batch.step_id is not None else ()
    return db.session.scalars(
        select(Membership.customer_id).where(
            Membership.group_id == batch.group_id, among(Membership.customer_id, ids)
        )
    )


def group_called(name: str) -> CustomerGroup | None:
    """The customer group of a name, compared as names are."""
    return db.session.scalar(select(CustomerGroup).where(CustomerGroup.name_key == name_key(name)))


def batches(owner_id: int | None, limit: int, offset: int = 0) -> list[ImportBatch]:
    """Imports, the latest first; with `owner_id` only that user's own."""
    statement = select(ImportBatch).order_by(ImportBatch.id.desc()).limit(limit).offset(offset)
    if owner_id is not None:
        statement = statement.where(ImportBatch.user_id == owner_id)
    return list(db.session.scalars(statement))


def batch(key: object, owner_id: int | None) -> ImportBatch | None:
    """One import by an id from an address; with `owner_id` only if it is that user's own."""
    found: ImportBatch | None = fetch(ImportBatch, key)
    if found is None or (owner_id is not None and found.user_id != owner_id):
        return None
    return found


def within(keys: Collection[int], owner_id: int) -> set[int]:
    """Those of these imports that are this user's own."""
    if not keys:
        return set()
    mine = select(ImportBatch.id).where(ImportBatch.id.in_(keys), ImportBatch.user_id == owner_id)
    return set(db.session.scalars(mine))


def batch_of_job(job: Job, owner_id: int | None) -> ImportBatch | None:
    """The import that a job works, not one that has its id by now; within the scope as above."""
    found = db.session.get(ImportBatch, job.subject_id)
    if found is None or found.created_at > job.created_at:
        return None
    return found if owner_id is None or found.user_id == owner_id else None


def importer(username: str | None) -> User | None:
    """The active user of that name; without a name the first administrator."""
    if username is None:
        return users.first_admin()
    user = users.by_username(username)
    return user if user is not None and user.is_active else None
