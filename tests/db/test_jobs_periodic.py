"""What comes round by the clock: once among all workers, again when it is due, whatever fails."""

from __future__ import annotations

import logging
from datetime import timedelta
from threading import Barrier, Thread

import factories
import pytest
from flask import Flask
from sqlalchemy import select, update

from crmadmin.access import throttle
from crmadmin.access.models import LoginThrottle, UserSession
from crmadmin.core import retention
from crmadmin.core.db import actor, db, utcnow
from crmadmin.jobs import periodic
from crmadmin.jobs.models import PeriodicRun


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done; only the work of this test comes round."""
    told: list[str] = []
    monkeypatch.setattr(periodic, "_REGISTERED", {})
    monkeypatch.setattr(retention, "_COPIES", {})
    periodic.register("sweep", timedelta(hours=1), lambda: told.append("sweep") or 1)
    return told


def later(hours: float) -> None:
    """As if so much time had gone by since the last round."""
    then = utcnow() - timedelta(hours=hours)
    db.session.execute(update(PeriodicRun).values(began_at=then))
    db.session.commit()


def test_it_is_done_at_once_and_again_when_it_is_due(context: Flask, done: list[str]) -> None:
    assert periodic.run_due(context) == ["sweep"]
    assert periodic.run_due(context) == []
    later(0.9)
    assert periodic.run_due(context) == []
    later(1.1)
    assert periodic.run_due(context) == ["sweep"]
    assert done == ["sweep", "sweep"]
    row = db.session.scalars(select(PeriodicRun)).one()
    assert row.ended_at is not None
    assert row.ended_at >= row.began_at


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(days=3650)])
def test_a_clock_that_was_ahead_keeps_nothing_from_being_done(
    context: Flask, done: list[str], ahead: timedelta
) -> None:
    """What a wrong clock wrote lay in the future: nothing was forgotten until it came."""
    assert periodic.run_due(context) == ["sweep"]
    db.session.execute(update(PeriodicRun).values(began_at=utcnow() + ahead))
    db.session.commit()
    assert periodic.run_due(context) == ["sweep"]
    assert periodic.run_due(context) == []
    later(-0.05)  # another machine's clock, three minutes ahead
    assert periodic.run_due(context) == []


def test_guesses_of_a_clock_that_was_ahead_lock_nobody_out(context: Flask) -> None:
    wanted = throttle.of_sign_in("an", "198.51.100.7")
    ahead = utcnow() + timedelta(days=900)
    for bucket in wanted:
        stamps = [ahead.timestamp()] * 50
        db.session.add(LoginThrottle(key=bucket.key, stamps=stamps, last_at=ahead))
    db.session.commit()
    throttle.look(wanted)
    throttle.admit(wanted)
    kept = db.session.scalars(select(LoginThrottle)).all()
    assert [len(row.stamps) for row in kept] == [1] * len(wanted)


def test_of_many_workers_one_does_it(app: Flask, done: list[str]) -> None:
    barrier = Barrier(6)

    def work() -> None:
        barrier.wait()
        periodic.run_due(app)

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == ["sweep"]


def test_what_fails_is_logged_and_keeps_nothing_else_from_being_done(
    context: Flask, done: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> int:
        raise RuntimeError("as a test")

    monkeypatched = periodic._REGISTERED
    monkeypatched.clear()
    periodic.register("broken", timedelta(hours=1), fail)
    periodic.register("sweep", timedelta(hours=1), lambda: done.append("sweep") or 0)
    with caplog.at_level(logging.ERROR):
        assert periodic.run_due(context) == ["sweep"]
    assert "periodic work failed" in caplog.text
    ended = dict(db.session.execute(select(PeriodicRun.name, PeriodicRun.ended_at)).all())
    assert (ended["broken"], ended["sweep"] is None) == (None, False)


def test_without_a_queue_it_is_done_when_a_file_comes_and_in_nobodys_name(
    context: Flask, done: list[str]
) -> None:
    actor.set(7)
    periodic.register("who", timedelta(hours=1), lambda: done.append(str(actor.get())) or 1)
    periodic.run_where_nobody_else_does()
    assert done == ["sweep", "None"]
    assert actor.get() == 7
    actor.set(None)


def test_guesses_and_sessions_that_no_longer_count_are_forgotten(context: Flask) -> None:
    an = factories.user("an")
    old = utcnow() - timedelta(minutes=16)
    db.session.add_all(
        [
            LoginThrottle(key="old", stamps=[old.timestamp()], last_at=old),
            LoginThrottle(key="new", stamps=[], last_at=utcnow()),
            UserSession(token_hash="old", user_id=an.id, epoch=1, expires_at=old),
            UserSession(
                token_hash="new", user_id=an.id, epoch=1, expires_at=utcnow() + timedelta(days=1)
            ),
        ]
    )
    db.session.commit()
    assert "forget guesses and sessions" in periodic.run_due(context)
    assert db.session.scalars(select(LoginThrottle.key)).all() == ["new"]
    assert db.session.scalars(select(UserSession.token_hash)).all() == ["new"]
