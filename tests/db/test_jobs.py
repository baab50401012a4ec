"""One job and its life: asked for, worked, stopped, resumed, failed, lost, and told of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from factories import user
from flask import Flask, has_request_context
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from crmadmin.access import guard
from crmadmin.core.db import actor, db, reads_only, utcnow
from crmadmin.groups.models import CustomerGroup
from crmadmin.jobs import services, work
from crmadmin.jobs.models import Job
from crmadmin.jobs.work import Failed, LostLease, Stopped, Turn

Register = Callable[[Callable[[Turn], None]], None]


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Makes a function the task `import.test` for the length of a test."""
    monkeypatch.setattr(work, "_TASKS", {})
    monkeypatch.setattr(work, "PAUSES", (0.0, 0.0))

    def put(function: Callable[[Turn], None]) -> None:
        work.task("import.test")(function)

    return put


@pytest.fixture
def waiting(context: Flask) -> Job:
    """A job that nobody has been told of."""
    job = Job(task="import.test", subject_id=7, progress={})
    db.session.add(job)
    db.session.commit()
    return job


def change(job: Job, **values: Any) -> None:
    """Write behind the back of whoever holds the job."""
    with db.engine.begin() as connection:
        connection.execute(update(Job).where(Job.id == job.id).values(**values))


def now(job: Job) -> Any:
    """The job's row as others see it, whatever session the test or the task is in."""
    token = reads_only.set(True)
    with db.engine.connect() as connection:
        row = connection.execute(select(Job.__table__).where(Job.id == job.id)).one()
    reads_only.reset(token)
    return row


def count(turn: Turn, upto: int = 3) -> None:
    for n in range(turn.checkpoint + 1, upto + 1):
        turn.mark(n, n, {"n": n}, total=upto)
        db.session.commit()
        if turn.should_stop:
            raise Stopped


def add_group(name: str) -> None:
    db.session.add(CustomerGroup(name=name, description="Thử"))
    db.session.flush()


def groups() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(CustomerGroup.name).order_by(CustomerGroup.id)))


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
    register(lambda turn: seen.extend(groups()))
    add_group("Khách mời")
    services.enqueue("import.test", 7, None)
    assert seen == ["Khách mời"]


def test_the_caller_sees_what_the_task_wrote(context: Flask, register: Register) -> None:
    group = CustomerGroup(name="Cũ", description="Thử")
    db.session.add(group)
    db.session.commit()

    def rename(turn: Turn) -> None:
        db.session.execute(update(CustomerGroup).values(name="Mới"))

    register(rename)
    services.enqueue("import.test", group.id, None)
    assert group.name == "Mới"


def test_a_task_inherits_nothing_of_the_request_that_asked(app: Flask, register: Register) -> None:
    found: list[Any] = []

    def look(turn: Turn) -> None:
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


def test_the_end_of_a_job_and_the_last_writes_of_its_task_are_one(
    waiting: Job, register: Register
) -> None:
    def write(turn: Turn) -> None:
        change(waiting, token="another")
        add_group("Chưa lưu")

    register(write)
    work.work(services._app(), waiting.id)
    assert groups() == []
    assert now(waiting).state == "running"


def test_a_worker_that_lost_its_job_writes_nothing_more(waiting: Job, register: Register) -> None:
    raised: list[bool] = []

    def write(turn: Turn) -> None:
        turn.mark(1, 1)
        db.session.commit()
        change(waiting, token="another")
        add_group("Của người khác")
        try:
            turn.mark(2, 2)
        except LostLease:
            raised.append(True)
            raise

    register(write)
    work.work(services._app(), waiting.id)
    assert raised == [True]
    assert groups() == []
    found = now(waiting)
    assert (found.state, found.checkpoint, found.token) == ("running", 1, "another")


def test_only_one_takes_a_job_up(waiting: Job, register: Register) -> None:
    taken: list[int] = []

    def take_again(turn: Turn) -> None:
        taken.append(turn.job_id)
        if len(taken) == 1:
            work.work(services._app(), turn.job_id)

    register(take_again)
    work.work(services._app(), waiting.id)
    work.work(services._app(), waiting.id)
    assert taken == [waiting.id]


