"""Work that comes round by the clock: one worker of all does it, when it is due.

    periodic.register("retention", timedelta(hours=1), forget)

When it was begun last is a row, and whoever moves that on does the work; a worker that dies over it
leaves it to the next round. Without a queue there is no worker: whoever knows a good moment calls
`run_due`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from flask import Flask, current_app
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from crmadmin.access import sessions, throttle
from crmadmin.core import retention
from crmadmin.core.db import (
    CLOCKS_APART,
    actor,
    db,
    insert_or_nothing,
    reads_only,
    rows_written,
    utcnow,
)
from crmadmin.core.engine import long_work
from crmadmin.jobs import queue
from crmadmin.jobs.models import PeriodicRun

LOOK_EVERY = 30.0
"""Seconds between two looks for what is due."""
NEVER = datetime(2000, 1, 1, tzinfo=UTC)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Periodic:
    """What is done every so often; `work` commits what it writes and gives how much it did."""

    name: str
    every: timedelta
    work: Callable[[], int]


_REGISTERED: dict[str, Periodic] = {}


def register(name: str, every: timedelta, work: Callable[[], int]) -> None:
    """Let workers do this every so often."""
    _REGISTERED[name] = Periodic(name, every, work)


def registered() -> tuple[Periodic, ...]:
    """All that comes round: what was registered, and each forgetting of personal data."""
    forgetting = (
        Periodic(f"forget {copy.name}", copy.every, copy.forget)
        for copy in retention.copies()
        if copy.forget is not None
    )
    return (*_REGISTERED.values(), *forgetting)


class Clock:
    """A thread that does what is due, for as long as a worker lives."""

    def __init__(self, app: Flask, stopping: Event) -> None:
        self._app, self._stopping = app, stopping
        self.thread = Thread(target=Context().run, args=(self._run,), name="clock", daemon=True)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY):
            Context().run(run_due, self._app, self._stopping)


def run_due(app: Flask, stopping: Event | None = None) -> list[str]:
    """Do all that is due and that nobody else does; gives the names of what went well.

    What fails is logged and comes round again; the rest is done all the same.
    """
    done = []
    for periodic in registered():
        if stopping is not None and stopping.is_set():
            break
        with app.app_context():
            actor.set(None)
            long_work.set(True)
            try:
                if not _is_due(periodic):
                    continue
                reads_only.set(False)
                if _claim(periodic):
                    _work(periodic)
                    done.append(periodic.name)
            except Exception:
                log.exception("periodic work failed", extra={"periodic": periodic.name})
            finally:
                db.session.remove()
    return done


def run_where_nobody_else_does() -> None:
    """Without a queue no worker has a clock: do what is due now. Commits what the caller wrote."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # Werkzeug's LocalProxy
    if queue.of(app) is None:
        db.session.commit()  # SQLite has one writer: this request must not be it meanwhile
        Context().run(run_due, app)


def _is_due(periodic: Periodic) -> bool:
    """Asked without the right to write: the answer is no nearly always."""
    reads_only.set(True)
    began = db.session.scalar(select(PeriodicRun.began_at).where(PeriodicRun.name == periodic.name))
    db.session.rollback()
    if began is None:
        return True
    now = utcnow()
    return began <= now - periodic.every or began > now + CLOCKS_APART


def _claim(periodic: Periodic) -> bool:
    """Whether it is this worker's to do. Commits."""
    table = PeriodicRun.__table__
    first = insert_or_nothing(table, db.engine.dialect.name)
    db.session.execute(first.values(name=periodic.name, began_at=NEVER))
    now = utcnow()
    claimed = db.session.execute(
        update(PeriodicRun)
        .where(
            PeriodicRun.name == periodic.name,
            or_(
                PeriodicRun.began_at <= now - periodic.every,
                PeriodicRun.began_at > now + CLOCKS_APART,
            ),
        )
        .values(began_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return rows_written(claimed) > 0


def _work(periodic: Periodic) -> None:
    try:
        done = periodic.work()
    except SQLAlchemyError:
        db.session.rollback()
        raise
    db.session.execute(
        update(PeriodicRun)
        .where(PeriodicRun.name == periodic.name)
        .values(ended_at=utcnow())
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    if done:
        log.info("periodic work done", extra={"periodic": periodic.name, "done": done})


def _forget_guesses_and_sessions() -> int:
    done = throttle.purge() + sessions.purge()
    db.session.commit()
    return done


# `access` lies below and cannot register it itself.
register("forget guesses and sessions", throttle.WINDOW, _forget_guesses_and_sessions)
