"""What an .xlsx or .xlsb package says about its sheets, and where .xlsx sheets have error cells.

python-calamine gives `''` for `#N/A` and its kin, which would turn an error into a blank.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from crmadmin.imports.reader import xmlrows
from crmadmin.imports.records import FileRefused

_MARKS = (b'"e"', b"'e'")
_ROW = re.compile(rb"<(?:[\w.-]+:)?row(?=[\s/>])")
_PLAIN_ROW = re.compile(rb"<row(?=[\s/>])")
_ROW_END = re.compile(rb"</(?:[\w.-]+:)?row\s*>")
_NUMBER = re.compile(rb"""<[^>]*?\sr\s*=\s*["']([0-9]{1,9})["']""")


def has_mark(window: bytes) -> bool:
    """Whether an error cell may be in this piece of a sheet."""
    return any(mark in window for mark in _MARKS)


def cost(window: bytes) -> int:
    """The memory that this piece takes at the very least (measured; texts take more)."""
    inline = window.count(b"<is>")
    texts = inline + window.count(b' t="s"')
    return 64 * (inline + window.count(b"<v>")) + 24 * texts + 40 * window.count(b"<si>")


def sheet_ids(workbook: bytes) -> list[str]:
    """The relation of each sheet, in the workbook's order."""
    return [
        next((value for key, value in sheet.attributes.items() if key.endswith(":id")), "")
        for sheet in xmlrows.elements(workbook)
        if sheet.name == "sheet"
    ]


def relations(content: bytes, part: str) -> dict[str, str]:
    """The parts that `part` refers to by the id of the relation; `content` is that of its .rels."""
    found = {}
    for element in xmlrows.elements(content):
        if element.name == "Relationship":
            target = element.attributes.get("Target", "")
            name = posixpath.normpath(posixpath.join("/" + posixpath.dirname(part), target))
            found[element.attributes.get("Id", "")] = name.lstrip("/")
    return found


def relations_name(part: str) -> str:
    """The name of the part that holds the relations of `part`."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def error_cells(chunks: Iterable[bytes]) -> dict[tuple[int, int], str]:
    """(row number as Excel shows it, column from zero) -> the error's text, such as `#N/A`.

    Raises FileRefused: `file_damaged`, `file_unsafe`, `file_too_large`.
    """
    found: dict[tuple[int, int], str] = {}
    number = 0
    for row in _rows(chunks):
        written = _NUMBER.match(row)
        number = int(written[1]) if written else number + 1
        if not has_mark(row):
            continue
        column = -1
        in_error = False
        for element in xmlrows.elements(xmlrows.whole(row, _ROW_END)):
            if element.name == "c":
                reference = element.attributes.get("r")
                column = column_index(reference) if reference else column + 1
                in_error = element.attributes.get("t") == "e"
            elif element.name == "v" and in_error:
                found[number, column] = element.text
        if len(found) > xmlrows.MOST_ERRORS:
            raise FileRefused("file_too_large")
    return found


def _rows(chunks: Iterable[bytes]) -> Iterable[bytes]:
    """The rows of a sheet part, each with what follows up to the next."""
    rest = iter(chunks)
    start = next(rest, b"")
    # Nearly all parts are written without a prefix, and a fixed beginning is found much faster.
    pattern = _PLAIN_ROW if _PLAIN_ROW.search(start) else _ROW
    return xmlrows.pieces(_all(start, rest), pattern)


def _all(start: bytes, rest: Iterable[bytes]) -> Iterable[bytes]:
    yield start
    yield from rest


def column_index(reference: str) -> int:
    """The column of a cell reference counted from zero: `A1` is 0, `XFD1` is 16383."""
    index = 0
    for letter in reference:
        if not ("A" <= letter <= "Z"):
            break
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1
