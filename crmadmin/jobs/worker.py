"""The consumer: threads that work jobs, alone (`crm worker`) or beside the server (`crm serve`).

A thread without work waits to be notified, and now and then looks for itself: for jobs whose worker
died, and for those of which no notice came. So nothing needs the queue but a quick start. Several
processes may do the same; the row decides who has a job.
"""

from __future__ import annotations

import logging
import time
from contextvars import Context
from datetime import timedelta
from threading import Event, Lock, Thread

from flask import Flask
from sqlalchemy import and_, or_, select
from sqlalchemy.exc import SQLAlchemyError

from crmadmin.core.db import CLOCKS_APART, db, reads_only, utcnow
from crmadmin.jobs import queue, services
from crmadmin.jobs.heartbeat import has_run_out
from crmadmin.jobs.models import Job, JobState
from crmadmin.jobs.periodic import Clock
from crmadmin.jobs.search_indexer import SearchIndexer
from crmadmin.jobs.work import work

LOOK_EVERY = 0.5
"""Seconds between two looks for jobs of which no notice came."""
PATIENCE = timedelta(seconds=5)
"""How old a waiting job is when its notice is taken for lost."""
MOST_FOUND = 50
GRACE = 8.0
"""Seconds that an ending worker gives its tasks to come to their next checkpoint."""

log = logging.getLogger(__name__)


class Worker:
    """`threads` jobs at a time, for one app with a queue. `start` returns at once."""

    def __init__(self, app: Flask, threads: int = 1) -> None:
        job_queue = queue.of(app)
        if job_queue is None:
            raise ValueError("without a queue jobs are worked where they are asked for")
        self._app, self._queue = app, job_queue
        self._stopping = Event()
        self._looking = Lock()
        self._looked = -LOOK_EVERY
        self._was_well: dict[str, bool] = {}
        self._threads = [
            # Of an empty context: a worker inherits nothing of whoever started it.
            Thread(target=Context().run, args=(self._consume,), name=f"worker-{n}", daemon=True)
            for n in range(1, threads + 1)
        ]
        self._threads.append(SearchIndexer(app, self._stopping).thread)
        self._threads.append(Clock(app, self._stopping).thread)

    def start(self) -> None:
        """Begin to work, in threads of its own."""
        for thread in self._threads:
            thread.start()

    def stop(self, grace: float = GRACE) -> bool:
        """Take nothing new and give the jobs back at their next checkpoint.

        False when one did not come to it in time: its lease runs out and another worker goes on.
        """
        self._stopping.set()
        end = time.monotonic() + grace
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _consume(self) -> None:
        reads_only.set(True)  # the thread itself; a task has a context of its own
        try:
            while not self._stopping.is_set():
                if any(self._work(job_id) for job_id in self._find()):
                    continue
                job_id = self._wait()
                if job_id is not None:
                    self._work(job_id)
        finally:
            self._queue.close()

    def _work(self, job_id: int) -> bool:
        is_ours = not self._stopping.is_set() and work(self._app, job_id, self._stopping)
        if self._stopping.is_set():
            # Whether begun or not: another worker need not wait until it looks.
            services.notify(self._app, job_id)
        elif is_ours:
            services.notify_next(self._app, job_id)
        return is_ours

    def _wait(self) -> int | None:
        """The next job that the queue tells of, or None after a moment."""
        try:
            job_id = self._queue.next(self._stopping)
        except queue.Down:
            self._note("queue", is_well=False)
            self._stopping.wait(LOOK_EVERY)
            return None
        self._note("queue", is_well=True)
        return job_id

    def _find(self) -> list[int]:
        """Jobs that nobody works and of which no notice came; one thread looks, once a while."""
        with self._looking:
            if time.monotonic() - self._looked < LOOK_EVERY:
                return []
            self._looked = time.monotonic()
        try:
            found = forgotten(self._app)
        except SQLAlchemyError:
            self._note("database", is_well=False)
            return []
        self._note("database", is_well=True)
        return found

    def _note(self, what: str, *, is_well: bool) -> None:
        """Log an outage when it begins and when it ends, not all the while."""
        if self._was_well.get(what, True) != is_well:
            if is_well:
                log.info("the %s answers again", what)
            else:
                log.exception("the %s does not answer", what)
        self._was_well[what] = is_well


def forgotten(app: Flask) -> list[int]:
    """Jobs whose worker died, or that wait although a notice should have come; oldest first."""
    now = utcnow()
    is_dead = and_(Job.state == JobState.RUNNING.value, has_run_out(now))
    waits_long = or_(Job.created_at < now - PATIENCE, Job.created_at > now + CLOCKS_APART)
    is_late = and_(Job.state == JobState.QUEUED.value, waits_long)
    found = select(Job.id).where(or_(is_dead, is_late)).order_by(Job.id).limit(MOST_FOUND)
    with app.app_context(), db.engine.begin() as connection:
        return list(connection.scalars(found.with_for_update(skip_locked=True)))
