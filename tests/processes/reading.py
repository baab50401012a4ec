"""How tests read files: helpers that open them, and .xlsx packages made by hand."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from crmadmin.imports.reader import Head, Limits, open_sheet
from crmadmin.imports.records import FileRefused, Row

DATA = Path(__file__).parents[2] / "samples"

CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/'
    '2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-'
    'package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override '
    'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/'
    '2006/relationships/{kind}" Target="{target}"/></Relationships>'
)
WORKBOOK = (
    '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
    'main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
SHEET = (
    '<?xml version="1.0"?>{prolog}<worksheet xmlns="http://schemas.openxmlformats.org/'
    'spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
)


def first(head: Head) -> int | None:
    return head.rows[0].number if head.rows else None


def read(
    path: Path, limits: Limits | None = None, choose: Callable[[Head], int | None] = first
) -> tuple[Row, list[Row]]:
    with open_sheet(path, choose, limits) as reading:
        return reading.header, list(reading.rows)


def refusal(path: Path, limits: Limits | None = None) -> str:
    """The code of the refusal; the rows before it are let go, as an import does."""
    with pytest.raises(FileRefused) as caught, open_sheet(path, first, limits) as reading:
        deque(reading.blocks, maxlen=0)
    return caught.value.code


def verdict(path: Path) -> str:
    """'read', or the code of the refusal."""
    try:
        read(path)
    except FileRefused as refused:
        return refused.code
    return "read"


def saved(path: Path, *rows: tuple[Any, ...], **cells: Any) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for place, value in cells.items():
        book.active[place] = value
    book.save(path)
    return path


def inline(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def package(path: Path, rows: str, prolog: str = "", **more: bytes) -> Path:
    """A workbook made by hand, with one sheet of exactly this XML."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", CONTENT_TYPES)
        made.writestr(
            "_rels/.rels", RELATIONS.format(kind="officeDocument", target="xl/workbook.xml")
        )
        made.writestr("xl/workbook.xml", WORKBOOK)
        made.writestr(
            "xl/_rels/workbook.xml.rels",
            RELATIONS.format(kind="worksheet", target="worksheets/sheet1.xml"),
        )
        made.writestr("xl/worksheets/sheet1.xml", SHEET.format(prolog=prolog, rows=rows))
        for name, content in more.items():
            made.writestr(name, content)
    return path


PARTS = {
    "[Content_Types].xml": CONTENT_TYPES.encode(),
    "_rels/.rels": RELATIONS.format(kind="officeDocument", target="xl/workbook.xml").encode(),
    "xl/workbook.xml": WORKBOOK.encode(),
    "xl/_rels/workbook.xml.rels": RELATIONS.format(
        kind="worksheet", target="worksheets/sheet1.xml"
    ).encode(),
}
SHEET_START, SHEET_END = SHEET.format(prolog="", rows="@").encode().split(b"@")


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def blown_up(
    path: Path,
    part: str,
    *content: tuple[bytes, int],
    parts: dict[str, bytes] | None = None,
    claim: int | None = None,
) -> Path:
    """A package with one part of these pieces, each so many times over, packed without unpacking.

    `claim` is the size that the directory states for it, if not its own.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, small in (PARTS if parts is None else parts).items():
            made.writestr(name, small)
    head = path.read_bytes()
    end = head.rindex(b"PK\x05\x06")
    (count,) = struct.unpack_from("<H", head, end + 10)
    size, at = struct.unpack_from("<2L", head, end + 12)
    packed, crc, length = b"", 0, 0
    for piece, times in content:
        packed += _deflated(piece, zlib.Z_FULL_FLUSH) * times
        length += len(piece) * times
        for _ in range(times):
            crc = zlib.crc32(piece, crc)
    packed += _deflated(b"", zlib.Z_FINISH)
    sizes = (crc, len(packed), length if claim is None else claim, len(part), 0)
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, *sizes) + part.encode()
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, *sizes, 0, 0, 0, 0, at)
    entries = head[at : at + size] + entry + part.encode()
    body = head[:at] + local + packed
    tail = (0, 0, count + 1, count + 1, len(entries), len(body), 0)
    path.write_bytes(body + entries + struct.pack("<4s4H2LH", b"PK\x05\x06", *tail))
    return path


def _deflated(piece: bytes, how: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(piece) + packer.flush(how)
