"""What the reader makes of files, honest and hostile ones. Every file is made here."""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from crmadmin.imports.messages import FILE_SENTENCES
from crmadmin.imports.reader import Head, Limits, open_sheet
from crmadmin.imports.reader.ooxml import column_index
from crmadmin.imports.records import CellError, FileRefused, Row

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
    with pytest.raises(FileRefused) as caught:
        read(path, limits)
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


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tep.xlsx"


def test_row_numbers_are_those_that_excel_shows(file: Path) -> None:
    saved(file, C5="Tên", C7="Một", C10="Hai")
    header, rows = read(file)
    assert header == Row(5, (None, None, "Tên"))
    assert [row.number for row in rows] == [7, 10]
    assert rows[0].cells == (None, None, "Một")


def test_whole_numbers_are_whole_and_dates_are_dates(file: Path) -> None:
    moment = datetime(2020, 1, 2, 3, 4)  # noqa: DTZ001 - Excel knows no zones
    saved(file, ("a", "b", "c", "d", "e"), (912345678, 1.5, date(1992, 8, 9), moment, True))
    _, [row] = read(file)
    assert row.cells == (912345678, 1.5, date(1992, 8, 9), moment, True)
    assert type(row.cells[0]) is int


def test_blank_rows_inside_are_left_out_and_a_cell_of_blanks_is_blank(file: Path) -> None:
    saved(file, ("a",), (" \u00a0\u200b ",), ("x",))
    assert [row.number for row in read(file)[1]] == [3]


def test_an_error_cell_is_an_error_and_not_a_blank(file: Path) -> None:
    saved(file, ("a", "b"), A2="#N/A", B2="x", A4="#DIV/0!")
    _, rows = read(file)
    assert rows == [Row(2, (CellError("#N/A"), "x")), Row(4, (CellError("#DIV/0!"),))]


def test_an_error_cell_without_a_reference_is_found_by_its_place(file: Path) -> None:
    package(
        file, f'<row>{inline("A1", "a")}</row><row><c><v>1</v></c><c t="e"><v>#REF!</v></c></row>'
    )
    assert read(file)[1] == [Row(2, (1, CellError("#REF!")))]


def test_a_formula_counts_by_its_cached_value_and_without_one_is_blank(file: Path) -> None:
    package(
        file,
        f'<row r="1">{inline("A1", "a")}</row><row r="2"><c r="A2" t="str"><f>"x"&amp;"y"</f>'
        '<v>xy</v></c><c r="B2"><f>1+1</f></c></row>',
    )
    assert read(file)[1] == [Row(2, ("xy",))]


def test_a_text_that_looks_like_a_formula_stays_text(file: Path) -> None:
    package(file, f'<row r="1">{inline("A1", "a")}</row><row r="2">{inline("A2", "=1+1")}</row>')
    assert read(file)[1] == [Row(2, ("=1+1",))]


def test_hidden_sheets_are_passed_over(file: Path) -> None:
    book = Workbook()
    book.active.append(("hidden",))
    book.active.sheet_state = "hidden"
    book.create_sheet("Hai").append(("shown",))
    book.active = 1
    book.save(file)
    assert read(file)[0].cells == ("shown",)


def test_the_next_sheet_is_tried_when_the_first_has_no_header(file: Path) -> None:
    book = Workbook()
    book.active.append(("bìa",))
    book.create_sheet("Hai").append(("Tên",))
    book.save(file)

    def choose(head: Head) -> int | None:
        return next((r.number for r in head.rows if r.cells[0] == "Tên"), None)

    with open_sheet(file, choose) as reading:
        assert reading.sheet == "Hai"


def test_a_workbook_without_a_header_says_so(file: Path) -> None:
    saved(file, ("x",))
    with pytest.raises(FileRefused, match="no_header"):
        read(file, choose=lambda head: None)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_not_spreadsheet"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 100, "file_not_spreadsheet"),
        (b"<html><table><tr><td>a</td></tr></table></html>", "file_not_spreadsheet"),
        (b"PK\x03\x04" + b"\0" * 50, "file_damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file_damaged"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
            + b"\0" * 600
            + "EncryptedPackage".encode("utf-16-le"),
            "file_encrypted",
        ),
    ],
)
def test_what_is_no_open_workbook_is_refused_by_its_kind(
    file: Path, content: bytes, code: str
) -> None:
    file.write_bytes(content)
    assert refusal(file) == code


def test_a_csv_file_is_named_as_not_supported(tmp_path: Path) -> None:
    path = tmp_path / "tep.csv"
    path.write_text("Tên\nMột\n")
    assert refusal(path) == "file_unsupported"


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


def test_another_encoding_cannot_hide_a_definition(file: Path) -> None:
    hidden = SHEET.format(prolog="<!DOCTYPE x>", rows="").encode("utf-16")
    package(file, f'<row r="1">{inline("A1", "a")}</row>', **{"xl/other.xml": hidden})
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


def test_a_child_that_runs_out_of_memory_refuses_the_file_and_harms_nobody(file: Path) -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 60_000))
    wide = '<row r="60000"><c r="ALL60000"><v>1</v></c></row>'
    package(file, rows + wide)
    assert refusal(file, Limits(memory=256 * 1024 * 1024)) == "file_too_large"


def test_a_child_that_takes_too_long_is_ended(file: Path) -> None:
    saved(file, ("a",))
    assert refusal(file, Limits(wait=0)) == "file_too_slow"


def test_a_reading_that_nobody_finishes_leaves_no_process_behind(file: Path) -> None:
    saved(file, ("a",), *(("x",) for _ in range(9000)))
    with open_sheet(file, first) as reading:
        next(reading.rows)
    with pytest.raises((FileRefused, ValueError)):
        list(reading.rows)


@pytest.mark.parametrize(
    ("reference", "index"), [("A1", 0), ("Z9", 25), ("AA1", 26), ("XFD1048576", 16383)]
)
def test_columns_are_counted_as_excel_does(reference: str, index: int) -> None:
    assert column_index(reference) == index


def test_a_thousand_rows_come_in_order_and_whole(file: Path) -> None:
    saved(file, ("a", "b"), *((n, f"tên {n}") for n in range(1700)))
    _, rows = read(file)
    assert [row.cells for row in rows] == [(n, f"tên {n}") for n in range(1700)]
    assert io.BytesIO(file.read_bytes()).read(2) == b"PK"
