"""What the reader makes of honest workbooks. Every file is made here."""

from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from openpyxl import Workbook
from reading import first, inline, package, read, saved

from crmadmin.imports.reader import Head, child, guard, open_sheet, workbook
from crmadmin.imports.reader.limits import Limits
from crmadmin.imports.reader.ooxml import column_index
from crmadmin.imports.records import CellError, FileRefused, Row


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


def test_a_workbook_loads_while_it_is_looked_through(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one so long that it may need more memory than it may have."""
    saved(file, ("Mã KH",))
    loading, met = Event(), []
    look, load = guard.look_through, workbook.open_workbook

    def looking(*_: Any) -> guard.Survey:
        met.append(loading.wait(20))
        return look(file, guard.FileKind.XLSX, Limits())

    def opening(*given: Any) -> Any:
        loading.set()
        return load(*given)

    monkeypatch.setattr(guard, "look_through", looking)
    monkeypatch.setattr(workbook, "open_workbook", opening)
    little = Limits(memory=1)
    [(name, _pieces)] = child._sheets_of_workbook(file, guard.FileKind.XLSX, little)
    assert met == [True]
    assert name == "Sheet"
