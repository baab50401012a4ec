"""Customers in the browser: duplicates, contacts, two people at once, many at once, columns."""

from __future__ import annotations

import factories
import pytest
from databases import every_database
from person import Person
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from served import Site

from crmadmin.catalogs.models import CustomerTier
from crmadmin.core import records
from crmadmin.core.db import db
from crmadmin.customers.models import Customer


def number(site: Site, **values: object) -> int:
    """How many customers have these values."""
    with site.app.app_context():
        found = db.session.query(Customer).filter_by(**values).count()
        db.session.remove()
    return found


@every_database
def test_a_possible_duplicate_is_told_with_its_owner_and_can_be_saved(
    person: Person, site: Site
) -> None:
    with site.writing("son") as son:
        factories.customer(son, "Công ty Hoa Sen", email="lan@hoasen.vn", phone="+84912345678")
    person.sign_in("an").open("/admin/customers/new/")
    person.fill("Tên khách hàng", "Hoa Sen miền Nam").fill("Email", "LAN@hoasen.vn")
    person.go("Lưu", "button")
    person.reads("Email đã tồn tại ở khách hàng")
    person.reads("Công ty Hoa Sen, chủ sở hữu son")
    assert person.value("Tên khách hàng") == "Hoa Sen miền Nam"
    person.go("Lưu", "button")
    person.find("Hoa Sen miền Nam", "heading")
    assert number(site) == 2


def test_a_duplicate_is_shown_beside_the_form_while_one_types(person: Person, site: Site) -> None:
    with site.writing("son") as son:
        factories.customer(son, "Công ty Hoa Sen", phone="+84912345678")
    person.sign_in("an").open("/admin/customers/new/")
    person.fill("Điện thoại", "0912.345.678").keys(Keys.TAB)
    person.reads("Có thể đã có")
    person.reads("Công ty Hoa Sen")


def test_a_wrong_value_is_named_under_its_field_and_nothing_typed_is_lost(person: Person) -> None:
    person.sign_in("an").open("/admin/customers/new/")
    person.fill("Tên khách hàng", "Công ty Hoa Sen").fill("Điện thoại", "12")
    person.fill("Ngày sinh / thành lập", "31/02/2020")
    person.go("Lưu", "button")
    person.reads("“12” quá ngắn")
    person.reads("Không có ngày “31/02/2020”")
    assert person.value("Tên khách hàng") == "Công ty Hoa Sen"
    assert person.focused == "Ngày sinh / thành lập"
    person.press("2 lỗi", "link")


def test_contacts_are_added_and_removed_in_the_form(person: Person, site: Site) -> None:
    person.sign_in("an").open("/admin/customers/new/")
    person.fill("Tên khách hàng", "Công ty Hoa Sen")
    for name, phone in (("Vũ Hồng Nhung", "0904118552"), ("Lê An", "0904118553")):
        person.press("Thêm liên hệ", "button")
        person.keys(name, Keys.TAB, Keys.TAB, phone)
    person.press("Liên hệ mới là liên hệ chính", "radio")
    person.go("Lưu", "button")
    person.reads("Vũ Hồng Nhung")
    person.reads("0904 118 553")
    person.go("Sửa", "link")
    person.press("Bỏ liên hệ 1", "button")
    person.go("Lưu", "button")
    with site.app.app_context():
        only = db.session.query(Customer).one().contacts
        left = [contact.name for contact in only]
        db.session.remove()
    assert left == ["Lê An"]


def test_who_saves_second_sees_both_versions_and_may_save_over(person: Person, site: Site) -> None:
    with site.writing() as an:
        key = factories.customer(an, "Công ty Hoa Sen", phone="+84912345678").id
    person.sign_in("an").open(f"/admin/customers/edit/?id={key}")
    with site.writing("mai"):
        record = db.session.get_one(Customer, key)
        records.change(record, {"phone": "+84904118552"}, record.version)
    person.fill("Điện thoại", "0987 654 321")
    person.go("Lưu", "button")
    person.find("Đã thay đổi trong lúc sửa", "heading")
    person.reads("Lê Thị Mai đã lưu bản ghi này")
    person.reads("0904 118 552")
    person.reads("0987 654 321")
    assert number(site, phone="+84904118552") == 1
    person.go("Lưu bản của tôi đè lên", "button")
    assert number(site, phone="+84987654321") == 1


