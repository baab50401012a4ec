"""How the database is opened and transactions begun: pools, limits, SQLite's write lock."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from typing import Any, NamedTuple

import psycopg
from flask import current_app, has_request_context
from sqlalchemy import Engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DisconnectionError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import Pool, QueuePool

from crmadmin.core import write_queue
from crmadmin.telemetry import metrics

PATIENCE = 30
"""Seconds that a writer waits for SQLite's lock before it gives up."""
LOOK_MILLISECONDS = 20
CACHE = 49_152
"""KiB of SQLite's page cache for long work."""
CACHE_OF_REQUESTS = 32_768
"""KiB: enough for the few thousand records that the pages of a filtered list read over and over."""
SECONDS_FOR_A_CONNECTION = 10
"""How long one waits for a connection of a pool that has none left."""
LOCK_SECONDS = 10
"""PostgreSQL: how long a statement of a request waits for a row that somebody else writes."""
IDLE_SECONDS = 60
"""PostgreSQL: how long a request may hold locks and do nothing; of long work below."""
IDLE_SECONDS_OF_WORK = 600

reads_only: ContextVar[bool] = ContextVar("reads_only", default=False)
"""Whether this context has promised not to write (a GET): its SQLite transactions take no lock."""


long_work: ContextVar[bool] = ContextVar("long_work", default=False)
"""Whether this context works block after block (a job): on SQLite one such block at a time."""

_row_by_row: ContextVar[bool] = ContextVar("row_by_row", default=False)


class PoolOptions(NamedTuple):
    """Connections that one process may have: `size` kept, `overflow` more at need.

    `recycle` is the age in seconds at which one is replaced; 0 never.
    """

    size: int = 10
    overflow: int = 10
    recycle: int = 1800


def engine_options(url: str, pool: PoolOptions) -> dict[str, Any]:
    """Options of create_engine for a database URL."""
    # Values that people typed have no business in a log, not even in that of an error.
    options: dict[str, Any] = {"hide_parameters": True}
    if url.startswith("sqlite"):
        options["connect_args"] = {"timeout": PATIENCE, "check_same_thread": False}
        if make_url(url).database in (None, "", ":memory:"):
            return options  # one connection for all
    else:
        options["connect_args"] = {"connect_timeout": 5, "application_name": "crmadmin"}
        options["pool_pre_ping"] = True
    return {
        **options,
        "pool_size": pool.size,
        "max_overflow": pool.overflow,
        "pool_recycle": pool.recycle or -1,
        "pool_timeout": SECONDS_FOR_A_CONNECTION,
        "pool_use_lifo": True,  # the one that was used last has read what is wanted next
    }


def has_free_connection(engine: Engine) -> bool:
    """Whether the pool can give a connection without waiting."""
    pool: Any = engine.pool
    return (
        not isinstance(pool, QueuePool)
        or pool.overflow() < pool._max_overflow
        or (pool.checkedin() > 0)
    )


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # The driver's own transaction control would let a savepoint outlive an outer rollback.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={PATIENCE * 1000}",
        # An import writes the same pages of an index over and over: fewer copies of them.
        "wal_autocheckpoint=4000",
    ):
        connection.execute(f"PRAGMA {pragma}")
    _number, _name, file = connection.execute("PRAGMA database_list").fetchone()
    record.info["write_queue"] = write_queue.beside(file)


@contextmanager
def row_by_row() -> Iterator[None]:
    """For the body's transactions: they write records one by one, thousands of them.

    SQLite keeps what takes a statement back in a file as soon as that is more than 64 KiB, and for
    one record with twenty indexes it is: a tenth of what writing it takes. Here it stays in memory.
    Not for a statement that writes thousands of records at once.
    """
    token = _row_by_row.set(True)
    try:
        yield
    finally:
        _row_by_row.reset(token)


