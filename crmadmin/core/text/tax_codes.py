"""Vietnamese tax codes (mã số thuế) and the personal ID that stands for one since July 2025."""

import datetime as dt
import re

from stdnum.vn import mst

from crmadmin.core.text.base import Note, cell_text, note, refusal
from crmadmin.core.text.clean import collapse

_LONGEST = 40
_GROUPING = re.compile(r"[\s.]+")
_DASH = re.compile("[\u2010-\u2015\u2212]")
_SHAPE = re.compile(r"(?P<main>[0-9]{10})(?:-?(?P<branch>[0-9]{3}))?")
_PERSONAL_ID = re.compile(r"[0-9]{12}")
_LOST_ZERO = re.compile(r"[0-9]{9}")
_CSV_FLOAT = re.compile(r"([0-9]{9,13})\.0")


def tax_code(value: object, notes: list[Note] | None = None) -> str | None:
    """`0123456789`, `0123456789-001` for a branch, or the 12 digits of a personal ID.

    Nine digits get back the zero that Excel ate when the check digit then fits. A check digit
    that fails is Note("tax_check_digit"); any other shape is Refusal("bad_tax_code") with
    `digits`. Blanks and dots between digits are dropped, as is the branch's missing dash added.
    """
    raw = collapse(cell_text(value))
    if not raw:
        return None
    compact = _compact(raw)
    if len(raw) > _LONGEST or isinstance(value, bool | dt.date | dt.time):
        compact = ""
    if _PERSONAL_ID.fullmatch(compact):
        return compact
    if _LOST_ZERO.fullmatch(compact) and mst.is_valid("0" + compact):
        return "0" + compact
    match = _SHAPE.fullmatch(compact)
    if match is None:
        digits = str(sum(char in "0123456789" for char in raw))
        raise refusal("bad_tax_code", raw, digits=digits)
    if not mst.is_valid(compact):
        note(notes, "tax_check_digit", raw)
    return f"{match['main']}-{match['branch']}" if match["branch"] else match["main"]


def is_personal_id(stored: str | None) -> bool:
    """Whether a tax code, as `tax_code` gives it, is the ID of a person."""
    return stored is not None and _PERSONAL_ID.fullmatch(stored) is not None


def _compact(raw: str) -> str:
    if match := _CSV_FLOAT.fullmatch(raw):
        return match[1]
    return _GROUPING.sub("", _DASH.sub("-", raw[: _LONGEST + 1]))
