"""What the reader makes of hostile and broken files. Every file is made here."""

from __future__ import annotations

import resource
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from reading import (
    DATA,
    PARTS,
    SHEET,
    SHEET_END,
    SHEET_START,
    blown_up,
    inline,
    package,
    parts_of,
    read,
    refusal,
    saved,
    verdict,
)
from workbooks import (
    ODS_MIME,
    Formula,
    brt,
    ods,
    ods_cell,
    ods_package,
    ods_row,
    xls,
    xls_cell,
    xlsb,
    xlsb_cell,
)

from crmadmin.imports.messages import FILE_SENTENCES
from crmadmin.imports.reader import Limits
from crmadmin.imports.reader.limits import MEBIBYTE
from crmadmin.imports.records import FileRefused


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tep.xlsx"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_not_spreadsheet"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 100, "file_not_spreadsheet"),
        (b"<html><table><tr><td>a</td></tr></table></html>", "file_not_spreadsheet"),
        (b"PK\x03\x04" + b"\0" * 50, "file_damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file_damaged"),
        (b"\x09\x04\x06\x00\x00\x04\x10\x00" + b"\0" * 60, "file_unsupported"),
    ],
)
def test_what_is_no_workbook_is_refused_by_its_kind(file: Path, content: bytes, code: str) -> None:
    file.write_bytes(content)
    assert refusal(file) == code


def test_a_zip_of_something_else_is_no_spreadsheet(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("word/document.xml", "<x/>")
        made.writestr("[Content_Types].xml", "<x/>")
    assert refusal(file) == "file_not_spreadsheet"


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95, 0.999])
def test_a_truncated_workbook_is_damaged(file: Path, kept: float) -> None:
    whole = (DATA / "customers-tidy.xlsx").read_bytes()
    file.write_bytes(whole[: int(len(whole) * kept)])
    assert refusal(file) == "file_damaged"


def test_flipped_bytes_never_harm_more_than_the_file(file: Path) -> None:
    whole = bytearray((DATA / "customer-types.xlsx").read_bytes())
    verdicts = set()
    for place in range(60, len(whole), 401):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        file.write_bytes(broken)
        verdicts.add(verdict(file))
    assert verdicts <= {"read", *FILE_SENTENCES}


def test_a_document_type_definition_is_unsafe(file: Path) -> None:
    package(file, "", '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>')
    assert refusal(file) == "file_unsafe"


@pytest.mark.parametrize("before", range(256 * 1024 - 260, 256 * 1024 - 40, 9))
def test_a_definition_is_seen_wherever_the_chunks_of_the_file_end(file: Path, before: int) -> None:
    package(file, "", "<!--" + "x" * before + "--><!DOCTYPE x>")
    assert refusal(file) == "file_unsafe"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_another_encoding_cannot_hide_a_definition(file: Path, encoding: str) -> None:
    rows = f'<row r="1">{inline("A1", "a")}</row>'
    honest = SHEET.format(prolog="", rows="x" * 300_000).encode(encoding)
    package(file, rows, **{"customXml/item1.xml": honest})
    assert read(file)[0].cells == ("a",)
    hidden = SHEET.format(prolog=f"<!--{'x' * 131_060}--><!DOCTYPE x>", rows="").encode(encoding)
    package(file, rows, **{"customXml/item1.xml": hidden})
    assert refusal(file) == "file_unsafe"


def test_a_cell_in_the_last_corner_of_the_sheet_is_refused_quickly(file: Path) -> None:
    corner = (
        f'<row r="1">{inline("A1", "a")}</row><row r="1048576">{inline("XFD1048576", "b")}</row>'
    )
    package(file, corner)
    started = time.monotonic()
    assert refusal(file) in ("file_too_large", "too_many_columns", "file_damaged")
    assert time.monotonic() - started < 20


def test_a_cell_far_to_the_right_is_refused(file: Path) -> None:
    package(file, f'<row r="1">{inline("A1", "a")}{inline("XFD1", "b")}</row>')
    assert refusal(file) == "too_many_columns"


