"""Workbooks made by hand, byte by byte, in every format that is read and openpyxl cannot write."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from crmadmin.imports.records import CellError

ERROR_CODES = {
    "#NULL!": 0x00, "#DIV/0!": 0x07, "#VALUE!": 0x0F, "#REF!": 0x17,
    "#NAME?": 0x1D, "#NUM!": 0x24, "#N/A": 0x2A,
}  # fmt: skip
EPOCH, EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)


@dataclass(frozen=True)
class Formula:
    """A formula that came to an error."""

    error: str


Rows = Sequence[Sequence[Any]]
"""None, str, int, float, bool, date, CellError or Formula in each cell; an empty row is blank."""


def compound(path: Path, **streams: bytes) -> Path:
    """An OLE file with these streams, each long enough for sectors of its own."""
    padded = {name: content.ljust(4096, b"\0") for name, content in streams.items()}
    sectors: list[bytes] = []
    follows: list[int] = []

    def add(content: bytes) -> int:
        first = len(sectors)
        parts = [content[at : at + 512].ljust(512, b"\0") for at in range(0, len(content), 512)]
        sectors.extend(parts)
        follows.extend([*range(first + 1, first + len(parts)), 0xFFFFFFFE])
        return first

    starts = {name: add(content) for name, content in padded.items()}
    entries = _entry("Root Entry", 5, 0xFFFFFFFE, 0)
    for name, content in padded.items():
        entries += _entry(name, 2, starts[name], len(content))
    directory = add(entries)
    more = len(sectors) // (128 * 127)
    tables = -(-(len(follows) + len(follows) // 120 + 2 + more) // 128)
    first_table, first_more = len(sectors), len(sectors) + tables
    follows += [0xFFFFFFFD] * tables + [0xFFFFFFFC] * more
    table = struct.pack(f"<{len(follows)}L", *follows).ljust(tables * 512, b"\xff")
    numbers = [*range(first_table, first_table + tables)]
    numbers += [0xFFFFFFFF] * (109 + 127 * more - tables)
    for at in range(more):
        following = first_more + at + 1 if at + 1 < more else 0xFFFFFFFE
        table += struct.pack("<128L", *numbers[109 + 127 * at : 236 + 127 * at], following)
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 16
        + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
        + struct.pack("<7L", 0, tables, directory, 0, 4096, 0xFFFFFFFE, 0)
        + struct.pack("<2L", first_more if more else 0xFFFFFFFE, more)
        + struct.pack("<109L", *numbers[:109])
    )
    path.write_bytes(header + b"".join(sectors) + table)
    return path


def _entry(name: str, kind: int, start: int, size: int) -> bytes:
    letters = name.encode("utf-16-le") + b"\0\0"
    return (
        letters.ljust(64, b"\0")
        + struct.pack("<HBB3L", len(letters), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
        + b"\0" * 36
        + struct.pack("<LQ", start, size)
    )


def xls(
    path: Path, rows: Rows, *, since_1904: bool = False, password: bool = False, first: Rows = ()
) -> Path:
    """A BIFF8 workbook of the sheet "S"; `first` are the rows of a hidden sheet before it."""
    sheets = [("Ẩn", 1, first), ("S", 0, rows)] if first else [("S", 0, rows)]
    bodies = [_xls_sheet(cells, since_1904) for _, _, cells in sheets]
    encrypted = _biff(0x002F, struct.pack("<HHH", 0, 1, 1)) if password else b""
    start = _biff(0x0809, struct.pack("<4H8x", 0x0600, 5, 0, 0)) + encrypted
    start += _biff(0x0042, struct.pack("<H", 1200))
    start += _biff(0x0022, struct.pack("<H", since_1904))
    for number_format in (0, 14):
        start += _biff(0x00E0, struct.pack("<2H16x", 0, number_format))
    bounds = [
        struct.pack("<BBB", hidden, 0, len(name)) + b"\1" + name.encode("utf-16-le")
        for name, hidden, _ in sheets
    ]
    at = len(start) + sum(len(bound) + 8 for bound in bounds) + 4
    stream = start
    for bound, body in zip(bounds, bodies, strict=True):
        stream += _biff(0x0085, struct.pack("<L", at) + bound)
        at += len(body)
    return compound(path, Workbook=stream + _biff(0x000A, b"") + b"".join(bodies))


def _biff(kind: int, content: bytes) -> bytes:
    return struct.pack("<2H", kind, len(content)) + content


def _xls_sheet(rows: Rows, since_1904: bool) -> bytes:
    width = max((len(row) for row in rows), default=0)
    body = _biff(0x0809, struct.pack("<4H8x", 0x0600, 16, 0, 0))
    body += _biff(0x0200, struct.pack("<LLHHH", 0, len(rows), 0, width, 0))
    cells = [
        xls_cell(number, column, value, since_1904)
        for number, row in enumerate(rows)
        for column, value in enumerate(row)
        if value is not None
    ]
    return body + b"".join(cells) + _biff(0x000A, b"")


def xls_cell(row: int, column: int, value: Any, since_1904: bool = False) -> bytes:
    place = struct.pack("<3H", row, column, isinstance(value, date))
    if isinstance(value, str):
        return _biff(0x0204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
    if isinstance(value, bool):
        return _biff(0x0205, place + bytes((value, 0)))
    if isinstance(value, CellError):
        return _biff(0x0205, place + bytes((ERROR_CODES[value.text], 1)))
    if isinstance(value, Formula):
        code = ERROR_CODES[value.error]
        result = bytes((2, 0, code, 0, 0, 0, 0xFF, 0xFF))
        return _biff(0x0006, place + result + struct.pack("<HLH", 0, 0, 2) + bytes((0x1C, code)))
    return _biff(0x0203, place + struct.pack("<d", _serial(value, since_1904)))


def _serial(value: Any, since_1904: bool) -> float:
    """A date as the number of days that Excel keeps."""
    if isinstance(value, date):
        return float((value - (EPOCH_1904 if since_1904 else EPOCH)).days)
    return float(value)


def xlsb(path: Path, rows: Rows, *, since_1904: bool = False, extra: bytes = b"") -> Path:
    """A binary package of the sheet "S"; `extra` are more records after its cells."""
    book = brt(131, b"") + brt(153, struct.pack("<LL", since_1904, 0) + _wide(""))
    book += brt(143, b"") + brt(156, struct.pack("<LL", 0, 1) + _wide("rId1") + _wide("S"))
    book += brt(144, b"") + brt(132, b"")
    styles = brt(617, struct.pack("<L", 2))
    styles += b"".join(brt(47, struct.pack("<HH12x", 0, kind)) for kind in (0, 14))
    sheet = brt(129, b"") + brt(148, struct.pack("<4L", 0, len(rows), 0, 10)) + brt(145, b"")
    parts = []
    for number, row in enumerate(rows):
        parts.append(brt(0, struct.pack("<L", number) + b"\0" * 13))
        cells = [(column, value) for column, value in enumerate(row) if value is not None]
        parts += [xlsb_cell(column, value, since_1904) for column, value in cells]
    sheet += b"".join(parts)
    sheet += extra + brt(146, b"") + brt(130, b"")
    links = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/'
        'officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.bin"/>'
        "</Relationships>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/workbook.bin", book)
        made.writestr("xl/_rels/workbook.bin.rels", links)
        made.writestr("xl/styles.bin", styles)
        made.writestr("xl/worksheets/sheet1.bin", sheet)
    return path


def brt(kind: int, content: bytes) -> bytes:
    start = bytes((kind,)) if kind < 128 else bytes((kind & 0x7F | 0x80, kind >> 7))
    length = len(content)
    while length > 0x7F:
        start += bytes((length & 0x7F | 0x80,))
        length >>= 7
    return start + bytes((length,)) + content


def _wide(text: str) -> bytes:
    return struct.pack("<L", len(text)) + text.encode("utf-16-le")


def xlsb_cell(column: int, value: Any, since_1904: bool = False) -> bytes:
    place = struct.pack("<LL", column, isinstance(value, date))
    if isinstance(value, str):
        return brt(6, place + _wide(value))
    if isinstance(value, bool):
        return brt(4, place + bytes((value,)))
    if isinstance(value, CellError):
        return brt(3, place + bytes((ERROR_CODES[value.text],)))
    if isinstance(value, Formula):
        return brt(11, place + bytes((ERROR_CODES[value.error],)) + b"\0" * 12)
    return brt(5, place + struct.pack("<d", _serial(value, since_1904)))


ODS_MIME = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text")
)
_CALC = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'


def ods(
    path: Path, rows: Rows, *, prolog: str = "", manifest: str = "", mime: str = ODS_MIME
) -> Path:
    """An OpenDocument spreadsheet of the sheet "S", as LibreOffice writes it."""
    cells = "".join(ods_row("".join(map(ods_cell, row))) for row in rows)
    return ods_package(path, cells, prolog=prolog, manifest=manifest, mime=mime)


def ods_package(
    path: Path, cells: str, *, prolog: str = "", manifest: str = "", mime: str = ODS_MIME
) -> Path:
    """An OpenDocument spreadsheet whose only table has exactly these rows."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(zipfile.ZipInfo("mimetype"), mime)
        made.writestr(
            "META-INF/manifest.xml", f'<?xml version="1.0"?><manifest>{manifest}</manifest>'
        )
        made.writestr(
            "content.xml",
            f'<?xml version="1.0"?>{prolog}<office:document-content {_ODS_NAMES} {_CALC}>'
            f'<office:body><office:spreadsheet><table:table table:name="S">{cells}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def ods_row(cells: str, repeated: int = 1) -> str:
    more = f' table:number-rows-repeated="{repeated}"' if repeated > 1 else ""
    return f"<table:table-row{more}>{cells}</table:table-row>"


def ods_cell(value: Any, repeated: int = 1) -> str:
    more = f' table:number-columns-repeated="{repeated}"' if repeated > 1 else ""
    if value is None:
        return f"<table:table-cell{more}/>"
    if isinstance(value, CellError):
        kind = 'office:value-type="string" office:string-value="" calcext:value-type="error"'
        return (
            f'<table:table-cell{more} table:formula="of:=NA()" {kind}>'
            f"<text:p>{escape(value.text)}</text:p></table:table-cell>"
        )
    if isinstance(value, Formula):
        return (
            f'<table:table-cell{more} table:formula="of:=NA()" office:value-type="string">'
            f"<text:p>{escape(value.error)}</text:p></table:table-cell>"
        )
    if isinstance(value, bool):
        kind = f'office:value-type="boolean" office:boolean-value="{str(value).lower()}"'
    elif isinstance(value, date):
        kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
    elif isinstance(value, str):
        kind = 'office:value-type="string"'
    else:
        kind = f'office:value-type="float" office:value="{value}"'
    return (
        f"<table:table-cell{more} {kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"
    )
