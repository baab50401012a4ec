"""Indexes that follow from declarations: a large record is filtered and sorted by them."""

from __future__ import annotations

from sqlalchemy import Index, Table

from crmadmin.core.spec import FieldSpec, RecordSpec

LONGEST = 255
"""Characters of the longest text that goes into an index."""


def index_lists(spec: RecordSpec) -> None:
    """Give a large record an index for every field that its list filters or sorts by.

    Ended by the id, so that the rows of one value stand in the order in which pages follow each
    other. Fields that have a key to be sorted by have its index already.

    What is filtered by holds the moment that the list is sorted by, too, so that matches are sorted
    by the index alone. On SQLite only spans of days do, which may be long: it would write an index
    more with every change of a record, where PostgreSQL writes all of them anyway.
    """
    if not spec.options.is_large:
        return
    table: Table = spec.model.__table__
    for f in spec.fields:
        column = table.columns[f.column]
        is_keyed = f.sort_key != f.column and f.sort_key in table.columns
        if not f.filtered and (not f.sortable or is_keyed):
            continue
        if (f.max_length or 0) > LONGEST:
            continue
        same = {i for i in table.indexes if next(iter(i.columns)) is column}
        if not any(len(i.columns) > 1 for i in same):
            table.indexes -= same
            _add(table, f, held_order(spec))


def _add(table: Table, f: FieldSpec, held: str | None) -> None:
    columns, included = [f.column, "id"], None
    if held and f.filtered and held != f.column:
        if f.kind.span is not None:
            columns.append(held)
        else:
            included = [held]
    name = f"ix_{table.name}_{f.column}"
    Index(name, *(table.columns[c] for c in columns), postgresql_include=included)


def held_order(spec: RecordSpec) -> str | None:
    """The column that a large record's list is sorted by when nobody chose, if it is a moment."""
    if not spec.options.is_large or len(spec.options.order) != 1:
        return None
    field = spec.by_name.get(spec.options.order[0].lstrip("-"))
    return field.column if field is not None and field.kind.is_moment else None
