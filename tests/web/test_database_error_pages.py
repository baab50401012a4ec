"""A database that is slow, taken, full of others or gone: a page that says so in the user's words,
never a crash; and everything works again afterwards without a restart."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy import create_engine, text
from visitor import NewVisitor, Visitor

from crmadmin.core import engine as house
from crmadmin.core.db import db, reads_only

BUSY, DOWN, SLOW = (
    "Hệ thống đang bận",
    "Không kết nối được cơ sở dữ liệu",
    "mất quá nhiều thời gian",
)


def settings(app: Flask, **changes: Any) -> None:
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], **changes)


@contextmanager
def database_down(app: Flask) -> Iterator[None]:
    """Nobody can open the database, and whoever has it open is thrown out."""
    with app.app_context():
        url, is_file = db.engine.url, db.engine.dialect.name == "sqlite"
        if is_file:
            db.engine.dispose()
    if is_file:
        folder = Path(str(url.database))
        aside = folder.with_suffix(".aside")
        folder.rename(aside)
        folder.mkdir()
        try:
            yield
        finally:
            with app.app_context():
                db.engine.dispose()
            shutil.rmtree(folder)
            aside.rename(folder)
        return
    server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as boss:
        boss.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false'))
        try:
            throw_out(boss, str(url.database))
            yield
        finally:
            boss.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true'))
    server.dispose()


def throw_out(boss: Any, name: str) -> None:
    boss.execute(
        text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
        {"name": name},
    )


def test_a_database_that_is_gone_says_so_and_comes_back(
    app: Flask, mai: Visitor, visitor: NewVisitor
) -> None:
    with database_down(app):
        answer = mai.get("/admin/customers/")
        assert answer.status_code == 503
        assert DOWN in answer.text
        assert answer.headers["Retry-After"] == "5"
        assert answer.headers["X-Request-ID"] in answer.text
        assert "Traceback" not in answer.text
        assert "Content-Security-Policy" in answer.headers
        assert 'href="/admin/customers/"' in answer.text, "the way to try again"
        as_json = mai.get("/admin/customers/", headers={"Accept": "application/json"})
        assert (as_json.status_code, as_json.json["error"]["title"]) == (503, DOWN)
        assert visitor().get("/readyz").status_code == 503
        assert visitor().get("/healthz").status_code == 200
        posted = mai.raw_post("/admin/groups/new/", {"name": "x", "description": "y"})
        assert posted.status_code in (400, 503)
    assert mai.get("/admin/customers/").status_code == 200


def test_the_page_is_in_the_visitor_s_language(
    app: Flask, people: dict[str, int], visitor: NewVisitor
) -> None:
    english = visitor()
    english.get("/login?lang=en")
    with database_down(app):
        answer = english.get("/setup")
        assert answer.status_code == 503
        assert '<html lang="en"' in answer.text
        assert "The database cannot be reached" in answer.text


def test_a_cut_connection_is_replaced_unseen(app: Flask, mai: Visitor, database: str) -> None:
    if database == "sqlite":
        pytest.skip("a file cuts no connection")
    with app.app_context():
        url = db.engine.url
    server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as boss:
        throw_out(boss, str(url.database))
    server.dispose()
    assert mai.get("/admin/customers/").status_code == 200


def test_when_all_connections_are_taken_the_page_says_so(
    app: Flask, mai: Visitor, visitor: NewVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), ExitStack() as taken:
        pool: Any = db.engine.pool
        monkeypatch.setattr(pool, "_timeout", 0.2)
        for _ in range(pool.size() + pool._max_overflow):
            taken.enter_context(db.engine.connect())
        assert not house.has_free_connection(db.engine)
        began = time.monotonic()
        answer = mai.get("/admin/customers/")
        assert answer.status_code == 503
        assert BUSY in answer.text
        assert time.monotonic() - began < 1.5, "the error page waits for none"
        figures = visitor(address="127.0.0.1").get("/metrics")
        assert figures.status_code == 200
    assert mai.get("/admin/customers/").status_code == 200


@pytest.fixture
def sleepy(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    """The customers' list takes three seconds in the database."""
    if database == "sqlite":
        pytest.skip("SQLite has no limit for statements")

    def asleep(*_args: Any, **_kwargs: Any) -> None:
        db.session.execute(text("SELECT pg_sleep(3)"))

    monkeypatch.setattr("crmadmin.core.listing.page", asleep)


def test_a_statement_that_takes_too_long_is_stopped_with_a_way_out(
    app: Flask, mai: Visitor, sleepy: None
) -> None:
    settings(app, statement_timeout=1)
    began = time.monotonic()
    answer = mai.get("/admin/customers/?search=a")
    assert time.monotonic() - began < 2.5
    assert answer.status_code == 503
    assert SLOW in answer.text
    assert "Sau 1 giây" in answer.text
    assert 'href="/admin/customers/"' in answer.text
    assert "Bỏ tìm kiếm và bộ lọc" in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
    assert mai.get("/profile").status_code == 200


def test_only_requests_have_a_limit(app: Flask, mai: Visitor, database: str) -> None:
    if database == "sqlite":
        pytest.skip("SQLite has no limit for statements")

    def limits() -> tuple[str, ...]:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        found = tuple(str(db.session.scalar(text(f"SHOW {name}"))) for name in names)
        db.session.rollback()
        return found

    for _ in range(2):
        with app.test_request_context():
            assert limits() == ("30s", "10s", "1min")
            db.session.remove()
        with app.app_context():
            assert limits() == ("0", "0", "10min")
            db.session.remove()


def test_a_form_that_waits_for_a_lock_too_long_is_told_so(
    app: Flask, mai: Visitor, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite for the one write lock, on PostgreSQL for the row of somebody's session."""
    monkeypatch.setattr(house, "PATIENCE", 0.3)
    monkeypatch.setattr(house, "LOCK_SECONDS", 1)
    settings(app, statement_timeout=29)
    with app.app_context():
        url, other = db.engine.url, create_engine(db.engine.url)
    with ExitStack() as held:
        if database == "sqlite":
            writer = sqlite3.connect(str(url.database), isolation_level=None)
            held.callback(writer.close)
            writer.execute("BEGIN IMMEDIATE")
        else:
            connection = held.enter_context(other.connect())
            connection.execute(text('LOCK TABLE "user" IN EXCLUSIVE MODE'))
        token = reads_only.set(True)
        began = time.monotonic()
        answer = mai.post("/profile/choice", {"theme": "dark"}, page="/profile")
        assert time.monotonic() - began < 4
        reads_only.reset(token)
    other.dispose()
    assert answer.status_code == 503, answer.text
    assert BUSY in answer.text
    after = mai.post("/profile/choice", {"theme": "dark"}, page="/profile")
    assert after.status_code < 400


def test_no_value_that_was_typed_is_logged_with_an_error(
    app: Flask, mai: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wrong(*_args: Any, **_kwargs: Any) -> None:
        values = {"x": request.args["search"]}
        db.session.execute(text("SELECT gone FROM nowhere WHERE x = :x"), values)

    monkeypatch.setattr("crmadmin.core.listing.page", wrong)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert mai.get("/admin/customers/?search=0912345678").status_code == 500
    assert "nowhere" in caplog.text
    assert "0912345678" not in caplog.text
