"""Customers in the browser: duplicates, contacts, two people at once, many at once, columns."""

from __future__ import annotations

import re
from datetime import date

import factories
import pytest
from browser import set_screen
from databases import every_database
from person import Person, until
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from served import Site

from crmadmin.catalogs.models import CustomerTier, Industry
from crmadmin.core import records
from crmadmin.core.db import db
from crmadmin.customers.models import Contact, Customer


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
    person.reads("Công ty Hoa Sen, chủ sở hữu Phạm Sơn")
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


@every_database
def test_birthday_and_note_of_a_contact_are_typed_and_read(person: Person, site: Site) -> None:
    person.sign_in("an").open("/admin/customers/new/")
    person.fill("Tên khách hàng", "Công ty Hoa Sen").press("Thêm liên hệ", "button")
    typed = {"Họ tên": "Vũ Hồng Nhung", "Ngày sinh": "09/08/1992", "Ghi chú": "Gọi sau 17 giờ"}
    for label, words in typed.items():
        person.fill(f"{label} (liên hệ mới)", words)
    person.go("Lưu", "button")
    for words in typed.values():
        person.reads(words)
    person.go("Sửa", "link")
    assert person.value("Ngày sinh 1") == "09/08/1992"
    assert person.value("Ghi chú 1") == "Gọi sau 17 giờ"
    person.fill("Ngày sinh 1", "10/08/1992").go("Lưu", "button")
    with site.app.app_context():
        kept = db.session.query(Contact).one()
        assert (kept.birthday, kept.note) == (date(1992, 8, 10), "Gọi sau 17 giờ")
        db.session.remove()


@every_database
def test_what_may_be_a_slip_is_shown_before_it_is_saved_and_saved_the_second_time(
    person: Person, site: Site
) -> None:
    person.sign_in("an").open("/admin/customers/new/")
    person.fill("Tên khách hàng", "Nguyeãn Vaên An").fill("Điện thoại", "0168 812 3456")
    person.fill("Mã số thuế", "0100109107").keys(Keys.ENTER)
    person.reads("Chưa lưu. Bấm lần nữa nếu vẫn muốn lưu.")
    for field in ("name", "phone", "tax_code"):
        assert person.text(f"#{field}-warning"), field
    assert number(site) == 0
    person.go("Lưu", "button")
    person.find("Nguyeãn Vaên An", "heading")
    assert number(site, tax_code="0100109107") == 1


def test_who_saves_second_chooses_by_keyboard_what_is_kept(person: Person, site: Site) -> None:
    with site.writing() as an:
        firm = factories.customer(an, "Công ty Hoa Sen", phone="+84912345678")
        key, nhung = firm.id, factories.contact(firm, "Nhung", title="Kế toán").id
    person.sign_in("an").open(f"/admin/customers/edit/?id={key}")
    with site.writing("mai"):
        record = db.session.get_one(Customer, key)
        records.change(record, {"phone": "+84904118552", "website": "https://mai.vn"})
        db.session.get_one(Contact, nhung).title = "Kế toán trưởng"
    person.fill("Điện thoại", "0987 654 321").fill("Địa chỉ", "Lô B4")
    person.go("Lưu", "button")
    person.find("Đã thay đổi trong lúc sửa", "heading")
    for words in ("Lê Thị Mai đã lưu bản ghi này", "0904 118 552", "0987 654 321",
                  "https://mai.vn", "Lô B4", "Kế toán trưởng"):  # fmt: skip
        person.reads(words)
    assert number(site, phone="+84904118552") == 1
    person.go("Lưu theo lựa chọn", "button")
    person.reads("cả hai bên cùng sửa")
    assert number(site, phone="+84904118552", address=None) == 1
    # Only the phone was changed by both; an arrow key chooses within its line.
    person.tab_to(re.compile("Của bạn.*0987 654 321|Của bạn")).keys(Keys.SPACE)
    person.go("Lưu theo lựa chọn", "button")
    now = {"phone": "+84987654321", "website": "https://mai.vn", "address": "Lô B4"}
    assert number(site, **now) == 1
    with site.app.app_context():
        assert db.session.get_one(Contact, nhung).title == "Kế toán trưởng"
        db.session.remove()


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


