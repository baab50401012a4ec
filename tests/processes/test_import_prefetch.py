"""Items that are fetched before they are asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from threading import Event

import pytest

from crmadmin.imports.pipeline.parallel import forked
from crmadmin.imports.pipeline.prefetch import Prefetched, Readiness, prefetch


def counting(made: list[int], end: int = 3) -> Generator[int, None, None]:
    for number in range(end):
        made.append(number)
        yield number
    raise LookupError


def test_an_item_that_was_fetched_is_given_once_and_in_its_turn() -> None:
    made: list[int] = []
    items = Prefetched(counting(made), Readiness())
    items.fetch()
    items.fetch()
    assert made == [0]
    assert next(items) == 0
    assert next(items) == 1
    items.fetch()
    assert made == [0, 1, 2]
    assert next(items) == 2


def test_what_goes_wrong_in_fetching_is_raised_when_the_item_is_asked_for() -> None:
    items = Prefetched(counting([], end=1), Readiness())
    assert next(items) == 0
    items.fetch()
    with pytest.raises(LookupError):
        next(items)


def test_the_end_is_an_end_also_when_it_was_fetched() -> None:
    items = Prefetched((number for number in range(2)), Readiness())
    given = []
    for number in items:
        given.append(number)
        items.fetch()
    assert given == [0, 1]
    assert list(items) == []


def test_closing_closes_what_gives_the_items() -> None:
    closed = []

    def giving() -> Generator[int, None, None]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    items = Prefetched(giving(), Readiness())
    items.fetch()
    items.close()
    assert closed == [True]


def test_an_item_that_was_fetched_is_ready_whatever_its_maker_says() -> None:
    items = Prefetched((number for number in range(1)), Readiness())
    assert not items.is_ready
    items.fetch()
    assert items.is_ready
    assert next(items) == 0
    assert not items.is_ready
    items.fetch()
    assert items.is_ready  # for the end


@pytest.mark.parametrize("maker", ["thread", "process"])
def test_who_makes_items_aside_says_whether_one_is_ready(maker: str) -> None:
    readiness = Readiness()
    if maker == "thread":
        go = Event()

        def made() -> Iterator[int]:
            yield 1
            go.wait(5)
            yield 2

        items = Prefetched(prefetch(made(), readiness), readiness)
        let_go: Callable[[], object] = go.set
    else:
        told, tell = os.pipe()

        def sent() -> Iterator[int]:
            yield 1
            os.read(told, 1)
            yield 2

        items = Prefetched(forked(sent, str, [told], readiness), readiness)
        let_go = partial(os.write, tell, b".")
    with closing(items):
        assert next(items) == 1
        assert not items.is_ready
        let_go()
        end = time.monotonic() + 5
        while not items.is_ready and time.monotonic() < end:
            time.sleep(0.01)
        assert items.is_ready
        assert next(items) == 2
