"""`crm serve` works jobs beside its pages, gives them back when it ends, and ends cleanly."""

from __future__ import annotations

import signal
import socket
import time
import urllib.request

import pytest
from flask import Flask
from synthetic import TASK
from workers import Workers

from crmadmin.core.db import db
from crmadmin.jobs import services


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def ask(app: Flask, rows: int) -> int:
    with app.app_context():
        job_id = int(services.enqueue(TASK, 1, None, total=rows).id)
        db.session.remove()
        return job_id


def served(port: str, path: str) -> tuple[int, str]:
    end = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_works_jobs_and_ends_cleanly(app: Flask, workers: Workers, number: int) -> None:
    port = free_port()
    server = workers.start(command="serve", PORT=port)
    workers.ready(server)
    assert served(port, "/readyz") == (200, "ok\n")
    assert workers.until(ask(app, 500), lambda job: job.state == "done").attempts == 1
    job_id = ask(app, 100_000)
    workers.until(job_id, lambda job: job.done > 500)
    began = time.monotonic()
    workers.send(server, number)
    assert workers.wait(server) == 0
    assert time.monotonic() - began < 5
    assert {line["level"] for line in workers.said()} == {"info"}
    job = workers.job(job_id)
    assert (job.state, job.token) == ("queued", "")


def test_a_server_without_a_worker_only_asks(app: Flask, workers: Workers) -> None:
    port = free_port()
    server = workers.start("--no-worker", command="serve", PORT=port)
    workers.ready(server)
    assert served(port, "/healthz")[0] == 200
    job_id = ask(app, 100)
    time.sleep(1.5)
    assert workers.job(job_id).state == "queued"
    workers.start()
    workers.until(job_id, lambda job: job.state == "done")


def test_there_is_nothing_for_a_worker_where_there_is_no_queue(
    app: Flask, workers: Workers
) -> None:
    worker = workers.start(TORTURE_QUEUE="here")
    assert workers.wait(worker) == 2
    said = workers.log.read_text()
    assert "CRM_QUEUE" in said
    assert "Traceback" not in said
