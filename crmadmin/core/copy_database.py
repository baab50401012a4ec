"""A whole database into another one, table by table, and checked.

Both sides are read the same way, so the same checksum can be made of both: the values as Python has
them (moments in UTC, JSON as its text), whatever the engine keeps them as. Nothing is committed
here.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import chain
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, Table, Text, cast, func, inspect, select, text

from crmadmin.core import numbering, search
from crmadmin.core.db import Base, is_json, reads_only

BLOCK = 10_000
"""Rows that are in memory, and in one COPY, at a time."""
WIDTH = 16
"""Bytes of a checksum."""

Told = Callable[[str, int, int], None]
"""Hears the table, how many of its rows are done, and how many there are."""


class CannotCopy(Exception):
    """The copy would not be what the source is; the text is for whoever asked."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds: how many rows, and a checksum of them that no order changes."""

    rows: int
    checksum: str


def tables() -> list[Table]:
    """What is copied, each table after those that it refers to; search indexes are made anew."""
    derived = {documents.pending.name for documents in search.declared()}
    return [t for t in Base.metadata.sorted_tables if t.name not in derived]


def occupied(connection: Connection) -> list[str]:
    """The tables that hold rows already; tables that are missing hold none."""
    present = set(inspect(connection).get_table_names())
    return [
        t.name
        for t in tables()
        if t.name in present
        and connection.execute(select(t.primary_key.columns[0]).limit(1)).first() is not None
    ]