def test_a_value_after_a_very_long_run_of_blank_rows_is_refused(file: Path) -> None:
    package(
        file, f'<row r="1">{inline("A1", "a")}</row><row r="900000">{inline("A900000", "b")}</row>'
    )
    assert refusal(file) == "too_many_blank_rows"


def test_a_hundred_thousand_formatted_but_blank_rows_are_nothing(file: Path) -> None:
    blank = "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(3, 100_003))
    package(
        file, f'<row r="1">{inline("A1", "a")}</row><row r="2">{inline("A2", "b")}</row>{blank}'
    )
    assert [row.number for row in read(file)[1]] == [2]


def test_more_rows_than_excel_has_are_refused(file: Path) -> None:
    row = "<row><c><v>1</v></c></row>"
    package(file, row * 1001)
    assert refusal(file, Limits(rows=1000)) == "file_too_large"
    assert len(read(file, Limits(rows=1001))[1]) == 1000


def test_a_deflate_bomb_is_refused_within_its_budget(file: Path) -> None:
    package(file, f'<row r="1">{inline("A1", " " * 40_000_000)}</row>')
    assert file.stat().st_size < 100_000
    assert refusal(file, Limits(inflated=10_000_000)) == "file_too_large"


def test_a_cell_longer_than_excel_allows_is_unsafe(file: Path) -> None:
    package(file, f'<row r="1">{inline("A1", "x" * 40_000)}</row>')
    assert refusal(file) == "file_unsafe"


