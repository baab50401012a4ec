"""Which passwords are accepted, and how they are hashed."""

from __future__ import annotations

import math
import threading
import time
import unicodedata
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from crmadmin.access import passwords
from crmadmin.core.text import Refusal


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", quick)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_short"),
        ("Ngắn quá!", "password_short"),
        ("x" * 201, "password_long"),
        ("password123", "password_common"),
        ("P@ssword!2026", None),
        ("Matkhau@2026", "password_common"),
        ("0912345678", "password_common"),
        ("!!!!!!!!!!!!", "password_common"),
        ("aaaabbbbaaaa", "password_common"),
        ("mai.le2026!", "password_is_name"),
        ("MAI.LE.1992", "password_is_name"),
        ("LêThịMai1992", "password_is_name"),
        ("mai@example1", None),
        ("lan.crm-09128", "password_is_name"),
        ("mưa rào trên phố", None),
        ("correct horse battery", None),
    ],
)
def test_easy_passwords_are_refused_with_the_reason(password: str, code: str | None) -> None:
    names = ("mai.le", "lan.crm@example.com", "Lê Thị Mai", None)
    if code is None:
        passwords.check(password, *names)
        return
    with pytest.raises(Refusal) as refused:
        passwords.check(password, *names)
    assert refused.value.code == code


def test_the_hash_is_argon2id_as_rfc_9106_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher())
    with passwords.turn() as work:
        stored = work.hash("mưa rào trên phố")
    made = extract_parameters(stored)
    assert (made.type, made.memory_cost, made.time_cost) == (Type.ID, 65536, 3)
    assert "mưa" not in stored


def test_a_password_matches_however_its_letters_were_composed() -> None:
    with passwords.turn() as work:
        stored = work.hash(unicodedata.normalize("NFC", "mưa rào trên phố"))
        assert work.matches(stored, unicodedata.normalize("NFD", "mưa rào trên phố"))
        assert not work.matches(stored, "mua rao tren pho")


@pytest.mark.parametrize("stored", [None, "", "plain text", "$argon2id$broken"])
def test_nothing_matches_a_password_that_is_not_stored(stored: str | None) -> None:
    with passwords.turn() as work:
        assert not work.matches(stored, "mưa rào trên phố")


def test_looking_for_nobody_computes_a_whole_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            seen.append(str(hash))
            return super().verify(hash, password)

    quick = Watched(time_cost=2, memory_cost=128, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", quick)
    with passwords.turn() as work:
        assert not work.matches(None, "mưa rào trên phố")
    made = extract_parameters(seen[0])
    assert (made.time_cost, made.memory_cost, made.parallelism) == (2, 128, 1)


def test_an_unknown_user_takes_as_long_as_a_wrong_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(2, 16384, 1))
    with passwords.turn() as work:
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
    with passwords.turn() as work:
        stored = work.hash("mưa rào trên phố")
        assert not work.is_outdated(stored)
        monkeypatch.setattr(passwords, "hasher", PasswordHasher(2, 128, 1))
        assert work.is_outdated(stored)


@pytest.fixture
def _all_slots_taken() -> Iterator[None]:
    held = [passwords.turn() for _ in range(passwords.SLOTS)]
    for turn in held:
        turn.__enter__()
    yield
    for turn in held:
        turn.__exit__(None, None, None)


@pytest.mark.usefixtures("_all_slots_taken")
def test_who_cannot_have_a_turn_in_time_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    with pytest.raises(passwords.BusyError), passwords.turn():
        pytest.fail("there was no turn left")


def test_a_burst_never_hashes_more_than_its_slots_at_once() -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def log_in() -> None:
        nonlocal running, most
        with passwords.turn():
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.002)
            with lock:
                running -= 1

    threads = [threading.Thread(target=log_in) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (running, most) == (0, passwords.SLOTS)
