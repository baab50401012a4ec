"""Workbooks as they are written row by row: two other readers find in them what was put in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from crmadmin.spreadsheets import book as xlsx
from crmadmin.spreadsheets.book import (
    Book,
    ColumnFormat,
    ErrorCell,
    Offer,
    column_letters,
    sheet_title,
)

TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), min_size=1
).filter(lambda text: not any(sign in text for sign in "\ufffe\uffff"))


MOMENT = datetime(2026, 11, 21, 20, 30)  # noqa: DTZ001 - a sheet knows no zones


def written(
    rows: Sequence[Sequence[Any]],
    columns: Sequence[ColumnFormat] | None = None,
    bad: Mapping[int, Mapping[int, str]] | None = None,
    **options: Any,
) -> bytes:
    out = io.BytesIO()
    columns = columns or [ColumnFormat()] * len(rows[0])
    with Book(out) as book, book.sheet("Dữ liệu", columns, **options) as sheet:
        sheet.add_marked((row, (bad or {}).get(place, {})) for place, row in enumerate(rows))
    return out.getvalue()


def tree(xml: bytes) -> ET.Element:
    return ET.fromstring(xml)  # noqa: S314 - reads what the test itself wrote


def by_openpyxl(data: bytes) -> Any:
    return load_workbook(io.BytesIO(data)).active


def by_calamine(data: bytes) -> list[list[Any]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return book.get_sheet_by_index(0).to_python(skip_empty_area=False)


def test_values_keep_their_kinds_for_both_readers() -> None:
    row = [
        "Đặng Hà", 12, 1.5, True, date(1992, 8, 9), MOMENT, time(7, 15),
        None, "0912345678",
    ]  # fmt: skip
    data = written([row])
    [cells] = by_calamine(data)
    assert cells == [
        "Đặng Hà", 12.0, 1.5, True, date(1992, 8, 9), MOMENT, time(7, 15),
        "", "0912345678",
    ]  # fmt: skip
    read = [cell.value for cell in by_openpyxl(data)[1]]
    assert read[:4] == row[:4]
    assert read[4].date() == row[4]
    assert read[5:] == row[5:]


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_any_text_comes_back_whole(texts: list[str]) -> None:
    [cells] = by_calamine(written([texts]))
    assert cells == texts


@pytest.mark.parametrize(
    "text", ["_x0041_", "a_x000D_b", " a", "a ", "a  b", "a\nb", "<b>&amp;", "x" * 300, "'"]
)
@pytest.mark.parametrize("others", [[], ["thường"]])
def test_texts_that_xml_or_excel_would_change_come_back_whole(text: str, others: list[str]) -> None:
    [cells] = by_calamine(written([[text, *others]]))
    assert cells == [text, *others]


def test_a_text_longer_than_a_cell_is_cut_with_a_sign_of_it_and_never_through_a_sign() -> None:
    cell = by_openpyxl(written([["a" + "😀" * xlsx.CELL_LENGTH]]))["A1"].value
    assert len(cell.encode("utf-16-le")) // 2 == xlsx.CELL_LENGTH - 1  # half a sign had no room
    assert cell.endswith("😀…")
    whole = "x" * xlsx.CELL_LENGTH
    assert by_openpyxl(written([[whole]]))["A1"].value == whole


@pytest.mark.parametrize("text", ["=1+1", "+84912345678", "-5", "@a", "＝1"])
@pytest.mark.parametrize("column", [["thường"], ["a & b"], [7]])
def test_what_looks_like_a_formula_is_text_with_a_quote_whatever_stands_beside_it(
    text: str, column: list[Any]
) -> None:
    cell = by_openpyxl(written([column, [text]]))["A2"]
    assert (cell.data_type, cell.value, bool(cell.quotePrefix)) == ("s", text, True)
    assert cell.number_format == "@"


@pytest.mark.parametrize(
    "day", [date(1900, 1, 1), date(1900, 2, 28), date(1900, 3, 1), date(9999, 12, 31)]
)
def test_days_are_the_same_days_around_the_leap_year_that_never_was(day: date) -> None:
    assert by_openpyxl(written([[day]]))["A1"].value.date() == day


def test_a_day_before_excels_first_is_a_text() -> None:
    assert by_openpyxl(written([[date(1899, 12, 31)]]))["A1"].value == "31/12/1899"
    assert by_openpyxl(written([[date(987, 1, 2)]]))["A1"].value == "02/01/0987"


def test_an_error_stays_an_error_and_never_an_unknown_one() -> None:
    data = written([[ErrorCell("#N/A"), ErrorCell("#SPILL!"), float("nan"), float("inf")]])
    cells = by_openpyxl(data)[1]
    assert [(c.data_type, c.value) for c in cells] == [
        ("e", "#N/A"), ("e", "#VALUE!"), ("e", "#NUM!"), ("e", "#NUM!"),
    ]  # fmt: skip


def test_blank_cells_below_have_the_format_of_their_column() -> None:
    sheet = by_openpyxl(written([["a"]], [ColumnFormat(12, xlsx.TEXT)]))
    assert sheet.column_dimensions["A"].number_format == "@"
    assert sheet.column_dimensions["A"].width == pytest.approx(12.7)


def test_headings_are_bold_stay_in_view_and_may_have_notes() -> None:
    data = written([["a", "b"]], headings=["Mã *", "Tên"], notes={1: "Bắt <buộc>"})
    sheet = by_openpyxl(data)
    assert [cell.value for cell in sheet[1]] == ["Mã *", "Tên"]
    assert sheet["A1"].font.b
    assert sheet.freeze_panes == "A2"
    assert sheet["B1"].comment.text == "Bắt <buộc>"


def test_bad_cells_are_filled_and_say_why_in_a_comment() -> None:
    rows = [["lan@", 5, None], ["a", 6, "c"]]
    sheet = by_openpyxl(written(rows, bad={0: {0: "Thiếu tên miền", 2: "Bắt buộc"}}))
    assert sheet["A1"].comment.text == "Thiếu tên miền"
    assert sheet["C1"].comment.text == "Bắt buộc"
    assert sheet["C1"].value is None
    filled = [cell.coordinate for row in sheet for cell in row if cell.fill.fill_type == "solid"]
    assert filled == ["A1", "C1"]


def test_beyond_the_most_comments_cells_are_still_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_COMMENTS", 2)
    sheet = by_openpyxl(written([["a"]] * 4, bad={n: {0: "sai"} for n in range(4)}))
    assert [cell.comment is not None for (cell,) in sheet] == [True, True, False, False]
    assert all(cell.fill.fill_type == "solid" for (cell,) in sheet)


def test_every_comment_has_its_box_with_a_number_of_its_own() -> None:
    data = written([["a"]] * 3000, bad={n: {0: "sai"} for n in range(3000)})
    drawing = tree(zipfile.ZipFile(io.BytesIO(data)).read("xl/drawings/vmlDrawing1.vml"))
    ids = [shape.get("id") for shape in drawing.iter("{urn:schemas-microsoft-com:vml}shape")]
    assert len(set(ids)) == 3000
    maps = next(drawing.iter("{urn:schemas-microsoft-com:office:office}idmap")).get("data")
    blocks = {int(str(name).removeprefix("_x0000_s")) // 1024 for name in ids}
    assert {str(block) for block in blocks} <= set(str(maps).split(","))


def test_drop_down_lists_point_to_a_hidden_sheet() -> None:
    out = io.BytesIO()
    with Book(out) as book:
        with book.sheet("Dữ liệu", [ColumnFormat()], headings=["Loại"]) as sheet:
            sheet.offer(Offer("A2:A9", "'Danh mục'!$A$1:$A$2", "Loại", 'Chưa có trong "danh mục"'))
        with book.sheet("Danh mục", [ColumnFormat()], hidden=True) as sheet:
            sheet.add_all([["Đại lý"], ["Khách lẻ"]])
    read = load_workbook(io.BytesIO(out.getvalue()))
    [rule] = read.worksheets[0].data_validations.dataValidation
    assert (str(rule.sqref), rule.formula1) == ("A2:A9", "'Danh mục'!$A$1:$A$2")
    assert (rule.errorStyle, rule.error) == ("warning", 'Chưa có trong "danh mục"')
    assert read.worksheets[1].sheet_state == "hidden"


def test_two_sheets_never_have_the_same_title() -> None:
    out = io.BytesIO()
    with Book(out) as book:
        for _ in range(3):
            with book.sheet("x" * 40, [ColumnFormat()]) as sheet:
                sheet.add_all([["a"]])
    titles = load_workbook(io.BytesIO(out.getvalue())).sheetnames
    assert len({title.casefold() for title in titles}) == 3
    assert max(map(len, titles)) <= 31


def test_a_title_fits_what_excel_accepts() -> None:
    assert sheet_title("Nhóm [a]:*?/\\ " + "x" * 40) == ("Nhóm  a       " + "x" * 40)[:31]
    assert sheet_title("//") == "Sheet1"
    assert sheet_title("a\x00\nb'") == "a b"


def test_letters_of_columns_are_those_of_excel() -> None:
    assert [column_letters(n) for n in (0, 25, 26, 701, 702, 16383)] == [
        "A", "Z", "AA", "ZZ", "AAA", "XFD",
    ]  # fmt: skip


def test_every_part_is_well_formed_and_listed() -> None:
    data = written([["a"]], headings=["A"], notes={0: "b"})
    book = zipfile.ZipFile(io.BytesIO(data))
    types = tree(book.read("[Content_Types].xml"))
    named = {part.get("PartName") for part in types if part.get("PartName")}
    for name in book.namelist():
        tree(book.read(name))
        if name.endswith(".xml") and name != "[Content_Types].xml":
            assert f"/{name}" in named


def test_rows_wider_than_the_columns_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="zip"):
        written([["a", "b"]], [ColumnFormat()])


def test_a_workbook_that_could_not_be_finished_is_none() -> None:
    out = io.BytesIO()
    with pytest.raises(OSError, match="gone"), Book(out) as book, book.sheet("a", [ColumnFormat()]):
        raise OSError("gone")
    with pytest.raises((KeyError, zipfile.BadZipFile)):
        load_workbook(io.BytesIO(out.getvalue()))
