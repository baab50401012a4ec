"""What an import reads: what its rows may refer to, what exists already, its own ledger.

Reads only; `load` and `ledger` write. Everything is asked for a whole batch of rows at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select

from crmadmin.access import queries as users
from crmadmin.access.models import User
from crmadmin.access.permissions import find
from crmadmin.access.roles import Scope, scope
from crmadmin.catalogs.models import Collaborator
from crmadmin.core.db import db, spec_of
from crmadmin.core.records import describe, fetch
from crmadmin.core.text import name_key
from crmadmin.customers.models import Contact
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.imports.kinds import KINDS, TARGETS, Family, Kind
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.plan import Existing, Known
from crmadmin.imports.plan.fates import Key
from crmadmin.imports.records import OnUnknown, State, Status
from crmadmin.imports.refs import (
    CATALOG_WAYS,
    COLLABORATOR_WAYS,
    USER_WAYS,
    Named,
    RefTable,
    Way,
)

CHUNK = 500
"""Bound parameters of one look-up; both databases take that many gladly."""

KEPT = (State.CREATED, State.UPDATED, State.UNCHANGED, State.SKIPPED)
_KEY_COLUMNS = {"code": "code_key", "name": "name_key", "email": "email_key", "phone": "phone"}


def chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """The distinct values in lists of at most CHUNK."""
    every = list(dict.fromkeys(values))
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]


def ref_tables(kind: Kind, unknown: OnUnknown, role: str) -> dict[str, RefTable]:
    """For each ref column of the kind, the records that its cells may name.

    `create` holds only where the role may create such records; elsewhere an unknown value stays
    an error.
    """
    return {c.name: _ref_table(c.spec.target, unknown, role) for c in kind.refs}


def _ref_table(target: str, unknown: OnUnknown, role: str) -> RefTable:
    model = TARGETS[target]
    ways = _ways(model)
    spec = spec_of(model)
    if unknown is OnUnknown.CREATE:
        permission = find(spec.options.resource, "create")
        is_allowed = permission is not None and scope(role, permission) is Scope.ALL
        unknown = unknown if is_allowed and model is not User else OnUnknown.ERROR
    columns = list(dict.fromkeys(column for column, _ in ways))
    rows = db.session.execute(
        select(model.id, model.is_active, *(getattr(model, c) for c in columns))
    )
    records = []
    for key, is_active, *names in rows:
        named = dict(zip(columns, names, strict=True))
        label = " – ".join(filter(None, (named.get("code") or named.get("username"), names[-1])))
        records.append(Named(key, label, bool(is_active), named))
    longest = spec.field("name").max_length if "name" in spec.by_name else None
    return RefTable(target, records, ways, unknown, longest)


def _ways(model: type[Any]) -> tuple[Way, ...]:
    if model is User:
        return USER_WAYS
    return COLLABORATOR_WAYS if model is Collaborator else CATALOG_WAYS


def known(
    kind: Kind,
    keys: Iterable[Key],
    numbers: Iterable[int],
    batch: ImportBatch,
    *,
    lock: bool = False,
) -> Known:
    """What the database holds about one batch of rows.

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
        attribute = getattr(kind.model, _KEY_COLUMNS[column])
        for some in chunks(values):
            for record in _records(kind, attribute.in_(some), lock):
                existing = found.setdefault(record.id, _existing(kind, record))
                by_key[column, getattr(record, attribute.key)].append(existing)
    earlier = _earlier(kind, batch, numbers)
    by_row = _by_row(kind, earlier, found, lock)
    if kind.family is not Family.CATALOG:
        _add_contacts(found)
        _add_membership(found, batch.group_id)
    refused = frozenset(n for n, (state, _) in earlier.items() if state == State.INVALID)
    return Known(by_key, by_row, refused)


def _records(kind: Kind, where: ColumnElement[bool], lock: bool) -> Sequence[Any]:
    statement = select(*kind.model.__table__.columns).where(where).order_by(kind.model.id)
    return db.session.execute(statement.with_for_update() if lock else statement).all()


def _existing(kind: Kind, record: Any) -> Existing:
    values = {f.name: getattr(record, f.column) for f in kind.spec.fields}
    return Existing(record.id, describe(record), values)


