"""Where the error cells of a worksheet part are.

python-calamine gives `''` for `#N/A` and its kin, which would turn an error into a blank.
This walks the part's XML, but only when `guard` saw a mark of error cells in it.
"""

from __future__ import annotations

import posixpath
import zipfile
from typing import BinaryIO
from xml.parsers import expat

from crmadmin.imports.reader.guard import inflate
from crmadmin.imports.records import FileRefused


def worksheet_part(package: zipfile.ZipFile, sheet_name: str) -> str | None:
    """The name of the part that holds the sheet, or None if the package does not say."""
    workbook = next((n for n in package.namelist() if n.lower().endswith("workbook.xml")), None)
    if workbook is None:
        return None
    ids: dict[str, str] = {}
    for tag, attributes in _elements(package, workbook):
        if tag == "sheet":
            relation = next((v for k, v in attributes.items() if k.endswith(" id")), "")
            ids[attributes.get("name", "")] = relation
    folder = posixpath.dirname(workbook)
    relations = posixpath.join(folder, "_rels", posixpath.basename(workbook) + ".rels")
    if relations not in package.namelist():
        return None
    for tag, attributes in _elements(package, relations):
        if tag == "Relationship" and attributes.get("Id") == ids.get(sheet_name, ""):
            target = attributes.get("Target", "")
            return posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")
    return None


def _elements(package: zipfile.ZipFile, part: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        found.append((tag.rpartition(" ")[2], attributes))

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    try:
        parser.Parse(package.read(part), True)
    except expat.ExpatError as error:
        raise FileRefused("file_damaged") from error
    return found


class _Walk:
    """Keeps the place in the sheet while the parser goes through rows and cells."""

    def __init__(self) -> None:
        self.found: dict[tuple[int, int], str] = {}
        self.row = 0
        self.column = -1
        self.text: list[str] | None = None
        self.in_error = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
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


def find(file: BinaryIO, entry: zipfile.ZipInfo) -> dict[tuple[int, int], str]:
    """(row number as Excel shows it, column from zero) -> the error's text, such as `#N/A`."""
    walk = _Walk()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = walk.start
    parser.EndElementHandler = walk.end
    parser.CharacterDataHandler = walk.data
    try:
        for chunk in inflate(file, entry):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise FileRefused("file_damaged") from error
    return walk.found
