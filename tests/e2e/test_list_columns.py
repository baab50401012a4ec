"""Columns of a list: the name is always read, widths are changed by hand, cut texts are told."""

from __future__ import annotations

import re

import factories
import pytest
from browser import set_screen
from pages import fill
from person import Person, until
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from served import Site

from crmadmin.catalogs.models import all_catalogs
from crmadmin.core.db import spec_of
from crmadmin.core.kinds import KINDS
from crmadmin.customers.models import Customer

CUSTOMERS = "/admin/customers/"
LONG = "Công ty Trách nhiệm hữu hạn Thương mại Dịch vụ và Đầu tư Phát triển Hoa Sen Việt Nam"
LEAST = 200


@pytest.fixture
def an(person: Person, site: Site) -> Person:
    """An at a list of two customers, one with a long name."""
    with site.writing() as user:
        factories.customer(user, LONG, email="hoa.sen@example.com", address="Lô B4")
        factories.customer(user, "Cá Vàng")
    return person.sign_in("an").open(CUSTOMERS)


def width(person: Person, name: str) -> int:
    """How wide the column of a field is."""
    script = f"return document.querySelector('th[data-column={name}]').offsetWidth"
    return int(person.driver.execute_script(script))


def tick(person: Person, *names: str) -> None:
    """Choose columns beside those that are shown."""
    person.open(f"{CUSTOMERS}columns/")
    for name in names:
        script = f"document.querySelector('input[name=columns][value={name}]').checked = true"
        person.driver.execute_script(script)
    person.go("Hiện các cột này", "button")


def fits(person: Person) -> bool:
    """Whether the page itself does not scroll sideways."""
    script = "return document.scrollingElement.scrollWidth <= innerWidth"
    return bool(person.driver.execute_script(script))


@pytest.mark.parametrize("more", ["one", "all"])
def test_however_many_columns_are_chosen_the_name_is_read(an: Person, more: str) -> None:
    exported = [f for f in spec_of(Customer).fields if f.exported]
    every = [f.name for f in exported if f.kind is not KINDS["long_text"] and f.name != "name"]
    tick(an, *(["email"] if more == "one" else every))
    for screen in (820, 1366, 1440):
        set_screen(an.driver, screen)
        assert width(an, "name") >= LEAST, screen
        for field in ["email"] if more == "one" else every:
            assert width(an, field) >= 80, (screen, field)
        assert fits(an), screen
    set_screen(an.driver, 1440)


def test_an_edge_is_dragged_and_the_width_stays(an: Person) -> None:
    before = {name: width(an, name) for name in ("code", "name", "phone")}
    edge = an.driver.find_element("css selector", "th[data-column=name] .col-edge")
    chain = ActionChains(an.driver, duration=10).click_and_hold(edge)
    for _ in range(30):
        chain.move_by_offset(4, 0)
    chain.release().perform()
    assert abs(width(an, "name") - before["name"] - 120) <= 6
    assert width(an, "code") == before["code"]
    assert fits(an)
    wide = width(an, "name")
    an.driver.refresh()
    assert width(an, "name") == wide
    an.fill(re.compile("^Mã khách hàng"), "vang")
    an.lists({"Cá Vàng"})
    assert width(an, "name") == wide
    edge = an.driver.find_element("css selector", "th[data-column=name] .col-edge")
    ActionChains(an.driver).double_click(edge).perform()
    assert width(an, "name") == before["name"]


def test_widths_are_changed_by_keys_and_belong_to_one_user(an: Person) -> None:
    before = width(an, "phone")
    script = "document.querySelector('th[data-column=phone] a').focus()"
    an.driver.execute_script(script)
    an.keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, holding=Keys.SHIFT)
    assert width(an, "phone") == before + 32
    an.reads("Điện thoại: rộng", within="#speaker")
    assert an.path.startswith(CUSTOMERS)
    an.sign_in("mai").open(CUSTOMERS)
    assert width(an, "phone") == before
    an.sign_in("an").open(CUSTOMERS)
    assert width(an, "phone") == before + 32
    an.driver.execute_script(script)
    an.keys(Keys.DELETE)
    assert width(an, "phone") == before


def test_a_long_name_is_told_whole_where_one_points_and_where_the_focus_is(an: Person) -> None:
    cell = an.find(LONG, "link").find_element("xpath", "ancestor::td")
    ActionChains(an.driver).move_to_element(cell).perform()
    told = until(lambda: an.driver.find_elements("css selector", ".tip:popover-open"), "the name")
    assert told[0].text == LONG
    an.keys(Keys.ESCAPE)
    until(lambda: not an.driver.find_elements("css selector", ".tip:popover-open"), "no name")
    an.tab_to(LONG)
    told = until(lambda: an.driver.find_elements("css selector", ".tip:popover-open"), "the name")
    assert told[0].text == LONG
    an.tab_to("Cá Vàng")
    until(lambda: not an.driver.find_elements("css selector", ".tip:popover-open"), "no name")


SCROLLS = """
    const frame = document.querySelector('#results .scroll, #results.scroll');
    frame.style.width = `${frame.offsetWidth - 17}px`;
    return frame.scrollWidth - frame.clientWidth;
"""
"""Pixels that are out of sight beside a scroll bar as wide as Windows draws it."""


def test_the_usual_columns_of_every_list_fit_the_smallest_desk(person: Person, site: Site) -> None:
    fill(site)
    set_screen(person.driver, 1366, 768)
    lists = [spec_of(model).name for model in all_catalogs()]
    paths = [f"catalogs/{name}/" for name in lists]
    for who in ("an", "vy"):
        person.sign_in(who)
        own = ["users/", "imports/"] if who == "an" else []
        for path in ["customers/", "groups/", "groups/details/?id=1", *own, *paths]:
            person.open(f"/admin/{path}")
            assert int(person.driver.execute_script(SCROLLS)) <= 0, (who, path)
