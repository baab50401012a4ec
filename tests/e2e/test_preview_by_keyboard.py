"""Bad cells of a preview mended by keyboard alone: nothing typed is lost, the focus goes on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from browser import set_screen
from flask import Response
from ledger import ledger
from person import Person, until
from selenium.webdriver.common.keys import Keys
from served import Site
from sqlalchemy import select

from crmadmin.core.db import db
from crmadmin.imports.models import ImportFix
from crmadmin.imports.views import lines, rows

NEW = "/admin/imports/new/customers-contacts"
HEAD = ["Mã KH", "Tên khách hàng", "Điện thoại", "Email"]


def preview_of(person: Person, folder: Path, *cells: list[str]) -> None:
    """At the preview of a file with these rows."""
    book = openpyxl.Workbook()
    book.active.append(HEAD)
    for row in cells:
        book.active.append(row)
    file = folder / "nhiều lỗi.xlsx"
    book.save(file)
    person.sign_in("mai").open(NEW)
    person.attach("Chọn tệp", file)
    person.go("Nhập khẩu", "button", seconds=60)
    person.find("Xem trước", "heading")


def bad_phones(many: int) -> list[list[str]]:
    """Rows whose phones are wrong, from row 2 on."""
    return [[f"K{n}", f"Khách {n}", "12", ""] for n in range(2, many + 2)]


def focus(person: Person) -> str:
    """The id of what has the focus."""
    return str(person.driver.execute_script("return document.activeElement?.id ?? ''"))


def is_at(person: Person, cell: str) -> None:
    """Wait until the focus is in a cell."""
    until(lambda: focus(person) == cell, f"the focus in {cell} (it is in {focus(person)!r})")


def kept(site: Site) -> dict[tuple[int, str], str]:
    """What was corrected so far."""
    with site.app.app_context():
        found = {(f.number, f.column): f.value for f in db.session.scalars(select(ImportFix))}
        db.session.remove()
    return found


def holds(site: Site, wanted: dict[tuple[int, str], str]) -> None:
    """Wait until exactly these corrections are kept."""
    until(lambda: kept(site) == wanted, f"{wanted} kept (there is {kept(site)})")


def phone(n: int) -> str:
    return f"09123456{n:02}"


@pytest.mark.parametrize("key", [Keys.TAB, Keys.ENTER])
def test_a_key_leads_from_bad_cell_to_bad_cell_and_what_is_left_is_saved(
    person: Person, site: Site, tmp_path: Path, key: str
) -> None:
    preview_of(person, tmp_path, *bad_phones(6))
    is_at(person, "x2-phone")
    for n in range(2, 6):
        is_at(person, f"x{n}-phone")
        # Nobody waits for an answer while typing.
        person.keys(phone(n), key)
    is_at(person, "x6-phone")
    holds(site, {(n, "phone"): phone(n) for n in range(2, 6)})
    person.reads("4 dòng sẽ vào · 2 dòng ở lại")
    is_at(person, "x6-phone")
    assert person.path.endswith("/preview")


@pytest.mark.parametrize("key", [Keys.TAB, Keys.ENTER])
def test_why_a_cell_is_bad_is_read_as_soon_as_the_focus_is_in_it(
    person: Person, tmp_path: Path, key: str
) -> None:
    set_screen(person.driver, 1366, 768)
    preview_of(person, tmp_path, *bad_phones(15))
    is_at(person, "x2-phone")
    shown = """
        const words = document.getElementById(document.activeElement.id + '-e');
        const box = words.getBoundingClientRect();
        return [box.top + 2, box.bottom - 2].every((y) => {
            const at = document.elementFromPoint(box.left + 8, y);
            return words.contains(at) || words === at;
        });
    """
    hidden = []
    for n in range(3, 16):
        person.keys(key)
        is_at(person, f"x{n}-phone")
        if not person.driver.execute_script(shown):
            hidden.append(n)
    assert hidden == []


def test_the_keys_go_through_the_cells_of_one_row_and_back(
    person: Person, site: Site, tmp_path: Path
) -> None:
    preview_of(person, tmp_path, ["K1", "Một", "12", "lan@"], ["K2", "Hai", "13", "mai@"])
    is_at(person, "x2-phone")
    person.keys("0912345678", Keys.TAB)
    is_at(person, "x2-email")
    person.keys("lan@congty.vn", Keys.ENTER)
    is_at(person, "x3-phone")
    holds(site, {(2, "phone"): "0912345678", (2, "email"): "lan@congty.vn"})
    person.settle()
    person.keys(Keys.TAB, holding=Keys.SHIFT)
    is_at(person, "x2-email")
    assert person.value(re.compile("^Email, dòng 2")) == "lan@congty.vn"
    person.keys(Keys.TAB, holding=Keys.SHIFT)
    is_at(person, "x2-phone")
    person.keys(Keys.TAB)
    is_at(person, "x3-phone")
    assert len(kept(site)) == 2


def test_the_keys_go_on_across_the_pages(
    person: Person, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "PER_PAGE", 3)
    preview_of(person, tmp_path, *bad_phones(8))
    for n in range(2, 7):
        is_at(person, f"x{n}-phone")
        person.keys(phone(n), Keys.ENTER)
    is_at(person, "x7-phone")
    holds(site, {(n, "phone"): phone(n) for n in range(2, 7)})
    person.keys(Keys.ENTER)
    is_at(person, "x8-phone")
    person.keys(Keys.ENTER)
    is_at(person, "x9-phone")
    person.keys(Keys.TAB)
    until(lambda: "Hết ô lỗi" in person.driver.switch_to.active_element.text, "the end")
    person.keys(" ")
    assert len(kept(site)) == 5


def test_a_blank_that_is_typed_on_leaves_no_row_out(
    person: Person, site: Site, tmp_path: Path
) -> None:
    preview_of(person, tmp_path, *bad_phones(2))
    for _ in range(4):
        person.keys(Keys.TAB, " ")
    person.settle()
    assert not person.has("Lấy lại dòng này", "button")
    assert ("",) not in {(column,) for _n, column in kept(site)}


def test_a_row_is_left_out_and_taken_back_by_keyboard_with_what_was_corrected(
    person: Person, site: Site, tmp_path: Path
) -> None:
    preview_of(person, tmp_path, ["K1", "Một", "12", "lan@"], ["K2", "Hai", "13", ""])
    person.keys("0912345678", Keys.TAB)
    is_at(person, "x2-email")
    holds(site, {(2, "phone"): "0912345678"})
    person.settle()
    person.keys(Keys.ESCAPE)
    is_at(person, "leave-2")
    person.keys(Keys.ENTER)
    is_at(person, "x3-phone")
    holds(site, {(2, "phone"): "0912345678", (2, ""): "1"})
    person.press("Lấy lại dòng này", "button")
    is_at(person, "x2-email")
    holds(site, {(2, "phone"): "0912345678"})
    assert person.value(re.compile("^Điện thoại, dòng 2")) == "0912345678"


@pytest.mark.parametrize("status", [429, 503])
def test_what_the_server_does_not_take_stays_in_the_cell_and_is_sent_again(
    person: Person, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    preview_of(person, tmp_path, *bad_phones(3))
    real, refused = rows._act, []

    def busy(*args: Any) -> Any:
        if len(refused) < 2:
            refused.append(1)
            return Response("", status, {"Retry-After": "1"})
        return real(*args)

    monkeypatch.setattr(rows, "_act", busy)
    person.keys(phone(2), Keys.TAB)
    is_at(person, "x3-phone")
    person.reads("Chưa lưu được")
    assert person.value(re.compile("^Điện thoại, dòng 2")) == phone(2)
    assert not person.has("Không thực hiện được", "dialog")
    person.keys(phone(3))
    holds(site, {(2, "phone"): phone(2)})
    is_at(person, "x3-phone")
    assert person.value(re.compile("^Điện thoại, dòng 3")) == phone(3)
    until(lambda: "Chưa lưu được" not in person.text(), "the word gone")
    person.driver.get_log("browser")  # that the server refused is what was wanted


def test_without_network_cells_keep_what_was_typed_and_the_import_waits_for_them(
    person: Person, site: Site, tmp_path: Path
) -> None:
    preview_of(person, tmp_path, *bad_phones(3))
    network(person, offline=True)
    person.keys(phone(2), Keys.TAB)
    person.reads("Chưa lưu được")
    person.keys(phone(3), Keys.TAB)
    person.press("Nhập khẩu", "button")
    person.reads("Còn ô chưa lưu xong", within="#toasts")
    assert person.value(re.compile("^Điện thoại, dòng 2")) == phone(2)
    network(person, offline=False)
    until(lambda: person.path.endswith("/result"), "the result", 60)
    found = ledger(person)
    assert (found["Mới"], found["Lỗi"]) == (2, 1)
    person.driver.get_log("browser")  # that there was no network is what was wanted


def network(person: Person, *, offline: bool) -> None:
    person.driver.execute_cdp_cmd("Network.enable", {})
    speed = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    person.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": offline, **speed})


def test_without_script_enter_saves_and_goes_on_with_the_next_bad_cell(
    person: Person, site: Site, tmp_path: Path
) -> None:
    preview_of(person, tmp_path, *bad_phones(3))
    person.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        person.driver.refresh()
        person.driver.find_element("id", "x2-phone").send_keys(Keys.END, "0912345678"[2:])
        field = person.driver.find_element("id", "x3-phone")
        field.clear()
        field.send_keys("0912345679", Keys.ENTER)
        until(lambda: (3, "phone") in kept(site), "the correction")
        until(
            lambda: person.driver.switch_to.active_element.get_attribute("id") == "x4-phone",
            "the focus in the next bad cell",
        )
    finally:
        person.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
