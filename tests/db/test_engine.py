"""SQLite's write lock: who waits for it is served in order, a job's block at a time, and whatever
ends a transaction lets the next one in."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import Context
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from crmadmin.core import engine as house
from crmadmin.core import write_queue
from crmadmin.core.db import db, reads_only
from crmadmin.core.engine import PoolOptions, engine_options, long_work


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Engine]:
    """A database file of the test's own."""
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    made = create_engine(url, **engine_options(url, PoolOptions()))
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE t (a TEXT)"))
    yield made
    made.dispose()


def apart(work: Callable[[], Any]) -> threading.Thread:
    """In a thread and context of its own."""
    thread = threading.Thread(target=lambda: Context().run(work))
    thread.start()
    return thread


def write(file: Engine, what: str, order: list[str], seconds: float = 0.0) -> None:
    with file.begin() as connection:
        order.append(what)
        connection.execute(text("INSERT INTO t VALUES (:a)"), {"a": what})
        time.sleep(seconds)


def job(file: Engine, name: str, order: list[str], blocks: int, seconds: float = 0.1) -> None:
    long_work.set(True)
    for number in range(blocks):
        write(file, f"{name}{number}", order, seconds)


def test_who_has_the_lock_sees_whether_anybody_waits_for_it(file: Engine) -> None:
    order: list[str] = []
    with file.begin() as connection:
        assert not house.is_awaited(connection)
        form = apart(lambda: write(file, "form", order))
        end = time.monotonic() + 5
        while not house.is_awaited(connection) and time.monotonic() < end:
            time.sleep(0.01)
        assert house.is_awaited(connection)
        assert order == []
    form.join()
    with file.begin() as connection:
        assert not house.is_awaited(connection)
    assert order == ["form"]


def test_a_form_waits_for_the_block_at_hand_and_no_other(file: Engine) -> None:
    order: list[str] = []
    jobs = [apart(partial(job, file, name, order, 6)) for name in "AB"]
    for number in range(3):
        time.sleep(0.15)
        before = len(order)
        write(file, f"form {number}", order)
        assert order.index(f"form {number}") - before <= 1
    for thread in jobs:
        thread.join()
    assert len(order) == 15


def test_jobs_take_turns(file: Engine) -> None:
    order: list[str] = []
    threads = [apart(partial(job, file, name, order, 5, 0.05)) for name in "AB"]
    for thread in threads:
        thread.join()
    first_half = {what[0] for what in order[:4]}
    assert first_half == {"A", "B"}


@pytest.mark.parametrize("way", ["commit", "rollback", "crash", "invalidate"])
def test_however_a_job_s_block_ends_the_next_one_begins(file: Engine, way: str) -> None:
    def block() -> None:
        long_work.set(True)
        connection = file.connect()
        connection.execute(text("INSERT INTO t VALUES ('x')"))
        if way == "crash":
            connection.close()
        else:
            getattr(connection, way)()
            connection.close()

    apart(block).join()
    path = write_queue.beside(str(file.url.database))
    assert path is not None
    for gate in (path, path + write_queue.OF_JOBS):
        with write_queue.turn(gate, 0) as came:
            assert came
    order: list[str] = []
    job(file, "B", order, 1)
    long_work.set(False)
    assert order == ["B0"]


def test_who_waits_too_long_is_told_and_leaves_the_queue(
    file: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house, "PATIENCE", 0.3)
    holder = sqlite3.connect(str(file.url.database), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    for is_job in (False, True):
        long_work.set(is_job)
        began = time.monotonic()
        with pytest.raises(OperationalError, match="locked"), file.begin():
            pass
        assert 0.25 < time.monotonic() - began < 2
    long_work.set(False)
    holder.execute("ROLLBACK")
    holder.close()
    write(file, "after", [])


def test_a_queue_that_does_not_move_is_left_after_the_same_time(
    file: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever heads the write queue hangs, though nobody writes: then it is not waited for."""
    monkeypatch.setattr(house, "PATIENCE", 0.3)
    path = write_queue.beside(str(file.url.database))
    order: list[str] = []
    with write_queue.turn(path, 1):
        began = time.monotonic()
        apart(lambda: write(file, "on", order)).join()
        assert 0.25 < time.monotonic() - began < 2
    assert order == ["on"]


def test_who_only_reads_waits_for_nobody(file: Engine) -> None:
    path = write_queue.beside(str(file.url.database))
    holder = sqlite3.connect(str(file.url.database), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    def read() -> None:
        reads_only.set(True)
        with file.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM t")) == 0

    with write_queue.turn(path, 1):
        began = time.monotonic()
        apart(read).join()
        assert time.monotonic() - began < 1
    holder.close()


def test_a_database_in_memory_has_no_queue() -> None:
    made = create_engine("sqlite://", **engine_options("sqlite://", PoolOptions()))
    with made.begin() as connection:
        assert connection.info["write_queue"] is None
    made.dispose()


def test_requests_have_a_small_cache_each_and_jobs_a_large_one(app: Flask, database: str) -> None:
    if database != "sqlite":
        return  # the server's cache is everybody's

    def cache() -> int:
        found = int(db.session.scalar(text("PRAGMA cache_size")) or 0)
        db.session.remove()
        return found

    with app.test_request_context():
        assert cache() == -house.CACHE_OF_REQUESTS
    with app.app_context():
        assert cache() == -house.CACHE


def test_what_takes_a_statement_back_stays_in_memory_where_records_go_one_by_one(
    app: Flask, database: str
) -> None:
    if database != "sqlite":
        return  # a server keeps no such thing

    def store() -> int:
        found = int(db.session.scalar(text("PRAGMA temp_store")) or 0)
        db.session.remove()
        return found

    default, memory = 0, 2
    with app.app_context():
        with house.row_by_row():
            assert store() == memory
        assert store() == default
