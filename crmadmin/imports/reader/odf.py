"""Where the error cells of an .ods file are, and whether it is encrypted.

LibreOffice marks a cell with an error as such and shows the error as its text; other programs
write the text only, as the result of a formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from crmadmin.imports.reader import xmlwalk
from crmadmin.imports.records import FileRefused

MIME_START = b"application/vnd.oasis.opendocument.spreadsheet"
_MARKS = (b'value-type="error"', b"value-type='error'", b">#", b">Err:", b'="#', b"='#")
_ERROR_TEXT = re.compile(r"#N/A|#(?:NULL|DIV/0|VALUE|REF|NUM)!|#NAME\?|Err:[0-9]{3}")
_MOST_ERRORS = 2_000_000


def has_mark(window: bytes) -> bool:
    """Whether an error cell may be in this piece of the content."""
    return any(mark in window for mark in _MARKS)


def is_encrypted(manifest: bytes) -> bool:
    return b"encryption-data" in manifest


def error_cells(chunks: Iterable[bytes], table: int) -> dict[tuple[int, int], str]:
    """The error cells of the table with this index: (row, counted from 1; column) -> text."""
    return _Walk(table).walk(chunks)


class _Walk(xmlwalk.Walk):
    """Keeps the place in the tables while the parser goes through rows and cells."""

    def __init__(self, table: int) -> None:
        super().__init__()
        self.found: dict[tuple[int, int], str] = {}
        self._tables_left, self._within = table + 1, 0
        self._row, self._row_repeats = 1, 0
        self._column, self._column_repeats = 0, 0
        self._value, self._is_error = "", False

    def walk(self, chunks: Iterable[bytes]) -> dict[tuple[int, int], str]:
        self.feed(chunks)
        return self.found

    def begins(self, name: str, attributes: list[str]) -> None:
        if name == "table":
            self._within += 1
            self._tables_left -= self._within == 1
        if self._tables_left or self._within != 1:
            # Not in the wanted table, or in one that stands in a cell of it.
            return
        if name in ("table-cell", "covered-table-cell"):
            self._column += self._column_repeats
            self._column_repeats = _repeats(attributes, "table:number-columns-repeated")
            self._is_error = "error" in attributes
            if self._is_error or "table:formula" in attributes:
                self._value = xmlwalk.value(attributes, "office:string-value")
                self.listen()
        elif name == "table-row":
            self._row += self._row_repeats
            self._row_repeats = _repeats(attributes, "table:number-rows-repeated")
            self._column = self._column_repeats = 0

    def ends(self, name: str, text: str) -> None:
        if name == "table":
            self._within -= 1
        elif name in ("table-cell", "covered-table-cell"):
            shown = next(filter(_ERROR_TEXT.fullmatch, (text.strip(), self._value)), None)
            if self._is_error or shown:
                self._note(shown or "#N/A")

    def _note(self, text: str) -> None:
        if len(self.found) + self._column_repeats * self._row_repeats > _MOST_ERRORS:
            raise FileRefused("file_too_large")
        for row in range(self._row, self._row + self._row_repeats):
            for column in range(self._column, self._column + self._column_repeats):
                self.found[row, column] = text


def _repeats(attributes: list[str], name: str) -> int:
    """How often a row or cell stands there; no sheet has more than a million of either."""
    if name not in attributes:
        return 1
    written = xmlwalk.value(attributes, name)
    return min(int(written), 2**21) if written.isdecimal() and len(written) < 12 else 1
