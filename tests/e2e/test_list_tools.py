"""What stands above a list: filters whose choices are counted, saved views, the menu of a row."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import factories
from databases import every_database
from person import Person, until
from selenium.webdriver.common.keys import Keys
from served import Site

from crmadmin.catalogs.models import Industry

CUSTOMERS = "/admin/customers/"


def stock(site: Site) -> None:
    """Three customers, two of one industry."""
    with site.writing() as an:
        built = factories.catalog(Industry, "Xây dựng", color="blue")
        factories.catalog(Industry, "Vận tải")
        for name, place in (("Hoa Sen", built.id), ("Hoa Hồng", built.id), ("Cá Vàng", None)):
            factories.customer(an, name, industry_id=place)


def choose(person: Person, filter_name: str, *choices: str) -> None:
    """Open a filter and tick some of its choices."""
    person.press("Thêm bộ lọc", "button").press(re.compile(f"^{filter_name}"), "menuitem")
    for words in choices:
        person.press(words, "checkbox")


def asked(person: Person) -> dict[str, list[str]]:
    """What the address asks for, but for the size of a page."""
    return {k: v for k, v in parse_qs(urlsplit(person.path).query).items() if k != "per_page"}


@every_database
def test_a_filter_shows_its_counts_and_is_sent_once_when_it_is_applied(
    person: Person, site: Site
) -> None:
    stock(site)
    person.sign_in("an").open(CUSTOMERS)
    choose(person, "Lĩnh vực", "Xây dựng")
    person.press("Áp dụng", "button")
    person.lists({"Hoa Sen", "Hoa Hồng"})
    until(lambda: asked(person) == {"industry": ["1"]}, "the filter in the address")
    person.fill(re.compile("^Mã khách hàng"), "hong")
    person.lists({"Hoa Hồng"})
    both = {"q": ["hong"], "industry": ["1"]}
    until(lambda: asked(person) == both, "both in the address")
    choose(person, "Lĩnh vực")
    person.find("Vận tải", "checkbox")
    assert person.text("#filter-panel .opts") == "Vận tải 0 Xây dựng 1 Chưa đặt 0"
    person.press("Xây dựng", "checkbox").keys(Keys.ESCAPE)
    person.lists({"Hoa Hồng"})
    until(lambda: asked(person) == {"q": ["hong"]}, "the filter gone from the address")


def test_a_filter_that_is_closed_unchanged_asks_nothing_and_gives_the_focus_back(
    person: Person, site: Site
) -> None:
    stock(site)
    person.sign_in("an").open(f"{CUSTOMERS}?industry=1")
    person.press(re.compile("^Lĩnh vực Xây dựng"), "button")
    person.find("Vận tải", "checkbox")
    person.keys(Keys.ESCAPE)
    person.is_gone("Lĩnh vực", "dialog")
    until(lambda: person.focused.startswith("Lĩnh vực Xây dựng"), "the focus on the chip")
    person.fill(re.compile("^Mã khách hàng"), "sen")
    person.lists({"Hoa Sen"})
    both = {"q": ["sen"], "industry": ["1"]}
    until(lambda: asked(person) == both, "both in the address")


def test_a_list_is_saved_under_a_name_and_opened_by_it(person: Person, site: Site) -> None:
    stock(site)
    person.sign_in("mai").open(f"{CUSTOMERS}?industry=1&sort=-name")
    person.press("Lưu bộ lọc", "link").fill("Tên", "Xây dựng, tên ngược")
    person.press("Mở danh sách bằng bộ lọc này", "checkbox")
    person.go("Lưu", "button")
    person.reads("Đã lưu bộ lọc “Xây dựng, tên ngược”.")
    person.go("Tất cả", "link")
    person.lists({"Hoa Sen", "Hoa Hồng", "Cá Vàng"})
    person.open(CUSTOMERS)
    assert person.rows() == ["Hoa Sen", "Hoa Hồng"]
    person.press("Sửa bộ lọc đã lưu", "link").fill("Tên", "Đang xây")
    person.go("Lưu", "button")
    person.find(re.compile("^Đang xây"), "link")


def test_sorting_offers_to_save_and_sharing_copies_the_address(person: Person, site: Site) -> None:
    stock(site)
    person.sign_in("an").open(CUSTOMERS)
    assert not person.has("Lưu bộ lọc", "link")
    person.press("Tên khách hàng", "link")
    until(lambda: person.rows() == ["Cá Vàng", "Hoa Hồng", "Hoa Sen"], "the rows by name")
    person.find("Lưu bộ lọc", "link")
    person.press("Chia sẻ", "button")
    person.reads("Đã sao chép liên kết", within="#toasts")


def test_the_menu_of_a_row_is_worked_by_keyboard(person: Person, site: Site) -> None:
    with site.writing():
        factories.catalog(Industry, "Thủy sản", position=1)
        factories.catalog(Industry, "Vận tải", position=2)
    person.sign_in("an").open("/admin/catalogs/industry/")
    person.tab_to("Việc với Vận tải").keys(Keys.SPACE)
    until(lambda: person.focused == "Sửa", "the first item")
    person.keys(Keys.ESCAPE)
    until(lambda: person.focused == "Việc với Vận tải", "the focus back on the button")
    person.keys(Keys.ARROW_DOWN)
    until(lambda: person.focused == "Sửa", "the first item again")
    person.keys(Keys.END, Keys.ENTER)
    person.find(re.compile("^Xóa"), "heading")


@every_database
def test_a_phone_number_is_found_however_it_is_spelt(person: Person, site: Site) -> None:
    with site.writing() as an:
        factories.customer(an, "Hoa Sen", phone="+84918700001")
        for n in range(3):  # which have the parts, and are not that number
            factories.customer(an, f"Cá 0918 {n}", phone=f"+8470000191{n}")
    person.sign_in("an").open(CUSTOMERS)
    for spelt in ("0918.700.001", "(0918) 700 001", "0918 700 001", "+84 918 700 001"):
        person.fill(re.compile("^Mã khách hàng"), spelt)
        person.lists({"Hoa Sen"})
        person.fill(re.compile("^Mã khách hàng"), " ")
        until(lambda: len(person.rows()) == 4, "the whole list")
    assert person.complaints() == []
