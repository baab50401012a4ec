"""Workers bring the search index up to date beside their jobs."""

from __future__ import annotations

import time
from threading import Event

import factories
import pytest
from flask import Flask

from crmadmin.core import search
from crmadmin.core.db import db, utcnow
from crmadmin.customers.models import DOCUMENTS
from crmadmin.jobs import search_indexer
from crmadmin.jobs.models import Job, JobState


def waiting(app: Flask) -> int:
    with app.app_context(), db.engine.connect() as connection:
        return search.pending(connection, DOCUMENTS)


def add(app: Flask, rows: int) -> None:
    with app.app_context():
        owner = factories.user()
        for _n in range(rows):
            factories.customer(owner)
        db.session.commit()
        db.session.remove()


def test_what_was_written_is_settled(app: Flask) -> None:
    assert search_indexer.settle(app) == 0
    add(app, 3)
    assert waiting(app) == 3
    assert search_indexer.settle(app) == 3
    assert waiting(app) == 0
    with app.app_context(), db.engine.connect() as connection:
        assert search.compare(connection, DOCUMENTS).is_right


def test_a_running_job_is_left_alone_until_very_much_waits(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(app, 3)
    with app.app_context():
        db.session.add(
            Job(task="import", subject_id=1, state=JobState.RUNNING.value, created_at=utcnow())
        )
        db.session.commit()
        db.session.remove()
    assert search_indexer.settle(app) == 0
    assert waiting(app) == 3
    monkeypatch.setattr(search_indexer, "ENOUGH", 2)
    assert search_indexer.settle(app) == 3


def test_the_thread_of_a_worker_settles_and_ends(app: Flask) -> None:
    stopping = Event()
    made = search_indexer.SearchIndexer(app, stopping)
    made.thread.start()
    add(app, 2)
    end = time.monotonic() + 20
    while waiting(app) and time.monotonic() < end:
        time.sleep(0.05)
    stopping.set()
    made.thread.join(10)
    assert not made.thread.is_alive()
    assert waiting(app) == 0
