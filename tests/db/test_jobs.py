"""One job and its life: taken up, worked, stopped, resumed, given back, lost."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from jobbing import Register, add_group, change, count, groups, now

from crmadmin.core.db import db, utcnow
from crmadmin.jobs import heartbeat, services, work
from crmadmin.jobs.models import Job
from crmadmin.jobs.work import Lease, LostLease, Stopped


def test_the_end_of_a_job_and_the_last_writes_of_its_task_are_one(
    waiting: Job, register: Register
) -> None:
    def write(lease: Lease) -> None:
        change(waiting, token="another")
        add_group("Chưa lưu")

    register(write)
    work.work(services._app(), waiting.id)
    assert groups() == []
    assert now(waiting).state == "running"


def test_a_worker_that_lost_its_job_writes_nothing_more(waiting: Job, register: Register) -> None:
    raised: list[bool] = []

    def write(lease: Lease) -> None:
        lease.mark(1, 1)
        db.session.commit()
        change(waiting, token="another")
        add_group("Của người khác")
        try:
            lease.mark(2, 2)
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

    def take_again(lease: Lease) -> None:
        taken.append(lease.job_id)
        if len(taken) == 1:
            work.work(services._app(), lease.job_id)

    register(take_again)
    work.work(services._app(), waiting.id)
    work.work(services._app(), waiting.id)
    assert taken == [waiting.id]


def test_a_dead_worker_s_job_goes_on_from_its_checkpoint(waiting: Job, register: Register) -> None:
    began: list[int] = []

    def go_on(lease: Lease) -> None:
        began.append(lease.checkpoint)
        count(lease)

    register(go_on)
    lease = utcnow() + timedelta(seconds=5)
    change(waiting, state="running", token="dead", checkpoint=2, attempts=1, lease_until=lease)
    work.work(services._app(), waiting.id)
    assert began == []
    change(waiting, lease_until=utcnow() - timedelta(seconds=1))
    work.work(services._app(), waiting.id)
    assert began == [2]
    assert now(waiting).state == "done"


def test_stopped_by_the_user_and_resumed(waiting: Job, register: Register) -> None:
    def stop_at_two(lease: Lease) -> None:
        if lease.checkpoint == 0:
            lease.mark(1, 1)
            db.session.commit()
            change(waiting, asked_to_stop=True)
        count(lease)

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

    def end_soon(lease: Lease) -> None:
        assert not lease.should_stop
        ending.set()
        assert not lease.asked_to_stop
        count(lease)

    register(end_soon)
    work.work(services._app(), waiting.id, ending)
    found = now(waiting)
    assert (found.state, found.checkpoint, found.attempts) == ("queued", 1, 0)
    assert found.token == ""


def test_what_a_stop_leaves_uncommitted_is_rolled_back(waiting: Job, register: Register) -> None:
    def stop(lease: Lease) -> None:
        add_group("Nửa chừng")
        raise Stopped

    register(stop)
    change(waiting, asked_to_stop=True)
    work.work(services._app(), waiting.id)
    assert groups() == []


def test_the_heartbeat_keeps_a_long_block_s_lease(
    waiting: Job, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "EVERY", 0.05)
    monkeypatch.setattr(heartbeat, "QUIET", 0.1)
    leases: list[Any] = []

    def be_slow(lease: Lease) -> None:
        for _ in range(2):
            leases.append(now(waiting).lease_until)
            Event().wait(0.3)

    register(be_slow)
    work.work(services._app(), waiting.id)
    assert leases[1] > leases[0]


def test_the_heartbeat_tells_a_worker_that_it_lost_its_job(
    waiting: Job, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "EVERY", 0.05)
    monkeypatch.setattr(heartbeat, "QUIET", 0.1)
    lost: list[bool] = []

    def lose(lease: Lease) -> None:
        change(waiting, token="another")
        Event().wait(0.3)
        lost.append(lease.is_lost)

    register(lose)
    work.work(services._app(), waiting.id)
    assert lost == [True]


def test_two_functions_cannot_have_one_name(register: Register) -> None:
    register(count)
    register(count)
    with pytest.raises(ValueError, match=r"import\.test"):
        register(lambda lease: None)
