"""The guide to marketing groups, walked as it is written: its sections 1, 2 and 3 by the words on
screen. B numbers are the guide's steps (docs name them so, too)."""

from __future__ import annotations

from pathlib import Path

import factories
from databases import every_database
from person import Person
from served import Site
from sqlalchemy import select
from test_groups import fill_catalogs, members_of

from crmadmin.catalogs.models import SalesGroup
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup, GroupDraft

SAMPLES = Path(__file__).parents[2] / "samples"


def open_groups(person: Person) -> None:
    """1 B1: Đăng nhập, module Marketing, Nhóm khách hàng."""
    person.log_in("mai")
    person.find("Marketing", "button")
    menu = person.find("Điều hướng chính", "navigation")
    person.leads(person.find("Nhóm khách hàng", "link", within=menu, at=-1).click)


def customers(site: Site) -> None:
    """Thirty customers of Sơn's and Mai's; Sơn's are wholesale."""
    with site.writing("mai") as mai:
        wholesale = factories.catalog(SalesGroup, "Khách sỉ", color="green")
        son = db.session.get_one(type(mai), site.ids["son"])
        for n in range(30):
            factories.customer(mai, f"Công ty Hoa Sen {n:02}", code=f"HS-{n:02}")
        for n in range(4):
            name, code = f"Cửa hàng Cá Vàng {n}", f"CV-{n}"
            factories.customer(son, name, code=code, sales_group_id=wholesale.id)


def names(site: Site) -> list[str]:
    """The names of all groups, as stored."""
    with site.app.app_context():
        found = list(db.session.scalars(select(CustomerGroup.name)))
        db.session.remove()
    return found


def drafts(site: Site) -> int:
    """How many drafts are open."""
    with site.app.app_context():
        open_ones = select(GroupDraft.id).where(GroupDraft.saved_at.is_(None))
        found = len(db.session.scalars(open_ones).all())
        db.session.remove()
    return found


def search(person: Person, **typed: str) -> None:
    """B3.1.1 and B3.1.2: what is searched for, and Tìm kiếm."""
    form = person.find("Tìm khách hàng để thêm", "search")
    for name, value in typed.items():
        label = {"code": "Mã KH", "name": "Tên KH", "owner": "Chủ sở hữu", "group": "Nhóm KH"}[name]
        if name in ("owner", "group"):
            person.choose(label, value, within=form)
        else:
            person.fill(label, value, within=form)
    person.press("Tìm kiếm", "button", within=form)


def matching(person: Person, count: str) -> None:
    """Wait for how many match."""
    person.reads(f"{count} khách hàng khớp", "#matching")


def test_section_1_a_group_is_found_by_name_or_description(person: Person, site: Site) -> None:
    with site.writing("mai"):
        factories.group("Khách mời hội thảo", "Hà Nội, tháng 12")
        factories.group("Sinh nhật quý IV", "Gửi thiệp")
    open_groups(person)  # B1
    everything = {"Khách mời hội thảo", "Sinh nhật quý IV"}
    for words, found in (("sinh nhật", "Sinh nhật quý IV"), ("hà nội", "Khách mời hội thảo")):
        person.fill("Tên danh sách khách hàng, Mô tả", words)  # B2.1
        person.press("Tìm kiếm", "button")  # B2.2
        person.lists({found})
    person.go("Mặc định", "link")  # B2.3
    person.lists(everything)


@every_database
def test_section_2_a_new_group_by_picking(person: Person, site: Site) -> None:
    customers(site)
    open_groups(person)
    person.go("Thêm mới", "link")  # B1
    person.fill("Tên danh sách khách hàng", "Khách mời hội thảo")  # B2
    person.fill("Mô tả", "Hà Nội, tháng 12")
    search(person, code="HS", name="hoa sen 07")  # B3.1.1, B3.1.2
    matching(person, "1")
    person.press("Chọn Công ty Hoa Sen 07", "checkbox")  # B3.1.3
    search(person, code="", name="", owner="Phạm Sơn", group="Khách sỉ")
    matching(person, "4")
    person.press("Chọn Cửa hàng Cá Vàng 1", "checkbox")
    person.reads("Đã chọn 2", "#ticked")
    person.press("Chọn khách hàng", "button")  # B3.1.4
    person.reads("Đã thêm 2 khách hàng", "#toasts")
    person.reads("Đã chọn 0", "#ticked")
    person.reads("Chưa lưu: +2 thành viên, sửa tên, sửa mô tả")
    person.press("Mặc định", "link")  # B3.1.5
    matching(person, "34")
    assert person.value("Tên KH") == ""
    person.press("Chọn Công ty Hoa Sen 24", "checkbox")
    person.reads("Đã chọn 1", "#ticked")
    person.press("Bỏ qua", "button")  # or: nobody that was ticked
    person.is_gone("Chọn khách hàng", "button")
    person.press("Thêm khách hàng", "button")
    person.reads("Đã chọn 0", "#ticked")
    assert names(site) == []
    person.go("Lưu", "button")  # B4
    person.lists({"Khách mời hội thảo"})
    assert members_of(site, "Khách mời hội thảo") == {
        "Công ty Hoa Sen 07",
        "Cửa hàng Cá Vàng 1",
    }
    assert drafts(site) == 0


