"""What the product asks of jobs: begin, wait in line, tell how it went, be forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from factories import user
from flask import Flask, has_request_context
from jobbing import Register, add_group, change, count, groups, pair
from sqlalchemy import text, update

from crmadmin.access import guard
from crmadmin.core.db import actor, db, reads_only, utcnow
from crmadmin.groups.models import CustomerGroup
from crmadmin.jobs import services, work
from crmadmin.jobs.models import Job
from crmadmin.jobs.work import Lease


def test_without_a_queue_a_job_has_ended_when_asked_for(context: Flask, register: Register) -> None:
    register(count)
    job = services.enqueue("import.test", 7, None)
    assert (job.state, job.done, job.total, job.progress) == ("done", 3, 3, {"n": 3})
    assert job.finished_at is not None
    assert (job.token, job.lease_until, job.error) == ("", None, None)


def test_what_the_caller_has_pending_is_there_for_the_task(
    context: Flask, register: Register
) -> None:
    seen: list[str] = []
    register(lambda lease: seen.extend(groups()))
    add_group("Khách mời")
    services.enqueue("import.test", 7, None)
    assert seen == ["Khách mời"]


def test_the_caller_sees_what_the_task_wrote(context: Flask, register: Register) -> None:
    group = CustomerGroup(name="Cũ", description="Thử")
    db.session.add(group)
    db.session.commit()

    def rename(lease: Lease) -> None:
        db.session.execute(update(CustomerGroup).values(name="Mới"))

    register(rename)
    services.enqueue("import.test", group.id, None)
    assert group.name == "Mới"


def test_a_task_inherits_nothing_of_the_request_that_asked(app: Flask, register: Register) -> None:
    found: list[Any] = []

    def look(lease: Lease) -> None:
        found.extend([has_request_context(), guard.current_user(), actor.get(), reads_only.get()])
        guard.current_user()
        actor.set(99)

    register(look)
    with app.test_request_context("/"):
        reads_only.set(False)
        actor.set(5)
        services.enqueue("import.test", 7, None)
        assert actor.get() == 5
        db.session.remove()
    assert found == [False, None, None, False]


def test_the_jobs_of_a_subject(context: Flask, register: Register) -> None:
    for task, subject, state in (
        ("import.preview", 7, "done"), ("import.run", 7, "running"), ("import.run", 8, "queued"),
        ("export.run", 7, "queued"), ("importance", 7, "queued"),
    ):  # fmt: skip
        db.session.add(Job(task=task, subject_id=subject, state=state, progress={}))
    db.session.commit()
    latest, active = services.latest, services.active
    assert (latest("import.", 7) or Job()).task == "import.run"
    assert (latest("import.preview", 7) or Job()).state == "done"
    assert (latest(None, 7) or Job()).task == "importance"
    assert latest("import.", 9) is None
    assert (active(7, "import.") or Job()).task == "import.run"
    assert active(7, "import.preview") is None
    assert (active(7, "export.") or Job()).task == "export.run"


def test_the_bell_tells_each_user_what_ended_and_tells_it_once(context: Flask) -> None:
    mine, other = user("mai", "marketing"), user("son", "sales")
    earlier = utcnow() - timedelta(minutes=1)
    for subject, state, finished in (
        (1, "done", earlier),
        (2, "failed", utcnow()),
        (3, "stopped", None),
    ):
        for who in (mine, other):
            db.session.add(
                Job(task="import.run", subject_id=subject, user_id=who.id, state=state,
                    finished_at=finished, progress={})
            )  # fmt: skip
    db.session.commit()
    assert [job.subject_id for job in services.news(mine.id)] == [2, 1]
    services.mark_subject_seen(mine.id, 1, "import.")
    assert [job.subject_id for job in services.news(mine.id)] == [2]
    services.mark_seen(mine.id)
    assert services.news(mine.id) == []
    assert len(services.news(other.id)) == 2


def test_the_command_line_works_its_job_itself(
    waiting: Job, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(services.queue, "of", lambda app: type("Bell", (), {"notify": rung.append}))
    register(count)
    with services.worked_here():
        assert services.enqueue("import.test", 7, None).state == "done"
    assert rung == []
    asked = services.enqueue("import.test", 7, None)
    assert (asked.state, rung) == ("queued", [asked.id])


def test_the_job_is_there_when_the_bell_rings(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    class Bell:
        def notify(self, job_id: int) -> None:
            with db.engine.connect() as connection:
                seen.append(connection.scalar(text(f"SELECT state FROM job WHERE id = {job_id}")))

    monkeypatch.setattr(services.queue, "of", lambda app: Bell())
    reads_only.set(True)
    db.session.rollback()
    reads_only.set(False)
    services.enqueue("import.test", 7, None)
    assert seen == ["queued"]


def test_a_queue_that_is_down_fails_no_request(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bell:
        def notify(self, job_id: int) -> None:
            raise services.queue.Down("no answer")

    monkeypatch.setattr(services.queue, "of", lambda app: Bell())
    assert services.enqueue("import.test", 7, None).state == "queued"


def test_jobs_of_one_subject_are_worked_one_at_a_time_and_in_order(
    context: Flask, register: Register
) -> None:
    first, second = pair()
    order: list[int] = []

    def look(lease: Lease) -> None:
        order.append(lease.job_id)
        assert not work.work(services._app(), second.id)

    register(look)
    work.task("import.other")(lambda lease: order.append(lease.job_id))
    assert not work.work(services._app(), second.id)
    assert work.work(services._app(), first.id)
    assert work.work(services._app(), second.id)
    assert order == [first.id, second.id]


def test_what_was_begun_comes_before_what_waits(context: Flask, register: Register) -> None:
    past = utcnow() - timedelta(seconds=1)
    first, second = pair(state="running", token="dead", lease_until=past)
    register(count)
    work.task("import.other")(count)
    assert not work.work(services._app(), first.id)
    assert work.work(services._app(), second.id)
    assert work.work(services._app(), first.id)


def test_other_subjects_and_other_kinds_of_work_do_not_wait(
    context: Flask, register: Register
) -> None:
    first, _second = pair()
    change(first, state="running", token="t", lease_until=utcnow() + timedelta(seconds=9))
    register(count)
    for task, subject in (("import.test", 8), ("export.test", 7)):
        other = Job(task=task, subject_id=subject, progress={})
        db.session.add(other)
        db.session.commit()
        assert work.work(services._app(), other.id)


def test_worked_here_what_was_asked_for_before_comes_first(
    waiting: Job, register: Register
) -> None:
    order: list[int] = []
    register(lambda lease: order.append(lease.job_id))
    job = services.enqueue("import.test", waiting.subject_id, None)
    assert order == [waiting.id, job.id]
    assert job.state == "done"


def test_who_works_a_job_that_is_forgotten_writes_nothing_more(
    waiting: Job, register: Register
) -> None:
    def go_on(lease: Lease) -> None:
        lease.mark(1, 1)
        db.session.commit()
        services.forget(7, "import.")
        db.session.commit()
        add_group("Của lần nhập đã bỏ")
        lease.require()

    register(go_on)
    services.run_here(waiting)
    assert groups() == []
    assert services.latest(None, 7) is None
