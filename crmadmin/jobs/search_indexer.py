"""What workers do beside their jobs: the search index follows what was written.

A search is right without it (`core.search`); it only gets slow when much waits.
"""

from __future__ import annotations

import logging
import time
from contextvars import Context
from threading import Event, Thread

from flask import Flask
from sqlalchemy import exists, select
from sqlalchemy.exc import SQLAlchemyError

from crmadmin.core import search
from crmadmin.core.db import db, reads_only
from crmadmin.core.engine import long_work
from crmadmin.jobs.models import Job, JobState

LOOK_EVERY = 0.5
"""Seconds between two looks for what was written."""
ENOUGH = 20_000
"""Writes that may wait for the end of a running job, which writes faster without company."""
STATISTICS_EVERY = 3600.0

log = logging.getLogger(__name__)


class SearchIndexer:
    """A thread that settles search indexes, for as long as a worker lives."""

    def __init__(self, app: Flask, stopping: Event) -> None:
        self._app, self._stopping = app, stopping
        self._told = -STATISTICS_EVERY
        self._is_well = True
        self.thread = Thread(target=Context().run, args=(self._run,), name="upkeep", daemon=True)

    def _run(self) -> None:
        long_work.set(True)
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                done = settle(self._app)
                self._refresh_statistics()
            except SQLAlchemyError:
                if self._is_well:
                    log.exception("the search index could not be brought up to date")
                self._is_well, done = False, 0
            else:
                self._is_well = True
            # As much rest as work: whoever else writes gets as much of the database.
            rest = LOOK_EVERY if done < search.CHUNK else time.monotonic() - begun
            self._stopping.wait(rest)

    def _refresh_statistics(self) -> None:
        if time.monotonic() - self._told < STATISTICS_EVERY:
            return
        self._told = time.monotonic()
        with self._app.app_context(), db.engine.begin() as connection:
            search.refresh_statistics(connection)


def settle(app: Flask) -> int:
    """Settle a chunk of every index that is behind; gives how many writes the longest chunk had."""
    done = 0
    with app.app_context():
        for documents in search.declared():
            if _is_due(documents):
                with db.engine.begin() as connection:
                    done = max(done, search.settle(connection, documents))
    return done


def _is_due(documents: search.Documents) -> bool:
    """Whether something waits; while a job runs, whether very much does."""
    late = select(documents.pending.c.id)
    token = reads_only.set(True)
    try:
        with db.engine.connect() as connection:
            if connection.scalar(late.limit(1)) is None:
                return False
            if not connection.scalar(select(exists().where(Job.state == JobState.RUNNING.value))):
                return True
            return connection.scalar(late.offset(ENOUGH).limit(1)) is not None
    finally:
        reads_only.reset(token)
