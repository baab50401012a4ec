"""The whole way of an import in a browser: from the template to taking it back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import factories
import openpyxl
import pytest
from databases import every_database
from flask import Flask
from ledger import ledger
from person import Person, until
from selenium.webdriver.common.keys import Keys
from served import Site
from sqlalchemy import func, select

from crmadmin.catalogs.models import CustomerSource
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups.models import Membership
from crmadmin.imports.views import steps
from crmadmin.jobs.worker import Worker

GROUP = "Khách mời hội thảo"
SECONDS = 60


@contextmanager
def worker(app: Flask) -> Iterator[None]:
    """Somebody who works the jobs, for as long as the body runs."""
    made = Worker(app)
    made.start()
    try:
        yield
    finally:
        assert made.stop()


@pytest.fixture
def queued(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The app with its queue, as it is served; answers wait only a moment for a job."""
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], queue="")
    monkeypatch.setattr(steps, "PATIENCE", 0.3)
    return app


def fill(template: Path, file: Path) -> None:
    """Type three customers into the template, with a heading of one's own and three mistakes."""
    book = openpyxl.load_workbook(template)
    sheet = book.worksheets[0]
    place = {str(c.value).rstrip(" *"): c.column for c in sheet[1]}
    sheet.cell(1, place["Điện thoại"]).value = "Số máy"
    rows = (
        ("Công ty Hoa Sen", "0912345678", {"Nguồn khách hàng": "VietBuild"}),
        ("Công ty Cá Vàng", "0912345679", {"Email": "lan@"}),
        ("Công ty Bánh Xe", "12", {}),
    )  # fmt: skip
    for number, (name, phone, more) in enumerate(rows, 2):
        row = {"Tên khách hàng": name, "Điện thoại": phone, **more}
        for heading, text in row.items():
            sheet.cell(number, place[heading]).value = text
    book.save(file)


def mend(errors: Path, file: Path) -> None:
    """Correct the one bad phone in the workbook of rows with errors."""
    book = openpyxl.load_workbook(errors)
    sheet = book.worksheets[0]
    column = next(c.column for c in sheet[1] if c.value == "Số máy")
    assert [sheet.cell(2, column).value, sheet.max_row] == ["12", 2]
    sheet.cell(2, column).value = "0912345680"
    book.save(file)


def match_phone(mai: Person) -> None:
    """Khớp cột: the heading that nobody knows is the phone."""
    mai.find("Khớp cột", "heading")
    mai.choose(re.compile("^Trường cho cột .*Số máy"), "Điện thoại")


def upload(mai: Person, file: Path) -> None:
    """Chọn tệp > Nhập khẩu; wherever that leads, the file was read."""
    mai.attach("Chọn tệp", file)
    mai.reads(file.name)
    mai.go("Nhập khẩu", "button")
    until(
        lambda: mai.path.endswith(("/mapping", "/preview")), "the columns or the preview", SECONDS
    )


def confirm(mai: Person) -> None:
    """Nhập khẩu, and wait for the result."""
    mai.go("Nhập khẩu", "button")
    until(lambda: mai.path.endswith("/result"), "the result", SECONDS)


def count(site: Site, model: type[object]) -> int:
    with site.app.app_context():
        number = db.session.scalar(select(func.count()).select_from(model)) or 0
        db.session.remove()
    return number


@every_database
def test_from_the_template_through_every_step_to_the_undoing(
    person: Person, site: Site, queued: Flask, tmp_path: Path
) -> None:
    with site.writing() as an:
        factories.catalog(CustomerSource, "Hội chợ")
        factories.group(GROUP, "Hà Nội, tháng 12")
        factories.customer(an, "Có từ trước")
    mai = person.sign_in("mai").download_to(tmp_path)
    mai.open("/admin/groups/").go(GROUP, "link").go("Nhập khẩu", "link")

    # The template, filled in
    mai.press("Tải file mẫu", "link")
    fill(mai.downloaded(tmp_path, ".xlsx"), tmp_path / "khach-moi.xls-")
    file = (tmp_path / "khach-moi.xls-").rename(tmp_path / "khách mời.xlsx")

    with worker(queued):
        # The columns and values
        upload(mai, file)
        mai.reads("1 cột và 1 giá trị chưa quyết định: 1 dòng sẽ lỗi")
        match_phone(mai)
        mai.choose("Khớp VietBuild với", "Hội chợ")
        until(lambda: "chưa quyết định" not in mai.text(".foot"), "nothing left undecided")
        mai.go("Xem trước", "button")
        until(lambda: mai.path.endswith("/preview"), "the preview", SECONDS)

        # One of the two bad cells is corrected in place
        mai.reads("2 dòng lỗi")
        mai.fill(re.compile("^Email, dòng 3"), "lan@congty.vn").keys(Keys.TAB)
        mai.reads("Đã sửa, hợp lệ")
        mai.holds(re.compile("^Email, dòng 3"), "lan@congty.vn")
        mai.reads("1 dòng vừa sửa")
        mai.reads("2 dòng sẽ vào · 1 dòng ở lại")

    # It waits in the queue, is watched, and the page leads on by itself
    mai.go("Nhập khẩu", "button")
    mai.find("Đang nhập", "heading")
    mai.reads("Có thể đóng trang này.")
    mai.find("Dừng", "button")
    with worker(queued):
        until(lambda: mai.path.endswith("/result"), "the result", SECONDS)
        rows = ledger(mai)
        assert (rows["Mới"], rows["Lỗi"], rows["Tổng"]) == (2, 1, 3)
        assert (count(site, Customer), count(site, Membership)) == (3, 2)

        # What stayed behind is mended in Excel and goes in
        mai.press("Tải các dòng lỗi", "link")
        errors = until(lambda: next(tmp_path.glob("*dong-loi*.xlsx"), None), "the errors")
        mend(errors, tmp_path / "sửa.xlsx")
        mai.go("Nhập tệp khác", "link")
        upload(mai, tmp_path / "sửa.xlsx")
        if mai.path.endswith("/mapping"):
            match_phone(mai)
            mai.go("Xem trước", "button")
            until(lambda: mai.path.endswith("/preview"), "the preview", SECONDS)
        mai.reads("1 dòng sẽ vào · 0 dòng ở lại")
        confirm(mai)
        assert (count(site, Customer), count(site, Membership)) == (4, 3)

        # And the first one is taken back
        mai.open("/admin/imports/").go("khách mời.xlsx", "link")
        mai.go("Hoàn tác", "link")
        mai.find("Hoàn tác lần nhập", "heading")
        mai.reads("Xóa 2 bản ghi đã tạo")
        mai.go("Hoàn tác", "button")
        until(lambda: "Đã hoàn tác lần nhập này." in mai.text(), "the import is undone", SECONDS)
        assert (count(site, Customer), count(site, Membership)) == (2, 1)


