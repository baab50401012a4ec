"""How passwords are hashed, how many at once, and who may wait."""

from __future__ import annotations

import math
import re
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

import config
from crmadmin.access import passwords
from crmadmin.cli.server import THREADS

REAL = passwords.hasher
KNOWN_OR_NOT = pytest.mark.parametrize("is_known", [False, True])


def test_the_hash_is_argon2id_as_rfc_9106_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", REAL)
    with passwords.slot() as work:
        stored = work.hash("mưa rào trên phố")
    made = extract_parameters(stored)
    # One lane: a hash takes one core, and SLOTS of them no more than so many.
    assert (made.type, made.memory_cost, made.time_cost) == (Type.ID, 65536, 3)
    assert made.parallelism == 1
    assert "mưa" not in stored


def test_a_password_matches_however_its_letters_were_composed() -> None:
    with passwords.slot() as work:
        stored = work.hash(unicodedata.normalize("NFC", "mưa rào trên phố"))
        assert work.matches(stored, unicodedata.normalize("NFD", "mưa rào trên phố"))
        assert not work.matches(stored, "mua rao tren pho")


@pytest.mark.parametrize("stored", [None, "", "plain text", "$argon2id$broken"])
def test_nothing_matches_a_password_that_is_not_stored(stored: str | None) -> None:
    with passwords.slot() as work:
        assert not work.matches(stored, "mưa rào trên phố")


def test_looking_for_nobody_computes_a_whole_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            seen.append(str(hash))
            return super().verify(hash, password)

    quick = Watched(time_cost=2, memory_cost=128, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", quick)
    with passwords.slot() as work:
        assert not work.matches(None, "mưa rào trên phố")
    made = extract_parameters(seen[0])
    assert (made.time_cost, made.memory_cost, made.parallelism) == (2, 128, 1)


def test_an_unknown_user_takes_as_long_as_a_wrong_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(2, 16384, 1))
    with passwords.slot() as work:
        stored = work.hash("mưa rào trên phố")

        def once(kept: str | None) -> float:
            begun = time.thread_time()
            work.matches(kept, "một câu khác hẳn")
            return time.thread_time() - begun

        # Processor time, taken in turns; the fastest of many is what the work itself costs. A busy
        # machine needs more turns to show it, and a real difference never goes away.
        known = unknown = math.inf
        for turn in range(200):
            known, unknown = min(known, once(stored)), min(unknown, once(None))
            if turn >= 15 and abs(known - unknown) / known < 0.1:
                break
    assert abs(known - unknown) / known < 0.1


def test_outdated_parameters_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    with passwords.slot() as work:
        stored = work.hash("mưa rào trên phố")
        assert not work.is_outdated(stored)
        monkeypatch.setattr(passwords, "hasher", PasswordHasher(2, 128, 1))
        assert work.is_outdated(stored)


Waiting = tuple[threading.Thread, list[str]]
"""Somebody who waits for a turn, and what came of it."""


def waiting(*, is_known: bool) -> Waiting:
    """Begin to wait, in a thread."""
    told: list[str] = []

    def wait() -> None:
        try:
            with passwords.slot(is_known=is_known):
                told.append("turn")
        except passwords.BusyError:
            told.append("busy")

    thread = threading.Thread(target=wait)
    thread.start()
    return thread, told


@contextmanager
def slots_taken() -> Iterator[list[Waiting]]:
    """All slots are taken; whoever is put into the list has a turn when they are free again."""
    queue: list[Waiting] = []
    with ExitStack() as held:
        for _ in range(passwords.SLOTS):
            held.enter_context(passwords.slot())
        yield queue
    for thread, told in queue:
        thread.join()
        assert told == ["turn"]


def until(count: int) -> None:
    end = time.monotonic() + 10
    while passwords._waiting != count:
        assert time.monotonic() < end
        time.sleep(0.001)


def test_who_cannot_have_a_turn_in_time_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    with slots_taken(), pytest.raises(passwords.BusyError), passwords.slot():
        pytest.fail("there was no turn left")
    assert passwords._waiting == 0


def test_only_a_few_wait_and_the_next_is_turned_away_at_once() -> None:
    with slots_taken() as queue:
        queue += [waiting(is_known=False) for _ in range(passwords.WAITING)]
        until(passwords.WAITING)
        begun = time.monotonic()
        with pytest.raises(passwords.BusyError), passwords.slot():
            pytest.fail("there was no place left")
        with pytest.raises(passwords.BusyError):
            passwords.knock()
        assert time.monotonic() - begun < passwords.WAIT_SECONDS / 10
        assert passwords._waiting == passwords.WAITING
    passwords.knock()


def test_strangers_leave_places_to_those_who_are_known() -> None:
    with slots_taken() as queue:
        queue += [waiting(is_known=False) for _ in range(passwords.WAITING)]
        until(passwords.WAITING)
        passwords.knock(is_known=True)
        queue += [waiting(is_known=True) for _ in range(passwords.WAITING_KNOWN)]
        until(passwords.WAITING + passwords.WAITING_KNOWN)
        for is_known in (False, True):
            with pytest.raises(passwords.BusyError):
                passwords.knock(is_known=is_known)
            with pytest.raises(passwords.BusyError), passwords.slot(is_known=is_known):
                pytest.fail("there was no place left")


def test_log_ins_never_take_every_thread_of_a_web_process() -> None:
    gunicorn = (config.ROOT / "deploy" / "gunicorn.conf.py").read_text()
    threads = re.search(r"^threads = (\d+)", gunicorn, re.MULTILINE)
    assert threads
    busy = passwords.SLOTS + passwords.WAITING + passwords.WAITING_KNOWN
    assert busy + 2 <= min(THREADS, int(threads[1]))


@KNOWN_OR_NOT
def test_a_burst_never_hashes_more_than_its_slots_at_once(is_known: bool) -> None:
    running, most, away = 0, 0, 0
    lock = threading.Lock()

    def log_in() -> None:
        nonlocal running, most, away
        try:
            with passwords.slot(is_known=is_known):
                with lock:
                    running += 1
                    most = max(most, running)
                time.sleep(0.002)
                with lock:
                    running -= 1
        except passwords.BusyError:
            with lock:
                away += 1

    threads = [threading.Thread(target=log_in) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert running == passwords._hashing == passwords._waiting == 0
    assert most <= passwords.SLOTS
    assert away < 200


def test_nobody_else_hashes() -> None:
    files = [*(config.ROOT / "crmadmin").rglob("*.py"), config.ROOT / "app.py"]
    words = re.compile(r"argon2|PasswordHasher|generate_password_hash|\bpbkdf2|\bscrypt")
    found = {f.relative_to(config.ROOT).as_posix() for f in files if words.search(f.read_text())}
    assert found == {"crmadmin/access/passwords.py"}


def test_an_error_inside_a_turn_gives_it_back() -> None:
    for _ in range(passwords.SLOTS + 1):
        with pytest.raises(ZeroDivisionError), passwords.slot():
            raise ZeroDivisionError
    assert passwords._hashing == 0
