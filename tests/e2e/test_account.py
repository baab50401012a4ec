"""Coming in and going out, and what a person chooses for themselves: theme and language."""

from __future__ import annotations

from person import Person, until


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
