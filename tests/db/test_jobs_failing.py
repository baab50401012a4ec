"""Jobs that fail, those that are tried again, and what people are told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from factories import user
from flask import Flask
from jobbing import Register, add_group, change, count, groups, now
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from crmadmin.core.db import db, utcnow
from crmadmin.jobs import services, work
from crmadmin.jobs.models import Job
from crmadmin.jobs.work import Failed, Lease


def test_an_unexpected_error_fails_the_job_with_words_for_people(
    waiting: Job, register: Register, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(lease: Lease) -> None:
        add_group("Nửa chừng")
        raise ZeroDivisionError("the secret of the machine")

    register(break_down)
    with caplog.at_level("ERROR"):
        work.work(services._app(), waiting.id)
    found = now(waiting)
    assert (found.state, found.attempts) == ("failed", 1)
    assert found.error
    assert "secret" not in found.error
    assert "ZeroDivisionError" in caplog.text
    assert groups() == []


@pytest.mark.parametrize("statement", ["SELECT nothing", "INSERT INTO job (id) VALUES (1)"])
def test_an_error_of_the_database_itself_fails_the_job_too(
    waiting: Job, register: Register, statement: str
) -> None:
    who = user("mai", "marketing")
    db.session.commit()
    change(waiting, user_id=who.id)

    def break_a_rule(lease: Lease) -> None:
        db.session.execute(text(statement))

    register(break_a_rule)
    work.work(services._app(), waiting.id)
    found = now(waiting)
    assert (found.state, found.attempts) == ("failed", 1)
    assert found.error


def test_what_cannot_be_written_ends_neither_the_worker_nor_the_job(
    waiting: Job, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("nothing can be written")

    register(lambda lease: 1 // 0 and None)
    monkeypatch.setattr(Lease, "end", fail)
    assert work.work(services._app(), waiting.id)
    assert now(waiting).state == "running"  # until its lease runs out


def test_a_task_may_say_why_it_cannot_go_on(waiting: Job, register: Register) -> None:
    def refuse(lease: Lease) -> None:
        raise Failed("Tệp không còn nữa." * 50)

    register(refuse)
    work.work(services._app(), waiting.id)
    assert now(waiting).error == ("Tệp không còn nữa." * 50)[:500]


def test_a_job_of_no_known_task_fails(waiting: Job, register: Register) -> None:
    work.work(services._app(), waiting.id)
    assert now(waiting).state == "failed"


@pytest.mark.parametrize(("times", "state"), [(1, "done"), (2, "done"), (3, "failed")])
def test_a_lock_or_deadlock_is_tried_again_twice(
    waiting: Job, register: Register, times: int, state: str
) -> None:
    tries: list[int] = []

    def meet_a_lock(lease: Lease) -> None:
        tries.append(lease.checkpoint)
        lease.mark(1, 1)
        db.session.commit()
        lease.mark(2, 2)
        add_group("Nửa chừng")
        if len(tries) <= times:
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        db.session.rollback()

    register(meet_a_lock)
    work.work(services._app(), waiting.id)
    assert now(waiting).state == state
    assert tries == [0, *[1] * min(times, 2)]
    assert groups() == []


def test_a_database_that_cut_the_connection_is_asked_again(
    waiting: Job, register: Register, database: str
) -> None:
    if database != "postgresql":
        return  # a file cuts nobody off
    began: list[int] = []

    def be_cut_off(lease: Lease) -> None:
        began.append(lease.checkpoint)
        lease.mark(1, 1)
        db.session.commit()
        add_group("Nửa chừng" if len(began) == 1 else "Trọn vẹn")
        if len(began) == 1:
            db.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    register(be_cut_off)
    work.work(services._app(), waiting.id)
    assert began == [0, 1]
    assert groups() == ["Trọn vẹn"]
    assert now(waiting).state == "done"


def test_ctrl_c_in_a_command_stops_the_job_for_later(waiting: Job, register: Register) -> None:
    def interrupt(lease: Lease) -> None:
        lease.mark(1, 1)
        db.session.commit()
        raise KeyboardInterrupt

    register(interrupt)
    with pytest.raises(KeyboardInterrupt):
        services.run_here(waiting)
    found = now(waiting)
    assert (found.state, found.checkpoint) == ("stopped", 1)


def test_a_failure_is_told_in_the_language_of_who_asked(context: Flask, register: Register) -> None:
    who = user("mai", "marketing")
    who.locale = "en"
    register(lambda lease: 1 // 0 and None)
    job = services.enqueue("import.test", 7, who.id)
    assert str(job.error).startswith("Something went wrong")


def test_a_job_that_brings_workers_down_is_given_up(waiting: Job, register: Register) -> None:
    register(count)
    past = utcnow() - timedelta(seconds=1)
    change(waiting, state="running", token="dead", attempts=5, lease_until=past)
    work.work(services._app(), waiting.id)
    found = now(waiting)
    assert (found.state, found.done) == ("failed", 0)
    assert found.error
    assert found.finished_at is not None


def test_a_job_that_gets_further_each_time_is_not_given_up(
    waiting: Job, register: Register
) -> None:
    attempts: list[int] = []

    def look(lease: Lease) -> None:
        lease.mark(4, 4)
        db.session.commit()
        attempts.append(now(waiting).attempts)

    register(look)
    past = utcnow() - timedelta(seconds=1)
    dead = {"state": "running", "token": "dead", "attempts": 4, "lease_until": past}
    change(waiting, checkpoint=3, **dead)
    work.work(services._app(), waiting.id)
    change(waiting, checkpoint=4, **dead)
    work.work(services._app(), waiting.id)
    assert attempts == [1, 5]
