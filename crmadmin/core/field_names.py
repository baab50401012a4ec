"""Names of fields that are kept in rows: before-images, saved views, filters, mappings.

A column that keeps such names says so where it is declared, `info=keeps(...)`; one that holds text
or JSON without any says `info=NO_NAMES`. A migration that renames a field calls
`carry_renamed_field`, which walks them all. What becomes of the names of a field that was removed
is each reader's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    Text,
    bindparam,
    cast,
    inspect,
    or_,
    select,
    tuple_,
    update,
)

from crmadmin.core.db import Base

BLOCK = 1000
"""Rows that are read, and written, at a time."""

_NAMES = "field_names"


@dataclass(frozen=True, slots=True)
class Renamed:
    """A column of `table` that has another name: `old`, now `new`.

    `old_field` and `new_field` are what screens, addresses and imports call it: a link to another
    record is called by its column's name without `_id`.
    """

    table: str
    old: str
    new: str
    old_field: str
    new_field: str


Change = Callable[[Any, Renamed], Any]
"""What is kept in a column, and a renaming; gives the same with the new name."""

Where = Callable[[Table, Renamed], ColumnElement[bool] | None]
"""Which rows of the table may name the field; None for none of them."""


@dataclass(frozen=True, slots=True)
class Keeps:
    """How the names in a column follow a renaming."""

    change: Change
    where: Where


NO_NAMES: dict[str, Any] = {_NAMES: None}
"""The `info` of a column of text or JSON that names no field."""


def keeps(change: Change, where: Where) -> dict[str, Any]:
    """The `info` of a column that names fields."""
    return {_NAMES: Keeps(change, where)}


def keeping() -> Iterator[tuple[Column[Any], Keeps]]:
    """Every column that names fields."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            kept = column.info.get(_NAMES)
            if kept is not None:
                yield column, kept


def carry_renamed_field(connection: Connection, table: str, old: str, new: str) -> dict[str, int]:
    """For migrations: what names column `old` of `table` calls it `new` from now on.

    Called beside the renaming, before it or after it; in a downgrade the other way round. Gives how
    many rows were written, by "table.column". Nothing is committed.
    """
    renamed = _renamed(connection, table, old, new)
    present = inspect(connection)
    done: dict[str, int] = {}
    for column, kept in keeping():
        name = column.table.name
        # The database may be of a time before this column.
        if not present.has_table(name):
            continue
        if column.name not in {c["name"] for c in present.get_columns(name)}:
            continue
        where = kept.where(column.table, renamed)
        if where is not None:
            done[f"{name}.{column.name}"] = _rewrite(connection, column, kept, renamed, where)
    return done


def _renamed(connection: Connection, table: str, old: str, new: str) -> Renamed:
    """Asks the database, for the models may be of a later time: whether it is a reference."""
    keys = inspect(connection).get_foreign_keys(table)
    linked = {name for key in keys for name in key["constrained_columns"]}
    if linked.isdisjoint((old, new)):
        return Renamed(table, old, new, old, new)
    return Renamed(table, old, new, old.removesuffix("_id"), new.removesuffix("_id"))


def _rewrite(
    connection: Connection,
    column: Column[Any],
    kept: Keeps,
    renamed: Renamed,
    where: ColumnElement[bool],
) -> int:
    table = column.table
    key = list(table.primary_key.columns)
    text = cast(column, Text)
    mentions = or_(*(text.contains(n, autoescape=True) for n in (renamed.old, renamed.old_field)))
    asked = select(*key, column).where(where, mentions).order_by(*key).limit(BLOCK)
    is_key = column.name in table.primary_key.columns
    named = update(table).where(*(c == bindparam(f"key_{c.name}") for c in key))
    told = named.values({column.name: bindparam("changed", type_=column.type)})
    last: Sequence[Any] | None = None
    written = 0
    while True:
        further = [] if last is None else [tuple_(*key) > tuple_(*last)]
        rows = connection.execute(asked.where(*further)).all()
        changed = [
            {**{f"key_{c.name}": row[i] for i, c in enumerate(key)}, "changed": now}
            for row in rows
            if (now := kept.change(row[-1], renamed)) != row[-1]
        ]
        if changed:
            connection.execute(told, changed)
        written += len(changed)
        if len(rows) < BLOCK:
            return written
        last = rows[-1][: len(key)] if not is_key else tuple(rows[-1][: len(key)])


# The shapes in which names are kept


def in_keys(value: Any, old: str, new: str) -> Any:
    """The same mapping, with one key called otherwise, in its place."""
    if not isinstance(value, Mapping) or old not in value:
        return value
    return {new if key == old else key: kept for key, kept in value.items() if key != new}


def in_list(value: Any, old: str, new: str) -> Any:
    """The same list, with one word written otherwise."""
    if not isinstance(value, list) or old not in value:
        return value
    return [new if word == old else word for word in value if word != new]


def in_items(value: Any, name: str, old: str, new: str) -> Any:
    """A list of mappings, of which one entry, `name`, is a field's name."""
    if not isinstance(value, list):
        return value
    return [
        {**item, name: new} if isinstance(item, Mapping) and item.get(name) == old else item
        for item in value
    ]


def in_query(value: Any, renamed: Renamed) -> Any:
    """A list's query string: filters, the ends of spans, and the order."""
    if not isinstance(value, str):
        return value
    old, new = renamed.old_field, renamed.new_field
    words = {old: new, f"{old}_from": f"{new}_from", f"{old}_to": f"{new}_to"}
    orders = {old: new, f"-{old}": f"-{new}"}
    try:
        given = parse_qsl(value, keep_blank_values=True)
    except ValueError:
        return value
    told = [
        (words.get(name, name), orders.get(text, text) if name == "sort" else text)
        for name, text in given
    ]
    return value if told == given else urlencode(told)


def in_sorted_query(value: Any, renamed: Renamed) -> Any:
    """The same where the parameters are kept in the order of their names."""
    told = in_query(value, renamed)
    if told == value:
        return value
    given = parse_qsl(told, keep_blank_values=True)
    return urlencode(sorted(given, key=lambda parameter: parameter[0]))


def of_table(name: str) -> Where:
    """All rows, when it is this table's field that was renamed."""

    def where(table: Table, renamed: Renamed) -> ColumnElement[bool] | None:
        return next(iter(table.primary_key.columns)).is_not(None) if renamed.table == name else None

    return where


def all_rows(table: Table, _renamed: Renamed) -> ColumnElement[bool]:
    """All rows, whatever table it is."""
    return next(iter(table.primary_key.columns)).is_not(None)
