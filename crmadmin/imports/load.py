"""Planned fates → the database: one short transaction for each batch of rows.

A handful of set-based statements a batch, however many rows: catalog values to be made, records,
contacts, memberships, and the ledger beside them. Decides nothing; that was `plan`. A record that
somebody else wrote since the plan was made is a `Race`: the caller rolls back and plans anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, func, select, update

from crmadmin.core import codes
from crmadmin.core.db import actor, db, dialect_name, insert_or_nothing, spec_of, utcnow
from crmadmin.core.spec import RecordSpec, derived_values
from crmadmin.core.stamps import stamps
from crmadmin.core.text import code_key, name_key
from crmadmin.customers.models import Contact
from crmadmin.groups.models import Membership
from crmadmin.imports import queries
from crmadmin.imports.kinds import TARGETS, Family, Kind
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.plan import Fate
from crmadmin.imports.records import NewRef, State


class Race(RuntimeError):
    """Somebody wrote one of the records since the plan was made; nothing of the batch stands."""


class Loader:
    """Writes the batches of one import. The caller commits each batch, or rolls it back.

    `made` keeps the catalog records that unknown values became, by model and name key.
    """

    def __init__(self, kind: Kind, batch: ImportBatch) -> None:
        self._kind = kind
        self._batch = batch
        self._made: dict[tuple[str, str], int] = {}
        self._made_now: dict[tuple[str, str], int] = {}

    def write(self, fates: Sequence[Fate]) -> None:
        """Write everything that the fates ask for, but not the ledger. Raises Race."""
        self._made_now = {}
        self._make_refs(fates)
        self._create([f for f in fates if f.state is State.CREATED])
        self._update([f for f in fates if f.state is State.UPDATED])
        self._add_contacts([f for f in fates if f.contact is not None])
        self._add_members([f for f in fates if f.member_fate == "added"])

    def commit(self) -> None:
        """The batch stands: keep what was made for its unknown values."""
        db.session.commit()
        self._made.update(self._made_now)

    def _columns(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Field name → value as column → stored value."""
        by_name = self._kind.spec.by_name
        return {by_name[name].column: self._stored(value) for name, value in values.items()}

    def _stored(self, value: Any) -> Any:
        if isinstance(value, NewRef):
            key = (value.target, name_key(value.name))
            return self._made_now.get(key) or self._made[key]
        return value

    # Records

    def _create(self, fates: Sequence[Fate]) -> None:
        if not fates:
            return
        spec = self._kind.spec
        self._number(fates)
        if self._kind.family is Family.CATALOG:
            _append(self._kind.model, fates)
            self._clear_default(fates)
        rows = [new_row(spec, self._columns(fate.values)) for fate in fates]
        insert_all(self._kind.model, rows)
        ids = _ids_by_code(self._kind.model, (row["code"] for row in rows))
        for fate, row in zip(fates, rows, strict=True):
            if fate.subject is not None:
                fate.subject.record_id = ids[row["code_key"]]

    def _number(self, fates: Sequence[Fate]) -> None:
        """Give the next automatic codes, but none that a row of the file asks for itself."""
        blank = [fate for fate in fates if not fate.values.get("code")]
        free: list[str] = []
        while len(free) < len(blank):
            some = codes.allot(self._kind.model, len(blank) - len(free))
            taken = queries.keys_in_file(self._batch.id, map(code_key, some))
            free += [code for code in some if code_key(code) not in taken]
        for fate, code in zip(blank, free, strict=True):
            fate.values["code"] = code

    def _clear_default(self, fates: Sequence[Fate]) -> None:
        """A catalog has at most one default: a row that becomes it takes the mark from the old."""
        marked = [f for f in fates if f.values.get("is_default")]
        if not marked:
            return
        model = self._kind.model
        db.session.execute(
            update(model)
            .where(model.is_default)
            .values(is_default=False, version=model.version + 1, updated_at=utcnow())
            .execution_options(synchronize_session=False)
        )

    def _update(self, fates: Sequence[Fate]) -> None:
        """One statement for each set of columns that some rows change together."""
        spec = self._kind.spec
        self._clear_default(fates)
        by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for fate in fates:
            after = self._columns({**fate.before, **fate.values})
            changed = self._columns(fate.values)
            changed.update(derived_values(spec, after))
            row = {f"new_{column}": value for column, value in changed.items()}
            row["key"] = fate.subject and fate.subject.record_id
            by_columns[tuple(sorted(changed))].append(row)
        table = self._kind.model.__table__
        for columns, rows in by_columns.items():
            values: dict[str, Any] = {c: bindparam(f"new_{c}") for c in columns}
            values["version"] = table.c.version + 1
            values["updated_at"] = utcnow()
            values["updated_by_id"] = actor.get()
            statement = update(table).where(table.c.id == bindparam("key")).values(values)
            if db.session.connection().execute(statement, rows).rowcount != len(rows):
                raise Race

    # What belongs to customers

    def _add_contacts(self, fates: Sequence[Fate]) -> None:
        if not fates:
            return
        spec = spec_of(Contact)
        rows = []
        for fate in fates:
            values = {**(fate.contact or {}), "customer_id": _record_id(fate)}
            rows.append(new_row(spec, values))
        insert_all(Contact, rows)

    def _add_members(self, fates: Sequence[Fate]) -> None:
        if not fates or self._batch.group_id is None:
            return
        now = utcnow()
        rows = [
            {
                "group_id": self._batch.group_id,
                "customer_id": _record_id(fate),
                "added_at": now,
                "added_by_id": actor.get(),
                "import_id": self._batch.id,
            }
            for fate in fates
        ]
        insert_all(Membership, rows)

    # Catalog values that no record has yet

    def _make_refs(self, fates: Sequence[Fate]) -> None:
        wanted: dict[str, dict[str, str]] = defaultdict(dict)
        for fate in fates:
            for value in fate.values.values():
                if isinstance(value, NewRef):
                    key = name_key(value.name)
                    if (value.target, key) not in self._made:
                        wanted[value.target].setdefault(key, value.name)
        for target, names in wanted.items():
            for key, record_id in _make_catalog_values(TARGETS[target], names).items():
                self._made_now[target, key] = record_id


