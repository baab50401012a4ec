"""Texts from outside, read as numbers, days and moments: bounded, and never an error."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.routing import Map, Rule

from crmadmin.core import outside

NO_NUMBERS = (
    None, "", " ", "-1", "+1", " 1", "1 ", "1 ", "1.0", "1,2", "1e5", "0x1", "1_0", "inf", "nan",
    "１２", "٣", "²", "①", "\x00", "1\x00", "\ud800", "9" * 5000, "0" * 11, True, 1.0, [], {}, b"1",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_NUMBERS, ids=ascii)
def test_only_plain_digits_of_a_bounded_length_are_a_number(text: object) -> None:
    assert outside.whole(text) is None
    assert outside.record_id(text) is None
    assert outside.record_ids([text, "7"]) == [7]


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", None), ("1", 1), ("007", 7), (12, 12), (0, None), (-5, None),
     ("2147483647", 2147483647), ("2147483648", None), (2**31, None), ("123456789012", None)],
)  # fmt: skip
def test_an_id_is_what_an_integer_column_holds(text: object, number: int | None) -> None:
    assert outside.record_id(text) == number


def test_ids_are_told_once_and_too_many_are_not_cut_but_refused() -> None:
    assert outside.record_ids(["3", "x", "3", "1"]) == [3, 1]
    assert outside.record_ids(map(str, range(1, 11)), most=10) == list(range(1, 11))
    with pytest.raises(outside.TooManyIds, match="10"):
        outside.record_ids(map(str, range(1, 12)), most=10)


@pytest.mark.parametrize(
    ("text", "number"),
    [("3", 3), ("0", 1), ("-2", 1), ("x", 1), (None, 1), ("9" * 5000, 2**31 - 1), ("99", 50)],
)
def test_a_page_beyond_the_last_is_the_last_one_there_can_be(text: object, number: int) -> None:
    assert outside.page_number(text, most=50 if text == "99" else outside.LARGEST) == number


def test_a_page_has_one_of_the_sizes_on_offer() -> None:
    assert outside.page_size("100", (25, 50, 100), 50) == 100
    assert [outside.page_size(t, (25, 50), 50) for t in ("26", "-25", "x", None)] == [50] * 4


@pytest.mark.parametrize(
    "text",
    ["0001-01-01", "1899-12-31", "9999-01-01", "9999-12-31", "2026-02-30", "2026-W01-1", "20260101",
     "２０２６-01-01", "2026-01-01T00:00", "", None, 5, "2026-01-01\n", "9" * 5000],
)  # fmt: skip
def test_a_day_that_no_zone_and_no_database_survives_is_none(text: object) -> None:
    assert outside.day(text) is None


@given(st.dates(outside.FIRST_DAY, outside.LAST_DAY))
def test_every_day_that_is_read_survives_what_lists_do_with_it(found: date) -> None:
    assert outside.day(found.isoformat()) == found
    assert (found + timedelta(days=1)).strftime("%d/%m/%Y")


@given(st.text() | st.integers() | st.none() | st.binary())
def test_nothing_raises_whatever_comes(value: object) -> None:
    for read in (
        outside.whole, outside.record_id, outside.page_number, outside.day,
        outside.words, outside.parameters,
    ):  # fmt: skip
        read(value)


def test_words_can_be_stored_in_both_databases() -> None:
    assert outside.words("  a\x00b\ud800 ") == "ab"
    assert len(outside.words("x" * 5000)) == outside.LONGEST_WORDS


def test_a_query_string_of_thousands_of_parameters_is_none() -> None:
    assert outside.parameters("a=1&a=2&b=") is not None
    assert outside.parameters("&".join(["a=1"] * 10_000)) is None
    assert outside.parameters("a=" + "x" * 50_000) is None


@pytest.mark.parametrize(("path", "number"), [("/7", 7), ("/10", 10), ("/11", 0), ("/0", 0),
                                              ("/" + "9" * 5000, 0), ("/٣", 0)])  # fmt: skip
def test_a_number_in_an_address_is_bounded(path: str, number: int) -> None:
    addresses = Map([Rule("/<whole(most=10):number>")], converters={"whole": outside.Whole})
    found = addresses.bind("x").test(path)
    assert found is bool(number)
