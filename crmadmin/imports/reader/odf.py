"""Where the error cells of an .ods file are, and whether it is encrypted.

LibreOffice marks a cell with an error as such and shows the error as its text; other programs
write the text only, as the result of a formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.parsers import expat

from crmadmin.imports.reader.ooxml import MOST_DEPTH
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
    walk = _Walk(table)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = walk.start
    parser.EndElementHandler = walk.end
    parser.CharacterDataHandler = walk.data
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise FileRefused("file_damaged") from error
    return walk.found


class _Walk:
    """Keeps the place in the tables while the parser goes through rows and cells."""

    def __init__(self, table: int) -> None:
        self.found: dict[tuple[int, int], str] = {}
        self._tables_left, self._depth = table + 1, 0
        self._elements = 0
        self._row, self._row_repeats = 0, 1
        self._column, self._column_repeats = 0, 1
        self._in_row: list[tuple[int, int, str]] = []
        self._text: list[str] | None = None
        self._value: str | None = None
        self._is_error = self._is_formula = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MOST_DEPTH:
            raise FileRefused("file_unsafe")
        name = tag.rpartition(" ")[2]
        if name == "table":
            self._depth += 1
            self._tables_left -= self._depth == 1
        if not self._is_inside():
            return
        plain = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        if name == "table-row":
            self._row_repeats = _repeats(plain.get("number-rows-repeated"))
            self._column, self._in_row = 0, []
        elif name in ("table-cell", "covered-table-cell"):
            self._column_repeats = _repeats(plain.get("number-columns-repeated"))
            self._is_formula = "formula" in plain
            self._is_error = any(
                value == "error" and key.endswith("value-type") for key, value in attributes.items()
            )
            self._value = plain.get("string-value")
            self._text = [] if self._is_error or self._is_formula else None

    def end(self, tag: str) -> None:
        self._elements -= 1
        name = tag.rpartition(" ")[2]
        if name == "table":
            self._depth -= 1
        if not self._is_inside():
            return
        if name in ("table-cell", "covered-table-cell"):
            self._end_cell()
        elif name == "table-row":
            self._end_row()

    def _is_inside(self) -> bool:
        """Whether the parser is in the wanted table, and not in one that stands in its cells."""
        return self._tables_left == 0 and self._depth == 1

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end_cell(self) -> None:
        if self._text is not None:
            texts = ("".join(self._text).strip(), self._value or "")
            shown = next(filter(_ERROR_TEXT.fullmatch, texts), None)
            if self._is_error or shown:
                self._in_row.append((self._column, self._column_repeats, shown or "#N/A"))
        self._text = None
        self._column += self._column_repeats

    def _end_row(self) -> None:
        cells = sum(repeats for _, repeats, _ in self._in_row)
        if len(self.found) + cells * self._row_repeats > _MOST_ERRORS:
            raise FileRefused("file_too_large")
        for column, repeats, text in self._in_row:
            for row in range(self._row + 1, self._row + 1 + self._row_repeats):
                for place in range(column, column + repeats):
                    self.found[row, place] = text
        self._row += self._row_repeats


def _repeats(written: str | None) -> int:
    """How often a row or cell stands there; no sheet has more than a million of either."""
    return min(int(written), 2**21) if written and written.isdecimal() and len(written) < 12 else 1
