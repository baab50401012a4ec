"""An answer that says what went wrong is a whole page: asked for by a part of a page it is said in
a message, in a dialog or above the form in it, and is never put inside that part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import factories
import pytest
from browser import set_screen
from flask import request
from person import Person, until
from refusals import refusals
from selenium.webdriver.common.keys import Keys
from served import Site

CUSTOMERS = "/admin/customers/"


@pytest.fixture
def refuse(site: Site, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What every part of a page is answered with, under "by"; nothing yet."""
    asked: dict[str, Any] = {}

    def refused() -> Any:
        by = asked.get("by")
        return by() if by and request.headers.get("HX-Request") else None

    before = site.app.before_request_funcs
    monkeypatch.setitem(before, None, [*before.get(None, []), refused])
    return asked


@pytest.fixture
def mai(person: Person, site: Site) -> Person:
    with site.writing() as an:
        for name in ("Hoa Sen", "Cá Vàng"):
            factories.customer(an, name)
    set_screen(person.driver, 1366, 768)
    return person.sign_in("mai")


PARTS = """
    const ids = [...document.querySelectorAll('body [id]')].map((e) => e.id);
    return [
        document.querySelectorAll('main').length, document.querySelectorAll('nav.side').length,
        document.querySelectorAll('title').length, ids.filter((id, at) => ids.indexOf(id) !== at),
    ];
"""
WORDS = re.compile("không|quá|nhanh|bận|hết|lỗi|lại", re.IGNORECASE)
SHOWN = "const d = document.getElementById('sheet'); return d.open ? d.innerText : ''"


def said(person: Person, way: str) -> str:
    """What the dialog says after a refusal; the page around it is still one page."""
    words = until(lambda: person.driver.execute_script(SHOWN), f"a dialog after {way}")
    assert person.driver.execute_script(PARTS) == [1, 1, 1, []], way
    assert WORDS.search(str(words)), (way, words)
    return str(words)


def ways(site: Site, refuse: dict[str, Any], person: Person) -> Iterator[str]:
    """Refuse in every way, one after another; gives its name."""
    assert refusals(site.app)
    for way, by in refusals(site.app).items():
        refuse["by"] = by
        yield way
        refuse["by"] = None
        person.driver.get_log("browser")  # that the server refused is what is wanted


def noted(person: Person, way: str) -> None:
    """A message says it, and nothing stands in the way of typing on; it is put away."""
    until(lambda: WORDS.search(person.text("#toasts")), f"a message after {way}")
    assert person.driver.execute_script(PARTS) == [1, 1, 1, []], way
    assert person.driver.execute_script(SHOWN) == "", way
    person.press("Đóng", "button").settle()


def test_of_a_list_that_was_not_answered_the_rows_and_the_search_stay(
    mai: Person, site: Site, refuse: dict[str, Any]
) -> None:
    mai.open(CUSTOMERS)
    for way in ways(site, refuse, mai):
        mai.find(re.compile("^Mã khách hàng"), "searchbox").send_keys("h")
        noted(mai, way)
        assert set(mai.rows()) == {"Hoa Sen", "Cá Vàng"}, way


def test_what_the_proxy_answers_in_its_own_words_is_said_in_ours(
    mai: Person, site: Site, refuse: dict[str, Any]
) -> None:
    mai.open(CUSTOMERS)
    refuse["by"] = refusals(site.app)["502, of the proxy"]
    mai.find(re.compile("^Mã khách hàng"), "searchbox").send_keys("h")
    mai.reads("lỗi 502", within="#toasts")
    assert mai.driver.execute_script(PARTS) == [1, 1, 1, []]
    mai.driver.get_log("browser")  # that the server refused is what is wanted


def test_a_dialog_that_was_not_answered_says_why(
    mai: Person, site: Site, refuse: dict[str, Any]
) -> None:
    mai.open(f"{CUSTOMERS}new/")
    for way in ways(site, refuse, mai):
        if way.startswith("502"):
            continue
        mai.press("Thêm cộng tác viên", "button")
        said(mai, way)
        mai.keys(Keys.ESCAPE)
        mai.is_gone("Không thực hiện được", "dialog")


def test_a_form_in_a_dialog_keeps_what_was_typed_whatever_refuses_it(
    mai: Person, site: Site, refuse: dict[str, Any]
) -> None:
    mai.open(f"{CUSTOMERS}new/").press("Thêm cộng tác viên", "button")
    for way in ways(site, refuse, mai):
        if way.startswith("409, not"):
            continue  # its page asks what becomes of what was typed, see below
        dialog = mai.find("Thêm cộng tác viên", "dialog")
        mai.fill("Tên", f"Đặng Văn {way}", within=dialog)
        mai.press("Thêm và chọn", "button")
        until(lambda: mai.driver.find_elements("css selector", "#sheet [role=alert]"), way)
        said(mai, way)
        typed = mai.find("Tên", "textbox", within=dialog).get_attribute("value")
        assert typed == f"Đặng Văn {way}"
        assert len(mai.driver.find_elements("css selector", "#sheet [role=alert]")) == 1
    mai.press("Thêm và chọn", "button")
    mai.is_gone("Thêm cộng tác viên", "dialog")


def test_of_a_form_whose_record_is_gone_the_dialog_offers_what_the_page_does(
    mai: Person, site: Site, refuse: dict[str, Any]
) -> None:
    mai.open(f"{CUSTOMERS}new/").press("Thêm cộng tác viên", "button")
    dialog = mai.find("Thêm cộng tác viên", "dialog")
    mai.fill("Tên", "Đặng Văn Ba", within=dialog)
    refuse["by"] = refusals(site.app)["409, not the same"]
    mai.press("Thêm và chọn", "button")
    dialog = mai.find("Không thực hiện được", "dialog")
    assert "Đặng Văn Ba" in said(mai, "409")
    mai.find("Về danh sách", "link", within=dialog)
    mai.driver.get_log("browser")  # that the server refused is what is wanted


def test_a_question_on_the_side_that_is_refused_leaves_the_form_as_it_is(
    mai: Person, site: Site, refuse: dict[str, Any]
) -> None:
    mai.open(f"{CUSTOMERS}new/")
    for at, way in enumerate(ways(site, refuse, mai)):
        mai.find("Mã khách hàng", "textbox").send_keys(str(at), Keys.TAB)
        noted(mai, way)
        mai.holds("Mã khách hàng", "".join(map(str, range(at + 1))))
