"""An id is given once: to one record, and to none after it was deleted.

PostgreSQL's sequences only go on. SQLite gives the id of the last row out again when that row is
deleted, unless the table says AUTOINCREMENT; then it keeps the last number of each table in
`sqlite_sequence`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, event, func, select, text

_NEVER_AGAIN = re.compile(r"\bAUTOINCREMENT\b", re.IGNORECASE)


def never_again(table: Any) -> None:
    """Have a table's ids given once. Called for the table of every model, as it is declared."""
    if isinstance(table, Table) and table.autoincrement_column is not None:
        table.kwargs["sqlite_autoincrement"] = True


@event.listens_for(Table, "column_reflect")
def _see_autoincrement(inspector: Any, table: Table, column: Any) -> None:
    """A migration that makes a table anew, from what it reads of it, would leave the word out."""
    connection = inspector.bind
    if not column.get("primary_key") or not isinstance(connection, Connection):
        return
    if connection.dialect.name == "sqlite" and table.name in _numbered(connection):
        table.kwargs["sqlite_autoincrement"] = True


def _numbered(connection: Connection) -> set[str]:
    """SQLite's tables that say AUTOINCREMENT."""
    found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    return {name for name, sql in found if _NEVER_AGAIN.search(sql or "")}


def giving_again(connection: Connection, tables: Mapping[str, Table]) -> list[str]:
    """The tables that give the ids of deleted rows out again, sorted; missing ones do not."""
    if connection.dialect.name != "sqlite":
        return []
    wanted = {name for name, table in tables.items() if table.kwargs.get("sqlite_autoincrement")}
    there = set(
        connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
    )
    return sorted((wanted & there) - _numbered(connection))


def last_given(connection: Connection, table: Table) -> int:
    """The highest id that a table is known to have given, 0 for none."""
    column = table.autoincrement_column
    if column is None:
        return 0
    last = connection.scalar(select(func.max(column))) or 0
    if connection.dialect.name == "sqlite":
        return max(last, _given(connection).get(table.name, 0))
    sequence = _sequence(connection, table)
    if sequence is None:
        return last
    given = func.pg_sequence_last_value(func.to_regclass(sequence))
    return max(last, connection.scalar(select(given)) or 0)


def go_on_from(connection: Connection, table: Table, last: int) -> None:
    """Let the next id be higher than `last`; part of the connection's transaction."""
    if table.autoincrement_column is None or not last:
        return
    if connection.dialect.name == "sqlite":
        _raise_to(connection, {table.name: last})
        return
    sequence = _sequence(connection, table)
    if sequence is not None:
        connection.execute(select(func.setval(sequence, last)))


def take(connection: Connection, table: Table, how_many: int) -> range:
    """SQLite: the next ids, which nobody else gets. The connection must hold the write lock."""
    last = last_given(connection, table)
    go_on_from(connection, table, last + how_many)
    return range(last + 1, last + 1 + how_many)


@contextmanager
def kept(connection: Connection) -> Iterator[None]:
    """Tables that the body makes anew go on where they were; in the connection's transaction."""
    before = _given(connection)
    yield
    _raise_to(connection, before)


def _sequence(connection: Connection, table: Table) -> str | None:
    column = table.autoincrement_column
    name = column.name if column is not None else ""
    found: str | None = connection.scalar(
        select(func.pg_get_serial_sequence(f'"{table.name}"', name))
    )
    return found


def _given(connection: Connection) -> dict[str, int]:
    """The last number of each of SQLite's tables that keeps it; one without rows may not."""
    if connection.dialect.name != "sqlite":
        return {}
    kept_there = text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")
    if connection.scalar(kept_there) is None:
        return {}
    found = connection.execute(text("SELECT name, max(seq) FROM sqlite_sequence GROUP BY name"))
    return {name: int(last or 0) for name, last in found}


def _raise_to(connection: Connection, wanted: Mapping[str, int]) -> None:
    there = _given(connection)
    numbered = _numbered(connection) if wanted else set()
    for name, last in wanted.items():
        if name not in numbered or last <= there.get(name, -1):
            continue
        told = {"name": name, "last": last}
        if name in there:
            connection.execute(
                text("UPDATE sqlite_sequence SET seq = :last WHERE name = :name"), told
            )
        else:
            connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), told)
