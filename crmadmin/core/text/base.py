"""What every normaliser shares: refusals, notes, and how a spreadsheet cell becomes a string.

No format lives here, and no wording: codes and parameters become sentences in
`crmadmin.core.messages`.
"""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol, TypeVar

from crmadmin.core.text.clean import collapse

SHOWN_LENGTH = 80
"""Most characters of a bad value that a message repeats."""

_LARGEST_BITS = 1024  # as many as a float has; Python refuses to print far longer integers

T_co = TypeVar("T_co", covariant=True)


class Refusal(ValueError):
    """A value that cannot be taken. Expected: the caller turns it into a problem.

    `code` is a stable word of the import rules (`bad_phone`), `params` what its message needs;
    the normalisers always give `value` (shortened) and, where a code has variants, `reason`.
    Parameters may be given as a mapping, by name, or both.
    """

    def __init__(self, code: str, params: Mapping[str, str] | None = None, /, **named: str) -> None:
        self.code = code
        self.params: dict[str, str] = {**(params or {}), **named}
        super().__init__(code, self.params)


@dataclass(frozen=True, slots=True)
class Note:
    """A warning about a value that was taken all the same; fields as in `Refusal`."""

    code: str
    params: dict[str, str] = field(default_factory=dict)


class Normaliser(Protocol[T_co]):
    """`f(value, notes=None)`: the stored form, None for a blank, or a `Refusal`.

    Warnings are appended to `notes` when it is given. `f(f(x)) == f(x)`.
    """

    def __call__(self, value: object, notes: list[Note] | None = None) -> T_co | None: ...


def shorten(value: str) -> str:
    """`value` on one line, without control characters, at most SHOWN_LENGTH characters."""
    shown = collapse(value[: SHOWN_LENGTH * 4])
    return shown if len(shown) <= SHOWN_LENGTH else shown[: SHOWN_LENGTH - 1] + "…"


def refusal(code: str, value: str, **params: str) -> Refusal:
    """A Refusal that names the value."""
    return Refusal(code, value=shorten(value), **params)


def note(notes: list[Note] | None, code: str, value: str, **params: str) -> None:
    """Append a warning that names the value, if anybody listens."""
    if notes is not None:
        notes.append(Note(code, {"value": shorten(value), **params}))


def cell_text(value: object) -> str:
    """The characters a person would see in the cell; nothing is cleaned yet.

    Whole floats lose their `.0` and nothing gets an exponent: Excel keeps every number as a
    float, and `912345678.0` is a phone number. Dates are dd/mm/yyyy, times HH:MM, booleans
    TRUE/FALSE as Excel writes them. Raises Refusal("cell_error") for NaN and infinity, which
    no sheet shows as a number, and Refusal("bad_number") for integers no cell can hold.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return _integer_text(value)
    if isinstance(value, float):
        return _float_text(value)
    return _moment_text(value)


def _integer_text(value: int) -> str:
    if value.bit_length() > _LARGEST_BITS:
        raise Refusal("bad_number", value="…", reason="too_large")
    return str(value)


def _float_text(value: float) -> str:
    if not math.isfinite(value):
        raise Refusal("cell_error", value=str(value))
    if value.is_integer():
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def _moment_text(value: object) -> str:
    if isinstance(value, dt.datetime):
        day = show_date(value.date())
        return day if value.time() == dt.time() else f"{day} {_moment_text(value.time())}"
    if isinstance(value, dt.date):
        return show_date(value)
    if isinstance(value, dt.time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    return str(value)


def show_date(value: dt.date | None) -> str:
    """`dd/mm/yyyy`; an empty string for None."""
    if value is None:
        return ""
    # Not strftime: glibc does not pad years before 1000.
    return f"{value.day:02d}/{value.month:02d}/{value.year:04d}"
