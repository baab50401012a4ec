"""What an .xls workbook stream says about itself: passwords, sheets and error cells.

BIFF, the records of Excel 5 to 2003: two bytes of type, two of length, then the content.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from crmadmin.imports.reader.compound import Compound
from crmadmin.imports.records import FileRefused

ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
"""The codes of errors in .xls and .xlsb files, and what Excel shows for them."""

_BOF, _EOF, _FILEPASS, _BOUNDSHEET = 0x0809, 0x000A, 0x002F, 0x0085
_FORMULA, _BOOLERR = 0x0006, 0x0205
_FORMULA_ERROR = 2


def workbook_stream(content: bytes) -> bytes:
    """The workbook in a compound file. Raises FileRefused (`file_encrypted` among them)."""
    compound = Compound(content)
    if "encryptedpackage" in compound.names:
        raise FileRefused("file_encrypted")
    for name in ("workbook", "book"):
        if name in compound.names:
            stream = compound.stream(name)
            if not stream.startswith(_BOF.to_bytes(2, "little")):
                raise FileRefused("file_damaged")
            if any(kind == _FILEPASS for kind, _, _ in _substream(stream, 0)):
                raise FileRefused("file_encrypted")
            return stream
    raise FileRefused("file_not_spreadsheet")


def error_cells(stream: bytes, sheet: int) -> dict[tuple[int, int], str]:
    """The error cells of the sheet with this index: (row, counted from 1; column) -> text."""
    bound = [at for kind, at, length in _substream(stream, 0) if kind == _BOUNDSHEET and length > 4]
    found: dict[tuple[int, int], str] = {}
    if sheet >= len(bound):
        return found
    (start,) = struct.unpack_from("<L", stream, bound[sheet])
    for kind, at, length in _substream(stream, start):
        code = None
        if kind == _BOOLERR and length >= 8 and stream[at + 7]:
            code = stream[at + 6]
        elif kind == _FORMULA and length >= 14 and stream[at + 12 : at + 14] == b"\xff\xff":
            code = stream[at + 8] if stream[at + 6] == _FORMULA_ERROR else None
        if code is not None:
            row, column = struct.unpack_from("<2H", stream, at)
            found[row + 1, column] = ERRORS.get(code, "#N/A")
    return found


def _substream(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """The type, place and length of the records from a BOF to its EOF, without inner streams."""
    depth = 0
    end = len(stream) - 4
    unpack = struct.Struct("<2H").unpack_from
    while at <= end:
        kind, length = unpack(stream, at)
        at += 4
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth == 1 and at + length <= len(stream):
            yield kind, at, length
        at += length
