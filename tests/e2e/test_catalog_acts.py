"""What is done to a record of a catalog on its list: stop, default, merge, delete, drag."""

from __future__ import annotations

import re

import factories
import pytest
from person import Person, until
from selenium.webdriver.common.action_chains import ActionChains
from served import Site
from test_keyboard import stored

from crmadmin.catalogs.models import Industry


@pytest.fixture
def an(person: Person, site: Site) -> Person:
    """An at the list of industries; one of the three is used by two customers."""
    with site.writing() as user:
        fish = factories.catalog(Industry, "Thủy sản", position=1)
        factories.catalog(Industry, "Vận tải", position=2)
        factories.catalog(Industry, "Giáo dục", position=3)
        factories.customer(user, "Công ty Cá Vàng", industry_id=fish.id)
        factories.customer(user, "Công ty Cá Bạc", industry_id=fish.id)
    return person.sign_in("an").open("/admin/catalogs/industry/")


def act(an: Person, name: str, item: str) -> Person:
    """Open a record's menu and choose."""
    return an.press(f"Việc với {name}", "button").go(item, "menuitem")


def test_a_record_no_longer_used_is_kept_by_its_customers_and_offered_nowhere(an: Person) -> None:
    act(an, "Thủy sản", "Ngừng sử dụng")
    an.reads("Đã ngừng sử dụng Thủy sản")
    an.open("/admin/customers/new/")
    an.press("Lĩnh vực", "combobox")
    assert "Thủy sản" not in options(an, "Lĩnh vực")
    an.open("/admin/customers/")
    an.go("Công ty Cá Vàng", "link").reads("Thủy sản")
    an.open("/admin/catalogs/industry/")
    act(an, "Thủy sản", "Dùng lại")
    an.open("/admin/customers/new/")
    assert "Thủy sản" in options(an, "Lĩnh vực")


def test_the_default_record_begins_every_new_customer(an: Person) -> None:
    act(an, "Vận tải", "Đặt làm mặc định")
    act(an, "Giáo dục", "Đặt làm mặc định")
    an.open("/admin/customers/new/")
    assert an.value("Lĩnh vực") == "Giáo dục"


def test_merging_says_how_many_customers_move_and_moves_them(an: Person) -> None:
    act(an, "Thủy sản", "Gộp vào…")
    an.reads("2 khách hàng đang có giá trị này")
    an.choose("Gộp vào", "Vận tải").go("Gộp", "button")
    an.lists({"Vận tải", "Giáo dục"})
    an.go("Đang dùng bởi 2 khách hàng", "link")
    an.lists({"Công ty Cá Vàng", "Công ty Cá Bạc"})


def test_deleting_a_record_in_use_is_refused_with_the_number_of_customers(an: Person) -> None:
    an.press("Việc với Thủy sản", "button")
    item = an.find(re.compile("^Xóa"), "menuitem")
    assert item.get_attribute("aria-disabled") == "true"
    assert "Đang dùng bởi 2 bản ghi" in item.text
    item.click()
    assert an.path == "/admin/catalogs/industry/"


def test_deleting_a_free_record_asks_first(an: Person) -> None:
    act(an, "Giáo dục", "Xóa")
    an.reads("Giáo dục")
    an.go("Trở về", "link")
    act(an, "Giáo dục", "Xóa").go("Xóa", "button")
    an.lists({"Thủy sản", "Vận tải"})


def test_dragging_a_record_changes_the_order_for_good(an: Person, site: Site) -> None:
    grip = an.find("Di chuyển Giáo dục, vị trí 3 trên 3", "button")
    target = an.find("Di chuyển Thủy sản, vị trí 1 trên 3", "button")
    chain = ActionChains(an.driver, duration=100).click_and_hold(grip)
    chain.move_to_element(target).move_by_offset(0, -12).release().perform()
    assert an.rows() == ["Giáo dục", "Thủy sản", "Vận tải"]
    until(lambda: stored(site) == an.rows(), "the new order in the database")
    an.driver.refresh()
    assert an.rows() == ["Giáo dục", "Thủy sản", "Vận tải"]


def test_the_order_is_the_order_of_every_choice(an: Person) -> None:
    an.press("Tiện ích", "button").go("Xếp lại theo tên", "menuitem")
    assert an.rows() == ["Giáo dục", "Thủy sản", "Vận tải"]
    an.open("/admin/customers/new/")
    offered = [o for o in options(an, "Lĩnh vực") if o in an.rows() or o[0] in "GTV"]
    assert offered == ["Giáo dục", "Thủy sản", "Vận tải"]


def options(person: Person, field: str) -> list[str]:
    """What a select offers."""
    script = "return [...arguments[0].options].map(o => o.text.trim())"
    select = person.find(field, "combobox")
    return list(person.driver.execute_script(script, select))
