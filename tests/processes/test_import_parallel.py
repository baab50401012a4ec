"""Items made by a forked process: all of them, its errors, and its end in every case."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from crmadmin.imports.pipeline import parallel
from crmadmin.imports.records import FileRefused


def items_of(made: Any) -> tuple[list[Any], Any]:
    """All items, and what was said at the end."""
    found = []
    while True:
        try:
            found.append(next(made))
        except StopIteration as end:
            return found, end.value


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_items_come_from_another_process_in_order_and_then_what_it_says_last() -> None:
    seen: list[int] = []

    def make() -> Iterator[tuple[int, int]]:
        for number in range(50):
            seen.append(number)
            yield number, os.getpid()

    found, last = items_of(parallel.forked(make, lambda: len(seen)))
    assert [number for number, _ in found] == list(range(50))
    assert {process for _, process in found} != {os.getpid()}
    assert last == 50
    assert seen == []


def test_an_item_may_be_longer_than_the_pipe() -> None:
    text = "đ" * 5_000_000
    assert items_of(parallel.forked(lambda: [text, text], str))[0] == [text, text]


def test_a_refused_file_is_refused_here_after_the_items_before() -> None:
    def make() -> Iterator[int]:
        yield 1
        raise FileRefused("file_too_large", limit="5")

    made = parallel.forked(make, str)
    assert next(made) == 1
    with pytest.raises(FileRefused) as refused:
        next(made)
    assert (refused.value.code, refused.value.params) == ("file_too_large", {"limit": "5"})


def test_an_error_comes_with_its_traceback() -> None:
    def make() -> Iterator[int]:
        yield 1 // 0

    with pytest.raises(parallel.WorkerLost, match="ZeroDivisionError"):
        next(parallel.forked(make, str))


def test_a_killed_process_is_missed() -> None:
    def make() -> Iterator[int]:
        yield os.getpid()
        os.kill(os.getpid(), signal.SIGKILL)
        yield 2

    made = parallel.forked(make, str)
    process = next(made)
    with pytest.raises(parallel.WorkerLost, match="ended"):
        next(made)
    assert is_gone(process)


def test_a_process_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_PATIENCE", 0.2)

    def make() -> Iterator[int]:
        yield os.getpid()
        time.sleep(60)

    made = parallel.forked(make, str)
    process = next(made)
    with pytest.raises(parallel.WorkerLost, match="nothing"):
        next(made)
    assert is_gone(process)


def test_who_closes_it_ends_the_process() -> None:
    def make() -> Iterator[int]:
        while True:
            yield os.getpid()

    with closing(parallel.forked(make, str)) as made:
        process = next(made)
    assert is_gone(process)


def test_its_files_are_its_own_and_those_that_it_keeps() -> None:
    out, into = os.pipe()
    kept, kept_into = os.pipe()
    os.write(kept_into, b"read there")

    def make() -> Iterator[Any]:
        yield os.read(kept, 10)
        try:
            os.write(into, b"x")
        except OSError as error:
            yield error.errno

    found, _ = items_of(parallel.forked(make, str, [kept]))
    assert found == [b"read there", 9]
    for descriptor in (out, into, kept, kept_into):
        os.close(descriptor)
