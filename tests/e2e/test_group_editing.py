"""The group form in a browser: ticks that last, what is typed is kept, the keyboard, the phone."""

from __future__ import annotations

import re

import factories
from audit import in_every_look, too_wide
from browser import set_screen
from person import Person, until
from selenium.webdriver.common.keys import Keys
from served import Site
from test_groups import members_of

from crmadmin.catalogs.models import SalesGroup
from crmadmin.core.db import db
from crmadmin.groups import drafts
from crmadmin.groups.models import CustomerGroup, Membership

NEW = "/admin/groups/new/"
EDIT = "/admin/groups/edit/?id=1"


def sixty(site: Site) -> None:
    """Sixty customers of Mai's, ten of them in a group."""
    with site.writing("mai") as mai:
        wholesale = factories.catalog(SalesGroup, "Khách sỉ", color="green")
        made = [
            factories.customer(
                mai,
                f"Công ty Cổ phần Xây dựng và Thương mại Hoa Sen {n:02}",
                code=f"HS-{n:02}",
                sales_group_id=wholesale.id if n < 30 else None,
            )
            for n in range(60)
        ]
        group = factories.group("Khách mời", "Hà Nội")
        db.session.flush()
        db.session.add_all(Membership(group_id=group.id, customer_id=c.id) for c in made[:10])


def tick(person: Person, *numbers: int) -> None:
    for n in numbers:
        person.press(re.compile(f"^Chọn Công ty .* {n:02}$"), "checkbox")


def is_ticked(person: Person, n: int) -> bool:
    return person.find(re.compile(f"^Chọn Công ty .* {n:02}$"), "checkbox").is_selected()


def chosen(person: Person, count: int | str) -> None:
    person.reads(f"Đã chọn {count}", "#ticked")


def find(person: Person, name: str) -> None:
    form = person.find("Tìm khách hàng để thêm", "search")
    person.fill("Tên KH", name, within=form)
    person.press("Tìm kiếm", "button", within=form).settle()


def test_ticks_outlast_pages_sorting_searches_and_a_reload(person: Person, site: Site) -> None:
    sixty(site)
    person.sign_in("mai").open(EDIT)
    tick(person, 24, 23)
    chosen(person, 2)
    person.press("Trang khách hàng sau", "link").settle()
    tick(person, 30)
    chosen(person, 3)
    person.press("Mã KH", "link").settle()
    find(person, "hoa sen 4")
    tick(person, 41)
    chosen(person, 4)
    person.leads(person.driver.refresh)
    chosen(person, 4)
    assert person.value("Tên KH") == "hoa sen 4"
    assert is_ticked(person, 41)
    person.press("Chọn khách hàng", "button")
    person.reads("+4", "#members")
    chosen(person, 0)
    person.go("Cập nhật", "button")
    assert len(members_of(site, "Khách mời")) == 14


def test_ticks_of_one_user_are_not_those_of_the_next_in_the_same_window(
    person: Person, site: Site
) -> None:
    sixty(site)
    person.sign_in("mai").open(EDIT)
    tick(person, 24, 23)
    chosen(person, 2)
    person.sign_in("an").open(EDIT)
    chosen(person, 0)
    assert not is_ticked(person, 24)


def test_all_that_match_are_chosen_at_once_and_a_tick_taken_away_ends_it(
    person: Person, site: Site
) -> None:
    sixty(site)
    person.sign_in("mai").open(EDIT)
    person.press("Chọn tất cả 60 khách hàng khớp", "button")
    chosen(person, 60)
    tick(person, 24)
    chosen(person, 14)
    person.press("Chọn tất cả 60 khách hàng khớp", "button")
    person.press("Trang khách hàng sau", "link").settle()
    chosen(person, 60)
    assert is_ticked(person, 30)
    find(person, "hoa sen 57")
    chosen(person, 0)
    tick(person, 57)
    find(person, "hoa sen 4")
    person.press("Chọn tất cả 15 khách hàng khớp", "button")
    person.reads("Đã chọn 15 và 1 đánh dấu tay", "#ticked")
    person.press("Chọn khách hàng", "button")
    person.reads("+15", "#members")  # one of the 15 is a member