def test_a_dead_worker_s_job_goes_on_from_its_checkpoint(waiting: Job, register: Register) -> None:
    began: list[int] = []

    def go_on(turn: Turn) -> None:
        began.append(turn.checkpoint)
        count(turn)

    register(go_on)
    lease = utcnow() + timedelta(seconds=5)
    change(waiting, state="running", token="dead", checkpoint=2, attempts=1, lease_until=lease)
    work.work(services._app(), waiting.id)
    assert began == []
    change(waiting, lease_until=utcnow() - timedelta(seconds=1))
    work.work(services._app(), waiting.id)
    assert began == [2]
    assert now(waiting).state == "done"


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

    def look(turn: Turn) -> None:
        turn.mark(4, 4)
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


def test_stopped_by_the_user_and_resumed(waiting: Job, register: Register) -> None:
    def stop_at_two(turn: Turn) -> None:
        if turn.checkpoint == 0:
            turn.mark(1, 1)
            db.session.commit()
            change(waiting, asked_to_stop=True)
        count(turn)

    register(stop_at_two)
    work.work(services._app(), waiting.id)
    found = now(waiting)
    assert (found.state, found.checkpoint) == ("stopped", 2)
    assert services.resume(waiting)
    assert (waiting.state, waiting.checkpoint, waiting.asked_to_stop) == ("done", 3, False)
    assert not services.resume(waiting)


def test_a_job_that_only_waits_is_stopped_at_once(waiting: Job, register: Register) -> None:
    register(count)
    services.ask_to_stop(waiting)
    assert waiting.state == "stopped"
    work.work(services._app(), waiting.id)
    assert now(waiting).state == "stopped"


def test_a_running_job_is_asked_and_its_task_decides_when(waiting: Job, register: Register) -> None:
    change(waiting, state="running", token="t", lease_until=utcnow() + timedelta(seconds=9))
    services.ask_to_stop(waiting)
    assert (waiting.state, waiting.asked_to_stop) == ("running", True)
    assert not services.resume(waiting)


def test_a_stop_asked_of_a_dead_worker_is_told_to_the_next(
    waiting: Job, register: Register
) -> None:
    change(
        waiting, state="running", token="t", asked_to_stop=True,
        lease_until=utcnow() - timedelta(seconds=1),
    )  # fmt: skip
    register(count)
    work.work(services._app(), waiting.id)
    found = now(waiting)
    assert (found.state, found.checkpoint) == ("stopped", 1)


def test_a_dead_job_can_be_resumed_where_nobody_sweeps(waiting: Job, register: Register) -> None:
    register(count)
    past = utcnow() - timedelta(seconds=1)
    change(waiting, state="running", token="dead", attempts=5, lease_until=past)
    assert services.resume(waiting)
    assert waiting.state == "done"


def test_a_worker_that_ends_gives_the_job_back(waiting: Job, register: Register) -> None:
    ending = Event()

    def end_soon(turn: Turn) -> None:
        assert not turn.should_stop
        ending.set()
        assert not turn.asked_to_stop
        count(turn)

    register(end_soon)
    work.work(services._app(), waiting.id, ending)
    found = now(waiting)
    assert (found.state, found.checkpoint, found.attempts) == ("queued", 1, 0)
    assert found.token == ""


def test_what_a_stop_leaves_uncommitted_is_rolled_back(waiting: Job, register: Register) -> None:
    def stop(turn: Turn) -> None:
        add_group("Nửa chừng")
        raise Stopped

    register(stop)
    change(waiting, asked_to_stop=True)
    work.work(services._app(), waiting.id)
    assert groups() == []


