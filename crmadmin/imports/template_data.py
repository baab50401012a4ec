"""The records of today as rows of their own template: an import of them changes nothing.

What a user may not see in full stays blank, as does a value that an import would not take, such as
a catalog value that is no longer in use: blank cells keep what there is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import select

from crmadmin.core import masks
from crmadmin.core.bulk import among
from crmadmin.core.db import db, spec_of
from crmadmin.core.spec import FieldSpec
from crmadmin.customers.models import Contact
from crmadmin.imports import queries
from crmadmin.imports.kinds import CONTACT_ORDER, ImportKind
from crmadmin.imports.pipeline.mapping import ImportColumn
from crmadmin.imports.pipeline.references import RefTable
from crmadmin.imports.records import Rules

BATCH = 2000

_Say = Callable[[Any], Any]


def rows(kind: ImportKind, owner_id: int | None, *, masked: bool) -> Iterator[list[Any]]:
    """Every record within the scope, a row in the kind's columns; a row for each further contact.

    With `owner_id` only that user's own (of records that have an owner). `masked` leaves sensitive
    values out. Values are as `xlsx.Sheet` takes them.
    """
    own = [column for column in kind.columns if not column.is_contact]
    says = _sayers(kind, own)
    fields = [column.spec for column in own]
    places = {column.name: place for place, column in enumerate(kind.columns)}
    repeated = [places[name] for name in ("code", "name")] if kind.with_contacts else []
    for batch in _batches(kind, _columns(fields, masked=masked), owner_id):
        contacts = _contacts(kind, [key for key, *_ in batch], masked=masked)
        for key, *values in batch:
            row = [
                None if value is None else say(value)
                for say, value in zip(says, _open(fields, values, masked=masked), strict=True)
            ]
            yield from _with_contacts(row, contacts.get(key, []), repeated, len(kind.columns))


def _columns(fields: Sequence[FieldSpec], *, masked: bool) -> list[str]:
    return masks.columns_read(fields) if masked else [f.column for f in fields]


def _open(fields: Sequence[FieldSpec], values: Sequence[Any], *, masked: bool) -> Sequence[Any]:
    """The values of a row of `_columns`, without those that are sensitive."""
    if not masked:
        return values
    row = dict(zip(_columns(fields, masked=True), values, strict=True))
    return [None if isinstance(v, masks.Masked) else v for v in masks.of_row(fields, row)]


def _with_contacts(
    row: list[Any], contacts: Sequence[list[Any]], repeated: Sequence[int], width: int
) -> Iterator[list[Any]]:
    first, *others = contacts or [[]]
    yield (row + first) + [None] * (width - len(row) - len(first))
    for contact in others:
        again = [value if place in repeated else None for place, value in enumerate(row)]
        yield again + contact


def _batches(
    kind: ImportKind, columns: Sequence[str], owner_id: int | None
) -> Iterator[Sequence[Any]]:
    model, last = kind.model, 0
    owner = kind.spec.options.owner
    where = [getattr(model, owner) == owner_id] if owner and owner_id is not None else []
    statement = select(model.id, *(getattr(model, name) for name in columns)).where(*where)
    while True:
        found = db.session.execute(
            statement.where(model.id > last).order_by(model.id).limit(BATCH)
        ).all()
        if not found:
            return
        yield found
        last = found[-1][0]


def _contacts(kind: ImportKind, keys: Sequence[int], *, masked: bool) -> dict[int, list[list[Any]]]:
    """The contacts of some customers, the primary one first, in the kind's columns."""
    if not kind.with_contacts:
        return {}
    spec = spec_of(Contact)
    fields = [f for n in CONTACT_ORDER if (f := spec.field(n)).importable]
    found: dict[int, list[list[Any]]] = defaultdict(list)
    statement = (
        select(Contact.customer_id, *(getattr(Contact, c) for c in _columns(fields, masked=masked)))
        .where(among(Contact.customer_id, keys))
        .order_by(Contact.customer_id, Contact.is_primary.desc(), Contact.id)
    )
    for customer_id, *values in db.session.execute(statement):
        found[customer_id].append(list(_open(fields, values, masked=masked)))
    return found


def _sayers(kind: ImportKind, columns: Sequence[ImportColumn]) -> list[_Say]:
    tables = queries.ref_tables(kind, Rules(), "", {})
    return [_sayer(column.spec, tables.get(column.name)) for column in columns]


def _sayer(field: FieldSpec, table: RefTable | None) -> _Say:
    """How a stored value is written, so that the import reads the same value again."""
    if table is not None:
        return _namer(table)
    written = {value.stored: str(value.written) for value in field.values}
    return (lambda value: written.get(value, value)) if written else (lambda value: value)


def _namer(table: RefTable) -> _Say:
    """A record's name, or its code where the name might mean another record."""
    names = {record.id: record.names for record in table.records}
    said: dict[int, str | None] = {}

    def say(key: int) -> str | None:
        if key not in said:
            known = names.get(key) or {}
            ways = [known.get(column) for column in ("username", "name", "code")]
            said[key] = next((w for w in ways if w and table.resolve(w).value == key), None)
        return said[key]

    return say
