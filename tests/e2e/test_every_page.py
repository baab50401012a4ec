"""Every page is looked at by machine: accessibility, width, the browser's console, and payloads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from audit import COLOURS, PHONE_AND_DESK, broken_rules, drawn_in, in_every_look, too_wide
from browser import set_screen, set_system_theme
from flask import request
from pages import PAGES, fill
from person import Person
from refusals import refusals
from served import Site

from crmadmin.access import setup
from crmadmin.core.db import db

PAYLOAD = "<img src=x onerror=window.ran=1>'\"><script>window.ran=1</script>{{7*7}}"
PARTS = 3
"""The pages are shared out, so that two cores can look at them at once."""


@dataclass
class Findings:
    """Page → what was found on it; pages without a finding are not named."""

    rules: dict[str, list[str]] = field(default_factory=dict)
    widths: dict[str, list[str]] = field(default_factory=dict)
    console: dict[str, list[str]] = field(default_factory=dict)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_keeps_the_rules_fits_the_screen_and_leaves_the_console_quiet(
    person: Person, site: Site, part: int
) -> None:
    fill(site)
    found = Findings()
    for page in PAGES[part::PARTS]:
        person.sign_in(page.who).open(page.path)
        page.act(person)
        wide, broken = too_wide(person), in_every_look(person)
        for kept, words in (
            (found.rules, broken), (found.widths, wide), (found.console, person.complaints())
        ):  # fmt: skip
            if words:
                kept[page.name] = words
    assert found == Findings()


def test_every_page_of_an_error_keeps_the_rules_and_fits_the_screen(
    person: Person, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[Callable[[], Any]] = []
    before = site.app.before_request_funcs
    only_pages = partial(_refuse, refused)
    monkeypatch.setitem(before, None, [*before.get(None, []), only_pages])
    found = {}
    person.sign_in("mai")
    for way, by in refusals(site.app).items():
        if way.startswith("502"):
            continue  # a page of the proxy
        refused[:] = [by]
        words = []
        for theme in ("light", "dark"):
            # Pages of the web server draw themselves once: nothing listens for another theme there.
            set_system_theme(person.driver, theme)
            person.open("/admin/customers/")
            assert drawn_in(person) == theme, way
            for width in PHONE_AND_DESK:
                set_screen(person.driver, width)
                words += broken_rules(person, *(COLOURS if theme == "dark" else ()))
        if words + too_wide(person):
            found[way] = words + too_wide(person)
        person.driver.get_log("browser")  # that the server refused is what is wanted
    assert found == {}


def _refuse(by: list[Callable[[], Any]]) -> Any:
    return by[0]() if by and request.path.startswith("/admin/") else None


def test_the_audit_sees_a_field_without_a_name_and_a_page_that_is_too_wide(person: Person) -> None:
    person.open("/login")
    person.driver.execute_script(
        "document.querySelector('label[for=password]').remove();"
        "document.body.append(Object.assign(document.createElement('p'),"
        "{textContent: 'x'.repeat(900)}))"
    )
    assert any(rule.startswith("label: #password") for rule in broken_rules(person))
    assert too_wide(person)


def test_the_audit_sees_text_that_runs_into_the_next_cell(person: Person) -> None:
    person.open("/login")
    assert too_wide(person) == []
    person.driver.execute_script(
        "document.body.insertAdjacentHTML('beforeend',"
        " '<table><tr><td><nobr>Công ty TNHH</nobr></td><td>Bạc</td></tr></table>');"
        "const table = document.querySelector('table');"
        "Object.assign(table.style, {tableLayout: 'fixed', width: '80px'});"
    )
    assert "Công ty TNHH" in too_wide(person)[0]


def test_the_audit_sees_a_column_without_room(person: Person) -> None:
    person.open("/login")
    person.driver.execute_script(
        "document.body.insertAdjacentHTML('beforeend', '<table class=\"fixed\"><thead><tr>"
        "<th>Tên</th><th>Mã</th></tr></thead></table>');"
        "const heads = document.querySelectorAll('th');"
        "Object.assign(document.querySelector('table').style, {width: '300px'});"
        "heads[1].style.width = '300px';"
    )
    assert any("Tên: " in found for found in too_wide(person))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_before_signing_in_break_no_accessibility_rule(person: Person, theme: str) -> None:
    set_system_theme(person.driver, theme)
    for width in (390, 1440):
        set_screen(person.driver, width)
        person.open("/login")
        assert broken_rules(person) == []
        person.fill("Tên đăng nhập hoặc email", "an").go("Đăng nhập", "button")
        assert broken_rules(person) == []
        assert too_wide(person) == []


def test_the_first_run_breaks_no_accessibility_rule(person: Person, site: Site) -> None:
    with site.app.app_context():
        for table in ("user_session", "user"):
            db.session.execute(db.metadata.tables[table].delete())
        setup.issue_token()
        db.session.commit()
        db.session.remove()
    person.open("/setup")
    person.find("Mã thiết lập", "textbox")
    assert in_every_look(person) == []
    assert too_wide(person) == []


def test_lists_with_nothing_in_them_break_no_accessibility_rule(person: Person) -> None:
    person.sign_in("an")
    for path in ("customers/", "groups/", "catalogs/industry/", "imports/", ""):
        person.open(f"/admin/{path}")
        assert in_every_look(person) == []
        assert too_wide(person) == []


def test_markup_in_names_runs_on_no_page(person: Person, site: Site) -> None:
    fill(site, lambda name: f"{name} {PAYLOAD}"[:120])
    for page in PAGES:
        person.sign_in(page.who).open(page.path)
        page.act(person)
        assert person.driver.execute_script("return window.ran") is None, page.name
        assert person.complaints() == [], page.name


def test_markup_in_a_workbook_runs_neither_in_the_preview_nor_in_the_result(
    person: Person, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Mã", f"Tên {PAYLOAD}", "Tên", "Màu"])
    book.active.append([PAYLOAD[:32], "x", PAYLOAD, PAYLOAD])
    book.active.append(["A1", "x", PAYLOAD, None])
    file = tmp_path / "<img src=x onerror=window.ran=1>.xlsx"
    book.save(file)
    person.sign_in("an").open("/admin/imports/new/industries")
    person.attach("Chọn file", file).go("Bắt đầu tải file", "button")
    person.find("Xem trước", "heading")
    assert PAYLOAD in person.text()
    person.go("Nhập dữ liệu", "button")
    person.find("Kết quả nhập", "heading")
    assert PAYLOAD in person.text()
    for path in ("/admin/imports/", "/admin/catalogs/industry/"):
        person.open(path)
        assert "onerror" in person.text()
    assert person.driver.execute_script("return window.ran") is None
