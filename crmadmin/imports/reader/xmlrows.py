"""The rows of a large XML part as pieces of text, so that only those of interest are parsed.

A parser speaks up for every element, and there are millions of cells but few errors: cutting the
part at its rows and parsing the rows with a mark takes a twentieth of the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple
from xml.parsers import expat

from crmadmin.imports.records import FileRefused

MOST_ERRORS = 1_048_576
"""So many cells with an error are taken from one sheet: one for each row that Excel has."""
_MOST_BYTES = 64 * 1024 * 1024
_LONGEST_START = 256
_MOST_DEPTH = 256
"""So many elements within each other are in no honest part."""
LONGEST_TEXT = 256
"""Characters of a text that anybody asks for: an error such as `#DIV/0!` has a dozen."""


def pieces(chunks: Iterable[bytes], start: re.Pattern[bytes]) -> Iterator[bytes]:
    """The content from each match of `start` up to the next. FileRefused for an endless one."""
    held = bytearray()
    is_open = False
    searched = 0
    for chunk in chunks:
        held += chunk
        found = [match.start() for match in start.finditer(held, searched)]
        bounds = [0, *found] if is_open else found
        for place, following in pairwise(bounds):
            yield bytes(held[place:following])
        if bounds:
            is_open = True
            del held[: bounds[-1]]
        # What was found is not searched again, but a beginning that the chunk cut off is.
        searched = max(int(is_open), len(held) - _LONGEST_START)
        if len(held) > _MOST_BYTES:
            raise FileRefused("file_unsafe")
    if is_open:
        yield bytes(held)


def whole(piece: bytes, end: re.Pattern[bytes]) -> bytes:
    """The element with which a piece begins. FileRefused (`file_damaged`) if it does not end."""
    start = piece[: piece.find(b">") + 1]
    if start.endswith(b"/>"):
        return start
    found = end.search(piece)
    if found is None:
        raise FileRefused("file_damaged")
    return piece[: found.end()]


class Element(NamedTuple):
    """One element of a piece. Its text lies in the piece's `texts` from `first` on."""

    name: str
    attributes: dict[str, str]
    texts: list[str]
    first: int
    ends: list[int]
    """Where the text of each element of the piece ends, by the element's own number."""
    number: int

    @property
    def text(self) -> str:
        """All of the text in it, cut at LONGEST_TEXT characters.

        Cells may lie within each other, each with a text that holds those of all inside: without
        the cut a few kilobytes would be joined over and over for minutes.
        """
        found, length = [], 0
        for place in range(self.first, self.ends[self.number]):
            found.append(self.texts[place])
            length += len(found[-1])
            if length > LONGEST_TEXT:
                break
        return "".join(found)[:LONGEST_TEXT]


def elements(content: bytes) -> list[Element]:
    """The elements of a part, or of an element cut out of one, as they begin; no prefixes.

    Linear in the content, however deep its elements lie within each other. Raises FileRefused:
    `file_damaged`, `file_unsafe`.
    """
    found: list[Element] = []
    within: list[int] = []
    texts: list[str] = []
    ends: list[int] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(within) >= _MOST_DEPTH:
            raise FileRefused("file_unsafe")
        number = len(found)
        found.append(Element(tag.rpartition(":")[2], attributes, texts, len(texts), ends, number))
        ends.append(len(texts))
        within.append(number)

    def end(_tag: str) -> None:
        ends[within.pop()] = len(texts)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = texts.append
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise FileRefused("file_damaged") from error
    return found
