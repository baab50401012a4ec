"""Phone numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmadmin.core import text
from crmadmin.core.kinds.base import MASK, FieldKind
from crmadmin.core.kinds.base import marked as _
from crmadmin.core.normalise_columns import Slow
from crmadmin.core.text.phones import MOBILE_PREFIXES


def mask(value: str | None) -> str:
    """`+84912345678` → `0912 *** 678`; foreign numbers keep their first three figures.

    Takes E.164 (or anything a person typed). What is too short to hide in is hidden whole.
    """
    if not value:
        return ""
    figures = "".join(c for c in value if c.isdecimal())
    if len(figures) < 9:
        return MASK
    if value.startswith("+84"):
        return f"0{figures[2:5]} {MASK} {figures[-3:]}"
    plus = "+" if value.startswith("+") else ""
    shown = 4 if figures.startswith("0") else 3
    return f"{plus}{figures[:shown]} {MASK} {figures[-3:]}"


def _column(cells: Sequence[Any], slow: Slow) -> list[Any]:
    values: list[Any] = []
    for i, cell in enumerate(cells):
        if cell is None:
            values.append(None)
            continue
        digits = cell
        if type(cell) is str:
            if " " in cell and cell[0] != " " and cell[-1] != " " and "  " not in cell:
                digits = cell.replace(" ", "")
        elif type(cell) is int:
            digits = f"0{cell}"
        else:
            digits = ""
        if len(digits) == 10 and digits[1:3] in MOBILE_PREFIXES and _is_dialled(digits):
            values.append("+84" + digits[1:])
        else:
            values.append(slow(i, cell))
    return values


def _is_dialled(digits: str) -> bool:
    return digits[0] == "0" and digits.isascii() and digits.isdecimal()


PHONE = FieldKind(
    "phone",
    "a phone number, kept as E.164",
    text.phone,
    example="0912 345 678",
    column=lambda _field: _column,
    defaults={"max_length": 32},
    has_one_form=True,
    mode="tel",
    show=text.show_phone,
    cell="phone",
    display=text.show_phone,
    width="w-m",
    searchable=True,
    exact=text.dialled,
    mask=mask,
    hint=_("A phone number, such as 0912 345 678. One number in a cell."),
    keeps_zeros=True,
)
