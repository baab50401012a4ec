"""Dates: day first, as Vietnamese people write them, and the serial numbers of Excel."""

import datetime as dt
import re

from crmadmin.core.text.base import Note, cell_text, refusal
from crmadmin.core.text.clean import collapse

FIRST_DAY = dt.date(1900, 1, 1)
"""The first day that Excel knows."""

_LAST_SERIAL = 80_000
_LEAP_BUG = 60  # Excel's 29 February 1900, a day that never was
_VIETNAM = dt.timezone(dt.timedelta(hours=7))  # no daylight saving since 1975

_LONGEST = 40
_TIME = r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?Z?)?"
_DAY_FIRST = re.compile(r"([0-9]{1,2}) ?([./-]) ?([0-9]{1,2}) ?\2 ?([0-9]{2}|[0-9]{4})" + _TIME)
_YEAR_FIRST = re.compile(r"([0-9]{4}) ?([./-]) ?([0-9]{1,2}) ?\2 ?([0-9]{1,2})" + _TIME)
_SERIAL = re.compile(r"([0-9]{1,5})(?:\.0)?")


def date(value: object, notes: list[Note] | None = None) -> dt.date | None:
    """A day from 1900-01-01 on.

    `9/8/1992` is 9 August; also `09-08-1992`, `9.8.1992`, `1992-08-09`, date and datetime
    objects (their time of day is dropped), and whole numbers 1 to 80,000, which are serials of
    Excel's 1900 system. Raises Refusal("bad_date") with `reason`: no_such_day, two_digit_year,
    before_1900, unreadable.
    """
    raw = collapse(cell_text(value))
    if not raw:
        return None
    if isinstance(value, dt.date):
        return _since_1900(value.date() if isinstance(value, dt.datetime) else value, raw)
    if isinstance(value, bool) or len(raw) > _LONGEST:
        raise refusal("bad_date", raw, reason="unreadable")
    if match := _DAY_FIRST.fullmatch(raw):
        day, _, month, year = match.groups()
    elif match := _YEAR_FIRST.fullmatch(raw):
        year, _, month, day = match.groups()
    else:
        return _from_serial(raw)
    if len(year) == 2:
        raise refusal("bad_date", raw, reason="two_digit_year")
    try:
        found = dt.date(int(year), int(month), int(day))
    except ValueError:
        raise refusal("bad_date", raw, reason="no_such_day") from None
    return _since_1900(found, raw)


def birthday(value: object, notes: list[Note] | None = None) -> dt.date | None:
    """Like `date`; a day after today in Vietnam is Refusal("future_date")."""
    found = date(value, notes)
    if found is not None and found > today():
        raise refusal("future_date", cell_text(value))
    return found


def today() -> dt.date:
    """Today in Vietnam, wherever the server stands."""
    return dt.datetime.now(_VIETNAM).date()


def _from_serial(raw: str) -> dt.date:
    match = _SERIAL.fullmatch(raw)
    serial = int(match[1]) if match else 0
    if not 1 <= serial <= _LAST_SERIAL:
        raise refusal("bad_date", raw, reason="unreadable")
    if serial == _LEAP_BUG:
        raise refusal("bad_date", raw, reason="no_such_day")
    days = serial if serial < _LEAP_BUG else serial - 1
    return dt.date(1899, 12, 31) + dt.timedelta(days=days)


def _since_1900(found: dt.date, raw: str) -> dt.date:
    if found < FIRST_DAY:
        raise refusal("bad_date", raw, reason="before_1900")
    return found
