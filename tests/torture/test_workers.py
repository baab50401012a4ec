"""Worker processes that die, freeze, end and share: every row is written, and none twice."""

from __future__ import annotations

import signal
import time

import pytest
from flask import Flask
from sqlalchemy import func, select
from synthetic import TASK, WRITTEN
from workers import Workers, reading

from crmadmin.core.db import db
from crmadmin.jobs import services

ROWS = 20_000


def ask(app: Flask, rows: int = ROWS) -> int:
    with app.app_context():
        job_id = services.enqueue(TASK, 1, None, total=rows).id
        db.session.remove()
        return int(job_id)


def written(app: Flask, job_id: int) -> tuple[int, int, int]:
    """How many rows, how many different ones, and the highest."""
    number = WRITTEN.c.number
    with reading(app) as connection:
        found = connection.execute(
            select(func.count(), func.count(number.distinct()), func.max(number)).where(
                WRITTEN.c.job_id == job_id
            )
        ).one()
        return tuple(found)


def whole(rows: int = ROWS) -> tuple[int, int, int]:
    return (rows, rows, rows)


def test_a_killed_worker_s_job_is_taken_up_within_five_seconds(
    app: Flask, workers: Workers
) -> None:
    first, second = workers.start(), workers.start()
    for pid in (first, second):
        workers.ready(pid)
    job_id = ask(app)
    workers.until(job_id, lambda job: job.done > 3000)
    killed = workers.holder(job_id)
    assert killed in (first, second)
    before = workers.job(job_id).token
    workers.kill(killed)
    began = time.monotonic()
    at = workers.until(job_id, lambda job: job.token != before)
    assert time.monotonic() - began <= 5.5
    assert at.attempts == 2 or at.done > 3000
    workers.until(job_id, lambda job: job.state == "done")
    assert written(app, job_id) == whole()


def test_a_worker_that_starts_takes_up_what_died_before(app: Flask, workers: Workers) -> None:
    workers.ready(workers.start())
    job_id = ask(app)
    killed = workers.until(job_id, lambda job: job.done > 1000) and workers.holder(job_id)
    assert killed
    workers.kill(killed)
    time.sleep(4)
    workers.ready(workers.start())
    began = time.monotonic()
    workers.until(job_id, lambda job: job.state == "done")
    assert time.monotonic() - began < 20
    assert written(app, job_id) == whole()


def test_a_worker_told_to_end_gives_its_job_back_at_a_checkpoint(
    app: Flask, workers: Workers
) -> None:
    pid = workers.start()
    workers.ready(pid)
    job_id = ask(app)
    workers.until(job_id, lambda job: job.done > 1000)
    began = time.monotonic()
    workers.send(pid, signal.SIGTERM)
    assert workers.wait(pid) == 0
    assert time.monotonic() - began < 5
    job = workers.job(job_id)
    assert (job.state, job.token, job.attempts) == ("queued", "", 0)
    assert written(app, job_id) == whole(job.checkpoint)
    workers.start()
    workers.until(job_id, lambda job: job.state == "done")
    assert written(app, job_id) == whole()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_worker_ends_at_once(app: Flask, workers: Workers, number: int) -> None:
    pid = workers.start()
    workers.ready(pid)
    began = time.monotonic()
    workers.send(pid, number)
    assert workers.wait(pid) == 0
    assert time.monotonic() - began < 3


def test_a_worker_taken_for_dead_writes_nothing_when_it_wakes(app: Flask, workers: Workers) -> None:
    first, second = workers.start(), workers.start()
    for pid in (first, second):
        workers.ready(pid)
    job_id = ask(app)
    workers.until(job_id, lambda job: job.done > 2000)
    frozen = workers.holder(job_id)
    assert frozen in (first, second)
    workers.send(frozen, signal.SIGSTOP)
    time.sleep(6)
    workers.send(frozen, signal.SIGCONT)
    workers.until(job_id, lambda job: job.state == "done")
    time.sleep(0.5)
    assert written(app, job_id) == whole()


def test_several_workers_share_the_jobs(app: Flask, workers: Workers) -> None:
    jobs = [ask(app, 500) for _ in range(12)]
    for _ in range(2):
        workers.start("--threads", "2")
    for job_id in jobs:
        job = workers.until(job_id, lambda job: job.state == "done")
        assert written(app, job_id) == whole(500)
        assert job.attempts == 1


def test_a_stop_and_a_resume_by_the_user(app: Flask, workers: Workers) -> None:
    workers.ready(workers.start())
    job_id = ask(app)
    workers.until(job_id, lambda job: job.done > 1000)
    with app.app_context():
        job = services.latest("import.", 1)
        assert job is not None
        services.ask_to_stop(job)
        stopped = workers.until(job_id, lambda job: job.state == "stopped")
        assert written(app, job_id) == whole(stopped.checkpoint)
        assert services.resume(job)
        db.session.remove()
    workers.until(job_id, lambda job: job.state == "done")
    assert written(app, job_id) == whole()
