"""Cells on their way out: nothing becomes a formula, nothing is lost."""

from __future__ import annotations

import csv
import io
import re
import time
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from crmadmin.core.formula_text import DELIMITERS, STARTS, escape, unescape
from crmadmin.spreadsheets.book import CELL_LENGTH, sheet_title
from crmadmin.spreadsheets.table import DATE, MOMENT, SheetColumn, write_csv, write_xlsx

DANGEROUS = ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠a"]


def sheet(rows: list[list[Any]], columns: list[SheetColumn], zone: Any = UTC) -> Any:
    out = io.BytesIO()
    assert write_xlsx(out, "Khách hàng", columns, rows, zone) == len(rows)
    return load_workbook(io.BytesIO(out.getvalue())).active


@pytest.mark.parametrize("text", [*DANGEROUS, "+84912345678", "0912345678", "'x", "TRUE"])
def test_a_text_is_a_text_cell_whatever_it_begins_with(text: str) -> None:
    cell = sheet([[text]], [SheetColumn("A")])["A2"]
    assert cell.data_type == "s"
    assert cell.value.strip() == text.strip()


@pytest.mark.parametrize("text", ["=1+1", "+84912345678", "-5", "@a"])
def test_a_text_like_a_formula_keeps_being_text_when_it_is_edited(text: str) -> None:
    assert sheet([[text]], [SheetColumn("A")])["A2"].quotePrefix


def test_dates_are_dates_and_moments_are_shown_in_the_zone_asked_for() -> None:
    moment = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)
    made = sheet(
        [[date(1992, 8, 9), moment]],
        [SheetColumn("a", DATE), SheetColumn("b", MOMENT)],
        ZoneInfo("Asia/Ho_Chi_Minh"),
    )
    assert made["A2"].value.date() == date(1992, 8, 9)
    assert made["B2"].value.isoformat() == "2026-11-22T03:30:00"


def test_control_characters_and_overlong_texts_do_not_break_the_workbook() -> None:
    made = sheet([["a\x00\x0bb"], ["x" * (CELL_LENGTH + 9)]], [SheetColumn("A")])
    assert made["A2"].value == "ab"
    assert len(made["A3"].value) == CELL_LENGTH


def test_a_title_fits_what_excel_accepts() -> None:
    assert sheet_title("Nhóm [a]:*?/\\ " + "x" * 40) == ("Nhóm  a       " + "x" * 40)[:31]
    assert sheet_title("//") == "Sheet1"


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_csv_cell_never_begins_like_a_formula(text: str) -> None:
    assert escape(text).startswith(f"'{text[0]}")


@pytest.mark.parametrize("text", ["+84912345678", "-5", "0912", "a=b", "", "Đặng", "'tis"])
def test_plain_numbers_and_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert escape(text) == text


BETWEEN = ["", " ", "'", '"', "'\"", "\t"]
"""What a program skips between the end of a cell and the formula."""


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("between", BETWEEN)
def test_no_delimiter_makes_a_formula_of_the_rest_of_a_text(
    delimiter: str, start: str, between: str
) -> None:
    """A CSV file opened with another delimiter than it was written with."""
    text = f"a{delimiter}{between}{start}1+1"
    escaped = escape(text)
    assert unescape(escaped) == text
    for cut in DELIMITERS:
        for cell in opened_with(cut, escaped):
            assert cell.lstrip(' "\t')[:1] not in STARTS or cell == "", (cut, cell)


def opened_with(delimiter: str, text: str) -> list[str]:
    """The cells that a program sees which cuts the written line at `delimiter` and at line ends.

    Written in the second column, so that a quotation mark at its beginning opens none.
    """
    out = io.StringIO()
    csv.writer(out).writerow(["x", text, "y"])
    lines = re.split("[\r\n]+", out.getvalue().removesuffix("\r\n"))
    return [cell for line in lines for cell in line.split(delimiter)]


@pytest.mark.parametrize("text", ["0912 345 678; +84 913 345 678", "Lô B4, KCN - Quế Võ", "a;b"])
def test_numbers_and_words_behind_a_delimiter_stay_as_they_are(text: str) -> None:
    assert escape(text) == text


def test_a_file_of_an_earlier_version_loses_its_one_apostrophe() -> None:
    assert unescape("'=1;=2") == "=1;=2"
    assert unescape("'tis; '=1") == "'tis; '=1"


@given(st.text() | st.text(alphabet="a1'\" " + STARTS + DELIMITERS))
def test_what_csv_escapes_comes_back_whole(text: str) -> None:
    assert unescape(escape(text)) == text


@pytest.mark.parametrize("piece", [*DELIMITERS, *STARTS, "'", '"', " ", ";=", "\t'", ";+1 "])
def test_escaping_a_hundred_kilobytes_is_quick(piece: str) -> None:
    text = piece * (100_000 // len(piece)) + "="
    begun = time.process_time()
    unescape(escape(text))
    assert time.process_time() - begun < 1


def test_a_csv_file_opens_in_excel_with_its_accents() -> None:
    out = io.BytesIO()
    rows = [["Đặng Hà", "=1", date(1992, 8, 9), None, 5]]
    columns = [SheetColumn(name) for name in ("Tên", "b", "c", "d", "e")]
    assert write_csv(out, columns, rows) == 1
    assert out.getvalue().startswith(b"\xef\xbb\xbf")
    [heading, row] = csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline=""))
    assert heading[0] == "Tên"
    assert row == ["Đặng Hà", "'=1", "09/08/1992", "", "5"]
