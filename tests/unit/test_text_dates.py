"""Dates and birthdays."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmadmin.core.text import Refusal, birthday, date, show_date, today

DAY = dt.date(1992, 8, 9)


@pytest.mark.parametrize(
    "typed",
    [
        "9/8/1992",
        "09/08/1992",
        "09-08-1992",
        "9-8-1992",
        "1992-08-09",
        "1992/8/9",
        "9.8.1992",
        "09.08.1992",
        " 9 / 8 / 1992 ",
        "09/08/1992\u00a0",
        "1992-08-09 00:00:00",
        "1992-08-09T10:20:30Z",
        "9/8/1992 14:05",
        DAY,
        dt.datetime(1992, 8, 9, 23, 59),  # noqa: DTZ001 - Excel knows no zones
        33825,
        33825.0,
        "33825",
        "33825.0",
    ],
)
@pytest.mark.parametrize("normalise", [date, birthday])
def test_the_day_comes_first(normalise, typed):
    found = normalise(typed)
    assert found == DAY
    assert type(found) is dt.date


@pytest.mark.parametrize("typed", ["1/1/1900", "1900-01-01", dt.date(1900, 1, 1), 1])
def test_the_first_day_of_1900_is_the_earliest(typed):
    assert date(typed) == dt.date(1900, 1, 1)


@pytest.mark.parametrize("blank", [None, "", " ", "\u200b"])
def test_a_blank_is_no_date(blank):
    assert date(blank) is None
    assert birthday(blank) is None


@pytest.mark.parametrize(
    ("serial", "day"),
    [
        (1, dt.date(1900, 1, 1)),
        (59, dt.date(1900, 2, 28)),
        (61, dt.date(1900, 3, 1)),
        (36526, dt.date(2000, 1, 1)),
        (80_000, dt.date(2119, 1, 11)),
    ],
)
def test_a_plain_whole_number_is_an_excel_serial(serial, day):
    assert date(serial) == date(float(serial)) == date(str(serial)) == day


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("31/02/1990", "no_such_day"),
        ("29/02/1900", "no_such_day"),
        ("30-02-2024", "no_such_day"),
        ("12/25/1990", "no_such_day"),
        ("0/1/1990", "no_such_day"),
        ("1990-13-01", "no_such_day"),
        ("01/01/0000", "no_such_day"),
        (60, "no_such_day"),
        ("1/2/90", "two_digit_year"),
        ("31/02/90", "two_digit_year"),
        ("01.02.90", "two_digit_year"),
        ("31/12/1899", "before_1900"),
        ("1899-12-31", "before_1900"),
        (dt.date(1899, 12, 31), "before_1900"),
        (dt.datetime(1899, 12, 31, 1), "before_1900"),  # noqa: DTZ001 - Excel knows no zones
        ("hôm qua", "unreadable"),
        ("9/8", "unreadable"),
        ("8/1992", "unreadable"),
        ("9/8-1992", "unreadable"),
        ("9/8/199", "unreadable"),
        ("9/8/19920", "unreadable"),
        ("09081992", "unreadable"),
        (0, "unreadable"),
        (-5, "unreadable"),
        (80_001, "unreadable"),
        (33825.5, "unreadable"),
        (True, "unreadable"),
        (dt.time(8, 9), "unreadable"),
        ("1" * 5000, "unreadable"),
    ],
)
@pytest.mark.parametrize("normalise", [date, birthday])
def test_a_refused_date_names_its_value_and_says_why(normalise, typed, reason):
    with pytest.raises(Refusal) as caught:
        normalise(typed)
    assert (caught.value.code, caught.value.params["reason"]) == ("bad_date", reason)
    assert 0 < len(caught.value.params["value"]) <= 80


def test_the_value_named_is_the_one_that_was_typed():
    with pytest.raises(Refusal) as caught:
        date("1899-12-31")
    assert caught.value.params["value"] == "1899-12-31"


@pytest.mark.parametrize("typed", ["01/01/2999", dt.date(2999, 1, 1), 80_000])
def test_only_a_birthday_must_not_be_in_the_future(typed):
    assert date(typed) > today()
    with pytest.raises(Refusal) as caught:
        birthday(typed)
    assert caught.value.code == "future_date"
    assert caught.value.params["value"] in ("01/01/2999", "80000")


def test_somebody_may_be_born_today_and_not_tomorrow():
    assert birthday(today()) == today()
    with pytest.raises(Refusal):
        birthday(today() + dt.timedelta(days=1))


@given(st.dates(min_value=dt.date(1900, 1, 1)))
def test_every_shown_date_reads_back_as_itself(day):
    shown = show_date(day)
    assert len(shown) == 10
    assert date(shown) == day
    assert date(day.isoformat()) == day


def test_no_date_is_shown_as_nothing():
    assert show_date(None) == ""
