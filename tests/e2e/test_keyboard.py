"""Everything without a mouse: in by the log-in page, through the menu, a record saved and moved."""

from __future__ import annotations

import re

import factories
from factories import PASSWORD
from person import Person, until
from selenium.webdriver.common.keys import Keys
from served import Site

from crmadmin.catalogs.models import Industry
from crmadmin.core.db import db


def test_an_logs_in_adds_an_industry_and_moves_it_by_keyboard_alone(
    person: Person, site: Site
) -> None:
    with site.writing():
        factories.catalog(Industry, "Thủy sản", position=1)
        factories.catalog(Industry, "Vận tải", position=2)
    person.open("/login")
    person.keys("an").tab_to("Mật khẩu").keys(PASSWORD)
    person.leads(lambda: person.keys(Keys.ENTER))

    person.tab_to("Lĩnh vực").leads(lambda: person.keys(Keys.ENTER))
    person.tab_to("Thêm mới").leads(lambda: person.keys(Keys.ENTER))
    person.tab_to("Tên").keys("Giáo dục")
    person.leads(lambda: person.keys(Keys.ENTER, holding=Keys.CONTROL))
    assert person.rows() == ["Thủy sản", "Vận tải", "Giáo dục"]

    person.tab_to("Di chuyển Thủy sản, vị trí 1 trên 3")
    person.keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, holding=Keys.ALT)
    assert person.rows() == ["Vận tải", "Giáo dục", "Thủy sản"]
    person.reads("Đã chuyển Thủy sản tới vị trí 3 trên 3", within="#speaker")
    assert person.focused == "Di chuyển Thủy sản, vị trí 3 trên 3"
    until(lambda: stored(site) == person.rows(), "the new order in the database")


def test_a_menu_opens_moves_and_closes_by_keyboard_and_gives_the_focus_back(
    person: Person, site: Site
) -> None:
    with site.writing():
        factories.catalog(Industry, "Thủy sản")
    person.sign_in("an").open("/admin/catalogs/industry/")
    person.tab_to("Việc với Thủy sản").keys(Keys.ENTER)
    until(lambda: person.focused == "Sửa", "the focus on the first item")
    person.keys(Keys.ARROW_DOWN)
    assert person.focused == "Đặt làm mặc định"
    person.keys(Keys.ESCAPE)
    until(lambda: person.focused == "Việc với Thủy sản", "the focus back on the button")


def test_control_k_finds_pages_customers_and_where_one_was(person: Person, site: Site) -> None:
    with site.writing() as an:
        factories.customer(an, "Công ty Hoa Sen")
        factories.customer(an, "Công ty Cá Vàng")
    person.sign_in("an").open("/admin/")
    person.keys("k", holding=Keys.CONTROL).keys("linh vuc")
    path = "CRM › Quản trị phân hệ CRM+ › Danh mục › Khách hàng"
    found = [f"Lĩnh vực {path}", "Thêm: lĩnh vực"]
    until(lambda: person.names("option") == found, "the page and the command")
    person.leads(lambda: person.keys(Keys.ENTER))
    person.find("Lĩnh vực", "heading")
    person.keys("k", holding=Keys.CONTROL).keys("HOA SEN")
    person.find(re.compile("^Công ty Hoa Sen"), "option")
    person.leads(lambda: person.keys(Keys.ENTER))
    person.find("Công ty Hoa Sen", "heading")
    person.keys("k", holding=Keys.CONTROL)
    person.find("Gần đây", "group")
    person.leads(lambda: person.keys(Keys.ENTER))
    person.find("Lĩnh vực", "heading")
    person.keys("k", holding=Keys.CONTROL).keys("hoa sen")
    person.find(re.compile("^Công ty Hoa Sen"), "option")
    person.keys(Keys.ARROW_UP)
    person.leads(lambda: person.keys(Keys.ENTER))
    person.lists({"Công ty Hoa Sen"})
    person.keys("k", holding=Keys.CONTROL).keys(Keys.ESCAPE)
    person.is_gone("Tìm khách hàng, nhóm, lệnh", "combobox")


def test_rows_are_walked_ticked_and_unticked_by_keyboard(person: Person, site: Site) -> None:
    with site.writing() as an:
        factories.customer(an, "Công ty Hoa Sen")
        factories.customer(an, "Công ty Cá Vàng")
    person.sign_in("an").open("/admin/customers/")
    person.find("Chọn Công ty Hoa Sen", "checkbox")
    person.keys(Keys.ARROW_DOWN, Keys.SPACE)
    person.reads("Đã chọn 1")
    person.keys(Keys.ESCAPE)
    person.is_gone("Gán danh mục", "button")


def test_the_skip_link_leads_to_the_content(person: Person) -> None:
    person.sign_in("an").open("/admin/customers/")
    person.keys(Keys.TAB)
    assert person.focused == "Tới nội dung chính"
    person.keys(Keys.ENTER)
    assert person.driver.switch_to.active_element.get_attribute("id") == "main"


def stored(site: Site) -> list[str]:
    """The industries in the order that the database has."""
    with site.app.app_context():
        found = db.session.query(Industry).order_by(Industry.position)
        names = [industry.name for industry in found]
        db.session.remove()
    return names
