"""Going through a large XML part for a few of its elements, with as few calls as that takes.

The parser speaks up for every element, so a part of millions of cells is a matter of what is not
done for each: no names taken apart twice, no attributes made a dictionary, and texts only where
one is listened for.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.parsers import expat

from crmadmin.imports.records import FileRefused

MOST_DEPTH = 256
"""So many elements within each other are in no honest part."""


class Walk:
    """One way through a part. `begins` and `ends` are what a subclass does on its way."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.ordered_attributes = True
        self._parser.StartElementHandler = self._start
        self._names = _LocalNames()
        self._depth = 0
        self._listening = 0
        self._texts: list[str] = []

    def begins(self, name: str, attributes: list[str]) -> None:
        """An element begins. `name` has no prefix; `attributes` are names and values in turn."""
        raise NotImplementedError

    def ends(self, name: str, text: str) -> None:
        """An element ends. `text` is what was heard in it; "" if nobody listened."""
        raise NotImplementedError

    def listen(self) -> None:
        """Hear the texts in the element that begins, up to its end."""
        if not self._listening:
            self._listening = self._depth
            self._texts.clear()
            self._parser.CharacterDataHandler = self._texts.append

    def feed(self, chunks: Iterable[bytes]) -> None:
        """Go through a part. Raises FileRefused: `file_damaged`, `file_unsafe`."""
        self._parser.EndElementHandler = self._end
        feed(self._parser, chunks)

    def _start(self, tag: str, attributes: list[str]) -> None:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise FileRefused("file_unsafe")
        self.begins(self._names[tag], attributes)

    def _end(self, tag: str) -> None:
        text = ""
        if self._listening == self._depth:
            text = "".join(self._texts)
            self._listening = 0
            self._parser.CharacterDataHandler = None
        self._depth -= 1
        self.ends(self._names[tag], text)


class _LocalNames(dict[str, str]):
    """Names without their prefixes, each taken apart once."""

    def __missing__(self, tag: str) -> str:
        self[tag] = name = tag.rpartition(":")[2]
        return name


def value(attributes: list[str], name: str) -> str:
    """The value of an attribute, or "" without it."""
    for place in range(0, len(attributes), 2):
        if attributes[place] == name:
            return attributes[place + 1]
    return ""


def feed(parser: expat.XMLParserType, chunks: Iterable[bytes]) -> None:
    """Parse a part. Raises FileRefused (`file_damaged`)."""
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise FileRefused("file_damaged") from error
