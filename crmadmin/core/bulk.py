"""Many rows at once, past the ORM: by the driver's executemany on SQLite, by COPY on PostgreSQL.

Part of the current transaction of `db.session`; nothing is committed. Values are given as Python
has them (dates, aware datetimes, booleans, lists for JSON columns).
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import repeat
from typing import Any

import psycopg
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Engine,
    Integer,
    Select,
    Text,
    any_,
    bindparam,
    case,
    event,
    func,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import OperationalError

from crmadmin.core import numbering
from crmadmin.core.db import db, dialect_name, is_json, rows_written

_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Same:
    """A column that has the same value in every row."""

    value: Any


ColumnValues = Sequence[Any] | Same


class Taken(RuntimeError):
    """A row meets a unique key that is there already, or refers to a record that is gone."""


class _Behind:
    """Statements that a thread works, one after another, on the connection of one transaction."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._asked: list[Future[None]] = []

    def ask(self, work: Callable[[], None]) -> None:
        self._asked.append(self._pool.submit(work))

    def settle(self) -> None:
        """Wait for all; raises what went wrong first."""
        for asked in self._asked:
            asked.result()
        self._asked.clear()


_behind: ContextVar[_Behind | None] = ContextVar("bulk_behind", default=None)


@contextmanager
def behind(meanwhile: Callable[[], object] | None = None) -> Iterator[None]:
    """Let the database work at `insert` and `update` while the next one is prepared.

    For a server that has a processor of its own; an embedded database works at once. Whatever else
    is asked of the session waits until they are done. Taken and what else went wrong come then, or
    at the end. `meanwhile` is called before that wait, if there is one: it must not ask anything
    of the session.
    """
    if dialect_name(db.session) != "postgresql":
        yield
        return
    with ThreadPoolExecutor(1, "bulk") as pool:
        made = _Behind(pool)
        token = _behind.set(made)
        try:
            yield
            if meanwhile is not None:
                meanwhile()
            made.settle()
        finally:
            _behind.reset(token)
            pool.shutdown(cancel_futures=True)  # before anybody rolls back


@event.listens_for(Engine, "before_cursor_execute")
def _wait_for_behind(*_args: Any) -> None:
    asked = _behind.get()
    if asked is not None:
        asked.settle()


def _work(work: Callable[[], None]) -> None:
    """Now, or as soon as what was asked before is done."""
    asked = _behind.get()
    if asked is None:
        work()
    else:
        asked.ask(work)


def new_ids(table: Any, how_many: int) -> list[int]:
    """Ids that nobody else gets: this transaction's alone, to be used in `insert`.

    On SQLite the transaction must hold the write lock, as all that write do.
    """
    if dialect_name(db.session) == "postgresql":
        numbers = select(func.nextval(func.pg_get_serial_sequence(f'"{table.name}"', "id")))
        return list(
            db.session.scalars(numbers.select_from(func.generate_series(1, how_many).alias("n")))
        )
    return list(numbering.take(db.session.connection(), table, how_many))


def insert(table: Any, columns: dict[str, ColumnValues]) -> None:
    """Insert rows given column by column, all of the same length; one at least is no Same.

    Raises Taken.
    """
    names = list(columns)
    rows = zip(*(_stored(table.c[name], columns[name]) for name in names), strict=False)
    listed = ", ".join(f'"{name}"' for name in names)
    if dialect_name(db.session) == "postgresql":
        copy = f'COPY "{table.name}" ({listed}) FROM STDIN'
        _work(partial(_copy, _driver(), copy, rows))
        return
    marks = ", ".join("?" * len(names))
    _execute_many(f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})', rows)  # noqa: S608 - names of our own tables


def update(table: Any, columns: dict[str, ColumnValues], ids: Sequence[int]) -> None:
    """Set columns of the records with these ids, to values in the same order.

    Raises Taken, also when one of the records is gone.
    """
    if not ids:
        return
    names = list(columns)
    stored = [_stored(table.c[name], columns[name]) for name in names]
    rows = zip(*stored, ids, strict=False)
    if dialect_name(db.session) == "postgresql":
        _work(partial(_update_by_copy, _driver(), table, names, rows, len(ids)))
        return
    sets = ", ".join(f'"{name}" = ?' for name in names)
    statement = f'UPDATE "{table.name}" SET {sets} WHERE id = ?'  # noqa: S608 - names of our own tables
    _require_all(_execute_many(statement, rows), len(ids))


def _require_all(written: int, asked: int) -> None:
    if written != asked:
        raise Taken(f"{asked - written} of {asked} records are gone")


def _driver() -> Any:
    return db.session.connection().connection.driver_connection