def _earlier(
    kind: Kind, batch: ImportBatch, numbers: Iterable[int]
) -> dict[int, tuple[str, int | None]]:
    """What rows of this very file became the last time: number → state and record id.

    A row without a key matches nothing else, so without this the same file imported twice would
    make its records twice.
    """
    found: dict[int, tuple[str, int | None]] = {}
    for some in chunks(numbers):
        rows = db.session.execute(
            select(ImportRow.number, ImportRow.state, ImportRow.record_id)
            .join(ImportBatch, ImportBatch.id == ImportRow.batch_id)
            .where(*_same_file(kind, batch), ImportRow.number.in_(some))
            .order_by(ImportBatch.id)
        )
        found.update((number, (state or "", key)) for number, state, key in rows)
    return found


def _by_row(
    kind: Kind,
    earlier: Mapping[int, tuple[str, int | None]],
    found: dict[int, Existing],
    lock: bool,
) -> dict[int, Existing]:
    """The records that rows became the last time, if they are still there."""
    ids = {number: key for number, (state, key) in earlier.items() if key and state in KEPT}
    for some in chunks(i for i in ids.values() if i not in found):
        for record in _records(kind, kind.model.id.in_(some), lock):
            found[record.id] = _existing(kind, record)
    return {number: found[i] for number, i in ids.items() if i in found}


def came_before(kind: Kind, batch: ImportBatch) -> bool:
    """Whether this very file was imported before, as records of the same model."""
    statement = select(ImportBatch.id).where(*_same_file(kind, batch)).limit(1)
    return db.session.scalar(statement) is not None


def _same_file(kind: Kind, batch: ImportBatch) -> tuple[ColumnElement[bool], ...]:
    return (
        ImportBatch.digest == batch.digest,
        ImportBatch.kind.in_([k.name for k in KINDS.values() if k.model is kind.model]),
        ImportBatch.status == Status.DONE.value,
        ImportBatch.id != batch.id,
        ImportBatch.sheet == batch.sheet,
    )


def _add_contacts(found: Mapping[int, Existing]) -> None:
    for some in chunks(found):
        rows = db.session.execute(
            select(Contact.customer_id, Contact.phone, Contact.email, Contact.name)
            .where(Contact.customer_id.in_(some))
            .order_by(Contact.id)
        )
        for customer_id, phone, email, name in rows:
            contact = {"phone": phone, "email": email, "name": name}
            found[customer_id].contacts.add(contact)


def _add_membership(found: Mapping[int, Existing], group_id: int | None) -> None:
    if group_id is None:
        return
    for some in chunks(found):
        members = db.session.scalars(
            select(Membership.customer_id).where(
                Membership.group_id == group_id, Membership.customer_id.in_(some)
            )
        )
        for customer_id in members:
            found[customer_id].is_member = True


def group_called(name: str) -> CustomerGroup | None:
    """The customer group of a name, compared as names are."""
    return db.session.scalar(select(CustomerGroup).where(CustomerGroup.name_key == name_key(name)))


def repeated_keys(batch_id: int) -> frozenset[str]:
    """Keys that more than one row of the file has."""
    return frozenset(
        db.session.scalars(
            select(ImportRow.key)
            .where(ImportRow.batch_id == batch_id, ImportRow.key.is_not(None))
            .group_by(ImportRow.key)
            .having(func.count() > 1)
        )
    )


def keys_in_file(batch_id: int, keys: Iterable[str]) -> set[str]:
    """Which of the keys some row of the file has."""
    found: set[str] = set()
    for some in chunks(keys):
        found.update(
            db.session.scalars(
                select(ImportRow.key)
                .where(ImportRow.batch_id == batch_id, ImportRow.key.in_(some))
                .distinct()
            )
        )
    return found


def staged_rows(batch_id: int, after: int, limit: int) -> list[tuple[int, list[Any]]]:
    """The next rows to plan, in file order: number and encoded cells. Blank rows are left out."""
    rows = db.session.execute(
        select(ImportRow.number, ImportRow.cells)
        .where(
            ImportRow.batch_id == batch_id,
            ImportRow.number > after,
            func.coalesce(ImportRow.planned, "") != State.BLANK,
        )
        .order_by(ImportRow.number)
        .limit(limit)
    )
    return [(number, cells) for number, cells in rows]


def tally(batch_id: int, column: Any) -> dict[str, int]:
    """How many ledger rows have each value of a column; rows without one are left out."""
    rows = db.session.execute(
        select(column, func.count())
        .where(ImportRow.batch_id == batch_id, column.is_not(None))
        .group_by(column)
    )
    return dict(rows.all())


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


def importer(username: str | None) -> User | None:
    """The active user of that name; without a name the first administrator."""
    if username is None:
        return users.first_admin()
    user = users.by_username(username)
    return user if user is not None and user.is_active else None
