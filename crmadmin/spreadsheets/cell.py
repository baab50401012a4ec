"""One cell as XML: what stands after the cell's own address, `<c r="A1`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from crmadmin.spreadsheets.parts import DATE, GENERAL, MOMENT, TEXT, TIME, style

CELL_LENGTH = 32_767
"""Most characters (UTF-16 units) that Excel keeps in a cell."""

FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
"""A text that begins so is kept from being read as a formula when somebody edits its cell."""

FAULTS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})

_STARTS = frozenset(FORMULA_STARTS)
_UNIT = "\u241f"  # a printable sign that stands between texts when they are looked at together
_SPECIAL = re.compile(
    "[&<>\r\n\t\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|^ | $|  |_x[0-9A-Fa-f]{4}_"
)
_DROPPED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE_LIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_EPOCH = date(1899, 12, 30).toordinal()
_FIRST_DAY = date(1900, 1, 1)
_FIRST_OF_MARCH = date(1900, 3, 1)
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell in which Excel shows an error, such as `#N/A`."""

    text: str


def is_plain(texts: Sequence[str | None]) -> bool:
    """Whether every text stands in XML as it is: one look at all of them, in C."""
    given = [text for text in texts if text is not None]
    together = f"{_UNIT}{_UNIT.join(given)}{_UNIT}"
    return (
        together.isprintable()
        and not any(sign in together for sign in ("&", "<", ">", "  ", "_x"))
        and f" {_UNIT}" not in together
        and f"{_UNIT} " not in together
        and max(map(len, given)) * 2 <= CELL_LENGTH
    )


def cell_xml(value: Any, format_: str, *, bad: bool = False) -> str:
    """A cell of a value in a column of this format; `bad` marks it."""
    kind = type(value)
    if kind is str:
        return _text_cell(value, bad=bad)
    if value is None:
        return f'" s="{style(format_, bad=bad)}"/>'
    if kind is bool:
        return f'" s="{style(format_, bad=bad)}" t="b"><v>{int(value)}</v></c>'
    if kind is int or kind is float:
        return _number_cell(value, format_, bad=bad)
    if isinstance(value, date | time):
        return _moment_cell(value, format_, bad=bad)
    if isinstance(value, ErrorCell):
        text = value.text if value.text in FAULTS else "#VALUE!"
        return f'" s="{style(format_, bad=bad)}" t="e"><v>{text}</v></c>'
    return _text_cell(str(value), bad=bad)


def _text_cell(text: str, *, bad: bool) -> str:
    quoted = text[:1] in _STARTS
    return f'" s="{style(TEXT, bad=bad, quoted=quoted)}{inline_xml(text)}'


def inline_xml(text: str) -> str:
    """A text cell, after the number of its style."""
    if len(text) * 2 > CELL_LENGTH:
        text = _cut(text)
    if _SPECIAL.search(text) is None:
        return f'" t="inlineStr"><is><t>{text}</t></is></c>'
    return f'" t="inlineStr"><is><t xml:space="preserve">{xml_text(text)}</t></is></c>'


def _cut(text: str) -> str:
    """The text, or as much of it as a cell holds and a sign that it goes on; signs outside the
    basic plane count twice."""
    units = text.encode("utf-16-le", "replace")
    if len(units) <= CELL_LENGTH * 2:
        return units.decode("utf-16-le")
    return units[: (CELL_LENGTH - 1) * 2].decode("utf-16-le", "ignore") + "…"


def dropped(text: str) -> str:
    """The text without the signs that XML cannot hold."""
    return _DROPPED.sub("", text)


def xml_text(text: str) -> str:
    """A text inside an element: what XML forbids is left out, what Excel would decode is kept."""
    plain = _ESCAPE_LIKE.sub("_x005F_", dropped(text))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("\r", "&#13;")


def _number_cell(value: float, format_: str, *, bad: bool) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return f'" s="{style(format_, bad=bad)}" t="e"><v>#NUM!</v></c>'
    shown = GENERAL if format_ in (DATE, MOMENT, TIME) else format_
    return f'" s="{style(shown, bad=bad)}"><v>{value!r}</v></c>'


def _moment_cell(value: date | time, format_: str, *, bad: bool) -> str:
    """Days since Excel's first; a day before that is no date for Excel, and so a text."""
    if isinstance(value, time):
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return f'" s="{style(TIME, bad=bad)}"><v>{seconds / _DAY!r}</v></c>'
    day = value.date() if isinstance(value, datetime) else value
    if day < _FIRST_DAY:
        return _text_cell(day.strftime("%d/%m/") + f"{day.year:04d}", bad=bad)
    # Excel believes that 1900 was a leap year.
    serial: float = day.toordinal() - _EPOCH - (day < _FIRST_OF_MARCH)
    if not isinstance(value, datetime):
        return f'" s="{style(DATE, bad=bad)}"><v>{serial}</v></c>'
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    shown = DATE if format_ == DATE else MOMENT
    return f'" s="{style(shown, bad=bad)}"><v>{serial + seconds / _DAY!r}</v></c>'
