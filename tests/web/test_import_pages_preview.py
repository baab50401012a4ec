"""Step 3 of an import: every row and what would become of it; bad cells corrected in place."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from wizard import CUSTOMERS, act, begun, count, leads, of, run, workbook

from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.imports.models import ImportFix

HEAD = ("Mã KH", "Tên khách hàng", "Điện thoại", "Email", "Website")
ROWS = (
    HEAD,
    ("A1", "Dòng tốt", "0912345678", None, None),
    ("A2", "Dòng hỏng", "0912 345 67", "lan@", None),
    ("A3", None, "0912345680", None, None),
    ("A4", "Bốn lỗi", "x", "y", "khong co"),
)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def where(people: Any, visitor: Any) -> str:
    """An import of Mai's with three bad rows."""
    return begun(visitor("mai"), CUSTOMERS, workbook(*ROWS))


def fixes(app: Flask) -> dict[tuple[int, str], str]:
    with app.app_context():
        found = {(f.number, f.column): f.value for f in db.session.scalars(select(ImportFix))}
        db.session.remove()
    return found


def part(browser: Any, where: str, doing: str, **form: Any) -> Any:
    """What htmx gets for a correction; the page's table showed phone and email."""
    path = f"{where}/rows/{doing}?only=invalid&columns=phone,email"
    carried = browser.carried(f"{where}/preview", path)
    return browser.raw_post(path, {**carried, **form}, headers=dict(HTMX))


def test_the_bad_rows_come_first_with_their_bad_cells_as_inputs(visitor: Any, where: str) -> None:
    page = visitor("mai").get(f"{where}/preview").text
    assert "3 dòng lỗi" in page
    assert "Dòng tốt" not in page
    for name in ("cell-phone", "cell-email", "cell-name", "cell-website"):
        assert f'name="{name}"' in page, name
    assert 'name="cell-code"' not in page
    assert "1 dòng sẽ vào · 3 dòng ở lại" in page
    for words in ("Để lại dòng này", "Tải các dòng lỗi", "Mọi lý do", "Quay lại", "Bỏ qua",
                  "Nhập khẩu", "Dừng, không ghi gì nếu còn dòng lỗi"):  # fmt: skip
        assert words in page, words


def test_the_tiles_add_up_to_the_rows_of_the_file(visitor: Any, where: str) -> None:
    page = visitor("mai").get(f"{where}/preview").text
    tiles = re.findall(r'class="tile[^>]*>.*?<span class="v">([\d.]+)</span>', page, re.DOTALL)
    assert [int(n) for n in tiles] == [1, 0, 0, 0, 0, 3, 0]


def test_the_rows_can_be_narrowed_to_one_result_and_one_reason(visitor: Any, where: str) -> None:
    browser = visitor("mai")
    good = browser.get(f"{where}/preview?only=created").text
    assert "Dòng tốt" in good
    assert "Dòng hỏng" not in good
    missing = browser.get(f"{where}/preview?only=invalid&reason=required").text
    assert 'id="row-4"' in missing
    assert 'id="row-3"' not in missing
    everything = browser.get(f"{where}/preview?only=all").text
    assert "4 dòng" in everything


@pytest.mark.parametrize(
    "query",
    ["?only=nonsense", "?page=99999999999999", "?page=-1&only=all", "?only=invalid&reason=%00",
     "?only=invalid&reason=a:b", "?only=fixed&page=7", "?only=left_out", "?reason=bad_phone"],
)  # fmt: skip
def test_a_strange_address_still_shows_the_page(visitor: Any, where: str, query: str) -> None:
    assert visitor("mai").get(f"{where}/preview{query}").status_code == 200


def test_a_corrected_cell_is_checked_at_once_and_goes_in(
    app: Flask, visitor: Any, where: str
) -> None:
    browser = visitor("mai")
    form = {"cell-phone": "0912 345 679", "cell-email": "lan@congty.vn"}
    answer = part(browser, where, "3/fix", **form)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<tr role="row" id="row-3"')
    assert "Đã sửa, hợp lệ" in answer.text
    for block in ("counts", "fixed", "price", "rows-h"):
        assert f'id="{block}" hx-swap-oob="true"' in answer.text, block
    assert "2 dòng sẽ vào" in answer.text
    assert "2 dòng lỗi" in answer.text
    assert json.loads(answer.headers["HX-Trigger"])["say"]["text"] == "Dòng 3 hợp lệ."
    assert of(app, where).planned["rows"]["invalid"] == 2
    run(browser, where)
    assert count(app, Customer, Customer.phone == "+84912345679") == 1