@event.listens_for(Pool, "checkout")
def _suit(connection: Any, record: Any, _proxy: Any) -> None:
    """Suit a connection to who takes it: a request has limits that long work has not.

    Told only when the one before was of another sort, which within one process is rare.
    """
    is_request = has_request_context()
    seconds = current_app.config["SETTINGS"].statement_timeout if is_request else 0
    wanted = (is_request, seconds, _row_by_row.get())
    if record.info.get("suits") == wanted:
        return
    if isinstance(connection, sqlite3.Connection):
        # Many threads answer requests, each with a cache; few work jobs.
        connection.execute(f"PRAGMA cache_size=-{CACHE_OF_REQUESTS if is_request else CACHE}")
        connection.execute(f"PRAGMA temp_store={'MEMORY' if _row_by_row.get() else 'DEFAULT'}")
    else:
        _limit(connection, is_request=is_request, seconds=seconds)
    record.info["suits"] = wanted


def forget_pages(engine: Engine) -> None:
    """Let SQLite's connection that was used last forget what it read; PostgreSQL's read nothing in
    this process."""
    if engine.dialect.name != "sqlite":
        return
    # Where no connection is to be had there is nothing to forget. The pool gives errors of the
    # driver as they are. Not in a transaction: it would wait for the lock.
    nothing = suppress(SQLAlchemyError, sqlite3.Error)
    with nothing, closing(engine.raw_connection()) as connection:
        connection.cursor().execute("PRAGMA shrink_memory")


def _limit(connection: Any, *, is_request: bool, seconds: int) -> None:
    limits = {
        "statement_timeout": seconds,
        "lock_timeout": LOCK_SECONDS if is_request else 0,
        "idle_in_transaction_session_timeout": IDLE_SECONDS if is_request else IDLE_SECONDS_OF_WORK,
    }
    before = connection.autocommit
    try:
        connection.autocommit = True  # or the first rollback would take it back
        calls = ", ".join(f"set_config('{name}', '{s}s', false)" for name, s in limits.items())
        connection.execute(f"SELECT {calls}")
        connection.autocommit = before
    except psycopg.OperationalError as error:
        raise DisconnectionError(str(error)) from error


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """A writer takes SQLite's one write lock at once: upgrading a read later fails under load."""
    if connection.dialect.name != "sqlite":
        return
    if reads_only.get():
        connection.exec_driver_sql("BEGIN")
        return
    with metrics.waiting_to_write():
        _begin_writing(connection.connection.driver_connection, connection.info)


def _begin_writing(driver: Any, info: dict[Any, Any]) -> None:
    """BEGIN IMMEDIATE when our turn has come. Raises OperationalError after PATIENCE seconds."""
    end = time.monotonic() + PATIENCE
    path: str | None = info.get("write_queue")
    if path is not None and long_work.get():
        info["lane"] = write_queue.take(path + write_queue.OF_JOBS, PATIENCE)
    try:
        with write_queue.turn(path, max(0.0, end - time.monotonic())):
            # SQLite's own waiting looks ever more seldom; whose turn it is looks often.
            driver.execute(f"PRAGMA busy_timeout={LOOK_MILLISECONDS}")
            while not _has_begun(driver):
                if time.monotonic() >= end:
                    told = sqlite3.OperationalError("database is locked")
                    raise OperationalError("BEGIN IMMEDIATE", None, told)
    except BaseException:
        _leave_lane(info)
        raise
    finally:
        driver.execute(f"PRAGMA busy_timeout={PATIENCE * 1000}")


def _has_begun(driver: Any) -> bool:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise OperationalError("BEGIN IMMEDIATE", None, error) from error
        return False
    return True


def is_awaited(connection: Connection) -> bool:
    """Whether others wait for the write lock that this transaction has.

    Also where that cannot be seen: a server's writers wait for each other's rows only, and without
    a write queue nobody knows.
    """
    path: str | None = connection.info.get("write_queue")
    return path is None or write_queue.is_taken(path)


def _leave_lane(info: dict[Any, Any]) -> None:
    gate = info.pop("lane", None)
    if gate is not None:
        write_queue.leave(gate)


@event.listens_for(Engine, "commit")
@event.listens_for(Engine, "rollback")
def _end_writing(connection: Connection) -> None:
    if not connection.invalidated:  # one that is gone takes nothing along (see below)
        _leave_lane(connection.info)


@event.listens_for(Pool, "checkin")
def _given_back(_connection: Any, record: Any) -> None:
    """However a transaction ended that nobody ended by word."""
    _leave_lane(record.info)
