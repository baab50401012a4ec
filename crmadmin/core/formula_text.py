"""What a spreadsheet program would take for a formula in a CSV file, kept as text.

A CSV file does not say what parts its cells: a program that was set to `;` cuts `a;=1+1` in two,
whatever the file was written with. So an apostrophe goes in front of whatever would begin like a
formula if any delimiter or line break before it ended a cell. `unescape` takes them off again.
"""

from __future__ import annotations

import re

STARTS = "=+-@＝＋－＠"
"""What a formula begins with, full-width forms included."""
DELIMITERS = ";,\t|\r\n"
"""What may end a cell, however the file was written."""

_PLAIN_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,]*")
_PLAIN_PART = re.compile(rf" *[+-][0-9][0-9 .]*(?=[{DELIMITERS}]|\Z)")
_HAS_START = re.compile(f"[{STARTS}]")
_HAS_DELIMITER = re.compile(f"[{DELIMITERS}]")
_PASSED_OVER = frozenset("'\" \t\r\n")
"""What a program may skip, or take for a quotation, before it sees the formula."""
_STARTS = frozenset(STARTS)
_DELIMITERS = frozenset(DELIMITERS)


def escape(text: str) -> str:
    """The text for a CSV cell. A plain number such as +84912345678 stays as it is."""
    places = _places(text)
    if not places:
        return text
    parts, last = [], 0
    for place in places:
        parts += [text[last:place], "'"]
        last = place
    return "".join([*parts, text[last:]])


def unescape(text: str) -> str:
    """The text that `escape` was given; what it never gave stays as it is.

    One apostrophe at the very beginning is taken off although others are missing: files of earlier
    versions have no others.
    """
    if "'" not in text:
        return text
    marks = {place for place in _places(text) if text[place] == "'"}
    bare = "".join(letter for place, letter in enumerate(text) if place not in marks)
    if escape(bare) == text:
        return bare
    is_old = text[0] == "'" and _places(text[1:])[:1] == [0]
    return text[1:] if is_old else text


def _places(text: str) -> list[int]:
    """Where a cell might begin whose text would be taken for a formula, in order."""
    if not text or not (_HAS_START.search(text) or text.lstrip("'")[:1] in ("\t", "\r", "\n")):
        return []
    first = _begins_badly(text)
    if not _HAS_DELIMITER.search(text):
        return [0] if first else []
    # From the end, so that each letter is looked at once however long the runs between are.
    leads = False
    found = []
    for place in range(len(text) - 1, 0, -1):
        letter = text[place]
        leads = letter in _STARTS or (leads and letter in _PASSED_OVER)
        if leads and text[place - 1] in _DELIMITERS and not _PLAIN_PART.match(text, place):
            found.append(place)
    return [0, *reversed(found)] if first else found[::-1]


def _begins_badly(text: str) -> bool:
    bare = text.lstrip("'")
    if bare[:1] in ("\t", "\r", "\n"):
        return True
    bare = bare.lstrip("'\" ")
    return bare[:1] in _STARTS and bool(bare) and not _PLAIN_NUMBER.fullmatch(text)
