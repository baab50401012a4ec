"""The end of an import: its ledger, the ways back to Excel, and taking it back."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select
from wizard import CUSTOMERS, act, begun, count, leads, of, run, workbook

from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups.models import Membership
from crmadmin.imports.models import ImportBatch, ImportRow

HEAD = ("Mã KH", "Tên khách hàng", "Email")


def first_customer(app: Flask) -> int:
    with app.app_context():
        key = db.session.scalar(select(Customer.id).order_by(Customer.id))
        db.session.remove()
    assert key is not None
    return int(key)


def test_the_result_tells_every_row_and_links_to_its_record(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    rows = (HEAD, ("A1", "Một", None), ("A2", "Hai", "lan@"))
    where = begun(browser, CUSTOMERS, workbook(*rows), group_name="Nhóm mới")
    run(browser, where)
    page = browser.get(f"{where}/result?only=created").text
    assert f"id={first_customer(app)}" in page
    for words in ("1 trong 2 dòng đã vào.", "Sổ kết quả", "Tổng", "Thành viên nhóm", "Liên hệ",
                  "Tải các dòng lỗi", "Tải sổ kết quả", "Hoàn tác", "Thông tin lần nhập",
                  "Trần Văn An", "Tệp tự xóa", "Về nhóm", "Sửa 1 dòng lỗi",
                  "Email: Email không hợp lệ"):  # fmt: skip
        assert words in page, words


def test_rows_whose_fate_changed_since_the_preview_are_named(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(HEAD, ("A1", "Một", None)))
    other = begun(browser, CUSTOMERS, workbook(HEAD, ("a1", "Hai", None)))
    run(browser, other)
    run(browser, where)
    assert "only=changed" in browser.get(f"{where}/result").text
    changed = browser.get(f"{where}/result?only=changed").text
    assert 'id="row-2"' in changed


def test_the_rows_with_errors_come_back_as_a_workbook_that_can_be_mended_and_imported(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    rows = (HEAD, ("A1", "Một", None), ("A2", "Hai", "lan@"), ("A3", "Ba", None))
    where = begun(browser, CUSTOMERS, workbook(*rows))
    run(browser, where)
    with browser.get(f"{where}/errors.xlsx") as answer:
        book = load_workbook(io.BytesIO(answer.data))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]][:3] == list(HEAD)
    assert [cell.value for cell in sheet[2]][:3] == ["A2", "Hai", "lan@"]
    assert sheet.max_row == 2
    sheet["C2"] = "lan@congty.vn"
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    again = begun(browser, CUSTOMERS, out, "sua.xlsx")
    run(browser, again)
    assert of(app, again).counts["rows"]["created"] == 1
    assert count(app, Customer) == 3


def test_the_ledger_can_be_taken_out_whole(people: Any, visitor: Any) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(HEAD, ("A1", "Một", None), ("A2", "Hai", "lan@")))
    run(browser, where)
    with browser.get(f"{where}/ledger.xlsx") as answer:
        assert answer.status_code == 200
        assert load_workbook(io.BytesIO(answer.data)).worksheets[0].max_row >= 3


def test_the_file_comes_back_as_it_was_and_is_never_shown_by_the_browser(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    data = "Tên khách hàng\r\n<script>1</script>\r\n".encode()
    where = begun(browser, CUSTOMERS, io.BytesIO(data), "x.csv")
    with browser.get(f"{where}/file") as answer:
        assert answer.data == data
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("what", ["errors.xlsx", "file"])
def test_what_is_not_there_to_take_out_leads_back_with_a_word(
    app: Flask, people: Any, visitor: Any, what: str
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(HEAD, ("A1", "Một", None)))
    run(browser, where)
    with app.app_context():
        db.session.get_one(ImportBatch, int(where.rsplit("/", 1)[-1])).file_path = None
        db.session.commit()
        db.session.remove()
    with browser.get(f"{where}/{what}") as answer:
        assert answer.status_code == 302
    page = browser.get(f"{where}/result").text
    assert "Không có dòng lỗi nào." in page or "Tệp không còn được lưu." in page


def test_undoing_is_asked_about_with_its_exact_effect_and_then_done(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("mai")
    run(browser, begun(browser, CUSTOMERS, workbook(HEAD, ("A1", "Một", None))))
    rows = (HEAD, ("A1", "Một mới", None), ("A2", "Hai", None))
    form = {"on_duplicate": "overwrite", "group_name": "Nhóm mới"}
    where = begun(browser, CUSTOMERS, workbook(*rows), **form)
    run(browser, where)
    assert (count(app, Customer), count(app, Membership)) == (2, 2)
    page = browser.get(f"{where}/undo").text
    for words in ("Xóa 1 bản ghi đã tạo", "Trả lại giá trị cũ của 1 bản ghi",
                  "Rút 2 thành viên khỏi nhóm", "Trở về"):  # fmt: skip
        assert words in page, words
    assert (count(app, Customer), of(app, where).status) == (2, "done")
    assert act(browser, where, "undo", page="undo").status_code == 303
    assert leads(browser, where) == "result"
    assert (count(app, Customer), count(app, Membership)) == (1, 0)
    assert count(app, Customer, Customer.name == "Một") == 1
    told = browser.get(f"{where}/result").text
    assert "Đã hoàn tác lần nhập này." in told
    assert "Xóa 1 bản ghi đã tạo" in told
    assert f"{where}/undo" not in told


def test_undoing_names_what_it_leaves_alone(app: Flask, people: Any, visitor: Any) -> None:
    browser = visitor("mai")
    where = begun(browser, CUSTOMERS, workbook(HEAD, ("A1", "Một", None), ("A2", "Hai", None)))
    run(browser, where)
    with app.app_context():
        edited = db.session.scalars(select(Customer).where(Customer.code == "A1")).one()
        edited.note, edited.version = "Sửa tay", edited.version + 1
        db.session.commit()
        db.session.remove()
    page = browser.get(f"{where}/undo").text
    assert "1 bản ghi được giữ nguyên" in page
    assert "Một" in page
    act(browser, where, "undo", page="undo")
    assert count(app, Customer) == 1
    told = browser.get(f"{where}/result").text
    assert "Một" in told
    assert "giữ nguyên" in told


def test_an_import_is_undone_once(app: Flask, people: Any, visitor: Any) -> None:
    browser = visitor("mai")
    where = begun(browser, CUSTOMERS, workbook(HEAD, ("A1", "Một", None)))
    carried = browser.carried(f"{where}/preview", where)
    for status in ("previewed", "done"):
        if status == "done":
            run(browser, where)
        assert of(app, where).status == status
        answer = browser.raw_post(f"{where}/undo", carried)
        assert answer.status_code == 303
    assert of(app, where).status == "undone"
    assert browser.raw_post(f"{where}/undo", carried).status_code == 303
    assert browser.get(f"{where}/undo").status_code == 302
    assert count(app, ImportRow) == 1


def test_marketing_undoes_its_own_imports_and_an_administrator_any(
    app: Flask, people: Any, visitor: Any
) -> None:
    an, mai = visitor("an"), visitor("mai")
    theirs = begun(mai, CUSTOMERS, workbook(HEAD, ("A1", "Một", None)))
    run(mai, theirs)
    mine = begun(an, CUSTOMERS, workbook(HEAD, ("A2", "Hai", None)))
    run(an, mine)
    assert mai.post(f"{mine}/undo", {}, page=f"{theirs}/undo").status_code == 404
    assert act(an, theirs, "undo", page="undo").status_code == 303
    assert of(app, theirs).status == "undone"
    assert of(app, mine).status == "done"