@pytest.fixture
def many(person: Person, site: Site) -> Person:
    """An at the list of 60 customers, 55 of them called Hoa Sen."""
    with site.writing() as an:
        factories.catalog(CustomerTier, "Kim cương")
        for n in range(60):
            name = f"Cá Vàng {n}" if n % 12 == 0 else f"Hoa Sen {n}"
            factories.customer(an, name)
    return person.sign_in("an").open("/admin/customers/?q=hoa+sen")


@every_database
def test_a_catalog_value_is_set_on_all_that_match_the_search(many: Person, site: Site) -> None:
    many.press("Chọn cả trang này", "checkbox").press("Chọn tất cả 55 khớp", "button")
    many.reads("Đã chọn 55")
    many.press("Gán danh mục", "button")
    sheet = many.find("Gán danh mục", "dialog")
    many.reads("Đã chọn 55 khách hàng", within="#sheet")
    many.choose("Danh mục", "Phân cấp", within=sheet)
    many.settle()
    sheet = many.find("Gán danh mục", "dialog")
    many.choose("Phân cấp", "Kim cương", within=sheet)
    many.go("Cập nhật", "button", within=sheet)
    many.reads("Đã sửa 55 khách hàng")
    with site.app.app_context():
        tier = db.session.query(CustomerTier).one().id
        db.session.remove()
    assert number(site, tier_id=tier) == 55


def test_ticked_customers_get_another_owner(many: Person, site: Site) -> None:
    many.press("Chọn Hoa Sen 51", "checkbox").press("Chọn Hoa Sen 52", "checkbox")
    many.press("Đổi chủ sở hữu", "button")
    sheet = many.find("Đổi chủ sở hữu", "dialog")
    many.choose("Chủ sở hữu", "Phạm Sơn", within=sheet)
    many.go("Cập nhật", "button", within=sheet)
    many.reads("Đã sửa 2 khách hàng")
    assert number(site, owner_id=site.ids["son"]) == 2


def test_deleting_ticked_customers_says_how_many_first(many: Person, site: Site) -> None:
    for n in (51, 52, 53):
        many.press(f"Chọn Hoa Sen {n}", "checkbox")
    many.press("Xóa", "button")
    sheet = many.find("Xóa khách hàng", "dialog")
    many.reads("3 khách hàng bị xóa", within="#sheet")
    many.press("Bỏ qua", "button", within=sheet)
    many.is_gone("Xóa khách hàng", "dialog")
    assert number(site) == 60
    many.press("Xóa", "button")
    sheet = many.find("Xóa khách hàng", "dialog")
    many.go("Xóa", "button", within=sheet)
    many.reads("Đã xóa 3 khách hàng")
    assert number(site) == 57


def test_a_range_is_ticked_with_shift_and_a_page_leads_to_the_next(many: Person) -> None:
    rows = many.rows()
    many.press(f"Chọn {rows[0]}", "checkbox")
    last = many.find(f"Chọn {rows[4]}", "checkbox")
    ActionChains(many.driver).key_down(Keys.SHIFT).click(last).key_up(Keys.SHIFT).perform()
    many.reads("Đã chọn 5")
    many.press("Bỏ chọn", "button").press("Sau", "link")
    many.settle()
    many.reads("51–55 / 55")


def test_everybody_chooses_the_columns_of_their_own_list(person: Person, site: Site) -> None:
    with site.writing() as an:
        factories.customer(an, "Công ty Hoa Sen")
    person.sign_in("an").open("/admin/customers/")
    person.press("Cột", "link")
    sheet = person.find("Cột", "dialog")
    person.press("Email", "checkbox", within=sheet)
    person.go("Hiện các cột này", "button", within=sheet)
    assert "Email" in person.names("columnheader")
    person.sign_in("mai").open("/admin/customers/")
    assert "Email" not in person.names("columnheader")


def test_typing_in_the_search_box_narrows_the_list_and_back_widens_it(
    person: Person, site: Site
) -> None:
    with site.writing() as an:
        factories.customer(an, "Nguyễn Văn Đặng")
        factories.customer(an, "Công ty 100% Sữa")
    person.sign_in("an").open("/admin/customers/")
    box = person.find("Mã khách hàng, Tên khách hàng, Mã số thuế, Điện thoại", "searchbox")
    box.send_keys("dang")
    person.lists({"Nguyễn Văn Đặng"})
    person.driver.back()
    person.lists({"Nguyễn Văn Đặng", "Công ty 100% Sữa"})
