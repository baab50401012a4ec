"""Items that are fetched before they are asked for."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from crmadmin.imports.ahead import Fetching


def counting(made: list[int], end: int = 3) -> Generator[int, None, None]:
    for number in range(end):
        made.append(number)
        yield number
    raise LookupError


def test_an_item_that_was_fetched_is_given_once_and_in_its_turn() -> None:
    made: list[int] = []
    items = Fetching(counting(made))
    items.fetch()
    items.fetch()
    assert made == [0]
    assert next(items) == 0
    assert next(items) == 1
    items.fetch()
    assert made == [0, 1, 2]
    assert next(items) == 2


def test_what_goes_wrong_in_fetching_is_raised_when_the_item_is_asked_for() -> None:
    items = Fetching(counting([], end=1))
    assert next(items) == 0
    items.fetch()
    with pytest.raises(LookupError):
        next(items)


def test_the_end_is_an_end_also_when_it_was_fetched() -> None:
    items = Fetching(number for number in range(2))
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

    items = Fetching(giving())
    items.fetch()
    items.close()
    assert closed == [True]
