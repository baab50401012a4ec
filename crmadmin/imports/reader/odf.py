"""Where the error cells of an .ods file are, and whether it is encrypted.

LibreOffice marks a cell with an error as such and shows the error as its text; other programs
write the text only, as the result of a formula. Names with their usual prefixes, as calamine
takes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from crmadmin.imports.reader import xmlrows
from crmadmin.imports.records import FileRefused

MIME_START = b"application/vnd.oasis.opendocument.spreadsheet"
_MARKS = (b'value-type="error"', b"value-type='error'", b">#", b">Err:", b'="#', b"='#")
_ERROR_TEXT = re.compile(r"#N/A|#(?:NULL|DIV/0|VALUE|REF|NUM)!|#NAME\?|Err:[0-9]{3}")
_START = re.compile(rb"<table:table(?:-row)?(?=[\s/>])")
_TABLE = re.compile(rb"<table:table[\s/>]")
_ROW_END = re.compile(rb"</table:table-row\s*>")
_ROWS_REPEATED = re.compile(rb"""<[^>]*?\stable:number-rows-repeated=["']([0-9]{1,9})["']""")
_CELLS = ("table-cell", "covered-table-cell")


def has_mark(window: bytes) -> bool:
    """Whether an error cell may be in this piece of the content."""
    return any(mark in window for mark in _MARKS)


def is_encrypted(manifest: bytes) -> bool:
    return b"encryption-data" in manifest


def error_cells(chunks: Iterable[bytes], table: int) -> dict[tuple[int, int], str]:
    """The error cells of the table with this index: (row, counted from 1; column) -> text."""
    found: dict[tuple[int, int], str] = {}
    number = 1
    for piece in xmlrows.pieces(chunks, _START):
        if _TABLE.match(piece):
            table -= 1
        elif table == -1:
            written = _ROWS_REPEATED.match(piece)
            repeats = min(int(written[1]), 2**21) if written else 1
            row = xmlrows.whole(piece, _ROW_END) if has_mark(piece) else b""
            for column, text in _errors_in_row(row):
                if len(found) + repeats > xmlrows.MOST_ERRORS:
                    raise FileRefused("file_too_large")
                found.update(((row, column), text) for row in range(number, number + repeats))
            number += repeats
    return found


def _errors_in_row(row: bytes) -> Iterator[tuple[int, str]]:
    column = 0
    for cell in xmlrows.elements(row) if row else ():
        if cell.name in _CELLS:
            repeats = _repeats(cell.attributes.get("table:number-columns-repeated", ""))
            text = _error(cell.attributes, cell.text)
            if text:
                yield from ((place, text) for place in range(column, column + repeats))
            column += repeats


def _error(attributes: Mapping[str, str], text: str) -> str | None:
    is_marked = any(value == "error" for value in attributes.values())
    if not is_marked and "table:formula" not in attributes:
        return None
    texts = (text.strip(), attributes.get("office:string-value", ""))
    return next(filter(_ERROR_TEXT.fullmatch, texts), "#N/A" if is_marked else None)


def _repeats(written: str) -> int:
    """How often a cell stands there; no sheet has more than a million."""
    return min(int(written), 2**21) if written.isdecimal() and len(written) < 12 else 1
