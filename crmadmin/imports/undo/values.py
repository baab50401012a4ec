"""Overwritten values on their way back: stored JSON → columns, and what is derived from them.

A table may have lost columns since, or shortened them: `restorable` gives the values of a
before-image that it can still hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Date, DateTime, String, select

from crmadmin.core import bulk
from crmadmin.core.bulk import among
from crmadmin.core.db import actor, db, spec_of, utcnow
from crmadmin.core.spec import RecordSpec

MOST_SETS = 16
"""With more sets of columns than this, all of them are written for every record."""


class Restore(NamedTuple):
    """One record and what it had: column → value as JSON. `version` is the one it has now."""

    record_id: int
    version: int
    before: Mapping[str, object]


def put_back(model: type[Any], wanted: Sequence[Restore]) -> set[int]:
    """Write the values; gives the ids of those that could not be, a unique key being taken.

    The records must be there, and locked where that means something. Their versions go up by one.
    """
    spec = spec_of(model)
    now = _current(model, [restore.record_id for restore in wanted])
    rows = [_after(spec, restore, now[restore.record_id]) for restore in wanted]
    sets = {frozenset(row.changed) for row in rows}
    if len(sets) > MOST_SETS:
        every: frozenset[str] = frozenset().union(*sets)
        return _write_or_one_by_one(spec, every, rows)
    failed: set[int] = set()
    for names in sorted(sets, key=sorted):
        some = [row for row in rows if row.changed.keys() == names]
        failed |= _write_or_one_by_one(spec, names, some)
    return failed


class _Row(NamedTuple):
    record_id: int
    version: int
    changed: dict[str, object]
    now: Mapping[str, object]


def _current(model: Any, ids: Sequence[int]) -> dict[int, Mapping[str, object]]:
    statement = select(*model.__table__.columns).where(among(model.id, ids))
    found = db.session.execute(statement).mappings()
    return {row["id"]: cast("Mapping[str, object]", row) for row in found}


def _after(spec: RecordSpec, restore: Restore, now: Mapping[str, object]) -> _Row:
    readers = _readers(spec.model.__table__)
    changed = {
        name: readers[name](value) if value is not None and name in readers else value
        for name, value in restorable(spec.model.__table__, restore.before).items()
    }
    for derived in spec.derived:
        if not changed.keys().isdisjoint(derived.sources):
            sources = [changed[s] if s in changed else now[s] for s in derived.sources]
            changed[derived.column] = derived.make(sources)
    return _Row(restore.record_id, restore.version, changed, now)


_READERS: dict[Any, dict[str, Callable[[Any], Any]]] = {}


def _readers(table: Any) -> Mapping[str, Callable[[Any], Any]]:
    """How values that JSON lacks are read again, by column."""
    if table not in _READERS:
        _READERS[table] = {}
        for column in table.columns:
            kind = getattr(column.type, "impl", column.type)
            if isinstance(kind, DateTime):
                _READERS[table][column.name] = datetime.fromisoformat
            elif isinstance(kind, Date):
                _READERS[table][column.name] = date.fromisoformat
    return _READERS[table]


def _write_or_one_by_one(spec: RecordSpec, names: Iterable[str], rows: Sequence[_Row]) -> set[int]:
    """All at once; if a unique key is in the way, one by one, as often as that gets further.

    A key may be free only after another record of these has given it up.
    """
    try:
        with db.session.begin_nested():
            _write(spec, names, rows)
    except bulk.Taken:
        waiting = list(rows)
    else:
        return set()
    while True:
        failed = [row for row in waiting if not _write_one(spec, names, row)]
        if not failed or len(failed) == len(waiting):
            return {row.record_id for row in failed}
        waiting = failed


def _write_one(spec: RecordSpec, names: Iterable[str], row: _Row) -> bool:
    try:
        with db.session.begin_nested():
            _write(spec, names, [row])
    except bulk.Taken:
        return False
    return True


def _write(spec: RecordSpec, names: Iterable[str], rows: Sequence[_Row]) -> None:
    columns: dict[str, bulk.ColumnValues] = {
        name: [row.changed[name] if name in row.changed else row.now[name] for row in rows]
        for name in sorted(names)
    }
    columns["version"] = [row.version + 1 for row in rows]
    columns["updated_at"] = bulk.Same(utcnow())
    columns["updated_by_id"] = bulk.Same(actor.get())
    ids = [row.record_id for row in rows]
    bulk.update(spec.model.__table__, columns, ids)


def merged(images: Iterable[tuple[int, Mapping[str, object]]]) -> dict[str, object]:
    """Several before-images of one record, (version, values), as one: the oldest value counts."""
    found: dict[str, object] = {}
    for _version, before in sorted(images, key=lambda image: image[0]):
        for name, value in before.items():
            found.setdefault(name, value)
    return found


def restorable(table: Any, before: Mapping[str, object]) -> dict[str, object]:
    """The values of a before-image that the table can still hold."""
    return {n: v for n, v in before.items() if n in table.c and not _is_long(table.c[n], v)}


def length_of(column: Any) -> int | None:
    """How many characters a column of text takes; None for any number."""
    return column.type.length if isinstance(column.type, String) else None


def _is_long(column: Any, value: object) -> bool:
    length = length_of(column)
    return length is not None and isinstance(value, str) and len(value) > length
