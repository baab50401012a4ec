"""Every workbook format gives the same rows: numbers, dates, error cells, hidden sheets, names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from reading import first, read, refusal
from workbooks import (
    Formula,
    Rows,
    compound,
    ods,
    ods_cell,
    ods_package,
    ods_row,
    xls,
    xlsb,
)

from crmadmin.imports.reader import open_sheet, read_heads
from crmadmin.imports.records import CellError, Row


def xlsx(path: Path, rows: Rows) -> Path:
    """The same rows as openpyxl writes them."""
    book = Workbook()
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            if isinstance(value, CellError | Formula):
                value = value.text if isinstance(value, CellError) else value.error
                book.active.cell(number, column, value)
            elif isinstance(value, str):
                book.active.cell(number, column, value).data_type = "s"
            else:
                book.active.cell(number, column, value)
    book.save(path)
    return path


FORMATS: dict[str, Callable[..., Path]] = {".xlsx": xlsx, ".xls": xls, ".xlsb": xlsb, ".ods": ods}
ROWS: Rows = [
    ["Tên", "Mã", "Tỷ lệ", "Theo dõi", "Ngày"],
    ["Nguyễn Ánh Đào ☺", 912345678, -1.5, True, date(1992, 8, 9)],
    [],
    [CellError("#N/A"), Formula("#DIV/0!"), "0912"],
    ["#N/A", None, 0, False],
    [None, None, None, None, None, CellError("#REF!")],
]
EXPECTED = [
    Row(2, ("Nguyễn Ánh Đào ☺", 912345678, -1.5, True, date(1992, 8, 9))),
    Row(4, (CellError("#N/A"), CellError("#DIV/0!"), "0912")),
    Row(5, ("#N/A", None, 0, False)),
    Row(6, (None, None, None, None, None, CellError("#REF!"))),
]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_rows(suffix: str, tmp_path: Path) -> None:
    header, rows = read(FORMATS[suffix](tmp_path / f"tep{suffix}", ROWS))
    assert header == Row(1, ("Tên", "Mã", "Tỷ lệ", "Theo dõi", "Ngày"))
    assert rows == EXPECTED
    assert [type(cell) for cell in rows[0].cells] == [str, int, float, bool, date]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("named", [".xlsx", ".xls", ".xlsb", ".ods", ".csv", ".bin", ""])
def test_a_file_is_what_its_bytes_say_and_not_its_name(
    suffix: str, named: str, tmp_path: Path
) -> None:
    assert read(FORMATS[suffix](tmp_path / f"tep{named}", ROWS))[1] == EXPECTED


@pytest.mark.parametrize("make", [xls, xlsb])
def test_dates_that_are_counted_from_1904_are_right(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    file = make(tmp_path / "tep", [["a"], [date(2021, 1, 2)]], since_1904=True)
    assert read(file)[1] == [Row(2, (date(2021, 1, 2),))]


def test_dates_that_are_counted_from_1904_are_right_in_a_package(tmp_path: Path) -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(("a",))
    book.active.append((date(2021, 1, 2),))
    book.save(tmp_path / "tep.xlsx")
    assert read(tmp_path / "tep.xlsx")[1] == [Row(2, (date(2021, 1, 2),))]


def test_a_hidden_sheet_of_an_old_workbook_is_passed_over_and_its_errors_too(
    tmp_path: Path,
) -> None:
    hidden = [["x"], [CellError("#REF!")]]
    file = xls(tmp_path / "tep.xls", [["Tên"], [None, CellError("#N/A")]], first=hidden)
    with open_sheet(file, first) as reading:
        assert reading.sheet == "S"
        assert list(reading.rows) == [Row(2, (None, CellError("#N/A")))]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_thousand_errors_and_nothing_else_are_all_found(suffix: str, tmp_path: Path) -> None:
    rows: Rows = [["a"], [], *([None, CellError("#NUM!")] for _ in range(1000))]
    found = read(FORMATS[suffix](tmp_path / f"tep{suffix}", rows))[1]
    assert found == [Row(number, (None, CellError("#NUM!"))) for number in range(3, 1003)]


def test_a_large_old_workbook_has_a_table_of_tables(tmp_path: Path) -> None:
    rows = [["a" * 100] * 20, *([CellError("#N/A"), *["b" * 120] * 20] for _ in range(3000))]
    file = xls(tmp_path / "tep.xls", rows)
    assert file.stat().st_size > 109 * 128 * 512
    found = read(file)[1]
    assert len(found) == 3000
    assert {row.cells[0] for row in found} == {CellError("#N/A")}


def test_repeated_rows_and_cells_count_as_often_as_they_stand_there(tmp_path: Path) -> None:
    file = ods_package(
        tmp_path / "tep.ods",
        ods_row(ods_cell(None, 2) + ods_cell("a") + ods_cell("b"))
        + ods_row(ods_cell(None, 1024), 2)
        + ods_row(ods_cell("c", 3), 2)
        + ods_row(ods_cell(None) + ods_cell(CellError("#N/A"), 2) + ods_cell("d"), 2)
        + ods_row(ods_cell(None, 1024), 1_000_000),
    )
    header, rows = read(file)
    error = CellError("#N/A")
    assert header == Row(1, (None, None, "a", "b"))
    assert rows == [
        Row(4, ("c", "c", "c")),
        Row(5, ("c", "c", "c")),
        Row(6, (None, error, error, "d")),
        Row(7, (None, error, error, "d")),
    ]


def test_errors_of_the_right_table_are_taken(tmp_path: Path) -> None:
    other = '</table:table><table:table table:name="T">'
    file = ods_package(
        tmp_path / "tep.ods",
        ods_row(ods_cell("bìa"))
        + ods_row(ods_cell(CellError("#N/A")))
        + other
        + ods_row(ods_cell("Tên"))
        + ods_row(ods_cell("x") + ods_cell(Formula("Err:502"))),
    )

    def choose(head: Any) -> int | None:
        return 1 if head.rows[0].cells[0] == "Tên" else None

    with open_sheet(file, choose) as reading:
        assert [head.sheet for head in reading.heads] == ["S", "T"]
        assert list(reading.rows) == [Row(2, ("x", CellError("Err:502")))]


def test_times_and_long_texts_of_open_documents_stay_what_they_are(tmp_path: Path) -> None:
    clock = '<table:table-cell office:value-type="time" office:time-value="PT10H30M00S"/>'
    spaced = (
        '<table:table-cell office:value-type="string"><text:p>a<text:s text:c="2"/>b</text:p>'
        "<text:p>c</text:p></table:table-cell>"
    )
    file = ods_package(tmp_path / "tep.ods", ods_row(ods_cell("a")) + ods_row(clock + spaced))
    assert read(file)[1] == [Row(2, (time(10, 30), "a  b\nc"))]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: xls(path, ROWS, password=True), "file_encrypted"),
        (lambda path: compound(path, EncryptionInfo=b"", EncryptedPackage=b""), "file_encrypted"),
        (lambda path: ods(path, ROWS, manifest="<encryption-data/>"), "file_encrypted"),
        (lambda path: compound(path, WordDocument=b"x"), "file_not_spreadsheet"),
        (lambda path: compound(path, Workbook=b"x"), "file_damaged"),
        (
            lambda path: ods(path, ROWS, mime="application/vnd.oasis.opendocument.text"),
            "file_not_spreadsheet",
        ),
    ],
)
def test_what_cannot_be_opened_is_refused_by_its_kind(
    make: Callable[[Path], Path], code: str, tmp_path: Path
) -> None:
    assert refusal(make(tmp_path / "tep.xls")) == code


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, 0.99])
def test_a_truncated_file_is_damaged(suffix: str, kept: float, tmp_path: Path) -> None:
    file = FORMATS[suffix](tmp_path / f"tep{suffix}", [["a" * 50] * 10] * 200)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * kept)])
    assert refusal(file) == "file_damaged"


def test_the_heads_of_all_visible_sheets_are_read_at_once(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "Bìa"
    book.create_sheet("Ẩn").sheet_state = "hidden"
    for number in range(1, 40):
        book.create_sheet("Dữ liệu") if number == 1 else None
        book["Dữ liệu"].append((f"tên {number}", None, number))
    book.save(tmp_path / "tep.xlsx")
    bare, data = read_heads(tmp_path / "tep.xlsx")
    assert (bare.sheet, list(bare.rows)) == ("Bìa", [])
    assert data.sheet == "Dữ liệu"
    assert [row.number for row in data.rows] == list(range(1, 21))
    assert data.rows[0].cells == ("tên 1", None, 1)
