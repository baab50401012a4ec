"""What a list's address may ask for: unknown and malformed parts are left out, and nobody filters
or sorts by what they see masked."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from declaring import PLAIN, record
from werkzeug.datastructures import MultiDict

from crmadmin.core import fields as field
from crmadmin.core.list_state import MAX_QUERY, UNSET, ListState, read_state

THING = record(
    options=replace(PLAIN, columns=("name",)),
    name=field.text("Name", listed=True, required=True),
    born=field.date("Born", filtered=True),
    kind=field.choice("Kind", [("a", "A"), ("b", "B")], filtered=True),
    level=field.choice("Level", [("1", "One")], filtered=True, sensitive=True),
    phone=field.phone("Phone", listed=True, sensitive=True),
    is_open=field.boolean("Open", filtered=True),
    size=field.number("Size", filtered=True),
    other_id=field.ref("Other", "Other", filtered=True),
)


def asked(*pairs: tuple[str, str], sees: bool = True) -> ListState:
    return read_state(THING, MultiDict(pairs), sees_sensitive=sees)


def test_nothing_asked_is_the_plain_list() -> None:
    assert asked() == ListState()
    assert asked().args() == {}


def test_filters_keep_only_values_that_the_field_can_have() -> None:
    found = asked(
        ("kind", "a"), ("kind", "z"), ("kind", "a"), ("kind", UNSET), ("other", "7"),
        ("other", "x"), ("is_open", "1"), ("is_open", UNSET), ("name", "An"), ("born", "1"),
        ("nothing", "1"),
    )  # fmt: skip
    assert found.filters == {"kind": ("a", UNSET), "other": ("7",), "is_open": ("1",)}


def test_a_range_takes_days_and_leaves_out_what_is_none() -> None:
    assert asked(("born_from", "2026-01-31"), ("born_to", "31/01/2026")).ranges == {
        "born": (dt.date(2026, 1, 31), None)
    }
    assert asked(("born_from", "x")).ranges == {}


def test_a_range_of_numbers_begins_or_ends_with_nought_too_and_stays_in_the_address() -> None:
    found = asked(("size_from", "0"), ("size_to", " 12 "), ("size", "3"))
    assert found.ranges == {"size": (0, 12)}
    assert found.args() == {"size_from": "0", "size_to": "12"}
    assert asked(*found.args().items()) == found


@pytest.mark.parametrize("text", ["1e3", "9" * 30, "²", "1.5", "\0", "x" * 5000])
def test_an_end_that_is_no_number_is_named(text: str) -> None:
    found = asked(("size_from", text))
    assert found.ranges == {}
    assert [(part.why, part.label) for part in found.unread] == [("number", "Size")]


@pytest.mark.parametrize(
    ("sort", "name", "descending"),
    [("name", "name", False), ("-name", "name", True), ("-kind", "", False), ("--name", "", False),
     ("search_text", "", False), ("", "", False)],
)  # fmt: skip
def test_only_sortable_fields_sort(sort: str, name: str, descending: bool) -> None:
    found = asked(("sort", sort))
    assert (found.sort, found.descending) == (name, descending)


@pytest.mark.parametrize("sort", ["phone", "-phone"])
def test_who_sees_a_field_masked_cannot_sort_by_it(sort: str) -> None:
    assert asked(("sort", sort)).sort == "phone"
    masked = asked(("sort", sort), sees=False)
    assert (masked.sort, masked.descending) == ("", False)


def test_who_sees_a_field_masked_cannot_filter_by_it() -> None:
    assert asked(("level", "1")).filters == {"level": ("1",)}
    assert asked(("level", "1"), sees=False).filters == {}


def test_a_query_is_tidied_and_bounded() -> None:
    assert asked(("q", "  lan\0  ")).query == "lan"
    assert len(asked(("q", "x" * 5000)).query) == MAX_QUERY


@pytest.mark.parametrize("page", ["0", "-1", "x", "1e9", "99999999999999999999", "²"])
def test_a_page_that_is_none_is_the_first_or_a_number_that_can_be_clamped(page: str) -> None:
    assert asked(("page", page)).page >= 1


def test_the_address_of_a_state_asks_for_the_same_state_again() -> None:
    state = asked(
        ("q", "lan"), ("kind", "a"), ("kind", "b"), ("born_from", "2026-01-01"), ("sort", "-name"),
        ("page", "3"), ("per_page", "100"),
    )  # fmt: skip
    pairs = [
        (key, value)
        for key, given in state.args().items()
        for value in (given if isinstance(given, list) else [str(given)])
    ]
    assert asked(*pairs) == state