def test_what_is_typed_is_in_the_draft_though_the_page_goes_at_once(
    person: Person, site: Site
) -> None:
    sixty(site)
    person.sign_in("mai").open(NEW)
    person.fill("Tên danh sách khách hàng", "Khách mới")
    person.fill("Mô tả", "Huế")
    person.leads(person.driver.refresh)
    person.holds("Tên danh sách khách hàng", "Khách mới")
    person.holds("Mô tả", "Huế")
    # Signing out and in again loses nothing either.
    person.sign_in("mai").open(NEW)
    person.holds("Tên danh sách khách hàng", "Khách mới")


def test_skipping_closes_the_picker_and_a_reload_leaves_it_closed(
    person: Person, site: Site
) -> None:
    sixty(site)
    person.sign_in("mai").open(EDIT)
    tick(person, 24)
    person.press("Bỏ qua", "button")
    assert person.focused == "Thêm khách hàng"
    person.leads(person.driver.refresh)
    assert not person.has("Chọn khách hàng", "button")
    person.press("Thêm khách hàng", "button")
    assert person.focused == "Mã KH"
    chosen(person, 0)


def test_the_whole_form_can_be_worked_by_keyboard(person: Person, site: Site) -> None:
    sixty(site)
    person.sign_in("mai").open(EDIT)
    person.tab_to("Mã KH", 120).keys("HS-5", Keys.ENTER).settle()
    person.reads("10 khách hàng khớp", "#matching")
    person.tab_to(re.compile("^Chọn Công ty .* 51$")).keys(Keys.SPACE)
    chosen(person, 1)
    person.tab_to(re.compile("^Chọn Công ty .* 52$")).keys(Keys.SPACE)
    chosen(person, 2)
    person.tab_to("Chọn khách hàng").keys(Keys.ENTER)
    person.reads("+2", "#members")
    until(lambda: person.focused == "Chọn khách hàng", "the focus stays on the button")
    person.driver.execute_script("document.getElementById('members-scroll').focus()")
    person.tab_to(re.compile("^Hoàn tác: Công ty .* 52$")).keys(Keys.ENTER)
    person.reads("+1", "#members")
    until(lambda: person.focused.startswith(("Hoàn tác", "Bớt")), "the focus on the next row")
    person.keys(Keys.ENTER, holding=Keys.CONTROL)
    person.lists({"Khách mời"})


def test_members_are_found_and_taken_out_ticked_or_all(person: Person, site: Site) -> None:
    sixty(site)
    person.sign_in("mai").open(EDIT)
    box = person.find("Tìm trong nhóm", "searchbox")
    box.send_keys("sen 07")
    until(lambda: "1–1 / 1 dòng" in person.text("#members-count"), "one member")
    assert person.focused == "Tìm trong nhóm"
    person.press(re.compile("^Bớt Công ty .* 07 khỏi nhóm$"), "button")
    person.reads("−1", "#members")
    person.press("Hoàn tác tất cả", "button")
    until(lambda: "−1" not in person.text("#members"), "everything undone")
    person.settle()
    box = person.find("Tìm trong nhóm", "searchbox")
    box.send_keys(Keys.CONTROL + "a", Keys.BACKSPACE)
    until(lambda: "1–10 / 10 dòng" in person.text("#members-count"), "every member")
    for n in (1, 2):
        person.press(re.compile(f"^Chọn thành viên .* {n:02}$"), "checkbox")
    person.press("Bớt khỏi nhóm", "button")
    person.reads("−2", "#members")
    person.press(re.compile("^2 dòng|^1 bước chưa lưu"), "DisclosureTriangle")
    person.press(re.compile("^Hoàn tác: Bớt 2 khách hàng"), "button")
    until(lambda: "−2" not in person.text("#members"), "the step undone")


def test_a_pasted_list_is_checked_and_chosen(person: Person, site: Site) -> None:
    sixty(site)
    person.sign_in("mai").open(EDIT)
    person.press("Dán danh sách mã", "link", "button")
    person.find("Dán danh sách mã", "dialog")
    field = person.find(re.compile("^Mã khách hàng, số điện thoại"), "textbox")
    field.send_keys("HS-30\nhs-31\nHS-30\nHS-00\nKHONG-CO")
    person.press("Kiểm tra danh sách", "button")
    person.reads("Tìm thấy 3 khách hàng", "#sheet")
    person.reads("1 đã trong nhóm", "#sheet")
    person.reads("KHONG-CO", "#sheet")
    assert not in_every_look(person)
    dialog = person.find("Dán danh sách mã", "dialog")
    person.press("Chọn khách hàng", "button", within=dialog)
    person.reads("+2", "#members")
    person.is_gone("Dán danh sách mã", "dialog")


