"""What an .xlsx or .xlsb package says about its sheets, and where .xlsx sheets have error cells.

python-calamine gives `''` for `#N/A` and its kin, which would turn an error into a blank.
`error_cells` walks a part's XML, but only when a mark of error cells was seen in it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from xml.parsers import expat

from crmadmin.imports.reader import xmlwalk

_MARKS = (b'"e"', b"'e'")


def has_mark(window: bytes) -> bool:
    """Whether an error cell may be in this piece of a sheet."""
    return any(mark in window for mark in _MARKS)


def sheet_ids(workbook: bytes) -> list[str]:
    """The relation of each sheet, in the workbook's order."""
    return [
        next((value for key, value in attributes.items() if key.endswith(" id")), "")
        for tag, attributes in _elements(workbook)
        if tag == "sheet"
    ]


def relations(content: bytes, part: str) -> dict[str, str]:
    """The parts that `part` refers to by the id of the relation; `content` is that of its .rels."""
    found = {}
    for tag, attributes in _elements(content):
        if tag == "Relationship":
            target = posixpath.join("/" + posixpath.dirname(part), attributes.get("Target", ""))
            found[attributes.get("Id", "")] = posixpath.normpath(target).lstrip("/")
    return found


def relations_name(part: str) -> str:
    """The name of the part that holds the relations of `part`."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def error_cells(chunks: Iterable[bytes]) -> dict[tuple[int, int], str]:
    """(row number as Excel shows it, column from zero) -> the error's text, such as `#N/A`."""
    return _Walk().walk(chunks)


def _elements(part: bytes) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def start(tag: str, attributes: dict[str, str]) -> None:
        found.append((tag.rpartition(" ")[2], attributes))

    parser.StartElementHandler = start
    xmlwalk.feed(parser, [part])
    return found


class _Walk(xmlwalk.Walk):
    """Keeps the place in the sheet while the parser goes through rows and cells."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[tuple[int, int], str] = {}
        self._row = 0
        self._reference, self._after = "", 0
        self._in_error = False

    def walk(self, chunks: Iterable[bytes]) -> dict[tuple[int, int], str]:
        self.feed(chunks)
        return self.found

    def begins(self, name: str, attributes: list[str]) -> None:
        if name == "c":
            if "r" in attributes:
                self._reference, self._after = xmlwalk.value(attributes, "r"), 0
            else:
                self._after += 1
            self._in_error = "e" in attributes and xmlwalk.value(attributes, "t") == "e"
        elif name == "row":
            number = xmlwalk.value(attributes, "r")
            self._row = int(number) if number.isdecimal() else self._row + 1
            self._reference, self._after = "", 0
        elif name == "v" and self._in_error:
            self.listen()

    def ends(self, name: str, text: str) -> None:
        if name == "v":
            self.found[self._row, column_index(self._reference) + self._after] = text


def column_index(reference: str) -> int:
    """The column of a cell reference counted from zero: `A1` is 0, `XFD1` is 16383."""
    index = 0
    for letter in reference:
        if not ("A" <= letter <= "Z"):
            break
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1
