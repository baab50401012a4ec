"""What comes from outside as text and is wanted as something else: the only place that reads it.

Addresses, forms, headers, cookies, the command line, and what was stored long ago all bring texts
that anybody may have made up. Each reader here is bounded, takes ASCII only, gives None for what
cannot be read, and never raises, but where ids would have to be cut; whoever asks says what that
means. What people type into a field of a record is another thing: `core.text` reads it and says
what is wrong. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict
from werkzeug.routing import BaseConverter, ValidationError

LARGEST = 2**31 - 1
"""The largest number of an INTEGER column of PostgreSQL, which ids, versions and counts are."""

FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(9998, 12, 31)
"""Days between these can be moved by a time zone, a day added, on both databases and on paper."""

MOST_IDS = 5000
MOST_PARAMETERS = 500
LONGEST_QUERY = 20_000
"""Characters of a query string; a list's own has a few hundred."""
LONGEST_WORDS = 200
"""Characters of what is searched for."""

_DIGITS = len(str(LARGEST))


class TooManyIds(ValueError):
    """More rows were named one by one than are taken at once: none of them is done with."""

    def __init__(self, most: int) -> None:
        super().__init__(str(most))
        self.most = most


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL keeps no NUL, and neither database half a character."""


def whole(value: object, least: int = 0, most: int = LARGEST) -> int | None:
    """A whole number between the bounds: written in plain digits, or one already (from JSON)."""
    if isinstance(value, str):
        number = int(value) if _is_number(value) else None
    else:
        number = value if type(value) is int else None
    return number if number is not None and least <= number <= most else None


def _is_number(text: str) -> bool:
    return 0 < len(text) <= _DIGITS and text.isascii() and text.isdecimal()


def record_id(value: object) -> int | None:
    """The id of a record, of any table: 1 to LARGEST."""
    return whole(value, 1)


def record_ids(values: Iterable[object], most: int = MOST_IDS) -> list[int]:
    """The ids among the values, each once, in their order. Raises TooManyIds."""
    found: dict[int, None] = {}
    for value in values:
        key = record_id(value)
        if key is not None:
            found[key] = None
        if len(found) > most:
            raise TooManyIds(most)
    return list(found)


def page_number(value: object, most: int = LARGEST) -> int:
    """The number of a page: 1 for what cannot be read, `most` for any that lies beyond."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) > _DIGITS:
        return most
    return min(whole(value, 1) or 1, most)


def page_size(value: object, offered: Collection[int], otherwise: int) -> int:
    """How many rows a page has: one of those on offer."""
    size = whole(value, 1)
    return size if size is not None and size in offered else otherwise


def day(value: object) -> date | None:
    """A day as addresses write it, 2026-11-30, from FIRST_DAY to LAST_DAY."""
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        return None
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return None
    return found if FIRST_DAY <= found <= LAST_DAY else None


def words(value: object, most: int = LONGEST_WORDS) -> str:
    """A text that both databases can be asked for: trimmed and at most so long; "" for none."""
    if not isinstance(value, str):
        return ""
    return _UNSTORABLE.sub("", value[: most * 4]).strip()[:most]


def entries(value: object) -> Mapping[str, Any]:
    """A JSON object that was stored, name → value; an empty one where something else stands."""
    return value if isinstance(value, Mapping) else {}


def parameters(query: object) -> MultiDict[str, str] | None:
    """The parameters of a query string that came as a text; None for what is none."""
    if not isinstance(query, str) or len(query) > LONGEST_QUERY:
        return None
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        return None
    return MultiDict(pairs)


class Whole(BaseConverter):
    """The part `<whole(most=…):number>` of an address: a whole number from 1 on; 404 for others."""

    regex = r"[0-9]+"

    def __init__(self, url_map: Any, most: int = LARGEST) -> None:
        super().__init__(url_map)
        self.most = most

    def to_python(self, value: str) -> int:
        """Raises ValidationError, which Werkzeug answers with 404."""
        number = whole(value, 1, self.most)
        if number is None:
            raise ValidationError
        return number
