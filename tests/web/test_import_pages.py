"""The way of an import through its pages: the guides' steps, once, and who may walk it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select
from wizard import CUSTOMERS, DATA, SOURCES, act, begun, count, leads, of, run, upload, workbook

from crmadmin.catalogs.models import CustomerSource
from crmadmin.core.db import db
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.imports.models import ImportBatch, ImportRow


def test_a_catalog_is_filled_in_the_two_steps_of_the_guide(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    page = browser.get(SOURCES).text
    for words in ("Chọn file", "Bắt đầu tải file", "Tải file mẫu"):
        assert words in page
    with (DATA / "customer-sources.xlsx").open("rb") as file:
        where = begun(browser, SOURCES, file)
    assert count(app, CustomerSource) == 0
    assert leads(browser, where) == "preview"
    assert "Nhập dữ liệu" in browser.get(f"{where}/preview").text
    answer = run(browser, where)
    assert answer.status_code == 303
    assert count(app, CustomerSource) == 6
    assert leads(browser, where) == "result"
    result = browser.get(f"{where}/result")
    assert result.status_code == 200
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
    here = f"{CUSTOMERS}?group={key}"
    page = browser.get(here).text
    for words in ("Chọn loại nhập khẩu", "Chọn tệp", "Thiết lập bản ghi trùng", "Nhập khẩu",
                  "Làm mới", "Bỏ qua", "Ghi đè", "Thêm mới liên hệ", "Bỏ qua liên hệ"):  # fmt: skip
        assert words in page, words
    rows = (("Mã KH", "Tên khách hàng", "Người liên hệ"), ("A1", "Một", "Lan"), ("A1", None, "Huệ"))
    form = {"group": str(key), "kind": "customers-contacts"}
    where = begun(browser, CUSTOMERS, workbook(*rows), page=here, **form)
    assert count(app, Membership) == 0
    run(browser, where)
    assert (count(app, Customer), count(app, Contact), count(app, Membership)) == (1, 2, 1)
    assert f"id={key}" in browser.get(f"{where}/result").text


def test_a_group_of_a_new_name_is_made_only_when_the_import_is_confirmed(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    rows = (("Tên khách hàng",), ("Một",))
    where = begun(browser, CUSTOMERS, workbook(*rows), group_name="Nhóm mới")
    assert count(app, CustomerGroup) == 0
    run(browser, where)
    assert (count(app, CustomerGroup), count(app, Membership)) == (1, 1)


def test_an_import_is_carried_out_once_however_often_the_button_is_pressed(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))
    carried = browser.carried(f"{where}/preview", f"{where}/run")
    for _ in range(2):
        answer = browser.raw_post(f"{where}/run", carried)
        assert answer.status_code == 303
    assert count(app, Customer) == 1


def test_stopping_on_errors_writes_nothing_and_says_so(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    rows = (("Tên khách hàng", "Email"), ("Một", "lan@"), ("Hai", None))
    where = begun(browser, CUSTOMERS, workbook(*rows))
    run(browser, where, strict="1")
    assert count(app, Customer) == 0
    assert leads(browser, where) == "preview"
    assert "Chưa ghi gì" in browser.get(f"{where}/preview").text
    run(browser, where)
    assert count(app, Customer) == 1


STEPS = ("", "/preview", "/result", "/progress", "/mapping", "/settings", "/undo", "/errors.xlsx",
         "/ledger.xlsx", "/file", "/options?column=source")  # fmt: skip
BUTTONS = ("run", "stop", "resume", "restart", "abandon", "mapping", "sheet", "sheets", "settings",
           "undo", "rows/2/fix", "rows/2/leave-out", "rows/2/take-back")  # fmt: skip


def test_an_import_is_hidden_from_other_marketing_people_but_not_from_the_administrator(
    app: Flask, people: Any, visitor: Any
) -> None:
    where = begun(visitor("an"), CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))
    mai = visitor("mai")
    for step in STEPS:
        assert mai.get(where + step or "/").status_code in (404, 308), step
    for button in BUTTONS:
        assert mai.post(f"{where}/{button}", {}, page=CUSTOMERS).status_code == 404, button
    assert "tep.xlsx" not in mai.get("/admin/imports/").text
    theirs = begun(mai, CUSTOMERS, workbook(("Tên khách hàng",), ("Hai",)))
    assert visitor("an").get(f"{theirs}/preview").status_code == 200
    assert (count(app, Customer), count(app, ImportBatch)) == (0, 2)


@pytest.mark.parametrize("name", ["son", "vy"])
@pytest.mark.parametrize(
    "path", ["/admin/imports/", CUSTOMERS, "/admin/imports/template/customers"]
)
def test_sales_and_viewers_import_nothing(people: Any, visitor: Any, name: str, path: str) -> None:
    assert visitor(name).get(path).status_code == 403


@pytest.mark.parametrize("name", ["son", "vy"])
def test_sales_and_viewers_reach_no_step_of_anybodys_import(
    app: Flask, people: Any, visitor: Any, name: str
) -> None:
    where = begun(visitor("an"), CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))
    other = visitor(name)
    for step in STEPS[1:]:
        assert other.get(where + step).status_code == 403, step
    for button in BUTTONS:
        assert other.post(f"{where}/{button}", {}, page="/profile").status_code == 403, button
    assert count(app, Customer) == 0


def test_marketing_does_not_import_catalogs(people: Any, visitor: Any) -> None:
    browser = visitor("mai")
    assert browser.get(SOURCES).status_code == 403
    assert browser.get("/admin/imports/template/customer-sources").status_code == 403
    answer = browser.post(
        CUSTOMERS, {"kind": "customer-sources"}, content_type="multipart/form-data"
    )
    assert answer.status_code == 403


def test_who_lost_the_right_to_a_kind_still_reads_the_import_and_changes_nothing(
    app: Flask, people: dict[str, int], visitor: Any
) -> None:
    with (DATA / "customer-sources.xlsx").open("rb") as file:
        where = begun(visitor("an"), SOURCES, file)
    with app.app_context():
        batch = db.session.get_one(ImportBatch, int(where.rsplit("/", 1)[-1]))
        batch.user_id = people["mai"]
        db.session.commit()
        db.session.remove()
    mai = visitor("mai")
    page = mai.get(f"{where}/preview")
    assert page.status_code == 200
    assert "run-form" not in page.text
    for button in ("run", "restart", "abandon", "mapping", "rows/2/leave-out"):
        assert mai.post(f"{where}/{button}", {}, page=CUSTOMERS).status_code == 403, button
    assert count(app, CustomerSource) == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/admin/imports/new/nonsense", 404),
        ("/admin/imports/template/nonsense", 404),
        ("/admin/imports/0/preview", 404),
        ("/admin/imports/99999999999999999999/preview", 404),
        ("/admin/imports/x/result", 404),
        ("/admin/imports/x/mapping", 404),
        ("/admin/imports/-1/progress", 404),
        (CUSTOMERS + "?group=77", 404),
        (CUSTOMERS + "?group=abc", 404),
        (SOURCES + "?group=1", 400),
    ],
)
def test_an_address_of_nothing_is_answered_so(
    people: Any, visitor: Any, path: str, status: int
) -> None:
    assert visitor("an").get(path).status_code == status


def state(app: Flask) -> list[tuple[Any, ...]]:
    with app.app_context():
        rows = [
            tuple(row)
            for table in sorted(db.metadata.tables)
            for row in db.session.execute(select(db.metadata.tables[table]))
        ]
        db.session.remove()
    return sorted(map(repr, rows))


def test_looking_at_pages_changes_nothing(app: Flask, people: Any, visitor: Any) -> None:
    browser = visitor("an")
    rows = (("Tên khách hàng", "Nguồn", "Lạ"), ("Một", "Hội chợ", "x"), (None, "Zalo", "y"))
    waits = begun(browser, CUSTOMERS, workbook(*rows))
    done = begun(browser, CUSTOMERS, workbook(("Tên khách hàng",), ("Hai",)))
    run(browser, done)
    before = state(app)
    for where in (waits, done):
        for step in ("/", *STEPS[1:]):
            answer = browser.get(where + step)
            answer.close()
            assert answer.status_code in (200, 302), step
        for button in BUTTONS:
            if f"/{button}" not in STEPS:
                assert browser.get(f"{where}/{button}").status_code == 405, button
    for path in ("/admin/imports/", CUSTOMERS, "/admin/imports/template/customers-contacts"):
        assert browser.get(path).status_code == 200
    assert browser.get("/admin/imports/seen/").status_code == 404
    assert state(app) == before


def test_every_step_survives_a_reload_and_a_log_in(people: Any, visitor: Any) -> None:
    browser = visitor("an")
    rows = (("Tên khách hàng", "Nguồn"), ("Một", "Hội chợ"))
    where = begun(browser, CUSTOMERS, workbook(*rows))
    for step in ("mapping", "preview", "settings"):
        assert browser.get(f"{where}/{step}").status_code == 200
        assert browser.get(f"{where}/{step}").status_code == 200
    stranger = visitor()
    asked = stranger.get(f"{where}/preview?only=all")
    assert asked.status_code == 302
    assert "next=" in asked.headers["Location"]
    answer = stranger.post(asked.headers["Location"].replace("http://crm.example", ""), {
        "username": "an", "password": "mưa rào trên phố",
    })  # fmt: skip
    assert answer.headers["Location"].endswith("/preview?only=all")


def test_hostile_text_in_a_cell_or_a_file_name_stays_text(people: Any, visitor: Any) -> None:
    browser = visitor("an")
    bad = '<script>alert("x")</script>'
    rows = (("Tên khách hàng", "Email", "Nguồn", bad), (bad, bad, bad, "x"))
    answer = upload(browser, CUSTOMERS, workbook(*rows), name=f"{bad}.xlsx")
    where = answer.headers["Location"].rstrip("/")
    for step in ("preview", "mapping", "settings"):
        page = browser.get(f"{where}/{step}").text
        assert bad not in page, step
        assert "&lt;script&gt;" in page, step
    run(browser, where)
    assert bad not in browser.get(f"{where}/result").text
    assert bad not in browser.get("/admin/imports/").text


def _same_length(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


HAPPENS: dict[str, tuple[Any, str]] = {
    "replaced": (lambda path: path.write_bytes(workbook(("Tên khách hàng",), ("Kẻ lạ",)).read()),
                 "không còn là tệp đã tải lên"),
    "changed by a bit": (lambda path: path.write_bytes(_same_length(path.read_bytes())),
                         "không còn là tệp đã tải lên"),
    "emptied": (lambda path: path.write_bytes(b""), "không còn là tệp đã tải lên"),
    "removed": (lambda path: path.unlink(), "không còn trên máy chủ"),
}  # fmt: skip


@pytest.mark.parametrize("what", HAPPENS)
def test_a_file_that_is_another_by_now_is_not_imported_and_the_page_says_why(
    app: Flask, people: Any, visitor: Any, what: str
) -> None:
    """The preview showed one file; whatever lies in its place is not what was looked at."""
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))
    folder = app.config["SETTINGS"].instance / "uploads"
    with app.app_context():
        path = folder / str(db.session.scalars(select(ImportBatch.file_path)).one())
    happens, words = HAPPENS[what]
    happens(path)
    answer = browser.get(f"{where}/file")
    assert answer.status_code == 302
    assert words in browser.get(answer.headers["Location"], follow_redirects=True).text
    run(browser, where)
    assert count(app, Customer) == 0
    assert words in browser.get(f"{where}/", follow_redirects=True).text


def test_leaving_an_import_keeps_nothing_of_it(app: Flask, people: Any, visitor: Any) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))
    folder = app.config["SETTINGS"].instance / "uploads"
    kept = set(folder.iterdir())
    answer = act(browser, where, "abandon")
    assert answer.headers["Location"].endswith("/admin/customers/")
    assert (count(app, ImportBatch), count(app, ImportRow)) == (0, 0)
    assert len(set(folder.iterdir())) == len(kept) - 1
    assert browser.get(f"{where}/").status_code == 404


def test_an_import_that_was_carried_out_cannot_be_left_or_started_over(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))
    run(browser, where)
    for button in ("abandon", "restart", "run", "mapping", "settings", "rows/2/fix"):
        answer = browser.post(f"{where}/{button}", {"cell-name": "x"}, page=f"{where}/result")
        assert answer.status_code == 303, button
    assert of(app, where).status == "done"
    assert count(app, Customer) == 1


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
    where = begun(browser, CUSTOMERS, out)
    assert leads(browser, where) == "preview"
    assert "Công ty Mẫu" in browser.get(f"{where}/preview?only=created").text
