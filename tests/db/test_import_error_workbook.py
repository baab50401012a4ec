"""The way back to Excel: refused rows as a workbook, mended there, imported again."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import factories
import pytest
from flask_babel import force_locale
from importing import number_of
from openpyxl import Workbook, load_workbook
from sqlalchemy import select

from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.imports import correct, error_workbook, forgetting, services
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import Rules, State
from crmadmin.imports.states import Status

pytestmark = pytest.mark.usefixtures("context")

HEADER = ("Mã KH *", "Tên KH", "Nội bộ", "SĐT", "Email", "Ngày sinh", "MST", "Ghi chú")
MOMENT = datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001 - a sheet knows no zones
ROWS = (
    ("A1", "Một", "x", 912345678, "mot@example.com", date(1990, 2, 3), None, "=1+1"),
    ("A2", "Hai", "y", "12", "hai@", date(1991, 2, 3), 100109106, "+84"),
    (),
    ("00003", None, None, 912345679, None, None, None, None),
    ("A4", "Bốn", None, None, None, "31/02/1990", None, None),
)


def workbook(rows: Sequence[Sequence[Any]], title_rows: int = 0) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = "Danh sách"
    for _ in range(title_rows):
        sheet.append(["DANH SÁCH KHÁCH HÀNG"])
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(user: Any, data: bytes, kind: str = "customers-contacts", **rules: Any) -> ImportBatch:
    return services.create_batch(
        io.BytesIO(data), "tep.xlsx", KINDS[kind], Rules.from_mapping(rules), user
    )


def refused(batch: ImportBatch) -> Any:
    out = io.BytesIO()
    error_workbook.write_errors(batch, out)
    return load_workbook(io.BytesIO(out.getvalue()))


def again(user: Any, book: Any) -> Any:
    out = io.BytesIO()
    book.save(out)
    return services.run(upload(user, out.getvalue()))


def test_the_refused_rows_have_the_files_own_columns_and_the_reason_at_the_end(an: Any) -> None:
    batch = upload(an, workbook([HEADER, *ROWS], title_rows=2))
    assert services.run(batch).rows[State.INVALID] == 3
    sheet = refused(batch).active
    assert sheet.title == "Danh sách"
    assert [cell.value for cell in sheet[1]] == [*HEADER, "Lý do"]
    assert sheet.max_row == 4
    cells = [cell.value for cell in sheet[2]]
    assert cells[:5] == ["A2", "Hai", "y", "12", "hai@"]
    assert cells[5].date() == date(1991, 2, 3)
    # Codes, phones and tax codes are texts, however Excel had them.
    assert cells[6:8] == ["100109106", "+84"]
    assert [cell.value for cell in sheet[3]][:4] == ["00003", None, None, "912345679"]
    assert sheet["A3"].number_format == "@"
    assert sheet["H2"].data_type == "s"


def test_bad_cells_are_marked_and_say_why(an: Any) -> None:
    batch = upload(an, workbook([HEADER, *ROWS]))
    services.run(batch)
    sheet = refused(batch).active
    marked = {c.coordinate for row in sheet for c in row if c.comment is not None}
    assert {"D2", "E2", "B3", "F4"} <= marked
    assert "hai@" in sheet["E2"].comment.text
    filled = {c.coordinate for row in sheet["2:4"] for c in row if c.fill.fill_type == "solid"}
    assert filled == marked - {c.coordinate for c in sheet[1]}
    reason = sheet["I2"].value
    assert "SĐT: " in reason
    assert "Email: " in reason


def test_the_mended_workbook_imports_exactly_the_mended_rows(an: Any) -> None:
    batch = upload(an, workbook([HEADER, *ROWS]))
    services.run(batch)
    book = refused(batch)
    sheet = book.active
    sheet["D2"], sheet["E2"], sheet["G2"] = "0912345670", "hai@example.com", "0100109106"
    sheet["B3"] = "Ba"
    report = again(an, book)
    assert (report.rows[State.CREATED], report.rows[State.INVALID]) == (2, 1)
    assert report.ignored == ("Nội bộ",)
    made = {c.code: c for c in db.session.scalars(select(Customer))}
    assert set(made) == {"A1", "A2", "00003"}
    assert (made["A2"].tax_code, made["A2"].birthday) == ("0100109106", date(1991, 2, 3))
    assert made["00003"].phone == "+84912345679"


def test_the_reason_stays_one_column_however_often_the_rows_go_round(an: Any) -> None:
    batch = upload(an, workbook([HEADER, *ROWS]))
    services.run(batch)
    for _ in range(3):
        report = again(an, refused(batch))
        assert report.rows[State.INVALID] == 3
        batch = report.batch
    assert [cell.value for cell in refused(batch).active[1]] == [*HEADER, "Lý do"]


def test_what_was_typed_in_the_preview_is_in_the_workbook(an: Any) -> None:
    batch = upload(an, workbook([HEADER, *ROWS]))
    services.preview(batch)
    correct.fix(batch, 3, {"email": "hai@example.com", "phone": ""})
    correct.fix(batch, 6, {"name": "Bốn mới"})
    services.run(batch)
    sheet = refused(batch).active
    rows = {row[0].value: [cell.value for cell in row] for row in sheet.iter_rows(min_row=2)}
    assert rows["A4"][1] == "Bốn mới"
    assert "A2" not in rows or rows["A2"][3:5] == [None, "hai@example.com"]


def test_a_row_left_behind_is_there_too_and_says_so(an: Any) -> None:
    batch = upload(an, workbook([HEADER, *ROWS]))
    services.preview(batch)
    correct.leave_out(batch, 6)
    services.run(batch)
    sheet = refused(batch).active
    [reason] = [row[8].value for row in sheet.iter_rows(min_row=2) if row[0].value == "A4"]
    assert reason


def test_columns_mapped_by_hand_are_remembered_for_the_mended_workbook(an: Any) -> None:
    header = ("Mã KH", "Tên KH", "Số máy riêng")
    batch = upload(an, workbook([header, ("A", "Một", "12")]))
    services.preview(batch)
    services.choose_columns(batch, "Danh sách", 1, {"code": 0, "name": 1, "phone": 2})
    db.session.refresh(batch)
    services.run(batch)
    book = refused(batch)
    book.active["C2"] = "0912345678"
    assert again(an, book).rows[State.CREATED] == 1
    assert db.session.scalars(select(Customer.phone)).one() == "+84912345678"


def test_error_cells_times_and_wide_rows_come_through(an: Any) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["Mã KH", "Tên KH", "Email"])
    sheet.append(["A", "#N/A", "x@", MOMENT, 12.5, True])
    sheet["B2"].data_type = "e"
    out = io.BytesIO()
    book.save(out)
    batch = upload(an, out.getvalue())
    assert services.run(batch).rows[State.INVALID] == 1
    row = refused(batch).active[2]
    assert (row[1].data_type, row[1].value) == ("e", "#N/A")
    assert [cell.value for cell in row[3:6]] == [MOMENT, 12.5, True]
    assert row[6].value


def test_without_refused_rows_there_is_a_heading_and_nothing_else(an: Any) -> None:
    batch = upload(an, workbook([HEADER, ROWS[0]]))
    services.run(batch)
    assert error_workbook.can_write(batch)
    assert refused(batch).active.max_row == 1


def test_a_preview_has_its_refused_rows_as_well(an: Any) -> None:
    batch = upload(an, workbook([HEADER, *ROWS]))
    services.preview(batch)
    assert refused(batch).active.max_row == 4
    assert number_of(Customer) == 0


def test_an_english_reader_gets_an_english_heading_that_is_known_just_so(an: Any) -> None:
    batch = upload(an, workbook([HEADER, *ROWS]))
    services.run(batch)
    with force_locale("en"):
        book = refused(batch)
    assert book.active["I1"].value == "Reason"
    assert again(an, book).ignored == ("Nội bộ",)


def test_when_the_cells_are_gone_nothing_is_written(an: Any) -> None:
    batch = upload(an, workbook([HEADER, *ROWS]))
    services.run(batch)
    forgetting._each_block(batch.id, forgetting._forget_cells)
    db.session.commit()
    assert not error_workbook.can_write(batch)
    with pytest.raises(error_workbook.CellsGone):
        refused(batch)


def test_the_ledger_tells_what_became_of_every_row(an: Any) -> None:
    factories.customer(an, "Cũ", code="A1")
    db.session.commit()
    batch = upload(an, workbook([HEADER, *ROWS]))
    services.run(batch)
    out = io.BytesIO()
    assert error_workbook.write_ledger(batch, out) == 5
    sheet = load_workbook(io.BytesIO(out.getvalue())).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [row[0] for row in rows] == [2, 3, 4, 5, 6]
    assert [row[3] for row in rows] == ["A1", "A2", None, "00003", "A4"]
    assert rows[0][1] != rows[1][1]
    assert "hai@" in rows[1][6]
    assert batch.status == Status.DONE


def test_the_ledger_of_an_undone_import_names_what_was_left(an: Any) -> None:
    batch = upload(an, workbook([HEADER, ROWS[0], ("B", "Hai")]))
    services.run(batch)
    found = db.session.scalars(select(Customer).where(Customer.code == "B")).one()
    found.note = "sửa tay"
    db.session.commit()
    services.undo(batch)
    out = io.BytesIO()
    error_workbook.write_ledger(batch, out)
    sheet = load_workbook(io.BytesIO(out.getvalue())).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [(row[0], row[3], bool(row[9])) for row in rows] == [(2, None, False), (3, "B", True)]
