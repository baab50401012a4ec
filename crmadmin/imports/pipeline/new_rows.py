"""Every column of records that are written for the first time, from the few that somebody gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Any

from crmadmin.core.bulk import ColumnValues, Same
from crmadmin.core.db import actor, utcnow
from crmadmin.core.spec import RecordSpec
from crmadmin.imports.pipeline.derived import DerivedColumns, none_derived


def new_columns(
    spec: RecordSpec, values: Mapping[str, ColumnValues], ready: DerivedColumns | None = None
) -> dict[str, ColumnValues]:
    """Every column of new records but the id: the values, defaults, keys and stamps.

    `ready` are derived columns that are made already.
    """
    ready = ready or none_derived(spec)
    columns: dict[str, ColumnValues] = {}
    for column in spec.model.__table__.columns:
        default = column.default.arg if column.default is not None else None
        default = None if callable(default) else default
        given = values.get(column.name)
        if given is None:
            columns[column.name] = Same(default)
        elif default is None or isinstance(given, Same):
            columns[column.name] = given
        else:
            columns[column.name] = [default if value is None else value for value in given]
    del columns["id"]
    columns.update(created_at=Same(utcnow()), created_by_id=Same(actor.get()))
    columns.update(touched(), version=Same(1))
    for derived in spec.derived:
        sources = [columns[source] for source in derived.sources]
        if any(not isinstance(source, Same) for source in sources):
            rows = zip(*map(_each, sources), strict=False)
            columns[derived.column] = ready.column(derived, rows)
        else:
            columns[derived.column] = Same(derived.make([*map(next, map(_each, sources))]))
    return columns


def _each(column: ColumnValues) -> Iterator[Any]:
    return repeat(column.value) if isinstance(column, Same) else iter(column)


def touched() -> dict[str, ColumnValues]:
    """The stamps of a write."""
    return {"updated_at": Same(utcnow()), "updated_by_id": Same(actor.get())}
