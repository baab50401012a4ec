"""Indexes that follow from declarations: a large record is filtered and sorted by them."""

from __future__ import annotations

from sqlalchemy import Index, Table

from crmadmin.core.spec import SORT_COLUMNS, RecordSpec

LONGEST = 255
"""Characters of the longest text that goes into an index."""


def index_lists(spec: RecordSpec) -> None:
    """Give a large record an index for every field that its list filters or sorts by.

    Ended by the id, so that the rows of one value stand in the order in which pages follow each
    other. Fields that have a key to be sorted by have its index already.
    """
    if not spec.options.is_large:
        return
    table: Table = spec.model.__table__
    for f in spec.fields:
        column = table.columns[f.column]
        is_keyed = SORT_COLUMNS.get(f.name, "") in table.columns
        if not f.filtered and (not f.sortable or is_keyed):
            continue
        if (f.max_length or 0) > LONGEST:
            continue
        same = {i for i in table.indexes if next(iter(i.columns)) is column}
        if not any(len(i.columns) > 1 for i in same):
            table.indexes -= same
            Index(f"ix_{table.name}_{f.column}", column, table.columns.id)