def delete_some(table: Any, *where: ColumnElement[bool], most: int = 5_000) -> int:
    """Delete at most so many rows, whichever are found first; gives how many. A commit after each
    of them lets others write in between."""
    keys = list(table.primary_key)
    some = select(*keys).where(*where).limit(most)
    here = tuple_(*keys) if len(keys) > 1 else keys[0]
    gone = table.delete().where(here.in_(some))
    return rows_written(db.session.execute(gone))


def among(column: Any, values: Iterable[Any]) -> ColumnElement[bool]:
    """`column IN values` with one bound parameter, however many values there are."""
    listed = list(values)
    if dialect_name(db.session) == "postgresql":
        # Without the column's length: a cast to varchar(32) would cut longer values short.
        kind: Any = Integer() if isinstance(column.type, Integer) else Text()
        found: ColumnElement[bool] = column == any_(bindparam(None, listed, type_=ARRAY(kind)))
    else:
        found = column.in_(_each(listed))
    return found


def json_keys(column: Any) -> Any:
    """The names in a JSON object, to be joined to its table: a table with the one column `key`."""
    if dialect_name(db.session) == "postgresql":
        return func.json_object_keys(column).table_valued("key").render_derived()
    return func.json_each(column).table_valued("key")


def json_length(column: Any) -> ColumnElement[int]:
    """How many values a JSON array has; 0 of what is none."""
    if dialect_name(db.session) == "postgresql":
        kind = func.json_typeof(column)
    else:
        kind = func.json_type(column)
    return case((kind == "array", func.json_array_length(column)), else_=0)


def _each(values: list[Any]) -> Select[Any]:
    given = func.json_each(json.dumps(values)).table_valued("value")
    return select(given.c.value)


def _stored(column: Any, values: ColumnValues) -> Iterable[Any]:
    """The values as the driver takes them."""
    process = _processor(column.type)
    if isinstance(values, Same):
        value = values.value
        return repeat(value if value is None or process is None else process(value))
    if process is None:
        return values
    return [None if value is None else process(value) for value in values]


def _processor(kind: Any) -> Callable[[Any], Any] | None:
    dialect = db.session.get_bind().dialect
    if is_json(kind):
        return _as_json
    if dialect.name == "postgresql" or isinstance(kind, Boolean):
        return None
    if isinstance(kind, Date):
        return date.isoformat
    found: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found


def _as_json(value: Any) -> str:
    # Most are empty lists; whoever has many of them gives the text itself.
    return value if isinstance(value, str) else _encode(value)


def _execute_many(statement: str, rows: Iterable[Any]) -> int:
    try:
        return int(_driver().executemany(statement, rows).rowcount)
    except sqlite3.IntegrityError as error:
        raise Taken(str(error)) from error
    except sqlite3.OperationalError as error:
        raise OperationalError(statement, None, error) from error


@contextmanager
def _postgresql(connection: Any, statement: str) -> Iterator[Any]:
    """A cursor, and errors as the callers know them."""
    try:
        with connection.cursor() as cursor:
            yield cursor
    except psycopg.IntegrityError as error:
        raise Taken(str(error)) from error
    except psycopg.OperationalError as error:
        raise OperationalError(statement, None, error) from error


def _copy(connection: Any, statement: str, rows: Iterable[Any]) -> None:
    with _postgresql(connection, statement) as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _update_by_copy(
    connection: Any, table: Any, names: Sequence[str], rows: Iterable[Any], asked: int
) -> None:
    """Through a table of this transaction: one UPDATE, whatever the number of rows."""
    listed = ", ".join(f'"{name}"' for name in (*names, "id"))
    sets = ", ".join(f'"{name}" = given."{name}"' for name in names)
    # Once a connection, not once a block: making a table costs more than filling it.
    given = f"given_{table.name}_{zlib.crc32(listed.encode()):08x}"
    make = (
        f"CREATE TEMP TABLE IF NOT EXISTS {given} ON COMMIT DELETE ROWS"  # noqa: S608
        f' AS SELECT {listed} FROM "{table.name}" WITH NO DATA'
    )
    statement = (
        f'UPDATE "{table.name}" SET {sets} FROM {given} AS given'  # noqa: S608
        f' WHERE "{table.name}".id = given.id'
    )
    with _postgresql(connection, statement) as cursor:
        cursor.execute(make)
        _copy(connection, f"COPY {given} ({listed}) FROM STDIN", rows)
        written = int(cursor.execute(statement).rowcount)
        cursor.execute(f"DELETE FROM {given}")  # noqa: S608 - this transaction may come again
    _require_all(written, asked)
