"""The screens of an import, as people of each role meet them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from crmadmin.catalogs.models import CustomerSource
from crmadmin.core.db import db
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.imports.models import ImportBatch, ImportRow

DATA = Path(__file__).parents[2] / "samples"
SOURCES = "/admin/imports/new/customer-sources"
CUSTOMERS = "/admin/imports/new/customers-contacts"


def workbook(*rows: tuple[Any, ...]) -> io.BytesIO:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out


def upload(browser: Any, path: str, file: Any, name: str = "tep.xlsx", **form: str) -> Any:
    return browser.post(path, {"file": (file, name), **form}, content_type="multipart/form-data")


def uploaded(browser: Any, path: str, file: Any, **form: str) -> str:
    """Upload, and the address of the preview that follows."""
    answer = upload(browser, path, file, **form)
    assert answer.status_code == 303, answer.text[:2000]
    return str(answer.headers["Location"])


def run(browser: Any, preview: str, **form: str) -> Any:
    return browser.post(preview.replace("/preview", "/run"), form, page=preview)


def count(app: Flask, model: type[Any]) -> int:
    with app.app_context():
        number = db.session.scalar(select(func.count()).select_from(model))
        db.session.remove()
    return int(number or 0)


def test_a_catalog_is_filled_in_the_two_steps_of_the_guide(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    page = browser.get(SOURCES).text
    for words in ("Chọn file", "Bắt đầu tải file", "Tải file mẫu"):
        assert words in page
    with (DATA / "customer-sources.xlsx").open("rb") as file:
        preview = uploaded(browser, SOURCES, file)
    assert count(app, CustomerSource) == 0
    shown = browser.get(preview).text
    assert "Nhập dữ liệu" in shown
    assert "required" not in shown
    answer = run(browser, preview)
    assert answer.status_code == 303
    assert count(app, CustomerSource) == 6
    result = browser.get(preview.replace("/preview", "/result"))
    assert result.status_code == 200
    assert "customer-sources.xlsx" not in result.text  # it was sent as tep.xlsx
    assert "tep.xlsx" in result.text


def test_customers_fill_the_group_whose_page_led_to_the_import(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("mai")
    with app.app_context():
        group = CustomerGroup(name="Khách mời", description="Hội thảo")
        db.session.add(group)
        db.session.commit()
        key = group.id
        db.session.remove()
    page = browser.get(f"{CUSTOMERS}?group={key}").text
    for words in ("Chọn loại nhập khẩu", "Chọn tệp", "Thiết lập bản ghi trùng", "Nhập khẩu",
                  "Làm mới", "Bỏ qua", "Ghi đè", "Thêm mới liên hệ", "Bỏ qua liên hệ"):  # fmt: skip
        assert words in page, words
    rows = (("Mã KH", "Tên khách hàng", "Người liên hệ"), ("A1", "Một", "Lan"), ("A1", None, "Huệ"))
    preview = uploaded(
        browser, CUSTOMERS, workbook(*rows), group=str(key), kind="customers-contacts"
    )
    assert count(app, Membership) == 0
    run(browser, preview)
    assert (count(app, Customer), count(app, Contact), count(app, Membership)) == (1, 2, 1)


def test_a_group_of_a_new_name_is_made_only_when_the_import_is_confirmed(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    rows = (("Tên khách hàng",), ("Một",))
    preview = uploaded(browser, CUSTOMERS, workbook(*rows), group_name="Nhóm mới")
    assert count(app, CustomerGroup) == 0
    run(browser, preview)
    assert (count(app, CustomerGroup), count(app, Membership)) == (1, 1)


def test_an_import_is_carried_out_once_however_often_the_button_is_pressed(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    preview = uploaded(browser, CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))
    token = browser.token(preview)
    for _ in range(2):
        path = preview.replace("/preview", "/run")
        assert browser.raw_post(path, {"csrf_token": token}).status_code == 303
    assert count(app, Customer) == 1


def test_stopping_on_errors_writes_nothing_and_says_so(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    rows = (("Tên khách hàng", "Email"), ("Một", "lan@"), ("Hai", None))
    preview = uploaded(browser, CUSTOMERS, workbook(*rows))
    run(browser, preview, strict="1")
    assert count(app, Customer) == 0
    assert browser.get(preview).status_code == 200
    run(browser, preview)
    assert count(app, Customer) == 1


def test_the_rows_can_be_narrowed_to_one_result(app: Flask, people: Any, visitor: Any) -> None:
    browser = visitor("an")
    rows = (("Tên khách hàng", "Email"), ("Dòng hỏng", "lan@"), ("Dòng tốt", None))
    preview = uploaded(browser, CUSTOMERS, workbook(*rows))
    bad, good = (
        browser.get(f"{preview}?only=invalid").text,
        browser.get(f"{preview}?only=created").text,
    )
    assert "Dòng hỏng" in bad
    assert "Dòng tốt" not in bad
    assert "Dòng tốt" in good
    assert "Dòng hỏng" not in good


@pytest.mark.parametrize("query", ["?only=nonsense", "?page=99999999999999", "?page=-1&only=all"])
def test_a_strange_address_still_shows_the_page(
    app: Flask, people: Any, visitor: Any, query: str
) -> None:
    browser = visitor("an")
    preview = uploaded(browser, CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))
    assert browser.get(preview + query).status_code == 200


def test_a_file_that_is_no_spreadsheet_is_answered_beside_the_field(
    app: Flask, people: Any, visitor: Any
) -> None:
    answer = upload(visitor("an"), CUSTOMERS, io.BytesIO(b"\xff\xd8\xff\xe0 a picture"), "anh.xlsx")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text


def test_no_file_is_answered_beside_the_field(app: Flask, people: Any, visitor: Any) -> None:
    answer = visitor("an").post(CUSTOMERS, {}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert count(app, ImportBatch) == 0


def test_codes_of_existing_customers_need_a_group_to_fill(
    app: Flask, people: Any, visitor: Any
) -> None:
    answer = upload(visitor("an"), CUSTOMERS, workbook(("Mã KH",), ("A",)), kind="codes")
    assert answer.status_code == 422
    assert count(app, ImportBatch) == 0


def test_an_upload_over_the_limit_is_refused_with_a_page(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    answer = upload(browser, CUSTOMERS, io.BytesIO(b"x" * 200_000))
    assert answer.status_code == 413
    assert count(app, ImportBatch) == 0


def test_an_import_is_hidden_from_other_marketing_people_but_not_from_the_administrator(
    app: Flask, people: Any, visitor: Any
) -> None:
    mine = uploaded(visitor("an"), CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))
    mai = visitor("mai")
    for path in (mine, mine.replace("preview", "result"), mine.replace("preview", "")):
        assert mai.get(path).status_code == 404
    assert mai.post(mine.replace("preview", "run"), {}, page=CUSTOMERS).status_code == 404
    assert "tep.xlsx" not in mai.get("/admin/imports/").text
    theirs = uploaded(mai, CUSTOMERS, workbook(("Tên khách hàng",), ("Hai",)))
    assert visitor("an").get(theirs).status_code == 200
    assert count(app, Customer) == 0


@pytest.mark.parametrize("name", ["son", "vy"])
@pytest.mark.parametrize(
    "path", ["/admin/imports/", CUSTOMERS, "/admin/imports/template/customers"]
)
def test_sales_and_viewers_import_nothing(people: Any, visitor: Any, name: str, path: str) -> None:
    assert visitor(name).get(path).status_code == 403


def test_marketing_does_not_import_catalogs(people: Any, visitor: Any) -> None:
    browser = visitor("mai")
    assert browser.get(SOURCES).status_code == 403
    assert browser.get("/admin/imports/template/customer-sources").status_code == 403
    answer = browser.post(
        CUSTOMERS, {"kind": "customer-sources"}, content_type="multipart/form-data"
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/admin/imports/new/nonsense", 404),
        ("/admin/imports/template/nonsense", 404),
        ("/admin/imports/0/preview", 404),
        ("/admin/imports/99999999999999999999/preview", 404),
        ("/admin/imports/x/result", 404),
        (CUSTOMERS + "?group=77", 404),
        (CUSTOMERS + "?group=abc", 404),
        (SOURCES + "?group=1", 400),
    ],
)
def test_an_address_of_nothing_is_answered_so(
    people: Any, visitor: Any, path: str, status: int
) -> None:
    assert visitor("an").get(path).status_code == status


def test_looking_at_pages_changes_nothing(app: Flask, people: Any, visitor: Any) -> None:
    browser = visitor("an")
    preview = uploaded(browser, CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))

    def state() -> list[tuple[Any, ...]]:
        with app.app_context():
            rows = db.session.execute(select(ImportRow.__table__)).all()
            rows += db.session.execute(select(ImportBatch.__table__)).all()
            db.session.remove()
        return [tuple(row) for row in rows]

    before = state()
    for path in (preview, "/admin/imports/", preview.replace("preview", ""), CUSTOMERS,
                 "/admin/imports/template/customers-contacts"):  # fmt: skip
        browser.get(path)
    assert browser.get(preview.replace("/preview", "/run")).status_code == 405
    assert state() == before


def test_hostile_text_in_a_cell_or_a_file_name_stays_text(people: Any, visitor: Any) -> None:
    browser = visitor("an")
    bad = '<script>alert("x")</script>'
    rows = (("Tên khách hàng", "Email", bad), (bad, bad, "x"))
    answer = upload(browser, CUSTOMERS, workbook(*rows), name=f"{bad}.xlsx")
    page = browser.get(answer.headers["Location"]).text
    assert bad not in page
    assert "&lt;script&gt;" in page


def test_the_template_of_every_kind_is_understood_by_the_import(people: Any, visitor: Any) -> None:
    browser = visitor("an")
    answer = browser.get("/admin/imports/template/customers-contacts")
    assert answer.mimetype.endswith("spreadsheetml.sheet")
    book = load_workbook(io.BytesIO(answer.data))
    sheet = book.worksheets[0]
    assert sheet.max_column == 26
    assert sheet["A1"].value == "Mã khách hàng"
    assert sheet["B1"].value == "Tên khách hàng *"
    assert sheet.column_dimensions["A"].number_format == "@"
    sheet["B2"] = "Công ty Mẫu"
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    preview = uploaded(browser, CUSTOMERS, out)
    assert "Công ty Mẫu" in browser.get(f"{preview}?only=created").text


def test_the_result_links_to_the_records(app: Flask, people: Any, visitor: Any) -> None:
    browser = visitor("an")
    preview = uploaded(browser, CUSTOMERS, workbook(("Mã KH", "Tên khách hàng"), ("A1", "Một")))
    run(browser, preview)
    with app.app_context():
        key = db.session.scalar(select(Customer.id))
        db.session.remove()
    page = browser.get(preview.replace("/preview", "/result")).text
    assert f"id={key}" in page


def test_rows_whose_fate_changed_since_the_preview_are_named(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    preview = uploaded(browser, CUSTOMERS, workbook(("Mã KH", "Tên khách hàng"), ("A1", "Một")))
    again = uploaded(browser, CUSTOMERS, workbook(("Mã KH", "Tên khách hàng"), ("a1", "Hai")))
    run(browser, again)
    run(browser, preview)
    page = browser.get(preview.replace("/preview", "/result")).text
    assert "only=changed" in page
    changed = browser.get(preview.replace("/preview", "/result?only=changed")).text
    assert 'id="row-2"' in changed