def test_an_unexpected_error_fails_the_job_with_words_for_people(
    waiting: Job, register: Register, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(turn: Turn) -> None:
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

    def break_a_rule(turn: Turn) -> None:
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

    register(lambda turn: 1 // 0 and None)
    monkeypatch.setattr(Turn, "end", fail)
    assert work.work(services._app(), waiting.id)
    assert now(waiting).state == "running"  # until its lease runs out


def test_a_task_may_say_why_it_cannot_go_on(waiting: Job, register: Register) -> None:
    def refuse(turn: Turn) -> None:
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

    def meet_a_lock(turn: Turn) -> None:
        tries.append(turn.checkpoint)
        turn.mark(1, 1)
        db.session.commit()
        turn.mark(2, 2)
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

    def be_cut_off(turn: Turn) -> None:
        began.append(turn.checkpoint)
        turn.mark(1, 1)
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
    def interrupt(turn: Turn) -> None:
        turn.mark(1, 1)
        db.session.commit()
        raise KeyboardInterrupt

    register(interrupt)
    with pytest.raises(KeyboardInterrupt):
        services.run_here(waiting)
    found = now(waiting)
    assert (found.state, found.checkpoint) == ("stopped", 1)


def test_the_heartbeat_keeps_a_long_block_s_lease(
    waiting: Job, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crmadmin.jobs import heart

    monkeypatch.setattr(heart, "EVERY", 0.05)
    leases: list[Any] = []

    def be_slow(turn: Turn) -> None:
        for _ in range(2):
            leases.append(now(waiting).lease_until)
            Event().wait(0.3)

    register(be_slow)
    work.work(services._app(), waiting.id)
    assert leases[1] > leases[0]


def test_the_heartbeat_tells_a_worker_that_it_lost_its_job(
    waiting: Job, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crmadmin.jobs import heart

    monkeypatch.setattr(heart, "EVERY", 0.05)
    lost: list[bool] = []

    def lose(turn: Turn) -> None:
        change(waiting, token="another")
        Event().wait(0.3)
        lost.append(turn.is_lost)

    register(lose)
    work.work(services._app(), waiting.id)
    assert lost == [True]


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
    assert (active(7) or Job()).task == "import.run"
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
    services.mark_seen(mine.id, 1)
    assert [job.subject_id for job in services.news(mine.id)] == [2]
    services.mark_seen(mine.id)
    assert services.news(mine.id) == []
    assert len(services.news(other.id)) == 2


def test_a_failure_is_told_in_the_language_of_who_asked(context: Flask, register: Register) -> None:
    who = user("mai", "marketing")
    who.locale = "en"
    register(lambda turn: 1 // 0 and None)
    job = services.enqueue("import.test", 7, who.id)
    assert str(job.error).startswith("Something went wrong")


def test_the_command_line_works_its_job_itself(
    waiting: Job, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(services.queue, "of", lambda app: type("Bell", (), {"ring": rung.append}))
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
        def ring(self, job_id: int) -> None:
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
        def ring(self, job_id: int) -> None:
            raise services.queue.Down("no answer")

    monkeypatch.setattr(services.queue, "of", lambda app: Bell())
    assert services.enqueue("import.test", 7, None).state == "queued"


def test_two_functions_cannot_have_one_name(register: Register) -> None:
    register(count)
    register(count)
    with pytest.raises(ValueError, match=r"import\.test"):
        register(lambda turn: None)


def pair(**second: Any) -> tuple[Job, Job]:
    """Two jobs of one subject, asked for one after the other."""
    jobs = [Job(task=f"import.{t}", subject_id=7, progress={}) for t in ("test", "other")]
    db.session.add_all(jobs)
    db.session.commit()
    if second:
        change(jobs[1], **second)
    return jobs[0], jobs[1]


def test_jobs_of_one_subject_are_worked_one_at_a_time_and_in_order(
    context: Flask, register: Register
) -> None:
    first, second = pair()
    order: list[int] = []

    def look(turn: Turn) -> None:
        order.append(turn.job_id)
        assert not work.work(services._app(), second.id)

    register(look)
    work.task("import.other")(lambda turn: order.append(turn.job_id))
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
    register(lambda turn: order.append(turn.job_id))
    job = services.enqueue("import.test", waiting.subject_id, None)
    assert order == [waiting.id, job.id]
    assert job.state == "done"


def test_who_works_a_job_that_is_forgotten_writes_nothing_more(
    waiting: Job, register: Register
) -> None:
    def go_on(turn: Turn) -> None:
        turn.mark(1, 1)
        db.session.commit()
        services.forget(7)
        db.session.commit()
        add_group("Của lần nhập đã bỏ")
        turn.require()

    register(go_on)
    services.run_here(waiting)
    assert groups() == []
    assert services.latest(None, 7) is None