def test_a_group_follows_a_search_and_is_frozen(person: Person, site: Site) -> None:
    sixty(site)
    person.sign_in("mai").open(NEW)
    person.fill("Tên danh sách khách hàng", "Khách sỉ").fill("Mô tả", "Tất cả")
    person.choose("Nhóm KH", "Khách sỉ")
    person.press("Tìm kiếm", "button", within=person.find("Tìm khách hàng để thêm", "search"))
    person.reads("30 khách hàng khớp", "#matching")
    person.press("Nhóm theo bộ lọc này", "link", "button")
    person.reads("Lúc này có 30 khách hàng khớp", "#sheet")
    assert not in_every_look(person)
    person.go("Theo bộ lọc", "button")
    person.reads("Nhóm động", "#members")
    assert not in_every_look(person)
    person.go("Lưu", "button")
    assert len(members_of(site, "Khách sỉ")) == 30
    person.open("/admin/groups/edit/?id=2").press("Cố định danh sách", "button")
    person.find("Chọn khách hàng", "button")
    person.go("Cập nhật", "button")
    assert len(members_of(site, "Khách sỉ")) == 30


def test_on_a_phone_the_parts_are_tabs(person: Person, site: Site) -> None:
    sixty(site)
    set_screen(person.driver, 390)
    person.sign_in("mai").open(EDIT)
    person.press("Thêm khách hàng", "tab")
    tick(person, 24)
    chosen(person, 1)
    person.press("Chọn khách hàng", "button").settle()
    until(lambda: "Thành viên 11" in person.names("tab"), "the count on the tab")
    person.press("Thành viên 11", "tab")
    person.press(re.compile("^Hoàn tác: Công ty .* 24$"), "button").settle()
    person.press("Thông tin", "tab")
    person.fill("Mô tả", "Đà Nẵng")
    person.go("Cập nhật", "button")


def test_the_form_breaks_no_rule_in_any_state(person: Person, site: Site) -> None:
    sixty(site)
    person.sign_in("mai").open(NEW)
    assert not in_every_look(person)
    person.go("Lưu", "button")  # empty: with problems
    assert not in_every_look(person)
    person.open(EDIT)
    person.press("Thêm bộ lọc", "DisclosureTriangle")
    tick(person, 24, 23)
    person.press("Chọn khách hàng", "button").settle()
    tick(person, 22)
    person.press(re.compile("^Bớt Công ty .* 03 khỏi nhóm$"), "button").settle()
    person.press(re.compile("bước chưa lưu"), "DisclosureTriangle")
    assert not in_every_look(person)
    assert not too_wide(person)
    person.press("Trở về", "link")
    person.find("Bỏ các thay đổi?", "dialog")
    assert not in_every_look(person)


def test_two_editors_see_both_sides_and_have_both(person: Person, site: Site) -> None:
    sixty(site)
    person.sign_in("mai").open(EDIT)
    person.fill("Mô tả", "Của Mai")
    person.driver.execute_script("document.activeElement.blur()")
    tick(person, 24, 23)
    chosen(person, 2)
    person.press("Chọn khách hàng", "button")
    person.reads("Chưa lưu: +2 thành viên, sửa mô tả")
    with site.writing("an") as an:
        group = db.session.get_one(CustomerGroup, 1)
        draft = drafts.begin(an.id, group)
        drafts.type_text(draft, description="Của An")
        drafts.pick(draft, [57, 58])
        drafts.save(draft, group)
    person.driver.refresh()
    person.reads("Có người đã lưu nhóm này")
    assert not in_every_look(person)
    person.press("Cập nhật", "button")
    person.find(re.compile("^Có thay đổi|Khách mời"), "heading")
    person.reads("Trần Văn An")
    assert not in_every_look(person)
    assert not too_wide(person)
    person.go("Gộp cả hai và lưu", "button")
    person.reads("1 mục cả hai bên cùng sửa: hãy chọn giữ bản nào.")
    person.press(re.compile("^Của bạn"), "radio")
    person.go("Gộp cả hai và lưu", "button")
    person.lists({"Khách mời"})
    assert len(members_of(site, "Khách mời")) == 14
    person.reads("Của Mai")