def _make_catalog_values(model: type[Any], names: Mapping[str, str]) -> dict[str, int]:
    """Records of these names: name key → id. One that somebody made meanwhile is taken."""
    spec = spec_of(model)
    place = db.session.scalar(select(func.max(model.position))) or 0
    rows = [
        new_row(spec, {"code": code, "name": name, "position": place + number})
        for number, (code, name) in enumerate(
            zip(codes.allot(model, len(names)), names.values(), strict=True), 1
        )
    ]
    insert_all(model, rows, all_must_be_new=False)
    by_code = _ids_by_code(model, (row["code"] for row in rows))
    made = {key: by_code.get(row["code_key"]) for key, row in zip(names, rows, strict=True)}
    for key in [key for key, record_id in made.items() if record_id is None]:
        made[key] = db.session.scalar(select(model.id).where(model.name_key == key))
    return {key: record_id for key, record_id in made.items() if record_id is not None}


def new_row(spec: RecordSpec, values: Mapping[str, Any]) -> dict[str, Any]:
    """Every column of a new record but the id: the values, defaults, keys and stamps."""
    model: Any = spec.model
    row = dict(_defaults(model))
    row.update({k: v for k, v in values.items() if v is not None})
    row.update(stamps(actor.get(), utcnow()))
    row.update(derived_values(spec, row))
    return row


@lru_cache(maxsize=64)
def _defaults(model: Any) -> Mapping[str, Any]:
    """Every column of a table but the id, with its plain default or None."""
    defaults = {}
    for column in model.__table__.columns:
        if column.name != "id":
            default = column.default.arg if column.default is not None else None
            defaults[column.name] = None if callable(default) else default
    return defaults


def insert_all(
    model: type[Any], rows: Sequence[Mapping[str, Any]], *, all_must_be_new: bool = True
) -> None:
    """Insert rows with the same columns. Raises Race when a unique key was there already."""
    statement = insert_or_nothing(model.__table__, dialect_name(db.session))
    result = db.session.connection().execute(
        statement, list(rows), execution_options={"preserve_rowcount": True}
    )
    if all_must_be_new and result.rowcount != len(rows):
        raise Race


def _ids_by_code(model: type[Any], written: Iterable[str]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for some in queries.chunks(map(code_key, written)):
        rows = db.session.execute(select(model.code_key, model.id).where(model.code_key.in_(some)))
        ids.update((key, record_id) for key, record_id in rows)
    return ids


def _append(model: type[Any], fates: Sequence[Fate]) -> None:
    """Catalog records without a position go to the end of their list, in file order."""
    place = db.session.scalar(select(func.max(model.position))) or 0
    for fate in fates:
        if fate.values.get("position") is None:
            place += 1
            fate.values["position"] = place
        else:
            place = max(place, fate.values["position"])


def _record_id(fate: Fate) -> int:
    if fate.subject is None or fate.subject.record_id is None:
        raise RuntimeError(f"row {fate.number} has no record to write to")
    return fate.subject.record_id