def test_an_import_that_is_left_alone_is_told_by_the_bell(
    person: Person, site: Site, queued: Flask, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Tên khách hàng"])
    book.active.append(["Công ty Hoa Sen"])
    file = tmp_path / "một.xlsx"
    book.save(file)
    mai = person.sign_in("mai").open("/admin/imports/new/customers-contacts")
    with worker(queued):
        upload(mai, file)
    mai.go("Nhập khẩu", "button")
    mai.find("Đang nhập", "heading")
    mai.open("/admin/customers/")
    mai.find("Thông báo", "button")
    with worker(queued):
        until(lambda: count(site, Customer) == 1, "the import is done", SECONDS)
        until(lambda: mai.open("/admin/") and mai.has("Thông báo: 1 mới", "button"), "the bell")
    mai.press("Thông báo: 1 mới", "button")
    mai.reads("một.xlsx 1 dòng đã vào", within="#bell")
    mai.go(re.compile("^một.xlsx"), "link")
    mai.find("Kết quả nhập", "heading")
    mai.open("/admin/")
    mai.find("Thông báo", "button")


def two_bad_cells(person: Person, tmp_path: Path) -> None:
    """At the preview of one row with a bad phone and a bad email."""
    book = openpyxl.Workbook()
    book.active.append(["Tên khách hàng", "Điện thoại", "Email"])
    book.active.append(["Công ty Hoa Sen", "12", "lan@"])
    file = tmp_path / "hai lỗi.xlsx"
    book.save(file)
    person.sign_in("mai").open("/admin/imports/new/customers-contacts")
    upload(person, file)


BOTH_AT_ONCE = """
    for (const [name, text] of [['phone', '0912345678'], ['email', 'lan@congty.vn']]) {
        const cell = document.querySelector(`[name=cell-${name}]`);
        cell.focus(); cell.value = text; cell.blur();
    }
"""


def test_what_is_typed_while_an_answer_is_on_its_way_is_not_lost(
    person: Person, site: Site, tmp_path: Path
) -> None:
    two_bad_cells(person, tmp_path)
    person.driver.execute_script(BOTH_AT_ONCE)
    person.reads("1 dòng sẽ vào · 0 dòng ở lại")
    assert person.value(re.compile("^Email, dòng 2")) == "lan@congty.vn"
    assert person.value(re.compile("^Điện thoại, dòng 2")) == "0912345678"


def test_the_import_waits_for_corrections_that_are_on_their_way(
    person: Person, site: Site, tmp_path: Path
) -> None:
    two_bad_cells(person, tmp_path)
    person.driver.execute_script(
        BOTH_AT_ONCE + "document.querySelector('#run-form button').click()"
    )
    until(lambda: person.path.endswith("/result"), "the result", SECONDS)
    rows = ledger(person)
    assert (rows["Mới"], rows["Lỗi"]) == (1, 0)


def test_the_columns_are_matched_by_keyboard_alone(
    person: Person, site: Site, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Tên khách hàng", "Số máy"])
    book.active.append(["Công ty Hoa Sen", "0912345678"])
    file = tmp_path / "một cột lạ.xlsx"
    book.save(file)
    person.sign_in("mai").open("/admin/imports/new/customers-contacts")
    upload(person, file)
    person.tab_to(re.compile("^Trường cho cột B"))
    person.keys("Đ", "i", "ệ")
    person.tab_to("Xem trước")
    person.leads(lambda: person.keys(Keys.ENTER))
    person.find("Xem trước", "heading")
    person.reads("1 dòng sẽ vào · 0 dòng ở lại")
