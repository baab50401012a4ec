"""The heartbeat: while a job is worked, a thread of its own keeps telling that the worker lives."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Protocol

from sqlalchemy import ColumnElement, Engine, or_, update
from sqlalchemy.exc import SQLAlchemyError

from crmadmin.core.db import CLOCKS_APART, rows_written, utcnow
from crmadmin.jobs.models import Job, JobState

LEASE_TIME = timedelta(seconds=3.5)
"""How long a job is believed to be worked after the last sign of life."""
EVERY = 0.5
"""Seconds between two looks at whether a sign of life is due."""
QUIET = 1.5
"""Seconds after the last one when it is. What the job itself commits is one, so that it rarely
is, and a transaction of the job is left in peace meanwhile."""

log = logging.getLogger(__name__)


def has_run_out(now: datetime) -> ColumnElement[bool]:
    """The condition that nobody holds the job any more."""
    return or_(Job.lease_until < now, Job.lease_until > now + CLOCKS_APART)


def holds(lease_until: datetime | None, now: datetime) -> bool:
    """The same of one job, the other way round."""
    return lease_until is not None and now <= lease_until <= now + CLOCKS_APART


class Renewable(Protocol):
    """What the heartbeat needs of a lease. It is told when the job is no longer held."""

    job_id: int
    token: str
    is_lost: bool
    renewed_at: float
    """When the lease was renewed last (time.monotonic)."""


@contextmanager
def beating(engine: Engine, held: Renewable) -> Iterator[None]:
    """Renew the lease, in transactions of its own, as long as the body runs."""
    ended = Event()
    thread = Thread(target=_beat, args=(engine, held, ended), daemon=True)
    thread.name = f"heartbeat of job {held.job_id}"
    thread.start()
    try:
        yield
    finally:
        ended.set()
        # It may be waiting for a lock; what it then writes finds no such holder any more.
        thread.join(EVERY)


def _beat(engine: Engine, held: Renewable, ended: Event) -> None:
    while not ended.wait(EVERY):
        if time.monotonic() - held.renewed_at < QUIET:
            continue
        try:
            is_held = _renew(engine, held)
        except SQLAlchemyError:
            log.warning("no heartbeat", exc_info=True, extra={"job": held.job_id})
            continue
        if not is_held:
            held.is_lost = not ended.is_set()
            return
        held.renewed_at = time.monotonic()


def _renew(engine: Engine, held: Renewable) -> bool:
    now = utcnow()
    statement = (
        update(Job)
        .where(Job.id == held.job_id, Job.token == held.token)
        .where(Job.state == JobState.RUNNING.value)
        .values(heartbeat_at=now, lease_until=now + LEASE_TIME)
    )
    with engine.begin() as connection:
        return rows_written(connection.execute(statement)) > 0