def test_enter_on_a_sheet_that_just_opened_writes_nothing(many: Person, site: Site) -> None:
    with site.writing() as an:
        gold = factories.catalog(CustomerTier, "Vàng").id
        for one in db.session.query(Customer).filter(Customer.name.like("Hoa Sen 5%")):
            one.tier_id = gold
        assert an
    many.open("/admin/customers/?q=hoa+sen")
    first = many.rows()[0]
    many.press(f"Chọn {first}", "checkbox")
    many.tab_to("Gán danh mục", most=300).keys(Keys.ENTER)
    many.find("Gán danh mục", "dialog")
    before = number(site, tier_id=gold)
    many.keys(Keys.ENTER)
    many.settle()
    many.keys(Keys.ESCAPE, Keys.ESCAPE)
    assert number(site, tier_id=gold) == before
    assert number(site, version=1) + before == 60

    # Sent as it opened: it says what is missing, and stays.
    many.open("/admin/customers/?q=hoa+sen")
    many.press(f"Chọn {first}", "checkbox").press("Gán danh mục", "button")
    sheet = many.find("Gán danh mục", "dialog")
    many.press("Cập nhật", "button", within=sheet)
    until(lambda: "aria-invalid" in many.driver.page_source, "what is missing")
    many.find("Gán danh mục", "dialog")
    assert number(site, tier_id=gold) == before


def test_a_choice_is_no_more_refused_once_another_is_made(many: Person, site: Site) -> None:
    with site.writing():
        for n in range(12):
            factories.catalog(Industry, f"Lĩnh vực {n}")
    many.open("/admin/customers/?q=hoa+sen")
    many.press(f"Chọn {many.rows()[0]}", "checkbox").press("Gán danh mục", "button")
    sheet = many.find("Gán danh mục", "dialog")
    many.press("Cập nhật", "button", within=sheet)
    many.reads("Mục này bắt buộc nhập", within="#sheet")
    many.choose("Danh mục", "Lĩnh vực", within=many.find("Gán danh mục", "dialog")).settle()
    until(lambda: "bắt buộc" not in many.text("#sheet"), "nothing refused any more")
    assert not many.driver.find_elements("css selector", "#sheet [aria-invalid]")

    # With more than ten values the select becomes a search box; it takes the focus along.
    many.press("Cập nhật", "button", within=many.find("Gán danh mục", "dialog"))
    many.reads("Hãy chọn một giá trị", within="#sheet")
    until(lambda: many.focused == "Lĩnh vực", "the focus in the search box")
    assert many.driver.switch_to.active_element.tag_name == "input"
    many.keys("7").is_gone("Lĩnh vực 6", "option")
    many.keys(Keys.ENTER)
    many.reads("Lĩnh vực 7", within="#changes")
    assert "Hãy chọn một giá trị" not in many.text("#sheet")


def test_a_message_stands_in_one_line_with_its_buttons(many: Person) -> None:
    many.press("Chọn Hoa Sen 51", "checkbox").press("Đổi chủ sở hữu", "button")
    sheet = many.find("Đổi chủ sở hữu", "dialog")
    many.choose("Chủ sở hữu", "Phạm Sơn", within=sheet)
    many.reads("Phạm Sơn", within="#changes")
    many.go("Cập nhật", "button", within=many.find("Đổi chủ sở hữu", "dialog"))
    set_screen(many.driver, 1366, 768)
    boxes = """
        const note = document.querySelector('.flashes .note');
        const parts = [note.querySelector(':scope > span'), ...note.querySelectorAll('a, button')];
        const of = (e) => e.getBoundingClientRect();
        return [parts.map((e) => of(e).y + of(e).height / 2),
                of(note.querySelector('.note-x')).x - of(note.querySelector('form')).right];
    """
    middles, gap = many.driver.execute_script(boxes)
    assert max(middles) - min(middles) < 2
    assert 0 <= gap < 24, "the buttons are at its end"


def test_what_was_set_on_many_is_taken_back_from_its_message(many: Person, site: Site) -> None:
    many.press("Chọn Hoa Sen 51", "checkbox").press("Chọn Hoa Sen 52", "checkbox")
    many.press("Đổi chủ sở hữu", "button")
    sheet = many.find("Đổi chủ sở hữu", "dialog")
    many.choose("Chủ sở hữu", "Phạm Sơn", within=sheet)
    many.reads("Phạm Sơn", within="#changes")
    many.go("Cập nhật", "button", within=many.find("Đổi chủ sở hữu", "dialog"))
    many.reads("Đã sửa 2 khách hàng")
    assert many.path.endswith("?q=hoa+sen") or "q=hoa" in many.driver.current_url
    assert number(site, owner_id=site.ids["son"]) == 2
    many.go("Hoàn tác", "button")
    many.reads("2 mục trở lại như trước")
    assert number(site, owner_id=site.ids["son"]) == 0


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
