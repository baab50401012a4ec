"""What an .xlsx or .xlsb package says about its sheets, and where .xlsx sheets have error cells.

python-calamine gives `''` for `#N/A` and its kin, which would turn an error into a blank.
`error_cells` walks a part's XML, but only when a mark of error cells was seen in it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Any
from xml.parsers import expat

from crmadmin.imports.records import FileRefused

MOST_DEPTH = 256
"""So many elements within each other are in no honest part."""
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
    walk = _Walk()
    _parse(chunks, walk.start, walk.end, walk.data)
    return walk.found


def _elements(part: bytes) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        found.append((tag.rpartition(" ")[2], attributes))

    _parse([part], start)
    return found


def _parse(chunks: Iterable[bytes], start: Any, end: Any = None, data: Any = None) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = data
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise FileRefused("file_damaged") from error


class _Walk:
    """Keeps the place in the sheet while the parser goes through rows and cells."""

    def __init__(self) -> None:
        self.found: dict[tuple[int, int], str] = {}
        self.row = 0
        self.column = -1
        self.text: list[str] | None = None
        self.in_error = False
        self.depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise FileRefused("file_unsafe")
        name = tag.rpartition(" ")[2]
        if name == "row":
            number = attributes.get("r", "")
            self.row = int(number) if number.isdecimal() else self.row + 1
            self.column = -1
        elif name == "c":
            reference = attributes.get("r")
            self.column = column_index(reference) if reference else self.column + 1
            self.in_error = attributes.get("t") == "e"
        elif name == "v" and self.in_error:
            self.text = []

    def end(self, tag: str) -> None:
        self.depth -= 1
        name = tag.rpartition(" ")[2]
        if name == "v" and self.text is not None:
            self.found[self.row, self.column] = "".join(self.text)
            self.text = None
        elif name == "c":
            self.in_error = False

    def data(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)


def column_index(reference: str) -> int:
    """The column of a cell reference counted from zero: `A1` is 0, `XFD1` is 16383."""
    index = 0
    for letter in reference:
        if not ("A" <= letter <= "Z"):
            break
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1