@contextmanager
def reading(engine: Engine, *, alone: bool) -> Iterator[Connection]:
    """A connection that sees one state of the database; `alone`: nobody writes meanwhile."""
    with _begun(engine, only_reads=not alone, isolation_level="REPEATABLE READ") as connection:
        if alone and connection.dialect.name == "postgresql":
            # A database of an older schema lacks some; whoever reads refuses it in a sentence.
            present = set(inspect(connection).get_table_names())
            names = ", ".join(f'"{t.name}"' for t in tables() if t.name in present)
            connection.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection whose one transaction is committed at the end, or taken back as a whole."""
    with _begun(engine, only_reads=False) as connection:
        if connection.dialect.name == "sqlite":
            # A record may refer to one that comes later in the same table.
            connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        yield connection


@contextmanager
def _begun(engine: Engine, *, only_reads: bool, **options: Any) -> Iterator[Connection]:
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(**options)
        token = reads_only.set(only_reads)
        try:
            transaction = connection.begin()
        finally:
            reads_only.reset(token)  # the other side of a copy begins within this one
        with transaction:
            _take_time(connection)
            yield connection


def _take_time(connection: Connection) -> None:
    """Limits that keep requests short are not for this transaction."""
    if connection.dialect.name == "postgresql":
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(text(f"SET LOCAL {name} = 0"))


def copy(
    source: Connection, target: Connection, told: Told = lambda _t, _d, _n: None
) -> dict[str, Content]:
    """Copy every table and read it again; gives what each holds now. Raises CannotCopy."""
    made: dict[str, Content] = {}
    for table in tables():
        total = source.scalar(select(func.count()).select_from(table)) or 0
        read = _Digest()
        blocks = _told(read.over(_blocks(source, table)), table.name, total, told)
        with _explained(table):
            _write(target, table, blocks)
        made[table.name] = read.content
        if read.content.rows != total or content(target, table) != read.content:
            raise CannotCopy(f"{table.name}: what arrived is not what was sent")
    return made


@contextmanager
def indexes_last(target: Connection) -> Iterator[None]:
    """Have the indexes of empty tables made after the body has filled them: several times as fast.

    Those that keep values apart stay: what they refuse shall be refused at once.
    """
    plain = [index for table in tables() for index in table.indexes if not index.unique]
    for index in plain:
        index.drop(target)
    yield
    for index in plain:
        index.create(target)


def content(connection: Connection, table: Table) -> Content:
    """What a table of a database holds."""
    read = _Digest()
    for _block in read.over(_blocks(connection, table)):
        pass
    return read.content


def finish(source: Connection, target: Connection, told: Told = lambda _t, _d, _n: None) -> None:
    """What follows from the rows: numbers go on where they were, searches find, plans are good."""
    keep_numbers(source, target)
    for documents in search.declared():
        name = documents.name
        total = target.scalar(select(func.count()).select_from(documents.model.__table__)) or 0
        search.rebuild(target, documents, partial(_tell, told, name, total))
    if target.dialect.name == "postgresql":
        target.execute(text("ANALYZE"))


def keep_numbers(source: Connection, target: Connection) -> None:
    """The next record gets the id after the last one that was ever given, as far as known."""
    for table in tables():
        last = max(numbering.last_given(source, table), numbering.last_given(target, table))
        numbering.go_on_from(target, table, last)


class _Digest:
    """Rows on their way, counted and summed up."""

    def __init__(self) -> None:
        self._rows = self._sum = 0

    def over(self, blocks: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        for block in blocks:
            self._rows += len(block)
            for row in block:
                written = repr(tuple(row)).encode(errors="surrogatepass")
                digest = blake2b(written, digest_size=WIDTH).digest()
                # A sum does not care for order, which text keys have another of on each engine.
                self._sum += int.from_bytes(digest, "big")
            yield block

    @property
    def content(self) -> Content:
        return Content(self._rows, f"{self._sum % 2 ** (8 * WIDTH):0{2 * WIDTH}x}")


def _told(
    blocks: Iterator[Sequence[Any]], name: str, total: int, told: Told
) -> Iterator[Sequence[Any]]:
    done = 0
    for block in blocks:
        yield block
        done += len(block)
        told(name, done, total)


def _tell(told: Told, name: str, total: int, done: int) -> None:
    told(name, min(done, total), total)


def _blocks(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    # JSON as its text: a null of JSON and none at all would both be None.
    columns = [cast(c, Text) if is_json(c.type) else c for c in table.columns]
    asked = select(*columns).order_by(*table.primary_key.columns)
    found = connection.execute(asked.execution_options(yield_per=BLOCK))
    yield from found.partitions()


def _write(target: Connection, table: Table, blocks: Iterator[Iterable[Any]]) -> None:
    listed = ", ".join(f'"{c.name}"' for c in table.columns)
    driver: Any = target.connection.driver_connection
    if target.dialect.name == "sqlite":
        marks = ", ".join("?" * len(table.columns))
        insert = f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})'  # noqa: S608 - names of our own tables
        stored = [_stored(c.type, target.dialect) for c in table.columns]
        for block in blocks:
            columns = zip(*block, strict=True)
            kept = [map(s, values) for s, values in zip(stored, columns, strict=True)]
            driver.executemany(insert, zip(*kept, strict=True))
        return
    if any(key.column.table is table for key in table.foreign_keys):
        # Whom a row refers to may come later: the references are checked after the last.
        blocks = iter([chain.from_iterable(blocks)])
    for block in blocks:
        with (
            driver.cursor() as cursor,
            cursor.copy(f'COPY "{table.name}" ({listed}) FROM STDIN') as rows,
        ):
            for row in block:
                rows.write_row(row)


def _stored(kind: Any, dialect: Any) -> Callable[[Any], Any]:
    """How SQLite's driver takes a value of this type."""
    process = None if is_json(kind) else kind.dialect_impl(dialect).bind_processor(dialect)
    return process or (lambda value: value)


@contextmanager
def _explained(table: Table) -> Iterator[None]:
    """Whatever the target refuses: which table, which row and column, and never the value."""
    try:
        yield
    except psycopg.DatabaseError as error:
        # The first line names the rule; values of the row stand in the detail and the context.
        where = re.search(r"line \d+(?:, column \w+)?", error.diag.context or "")
        told = error.diag.message_primary or type(error).__name__
        place = f" ({where[0]})" if where else ""
        raise CannotCopy(f"{table.name}: {told}{place}") from error
    except sqlite3.DatabaseError as error:
        raise CannotCopy(f"{table.name}: {error}") from error
