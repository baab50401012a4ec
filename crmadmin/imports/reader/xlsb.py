"""What an .xlsb package says about itself: its sheets and their error cells.

Records of one or two bytes of type and one to four of length, seven bits each; see [MS-XLSB].
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from crmadmin.imports.reader.biff import ERRORS
from crmadmin.imports.records import FileRefused

_ROW, _CELL_ERROR, _FORMULA_ERROR, _BUNDLE_SHEET = 0, 3, 11, 156
_NO_TEXT = 0xFFFFFFFF
_MOST_RECORDS = 20_000_000
"""No honest sheet of 50 MiB has more."""
_CODES = b"[\\x00\\x07\\x0f\\x17\\x1d\\x24\\x2a\\x2b]"
_MARK = re.compile(
    b"(?s:\\x03\\x09|\\x0b[\\x0c-\\x7f]|\\x0b[\\x80-\\xff][\\x01-\\x7f])"
    b"(?s:..\\x00\\x00....)" + _CODES
)
"""The beginning of a record of an error cell: type, length, column, style, code."""


def has_mark(window: bytes) -> bool:
    """Whether an error cell may be in this piece of a sheet; never False when there is one."""
    return _MARK.search(window) is not None


def sheet_ids(workbook: bytes) -> list[str]:
    """The relation of each sheet, in the workbook's order."""
    found = []
    for kind, at, length in _records(workbook):
        if kind == _BUNDLE_SHEET and length >= 12:
            (letters,) = struct.unpack_from("<L", workbook, at + 8)
            if letters == _NO_TEXT:
                # A sheet without a part of its own; calamine does not count it either.
                continue
            text = workbook[at + 12 : at + min(12 + 2 * letters, length)]
            found.append(text.decode("utf-16-le", "replace"))
    return found


def error_cells(sheet: bytes) -> dict[tuple[int, int], str]:
    """The error cells of a sheet part: (row, counted from 1; column) -> what Excel shows."""
    found: dict[tuple[int, int], str] = {}
    row = 0
    for kind, at, length in _records(sheet):
        if kind == _ROW and length >= 4:
            (row,) = struct.unpack_from("<L", sheet, at)
        elif kind in (_CELL_ERROR, _FORMULA_ERROR) and length >= 9:
            (column,) = struct.unpack_from("<L", sheet, at)
            found[row + 1, column] = ERRORS.get(sheet[at + 8], "#N/A")
    return found


def _records(part: bytes) -> Iterator[tuple[int, int, int]]:
    """The type, place and length of every record.

    Raises FileRefused: `file_damaged`, `file_too_large`.
    """
    at, end = 0, len(part)
    for _ in range(_MOST_RECORDS):
        if at >= end:
            return
        kind = part[at]
        at += 1
        if kind > 0x7F and at < end:
            kind = (kind & 0x7F) | (part[at] & 0x7F) << 7
            at += 1
        length = shift = 0
        while at < end and shift < 28:
            byte = part[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if at + length > end:
            raise FileRefused("file_damaged")
        yield kind, at, length
        at += length
    raise FileRefused("file_too_large")
