"""A worker inside this process: what wakes it, what it finds by itself, and how it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from crmadmin.core.db import db, utcnow
from crmadmin.jobs import services, work
from crmadmin.jobs.models import Job
from crmadmin.jobs.queue import Down, Queue
from crmadmin.jobs.work import Lease, Stopped
from crmadmin.jobs.worker import Worker, forgotten


@pytest.fixture
def worker(app: Flask, rung: Queue, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker of two threads that is not started yet; the task `import.test` does nothing."""
    monkeypatch.setattr(work, "_TASKS", {"import.test": lambda lease: None})
    made = Worker(app, threads=2)
    yield made
    assert made.stop()


def add(app: Flask, *, seconds_ago: float = 0, subject: int = 7, **values: Any) -> int:
    """A job that nobody was told of."""
    with app.app_context():
        created = utcnow() - timedelta(seconds=seconds_ago)
        job = Job(task="import.test", subject_id=subject, progress={}, created_at=created, **values)
        db.session.add(job)
        db.session.commit()
        db.session.remove()
        return int(job.id)


def state(app: Flask, job_id: int) -> str:
    with app.app_context(), db.engine.connect() as connection:
        return str(connection.scalar(select(Job.state).where(Job.id == job_id)))


def becomes(app: Flask, job_id: int, wanted: str, seconds: float = 10) -> float:
    """Wait until a job is in a state; gives the seconds that took."""
    began = time.monotonic()
    while state(app, job_id) != wanted:
        assert time.monotonic() - began < seconds, state(app, job_id)
        time.sleep(0.02)
    return time.monotonic() - began


def test_the_bell_wakes_a_worker_at_once(app: Flask, worker: Worker) -> None:
    worker.start()
    time.sleep(0.3)
    with app.app_context():
        job_id = services.enqueue("import.test", 7, None).id
        db.session.remove()
    assert becomes(app, job_id, "done") < 2


def test_a_worker_finds_what_nobody_rang_for(app: Flask, worker: Worker) -> None:
    late = add(app, seconds_ago=6)
    past = utcnow() - timedelta(seconds=1)
    dead = add(app, subject=8, state="running", token="dead", lease_until=past)
    soon = utcnow() + timedelta(minutes=4)
    alive = add(app, subject=9, state="running", token="t", lease_until=soon)
    # Its worker's clock was years ahead, then it died.
    never = utcnow() + timedelta(days=900)
    stuck = add(app, subject=11, state="running", token="dead", lease_until=never)
    fresh = add(app, subject=10)
    with app.app_context():
        assert forgotten(app) == [late, dead, stuck]
    worker.start()
    becomes(app, late, "done")
    becomes(app, dead, "done")
    becomes(app, stuck, "done")
    assert (state(app, alive), state(app, fresh)) == ("running", "queued")


def test_a_queue_that_is_down_delays_jobs_and_no_more(
    app: Flask, rung: Queue, worker: Worker,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    def fail(*_: object) -> None:
        raise Down("no answer")

    monkeypatch.setattr(rung, "next", fail)
    job_id = add(app, seconds_ago=6)
    worker.start()
    becomes(app, job_id, "done")
    time.sleep(1.2)
    assert worker.stop()
    told = [r for r in caplog.records if "queue does not answer" in r.getMessage()]
    assert 1 <= len(told) <= 2  # by each thread once at most, not with every look


def test_what_waited_for_its_subject_goes_on_at_once(
    app: Flask, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = Event(), Event()

    def wait(lease: Lease) -> None:
        begun.set()
        may_end.wait(10)

    monkeypatch.setitem(work._TASKS, "import.test", wait)
    worker.start()
    with app.app_context():
        first = services.enqueue("import.test", 7, None).id
        assert begun.wait(5)
        second = services.enqueue("import.test", 7, None).id
        db.session.remove()
    time.sleep(1)  # its bell is heard, and cannot be followed yet
    assert state(app, second) == "queued"
    may_end.set()
    becomes(app, first, "done")
    assert becomes(app, second, "done") < 2


def test_a_worker_that_ends_gives_back_what_it_works(
    app: Flask, rung: Queue, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = Event()

    def go_on(lease: Lease) -> None:
        while not lease.should_stop:
            begun.set()
            time.sleep(0.01)
        raise Stopped

    monkeypatch.setitem(work._TASKS, "import.test", go_on)
    worker.start()
    with app.app_context():
        job_id = services.enqueue("import.test", 7, None).id
        db.session.remove()
    assert begun.wait(5)
    assert worker.stop()
    assert state(app, job_id) == "queued"
    ending = Event()
    ending.set()
    assert rung.next(ending) == job_id  # for whoever goes on


def test_a_task_that_does_not_come_to_a_checkpoint_is_not_waited_for(
    app: Flask, rung: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = Event(), Event()

    def hang(lease: Lease) -> None:
        begun.set()
        may_end.wait(10)

    monkeypatch.setattr(work, "_TASKS", {"import.test": hang})
    worker = Worker(app)
    worker.start()
    with app.app_context():
        services.enqueue("import.test", 7, None)
        db.session.remove()
    assert begun.wait(5)
    assert not worker.stop(grace=0.1)
    may_end.set()
    assert worker.stop()


def test_starting_asks_neither_the_queue_nor_the_database(
    app: Flask, rung: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    may_go = Event()

    def slow(name: str, answer: Any) -> Callable[..., Any]:
        def ask(*_: object) -> Any:
            asked.append(name)
            may_go.wait(10)
            return answer

        return ask

    monkeypatch.setattr("crmadmin.jobs.worker.forgotten", slow("database", []))
    monkeypatch.setattr(rung, "next", slow("queue", None))
    worker = Worker(app)
    began = time.monotonic()
    worker.start()
    assert time.monotonic() - began < 1
    may_go.set()
    assert worker.stop()
    assert asked


def test_where_there_is_no_queue_there_is_no_worker(app: Flask) -> None:
    with pytest.raises(ValueError, match="worked where they are asked for"):
        Worker(app)