@every_database
def test_section_2_a_new_group_by_importing(person: Person, site: Site) -> None:
    fill_catalogs(site)
    open_groups(person)
    person.go("Thêm mới", "link")  # B1
    person.fill("Tên danh sách khách hàng", "Khách hội chợ")  # B2
    person.fill("Mô tả", "Tháng 10")
    begin_import(person)
    person.go("Nhập khẩu", "button", seconds=60)
    person.find("Kết quả nhập", "heading")
    person.go("Về nhóm", "link")
    # The customers are real, their membership is part of the draft; the texts are still here.
    person.holds("Tên danh sách khách hàng", "Khách hội chợ")
    person.press("1 bước chưa lưu", "DisclosureTriangle")
    person.reads("Nhập từ customers-untidy.xlsx", "#steps")
    count = customers_there(site)
    assert count > 30
    assert names(site) == []
    person.go("Lưu", "button")  # B4
    person.lists({"Khách hội chợ"})
    assert len(members_of(site, "Khách hội chợ")) >= count


def begin_import(person: Person) -> None:
    """B3.2.1 to B3.2.3: Nhập khẩu, the type, the file, the duplicates; up to the preview."""
    person.go("Nhập khẩu", "link")
    person.find("Tải file mẫu", "link")
    for words in ("Chọn loại nhập khẩu", "Thiết lập bản ghi trùng"):
        person.find(words, "group")
    for words in ("Làm mới", "Bỏ qua"):
        person.find(words, "link")
    person.attach("Chọn tệp", SAMPLES / "customers-untidy.xlsx")
    person.go("Nhập khẩu", "button")
    if person.path.endswith("/mapping"):
        person.go("Xem trước", "button")


def customers_there(site: Site) -> int:
    """How many customers the system has."""
    with site.app.app_context():
        found = len(db.session.scalars(select(Customer.id)).all())
        db.session.remove()
    return found


def test_section_2_going_back_keeps_the_imported_customers_and_no_group(
    person: Person, site: Site
) -> None:
    fill_catalogs(site)
    open_groups(person)
    person.go("Thêm mới", "link")
    person.fill("Tên danh sách khách hàng", "Khách hội chợ").fill("Mô tả", "Tháng 10")
    begin_import(person)
    person.go("Nhập khẩu", "button", seconds=60)
    person.go("Về nhóm", "link")
    person.press("Trở về", "link")  # B4, or
    person.reads("vẫn còn trong hệ thống", "#sheet")
    person.go("Bỏ thay đổi", "button")
    person.lists(set())
    assert names(site) == []
    assert drafts(site) == 0
    assert customers_there(site) > 30


def test_section_2_going_back_keeps_nothing(person: Person, site: Site) -> None:
    customers(site)
    open_groups(person)
    person.go("Thêm mới", "link")
    person.fill("Tên danh sách khách hàng", "Khách mời").fill("Mô tả", "Hà Nội")
    person.press("Chọn Công ty Hoa Sen 24", "checkbox").press("Chọn khách hàng", "button")
    person.reads("Chưa lưu: +1 thành viên")
    person.press("Trở về", "link")
    person.reads("+1 thành viên", "#sheet")
    person.go("Bỏ thay đổi", "button")
    person.lists(set())
    person.go("Thêm mới", "link")
    assert person.value("Tên danh sách khách hàng") == ""
    person.reads("Đã chọn 0", "#ticked")
    person.go("Trở về", "link")  # nothing to lose: not asked
    assert names(site) == []


@every_database
def test_section_3_a_group_is_edited_and_deleted(person: Person, site: Site) -> None:
    customers(site)
    with site.writing("mai"):
        factories.group("Khách mời", "Hà Nội")
    open_groups(person)
    person.go("Sửa", "link")  # B1
    person.fill("Tên danh sách khách hàng", "Khách mời hội thảo")
    person.press("Chọn Công ty Hoa Sen 24", "checkbox")
    person.press("Chọn Công ty Hoa Sen 23", "checkbox").press("Chọn khách hàng", "button")
    person.reads("+2", "#members")
    person.press("Hoàn tác: Công ty Hoa Sen 24", "button")
    person.reads("+1", "#members")
    person.fill("Mô tả", "Đà Nẵng")
    person.go("Cập nhật", "button")  # B3
    person.lists({"Khách mời hội thảo"})
    assert members_of(site, "Khách mời hội thảo") == {"Công ty Hoa Sen 23"}
    person.go("Sửa", "link")
    person.fill("Mô tả", "Huế")
    person.press("Trở về", "link")  # or: no change
    person.reads("sửa mô tả", "#sheet")
    person.go("Bỏ thay đổi", "button")
    person.go("Sửa", "link")
    assert person.value("Mô tả") == "Đà Nẵng"
    person.go("Xóa", "link").go("Xóa", "button")
    person.lists(set())
    assert customers_there(site) == 34
