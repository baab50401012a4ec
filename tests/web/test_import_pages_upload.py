"""Step 1 of an import: the file, its type, the rules for duplicates, and the template."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from wizard import CUSTOMERS, SOURCES, act, begun, count, leads, of, run, upload, workbook

from crmadmin.customers.models import Customer
from crmadmin.imports.models import ImportBatch

PICTURE = b"\xff\xd8\xff\xe0 a picture"


def test_a_file_that_is_no_spreadsheet_is_answered_beside_the_field(
    app: Flask, people: Any, visitor: Any
) -> None:
    answer = upload(visitor("an"), CUSTOMERS, io.BytesIO(PICTURE), "anh.xlsx")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text


def test_a_refused_file_leads_back_to_the_choice_of_a_file_with_the_reason(
    people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    upload(browser, CUSTOMERS, io.BytesIO(PICTURE), "anh.xlsx")
    assert leads(browser, "/admin/imports/1") == "settings"
    page = browser.get("/admin/imports/1/settings").text
    assert 'aria-invalid="true"' in page
    assert "anh.xlsx" in page
    file = workbook(("Tên khách hàng",), ("Một",))
    answer = upload(browser, "/admin/imports/1/settings", file)
    assert answer.status_code == 303
    assert leads(browser, answer.headers["Location"].rstrip("/")) == "preview"


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


@pytest.mark.parametrize("field", ["on_duplicate", "contacts", "blank"])
def test_a_rule_that_does_not_exist_is_no_request(
    app: Flask, people: Any, visitor: Any, field: str
) -> None:
    file = workbook(("Tên khách hàng",), ("Một",))
    answer = upload(visitor("an"), CUSTOMERS, file, **{field: "nonsense"})
    assert answer.status_code == 400
    assert count(app, ImportBatch) == 0


def test_every_format_is_offered(people: Any, visitor: Any) -> None:
    page = visitor("an").get(CUSTOMERS).text
    for suffix in (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".csv"):
        assert suffix in page


def test_a_text_file_with_semicolons_is_read(app: Flask, people: Any, visitor: Any) -> None:
    browser = visitor("an")
    text = "Tên khách hàng;Điện thoại\r\nCông ty Một;0912345678\r\n".encode("utf-8-sig")
    where = begun(browser, CUSTOMERS, io.BytesIO(text), "khach.csv")
    run(browser, where)
    assert count(app, Customer) == 1


def test_settings_can_be_changed_after_the_upload_without_sending_the_file_again(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    rows = (("Mã KH", "Tên khách hàng"), ("A1", "Một"))
    run(browser, begun(browser, CUSTOMERS, workbook(*rows)))
    where = begun(browser, CUSTOMERS, workbook(("Mã KH", "Tên khách hàng"), ("A1", "Hai")))
    page = browser.get(f"{where}/settings").text
    assert "đã tải lên" in page
    assert "2 cột" in page
    assert of(app, where).planned["rows"]["skipped"] == 1
    answer = act(browser, where, "settings", page="settings", on_duplicate="overwrite")
    assert answer.status_code == 303
    assert of(app, where).planned["rows"]["updated"] == 1
    assert leads(browser, where) == "preview"


def test_another_file_takes_the_place_of_the_one_before(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))
    other = workbook(("Tên khách hàng",), ("Hai",), ("Ba",))
    again = begun(browser, f"{where}/settings", other, "khac.xlsx")
    assert again != where
    assert browser.get(f"{where}/").status_code == 404
    assert of(app, again).planned["rows"]["created"] == 2


def test_another_type_needs_the_file_again(app: Flask, people: Any, visitor: Any) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))
    answer = act(browser, where, "settings", page="settings", kind="customers")
    assert answer.status_code == 422
    assert "chọn lại tệp" in answer.text
    assert of(app, where).kind == "customers-contacts"


def test_starting_over_takes_back_what_was_chosen_since_the_upload(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    rows = (("Tên khách hàng", "Email"), ("Một", "lan@"))
    where = begun(browser, CUSTOMERS, workbook(*rows), on_duplicate="overwrite")
    act(browser, where, "rows/2/fix", **{"cell-email": "lan@congty.vn"})
    assert of(app, where).planned["rows"]["created"] == 1
    act(browser, where, "restart")
    assert of(app, where).planned["rows"]["invalid"] == 1
    assert of(app, where).options["on_duplicate"] == "skip"


def test_the_template_comes_blank_or_with_the_present_data(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    page = browser.get(CUSTOMERS).text
    assert "Mẫu trống" in page
    assert "Kèm dữ liệu hiện có" in page
    for data in ("", "?data=1"):
        answer = browser.get(f"/admin/imports/template/customers{data}")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_template_of_catalogs_is_for_those_who_may_import_them(people: Any, visitor: Any) -> None:
    assert visitor("an").get("/admin/imports/template/industries?data=1").status_code == 200
    assert visitor("mai").get("/admin/imports/template/industries?data=1").status_code == 403
    assert visitor("mai").get("/admin/imports/template/customers?data=1").status_code == 200
    assert SOURCES not in visitor("mai").get("/admin/imports/").text
