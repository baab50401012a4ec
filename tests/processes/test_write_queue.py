"""Turns come in the order in which they were asked for, across threads and processes, and never
stay with a process that is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crmadmin.core import write_queue
from crmadmin.core.write_queue import turn

HOLDER = """
import sys, time
from crmadmin.core.write_queue import turn
with turn(sys.argv[1], 10) as came:
    print(came, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    found = write_queue.beside(str(tmp_path / "crm.db"))
    assert found is not None
    return found


@pytest.fixture
def holder(path: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the turn."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_file_stands_beside_the_database_and_a_database_in_memory_has_none(path: str) -> None:
    assert path.endswith("crm.db-queue")
    assert write_queue.beside("") is None


def test_where_no_file_can_be_locked_there_is_no_queue(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert write_queue.beside(str(tmp_path / "no" / "such" / "crm.db")) is None
    with turn(path, 1):
        assert write_queue.beside(path.removesuffix(write_queue.SUFFIX)) == path, "it is only taken"

    def refuse(*_args: object) -> None:
        raise OSError("no locks on this drive")

    monkeypatch.setattr(write_queue.fcntl, "flock", refuse)
    assert write_queue.beside(str(tmp_path / "crm.db")) is None
    with turn(path, 5) as came:
        assert not came


def test_without_patience_nobody_is_waited_for(path: str) -> None:
    with turn(path, 1):
        before = threading.active_count()
        with turn(path, 0) as came:
            assert not came
        assert threading.active_count() == before
    with turn(path, 0) as came:
        assert came


def test_a_turn_is_one_s_own_and_ends_with_the_body(path: str) -> None:
    with turn(path, 1) as first, turn(path, 0.05) as second:
        assert (first, second) == (True, False)
    with pytest.raises(ZeroDivisionError), turn(path, 1):
        _ = 1 // 0
    with turn(path, 0.05) as came:
        assert came


def test_turns_come_in_order(path: str) -> None:
    order: list[int] = []

    def come(number: int) -> None:
        with turn(path, 10) as came:
            order.append(number if came else -1)

    with turn(path, 1):
        threads = [threading.Thread(target=come, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
            time.sleep(0.02)
    for thread in threads:
        thread.join()
    assert order == list(range(12))


def test_one_who_comes_back_at_once_stands_behind_those_who_wait(path: str) -> None:
    order: list[str] = []
    asked = threading.Event()

    def form() -> None:
        asked.set()
        with turn(path, 10):
            order.append("form")

    thread = threading.Thread(target=form)
    for block in range(5):
        with turn(path, 10):
            order.append(f"block {block}")
            if block == 1:
                thread.start()
                asked.wait()
                time.sleep(0.05)
        time.sleep(0.02)  # what is written while the turn is somebody else's
    thread.join()
    assert order.index("form") == 2


def test_who_gives_up_leaves_no_turn_taken(path: str) -> None:
    with turn(path, 1):
        began = time.monotonic()
        with turn(path, 0.1) as came:
            assert not came
        assert time.monotonic() - began < 1
    time.sleep(0.1)
    with turn(path, 0) as came:
        assert came


def test_a_turn_ends_with_its_process(path: str, holder: subprocess.Popen[str]) -> None:
    with turn(path, 0.1) as came:
        assert not came
    os.kill(holder.pid, signal.SIGKILL)
    with turn(path, 5) as came:
        assert came


def test_a_frozen_process_holds_nobody_up_for_ever(
    path: str, holder: subprocess.Popen[str]
) -> None:
    os.kill(holder.pid, signal.SIGSTOP)
    began = time.monotonic()
    with turn(path, 0.3) as came:
        assert not came
    assert 0.3 <= time.monotonic() - began < 1


def test_a_forked_process_takes_no_turn_along(path: str) -> None:
    with turn(path, 1):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with turn(path, 0) as came:
        assert came
    child.communicate(b"\n")


def test_interrupting_a_wait_gives_it_up(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_event: object, _patience: float) -> bool:
        raise KeyboardInterrupt

    with turn(path, 1), monkeypatch.context() as patch:
        patch.setattr(threading.Event, "wait", interrupted)
        patch.setattr(threading.Thread, "start", lambda thread: None)
        with pytest.raises(KeyboardInterrupt), turn(path, 5):
            pass
    with turn(path, 0.5) as came:
        assert came


@pytest.mark.parametrize("where", ["no/such/folder/crm.db-queue", None])
def test_where_there_is_no_queue_everybody_goes_at_once(tmp_path: Path, where: str | None) -> None:
    with turn(str(tmp_path / where) if where else None, 5) as came:
        assert not came