def test_a_size_that_lies_in_the_directory_is_unsafe(file: Path) -> None:
    rows = f'<row r="1">{inline("A1", "a" * 30_000)}</row>'
    package(file, rows)
    content = bytearray(file.read_bytes())
    real = len(SHEET.format(prolog="", rows=rows).encode())
    entry = content.rindex(b"xl/worksheets/sheet1.xml") - 46
    assert int.from_bytes(content[entry + 24 : entry + 28], "little") == real
    content[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    shown = SHEET.format(prolog="", rows=rows).encode()[:100]
    content[entry + 16 : entry + 20] = zlib.crc32(shown).to_bytes(4, "little")
    file.write_bytes(content)
    assert refusal(file) == "file_unsafe"


def test_two_parts_of_one_name_are_unsafe(file: Path) -> None:
    package(file, f'<row r="1">{inline("A1", "a")}</row>')
    with zipfile.ZipFile(file, "a") as made, pytest.warns(UserWarning, match="Duplicate name"):
        made.writestr("xl/worksheets/sheet1.xml", "<x/>")
    assert refusal(file) == "file_unsafe"


def test_a_package_that_asks_for_a_password_is_encrypted(file: Path) -> None:
    package(file, f'<row r="1">{inline("A1", "a")}</row>')
    content = bytearray(file.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(content)
    assert refusal(file) == "file_encrypted"


def test_a_child_that_runs_out_of_memory_names_its_limit(file: Path) -> None:
    few = "<row>" + "<c><v>1</v></c>" * 100 + "</row>"
    package(file, few * 30_000)
    with pytest.raises(FileRefused) as caught:
        read(file, Limits(memory=128 * MEBIBYTE))
    assert (caught.value.code, caught.value.params) == ("file_needs_memory", {"limit": "128"})


def test_more_memory_comes_with_more_time_and_more_of_the_package() -> None:
    assert Limits.within(Limits().memory) == Limits()
    assert Limits.within(128 * MEBIBYTE) == Limits(memory=128 * MEBIBYTE)
    fourfold = Limits.within(4096 * MEBIBYTE)
    assert (fourfold.cpu, fourfold.wait, fourfold.inflated) == (240, 720, 3072 * MEBIBYTE)


def test_a_child_that_takes_too_long_is_ended(file: Path) -> None:
    saved(file, ("a",))
    assert refusal(file, Limits(wait=0)) == "file_too_slow"


CORNER = f'<row r="1">{inline("A1", "a")}</row><row r="1048576">{{}}</row>'
SST = (
    b'<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
)
WITH_SST = {
    **PARTS,
    "xl/_rels/workbook.xml.rels": PARTS["xl/_rels/workbook.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        b'relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    ),
    "xl/worksheets/sheet1.xml": SHEET.format(
        prolog="", rows='<row><c t="s"><v>0</v></c></row>'
    ).encode(),
}
CELL = SHEET_START + b'<row><c t="inlineStr"><is><t>'
CELL_END = b"</t></is></c></row>" + SHEET_END
MILLION = b"x" * 1_000_000
SHEET_PART, SST_PART = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def sheet_of(path: Path, *content: tuple[bytes, int], claim: int | None = None) -> Path:
    return blown_up(path, SHEET_PART, (SHEET_START, 1), *content, (SHEET_END, 1), claim=claim)


def strings_of(path: Path, *content: tuple[bytes, int]) -> Path:
    return blown_up(path, SST_PART, (SST, 1), *content, (b"</sst>", 1), parts=WITH_SST)


XLSX_BOMBS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "the last corner of the sheet": (
        lambda path: package(path, CORNER.format(inline("XFD1048576", "b"))),
        "file_too_large",
    ),
    "the last row of the hundredth column": (
        lambda path: package(path, CORNER.format(inline("CV1048576", "b"))),
        "file_too_large",
    ),
    "a row number beyond all": (
        lambda path: package(
            path, CORNER.replace("1048576", "4294967295").format(inline("A4294967295", "b"))
        ),
        "file_too_large",
    ),
    "a column beyond all": (
        lambda path: package(path, CORNER.format(inline("ZZZZZZZZ1", "b"))),
        "file_too_large",
    ),
    "3 million rows": (
        lambda path: sheet_of(path, (b"<row><c><v>1</v></c></row>" * 10_000, 300)),
        "file_too_large",
    ),
    "700,000 rows of 20 texts": (
        lambda path: sheet_of(
            path, (b"<row>" + b'<c t="inlineStr"><is><t>a</t></is></c>' * 20 + b"</row>", 700_000)
        ),
        "file_needs_memory",
    ),
    "2 GB of shared strings": (
        lambda path: strings_of(path, (b"<si><t>", 1), (MILLION, 2000), (b"</t></si>", 1)),
        "file_too_large",
    ),
    "40 million shared strings": (
        lambda path: strings_of(path, (b"<si><t>x</t></si>" * 50_000, 800)),
        "file_needs_memory",
    ),
    "4 billion shared strings promised": (
        lambda path: blown_up(
            path,
            SST_PART,
            (SST.replace(b"<sst", b'<sst count="4000000000" uniqueCount="4000000000"'), 1),
            (b"<si><t>a</t></si></sst>", 1),
            parts=WITH_SST,
        ),
        "file_too_large",
    ),
    "a cell of 1.5 GB": (
        lambda path: blown_up(path, SHEET_PART, (CELL, 1), (MILLION, 1500), (CELL_END, 1)),
        "file_too_large",
    ),
    "a cell of 1.5 GB that claims to be small": (
        lambda path: blown_up(
            path, SHEET_PART, (CELL, 1), (MILLION, 1500), (CELL_END, 1), claim=5000
        ),
        "file_unsafe",
    ),
    "a cell of 600 MB": (
        lambda path: blown_up(path, SHEET_PART, (CELL, 1), (MILLION, 600), (CELL_END, 1)),
        "file_needs_memory",
    ),
    "a hundred million elements in each other": (
        lambda path: sheet_of(path, (b"<a>" * 100_000, 1000)),
        "no_header",
    ),
    "an error in a row of ten million elements in each other": (
        lambda path: sheet_of(
            path, (b'<row><c t="e"><v>#N/A</v></c>', 1), (b"<a>" * 100_000, 100), (b"</row>", 1)
        ),
        "file_unsafe",
    ),
    "10 million errors": (
        lambda path: sheet_of(
            path, (b"<row>" + b'<c t="e"><v>#N/A</v></c>' * 1000 + b"</row>", 10_000)
        ),
        "file_too_large",
    ),
    "entities of entities": (
        lambda path: package(path, "", '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;">]>'),
        "file_unsafe",
    ),
    "an entity from outside": (
        lambda path: package(path, "", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
        "file_unsafe",
    ),
}

LAST_ROW = brt(0, struct.pack("<L", 0xFFFFF) + b"\0" * 13)
OTHER_BOMBS: dict[str, tuple[str, Callable[[Path], Path], str]] = {
    "the last corner, binary": (
        ".xlsb",
        lambda path: xlsb(path, [["a"]], extra=LAST_ROW + xlsb_cell(16_383, "x")),
        "file_too_large",
    ),
    "a column beyond all, binary": (
        ".xlsb",
        lambda path: xlsb(path, [["a"]], extra=xlsb_cell(0xFFFFFFF0, "x")),
        "file_too_large",
    ),
    "an error far to the right, binary": (
        ".xlsb",
        lambda path: xlsb(path, [["a"]], extra=xlsb_cell(5000, Formula("#N/A"))),
        "too_many_columns",
    ),
    "a record longer than the part": (
        ".xlsb",
        lambda path: xlsb(path, [["a"]], extra=b"\x06\xff\xff\xff\x7f"),
        "file_damaged",
    ),
    "a text longer than its record": (
        ".xlsb",
        lambda path: xlsb(path, [["a"]], extra=brt(6, struct.pack("<3L", 1, 0, 2**31 - 1))),
        "file_damaged",
    ),
    "a text in all cells": (
        ".ods",
        lambda path: ods_package(path, ods_row(ods_cell("x", 16_384), 1_048_576)),
        "file_too_large",
    ),
    "a text in all rows of 90 columns": (
        ".ods",
        lambda path: ods_package(path, ods_row(ods_cell("x", 90), 1_048_576)),
        "file_needs_memory",
    ),
    "an error in all rows of 90 columns": (
        ".ods",
        lambda path: ods_package(path, ods_row(ods_cell(Formula("#N/A"), 90), 1_000_000)),
        "file_needs_memory",
    ),
    "4 billion blanks in a text": (
        ".ods",
        lambda path: ods_package(
            path,
            ods_row(
                '<table:table-cell office:value-type="string"><text:p>a'
                '<text:s text:c="4000000000"/></text:p></table:table-cell>'
            ),
        ),
        "file_damaged",
    ),
    "an entity from outside, open": (
        ".ods",
        lambda path: ods(path, [["a"]], prolog='<!DOCTYPE x [<!ENTITY a SYSTEM "file:///x">]>'),
        "file_unsafe",
    ),
    "rows that do not end": (
        ".ods",
        lambda path: blown_up(
            path,
            "content.xml",
            (parts_of(ods_package(path, "@"))["content.xml"].partition(b"@")[0], 1),
            ((ods_row(ods_cell("a")) * 5000).encode(), 400),
            parts={"mimetype": ODS_MIME.encode()},
        ),
        "file_damaged",
    ),
    "dimensions beyond all": (
        ".xls",
        lambda path: replaced(
            xls(path, [["a"]]), struct.pack("<2L2H", 0, 1, 0, 1), b"\0" * 4 + b"\xff" * 8
        ),
        "file_too_large",
    ),
    "the last corner of an old sheet": (
        ".xls",
        lambda path: replaced(
            xls(path, [["a", "b"]]), xls_cell(0, 1, "b"), xls_cell(65_535, 255, "b")
        ),
        "file_needs_memory",
    ),
    "sectors that go in circles": (
        ".xls",
        lambda path: replaced(
            xls(path, [["a"] * 10] * 1000), struct.pack("<3L", 11, 12, 13), b"\x02\0\0\0" * 3
        ),
        "file_damaged",
    ),
    "one line of 40 MB": (
        ".csv",
        lambda path: text(path, b"a,b\n" + b"x," * 20_000_000),
        "file_unsafe",
    ),
    "a quotation mark before 40 MB": (
        ".csv",
        lambda path: text(path, b'a,b\n"' + b"x,y\n" * 10_000_000),
        "file_quotes",
    ),
    "2 million records": (".csv", lambda path: text(path, b"a,b\n" * 2_000_000), "file_too_large"),
    "50 million blank records": (
        ".csv",
        lambda path: text(path, b"a\n" + b"\n" * 50_000_000),
        "file_too_large",
    ),
    "50 MB of nothing": (
        ".csv",
        lambda path: text(path, bytes(50_000_000)),
        "file_not_spreadsheet",
    ),
    "2000 columns": (".csv", lambda path: text(path, b"a,b\n" + b"x," * 2000), "too_many_columns"),
}


DEEP = 250
"""Elements within each other that a part may have."""


def within(open_: bytes, close: bytes, times: int = 1_500_000) -> bytes:
    """Pieces of text, parted by elements, that lie in DEEP elements at once."""
    return open_ * DEEP + b"<x/>a" * times + close * DEEP


def with_error(path: Path, part: str, behind: bytes) -> Path:
    """A workbook with an error cell, and with those pieces of text in a part of its own."""
    head, mark, rest = PARTS[part].partition(behind)
    assert mark
    parts = {
        **PARTS,
        SHEET_PART: SHEET.format(
            prolog="", rows='<row r="1"><c r="A1" t="e"><v>#N/A</v></c></row>'
        ).encode(),
    }
    del parts[part]
    return blown_up(path, part, (head + mark + within(b"<a>", b"</a>") + rest, 1), parts=parts)


DEEP_PARTS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "cells in cells": (
        ".xlsx",
        lambda path: sheet_of(path, (b"<row>" + within(b'<c t="e">', b"</c>") + b"</row>", 1)),
    ),
    "values in values": (
        ".xlsx",
        lambda path: sheet_of(
            path, (b'<row><c t="e">' + within(b"<v>", b"</v>") + b"</c></row>", 1)
        ),
    ),
    "the workbook's sheets": (
        ".xlsx",
        lambda path: with_error(path, "xl/workbook.xml", b"<sheets>"),
    ),
    "relations": (
        ".xlsx",
        lambda path: with_error(path, "xl/_rels/workbook.xml.rels", b'relationships">'),
    ),
    "cells in cells of LibreOffice": (
        ".ods",
        lambda path: ods_package(path, ods_row(within(
            b'<table:table-cell office:value-type="error">', b"</table:table-cell>"
        ).decode())),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DEEP_PARTS)
def test_text_in_hundreds_of_elements_costs_no_more_than_its_length(
    name: str, tmp_path: Path
) -> None:
    """Some kilobytes, unpacked to 7 MB: the text of each element was kept on its own."""
    suffix, make = DEEP_PARTS[name]
    file = make(tmp_path / f"tep{suffix}")
    assert file.stat().st_size < 100_000
    used = seconds_of_children()
    verdict(file)
    assert seconds_of_children() - used < 12


def replaced(path: Path, old: bytes, new: bytes) -> Path:
    """The file with some bytes changed, which are there just once."""
    content = path.read_bytes()
    assert content.count(old) == 1, content.count(old)
    path.write_bytes(content.replace(old, new.ljust(len(old), b"\0")))
    return path


def text(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


BOMBS = {name: (".xlsx", *bomb) for name, bomb in XLSX_BOMBS.items()} | OTHER_BOMBS


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_for_what_it_is_and_harms_nobody(name: str, tmp_path: Path) -> None:
    suffix, make, code = BOMBS[name]
    file = make(tmp_path / f"tep{suffix}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    used = seconds_of_children()
    assert refusal(file) == code
    assert seconds_of_children() - used < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


def seconds_of_children() -> float:
    """Processor time: a busy machine makes the verdict late, but not dearer."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