def test_a_cell_that_is_still_wrong_says_why(app: Flask, visitor: Any, where: str) -> None:
    answer = part(visitor("mai"), where, "3/fix", **{"cell-phone": "12", "cell-email": "lan@"})
    assert "“12” quá ngắn" in answer.text
    assert json.loads(answer.headers["HX-Trigger"])["say"]["text"] == "Dòng 3: 2 lỗi."
    assert of(app, where).planned["rows"]["invalid"] == 3


def test_only_what_reads_otherwise_now_is_kept_as_a_correction(
    app: Flask, visitor: Any, where: str
) -> None:
    browser = visitor("mai")
    part(browser, where, "3/fix", **{"cell-phone": "0912345679", "cell-email": "lan@"})
    assert fixes(app) == {(3, "phone"): "0912345679"}
    part(browser, where, "4/fix", **{"cell-name": ""})
    assert fixes(app) == {(3, "phone"): "0912345679"}


def test_without_script_a_correction_leads_back_to_the_same_rows(
    app: Flask, visitor: Any, where: str
) -> None:
    browser = visitor("mai")
    path = "rows/4/fix?only=invalid&reason=required"
    answer = act(browser, where, path, **{"cell-name": "Công ty Ba"})
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/preview?only=invalid&reason=required&at=4")
    assert of(app, where).planned["rows"]["created"] == 2


def test_corrected_rows_can_be_found_again(visitor: Any, where: str) -> None:
    browser = visitor("mai")
    part(browser, where, "4/fix", **{"cell-name": "Công ty Ba"})
    page = browser.get(f"{where}/preview").text
    assert "1 dòng vừa sửa" in page
    assert "Công ty Ba" not in page
    assert "Công ty Ba" in browser.get(f"{where}/preview?only=fixed").text


def test_a_row_can_be_left_out_and_taken_back(app: Flask, visitor: Any, where: str) -> None:
    browser = visitor("mai")
    answer = part(browser, where, "3/leave-out")
    assert "Lấy lại dòng này" in answer.text
    assert "1 dòng để lại" in answer.text
    assert json.loads(answer.headers["HX-Trigger"])["say"]["text"] == "Dòng 3 ở lại."
    assert 'id="row-3"' in browser.get(f"{where}/preview?only=invalid&reason=left_out").text
    answer = part(browser, where, "3/take-back")
    assert "Để lại dòng này" in answer.text
    assert fixes(app) == {}


def test_a_row_left_out_does_not_stop_a_strict_import(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("mai")
    rows = (HEAD, ROWS[1], ROWS[2])
    where = begun(browser, CUSTOMERS, workbook(*rows))
    part(browser, where, "3/leave-out")
    run(browser, where, strict="1")
    assert count(app, Customer) == 1


@pytest.mark.parametrize("doing", ["fix", "leave-out", "take-back"])
@pytest.mark.parametrize("number", ["1", "99", "2147483648", "0"])
def test_a_row_that_is_not_there_is_not_found(
    app: Flask, visitor: Any, where: str, doing: str, number: str
) -> None:
    answer = part(visitor("mai"), where, f"{number}/{doing}", **{"cell-phone": "1"})
    assert answer.status_code == 404
    assert fixes(app) == {}


@pytest.mark.parametrize("form", [{}, {"cell-password_hash": "x"}, {"cell-": "x"}, {"phone": "1"}])
def test_a_cell_of_no_column_is_no_request(
    app: Flask, visitor: Any, where: str, form: dict[str, str]
) -> None:
    assert part(visitor("mai"), where, "3/fix", **form).status_code == 400
    assert fixes(app) == {}


def test_a_correction_after_the_import_ran_leads_to_where_it_stands(
    app: Flask, visitor: Any, where: str
) -> None:
    browser = visitor("mai")
    carried = browser.carried(f"{where}/preview", where)
    run(browser, where)
    form = {**carried, "cell-phone": "0912345679"}
    answer = browser.raw_post(f"{where}/rows/3/fix", form, headers=dict(HTMX))
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"].rstrip("/") == where
    assert fixes(app) == {}


def test_markup_in_a_corrected_cell_stays_text(visitor: Any, where: str) -> None:
    bad = "<img src=x onerror=alert(1)>"
    answer = part(visitor("mai"), where, "3/fix", **{"cell-phone": bad})
    assert bad not in answer.text
    assert "&lt;img" in answer.text


def test_what_stays_behind_can_be_taken_out_as_a_workbook(visitor: Any, where: str) -> None:
    with visitor("mai").get(f"{where}/errors.xlsx") as answer:
        assert answer.status_code == 200
        assert answer.mimetype.endswith("spreadsheetml.sheet")
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_the_preview_of_an_import_that_is_done_leads_to_its_result(
    visitor: Any, where: str
) -> None:
    browser = visitor("mai")
    run(browser, where)
    assert browser.get(f"{where}/preview").status_code == 302
    assert leads(browser, where) == "result"
