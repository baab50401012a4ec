"""The bell: in a file or in PostgreSQL, opened late, and never more than a bell."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from flask_migrate import check
from sqlalchemy import inspect, text

import config
from app import create_app
from crmadmin.core.db import db
from crmadmin.jobs import queue, services
from crmadmin.jobs.queue import Down, Queue


def heard(job_queue: Queue) -> list[int]:
    """Everything rung so far, in the order of ringing."""
    ending = Event()
    ending.set()
    return list(iter(lambda: job_queue.next(ending), None))


def test_bells_are_heard_once_and_in_order(rung: Queue) -> None:
    for job_id in (5, 7, 5):
        rung.notify(job_id)
    assert heard(rung) == [5, 7, 5]
    assert heard(rung) == []
    rung.check()


def test_what_is_no_job_number_is_passed_over(rung: Queue) -> None:
    rung._opened().enqueue(b"\x80pickled")
    rung.notify(3)
    ending = Event()
    ending.set()
    assert [rung.next(ending), rung.next(ending)] == [None, 3]


def test_a_closed_queue_opens_again(rung: Queue) -> None:
    rung.notify(1)
    rung.close()
    assert heard(rung) == [1]
    rung.close()
    rung.close()


def test_a_server_that_cut_the_connection_is_asked_again(
    app: Flask, rung: Queue, database: str
) -> None:
    rung.notify(1)
    if database == "postgresql":
        with app.app_context(), db.engine.connect() as connection:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            connection.execute(
                text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
            )
    rung.notify(2)
    assert heard(rung) == [1, 2]


def test_the_queue_is_made_when_it_is_needed_and_not_before(tmp_path: Path) -> None:
    settings = config.Settings(
        f"sqlite:///{tmp_path}/crm.db", "k" * 40, instance=tmp_path, testing=True
    )
    app = create_app(settings)
    job_queue = queue.of(app)
    assert job_queue is not None
    job_queue.close()
    assert not (tmp_path / "queue.db").exists()
    job_queue.check()
    assert (tmp_path / "queue.db").exists()
    job_queue.close()


def test_two_databases_share_a_file_without_hearing_each_other(tmp_path: Path) -> None:
    bells = []
    for name in ("crm", "demo"):
        url = f"sqlite:///{tmp_path}/{name}.db"
        job_queue = queue.of(
            create_app(config.Settings(url, "k" * 40, instance=tmp_path, testing=True))
        )
        assert job_queue is not None
        job_queue.notify(len(name))
        bells.append(job_queue)
    assert [heard(job_queue) for job_queue in bells] == [[3], [4]]
    for job_queue in bells:
        job_queue.close()


def test_a_named_file_is_looked_for_from_the_instance_folder_on(tmp_path: Path) -> None:
    job_queue = Queue("sqlite:///bells.db", "crm", tmp_path)
    job_queue.notify(1)
    assert (tmp_path / "bells.db").exists()
    job_queue.close()


def test_where_there_is_no_queue_none_is_opened(app: Flask) -> None:
    assert queue.of(app) is None


@pytest.mark.parametrize(
    "url", ["sqlite:///no/such/folder/q.db", "postgresql+psycopg://127.0.0.1:9/x"]
)
def test_a_queue_that_cannot_be_reached_is_down(tmp_path: Path, url: str) -> None:
    job_queue = Queue(url, "crm", tmp_path)
    with pytest.raises(Down):
        job_queue.check()
    with pytest.raises(Down):
        job_queue.notify(1)
    job_queue.close()


def test_a_file_that_is_no_queue_is_down(tmp_path: Path) -> None:
    (tmp_path / "queue.db").write_bytes(b"not a database at all" * 100)
    job_queue = Queue("sqlite:///queue.db", "crm", tmp_path)
    with pytest.raises(Down):
        job_queue.notify(1)
    job_queue.close()


def test_readyz_asks_the_queue(app: Flask, rung: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    client = app.test_client()
    assert client.get("/readyz").status_code == 200

    def fail() -> None:
        raise Down("no answer")

    monkeypatch.setattr(rung, "check", fail)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "queue\n")


def test_a_web_process_without_a_worker_only_asks(app: Flask, rung: Queue) -> None:
    with app.app_context():
        job = services.enqueue("import.test", 7, None)
        assert (job.state, job.attempts) == ("queued", 0)
        assert heard(rung) == [job.id]
        db.session.remove()


def test_migrations_leave_the_queue_s_tables_alone(app: Flask, rung: Queue, database: str) -> None:
    rung.check()
    with app.app_context():
        if database == "postgresql":
            assert "huey_task" in inspect(db.engine).get_table_names()
        check()  # ends the process when a new migration would change anything
