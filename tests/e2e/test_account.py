"""Coming in and going out, and what a person chooses for themselves: theme and language."""

from __future__ import annotations

import audit
import pytest
from factories import PASSWORD
from person import Person, until

from crmadmin.access import passwords


def theme(person: Person) -> str:
    """What the page is drawn in."""
    return str(person.driver.execute_script("return document.documentElement.dataset.bsTheme"))


def test_a_wrong_password_is_told_and_the_right_one_lets_in(person: Person) -> None:
    person.log_in("an", "sai mật khẩu rồi")
    person.reads("Tên đăng nhập hoặc mật khẩu không đúng", within="body")
    person.log_in("an")
    person.find("Tổng quan", "heading")
    assert person.path == "/admin/"


def test_logging_out_closes_every_page(person: Person) -> None:
    person.sign_in("an").open("/admin/customers/")
    person.press("Trần Văn An Quản trị", "button").go("Đăng xuất", "menuitem")
    person.find("Đăng nhập", "heading")
    person.open("/admin/customers/")
    person.find("Đăng nhập", "heading")


def test_the_dark_theme_is_chosen_in_the_account_menu_and_stays(person: Person) -> None:
    person.sign_in("an").open("/admin/")
    assert theme(person) == "light"
    person.press("Trần Văn An Quản trị", "button").press("Tối", "menuitemradio")
    until(lambda: theme(person) == "dark", "the dark theme")
    until(lambda: stays(person), "the dark theme on the next page")


def stays(person: Person) -> bool:
    """Whether the server knows the theme: a page is drawn dark before any script runs."""
    person.driver.refresh()
    return 'data-bs-theme="dark"' in person.driver.page_source


def test_the_language_is_switched_to_english_and_back(person: Person) -> None:
    person.sign_in("an").open("/admin/catalogs/industry/")
    person.press("Trần Văn An Quản trị", "button").go("English", "menuitemradio")
    person.find("Industries", "heading")
    person.find("Add new", "link")
    person.press("Trần Văn An Administrator", "button").go("Tiếng Việt", "menuitemradio")
    person.find("Lĩnh vực", "heading")


def test_another_email_takes_the_password_and_ends_the_other_browsers(person: Person) -> None:
    person.sign_in("an").open("/profile")
    person.fill("Email", "an.moi@example.com")
    person.go("Lưu", "button")
    person.reads("chỉ đổi được khi có mật khẩu này")
    assert audit.in_every_look(person) == []
    person.fill("Mật khẩu hiện tại", PASSWORD)
    person.go("Lưu", "button")
    person.reads("đăng xuất khỏi mọi thiết bị khác", within="body")
    person.sign_in("an").open("/profile")
    assert person.find("Email", "textbox").get_attribute("value") == "an.moi@example.com"


def test_an_easy_password_is_refused_with_the_reason_and_the_way_out(person: Person) -> None:
    person.sign_in("an").open("/profile")
    form = person.driver.find_element("css selector", "form[action='/profile/password']")
    person.fill("Mật khẩu hiện tại", PASSWORD, within=form)
    person.fill("Mật khẩu mới", "Vietcombank1")
    person.fill("Nhập lại mật khẩu mới", "Vietcombank1")
    person.go("Đổi mật khẩu", "button")
    person.reads("Hãy ghép ít nhất bốn từ không liên quan đến nhau")


def test_who_finds_no_turn_to_log_in_tries_again_from_the_page_that_says_so(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as everybody_waits:
        everybody_waits.setattr(passwords, "_hashing", passwords.SLOTS)
        everybody_waits.setattr(passwords, "_waiting", passwords.WAITING)
        person.open("/login?next=/profile")
        person.fill("Tên đăng nhập hoặc email", "an").fill("Mật khẩu", PASSWORD)
        person.go("Đăng nhập", "button")
        person.find("Nhiều người đang đăng nhập", "heading")
        assert audit.broken_rules(person) == []
    person.press("Thử lại", "link")
    person.find("Đăng nhập", "heading")
    person.fill("Tên đăng nhập hoặc email", "an").fill("Mật khẩu", PASSWORD)
    person.go("Đăng nhập", "button")
    assert person.path == "/profile"
