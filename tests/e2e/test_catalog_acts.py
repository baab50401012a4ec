"""What is done to a record of a catalog on its list: stop, default, merge, delete, drag."""

from __future__ import annotations

import re
from collections.abc import Iterator

import browser
import factories
import pytest
from factories import PASSWORD
from person import Person, until
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from served import Site
from sqlalchemy import select
from test_keyboard import stored

from crmadmin.access import services
from crmadmin.catalogs.models import Industry
from crmadmin.core.db import db


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
    an.go("2 khách hàng", "link")
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
    drag(an, "Di chuyển Giáo dục, vị trí 3 trên 3", "Di chuyển Thủy sản, vị trí 1 trên 3", -12)
    assert an.rows() == ["Giáo dục", "Thủy sản", "Vận tải"]
    until(lambda: stored(site) == an.rows(), "the new order in the database")
    an.driver.refresh()
    assert an.rows() == ["Giáo dục", "Thủy sản", "Vận tải"]


STEPS = 30


def drag(an: Person, grip: str, target: str, beyond: int, *, drops: bool = True) -> None:
    """Take a row by its grip and move as a hand does: in many small moves."""
    held, there = an.find(grip, "button"), an.find(target, "button")
    way = there.location["y"] - held.location["y"] + beyond
    chain = ActionChains(an.driver, duration=10).click_and_hold(held)
    done = 0
    for step in range(1, STEPS + 1):
        by = round(way * step / STEPS) - done
        done += by
        chain.move_by_offset(1 if step % 2 else -1, by)
    if drops:
        chain.release()
    chain.perform()


def test_a_row_dragged_there_and_back_in_one_go_ends_where_the_hand_ends(
    an: Person, site: Site
) -> None:
    drag(an, "Di chuyển Thủy sản, vị trí 1 trên 3", "Di chuyển Giáo dục, vị trí 3 trên 3", 10)
    assert an.rows() == ["Vận tải", "Giáo dục", "Thủy sản"]
    assert an.focused == "Di chuyển Thủy sản, vị trí 3 trên 3"
    until(lambda: stored(site) == an.rows(), "the new order in the database")
    drag(an, "Di chuyển Thủy sản, vị trí 3 trên 3", "Di chuyển Giáo dục, vị trí 2 trên 3", -10)
    assert an.rows() == ["Vận tải", "Thủy sản", "Giáo dục"]


def test_escape_in_the_middle_of_a_drag_puts_the_row_back(an: Person, site: Site) -> None:
    before = an.rows()
    drag(an, "Di chuyển Giáo dục, vị trí 3 trên 3", "Di chuyển Thủy sản, vị trí 1 trên 3", -12,
         drops=False)  # fmt: skip
    assert an.rows() != before
    an.keys(Keys.ESCAPE)
    assert an.rows() == before
    ActionChains(an.driver).release().perform()
    assert an.rows() == before
    assert stored(site) == before


def test_dragging_in_a_filtered_list_leaves_the_hidden_ones_where_they_were(
    an: Person, site: Site
) -> None:
    with site.writing():
        factories.catalog(Industry, "Thủy lợi", position=4)
        factories.catalog(Industry, "Xây dựng", position=5)
    an.open("/admin/catalogs/industry/?q=th%E1%BB%A7y")
    assert an.rows() == ["Thủy sản", "Thủy lợi"]
    drag(an, "Di chuyển Thủy lợi, vị trí 2 trên 2", "Di chuyển Thủy sản, vị trí 1 trên 2", -12)
    assert an.rows() == ["Thủy lợi", "Thủy sản"]
    expected = ["Thủy lợi", "Vận tải", "Giáo dục", "Thủy sản", "Xây dựng"]
    until(lambda: stored(site) == expected, "the new order in the database")


@pytest.fixture
def binh(site: Site) -> Iterator[Person]:
    """A second admin, at a browser of his own."""
    with site.app.app_context():
        services.create_user("binh", "admin", password=PASSWORD, full_name="Lê Bình")
        db.session.commit()
        db.session.remove()
    driver = browser.start()
    yield Person(driver, site).log_in("binh").open("/admin/catalogs/industry/")
    driver.quit()


def test_of_two_who_drag_at_the_same_time_the_second_sees_the_firsts_order_and_moves_again(
    an: Person, binh: Person, site: Site
) -> None:
    """Both have the list open: Thủy sản, Vận tải, Giáo dục."""
    drag(an, "Di chuyển Giáo dục, vị trí 3 trên 3", "Di chuyển Thủy sản, vị trí 1 trên 3", -12)
    until(lambda: stored(site) == an.rows(), "the first one's order in the database")
    drag(binh, "Di chuyển Vận tải, vị trí 2 trên 3", "Di chuyển Thủy sản, vị trí 1 trên 3", -12)
    binh.reads("thao tác di chuyển của bạn chưa được lưu", "#toasts")
    binh.find("Di chuyển Giáo dục, vị trí 1 trên 3", "button")
    assert binh.rows() == ["Giáo dục", "Thủy sản", "Vận tải"] == stored(site)
    until(lambda: binh.focused == "Di chuyển Vận tải, vị trí 3 trên 3", "the focus on the row")
    # On the list as it is now the move is made, by mouse and once more by keys.
    drag(binh, "Di chuyển Vận tải, vị trí 3 trên 3", "Di chuyển Giáo dục, vị trí 1 trên 3", -12)
    until(lambda: stored(site) == ["Vận tải", "Giáo dục", "Thủy sản"], "the second one's order")
    binh.keys(Keys.ARROW_DOWN, holding=Keys.ALT)
    until(lambda: stored(site) == ["Giáo dục", "Vận tải", "Thủy sản"], "his own next move")
    assert binh.rows() == stored(site)
    assert not binh.complaints()


def test_a_row_that_somebody_deleted_is_gone_from_the_list_of_who_drags_it(
    an: Person, site: Site
) -> None:
    with site.writing("mai"):
        gone = db.session.scalars(select(Industry).where(Industry.name == "Giáo dục")).one()
        db.session.delete(gone)
    drag(an, "Di chuyển Giáo dục, vị trí 3 trên 3", "Di chuyển Thủy sản, vị trí 1 trên 3", -12)
    an.reads("thao tác di chuyển của bạn chưa được lưu", "#toasts")
    an.lists({"Thủy sản", "Vận tải"})
    assert an.rows() == stored(site)


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
