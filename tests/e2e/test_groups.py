"""Marketing > Nhóm khách hàng, as Mai uses it: a workbook into a group, and finding it again."""

from __future__ import annotations

import re
from pathlib import Path

import factories
import openpyxl
from databases import every_database
from ledger import ledger
from person import Person, until
from served import Site
from sqlalchemy import select

from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups import queries
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.imports.kinds import KINDS

SAMPLES = Path(__file__).parents[2] / "samples"
CATALOG_FILES = (
    "customer-types", "sales-groups", "sales-channels", "customer-sources", "industries",
    "company-sizes", "customer-statuses", "customer-tiers", "collaborators",
)  # fmt: skip


def fill_catalogs(site: Site) -> None:
    """The records that the sample of customers names, from their own samples."""
    with site.writing():
        for name in CATALOG_FILES:
            sheet = openpyxl.load_workbook(SAMPLES / f"{name}.xlsx").worksheets[0]
            for code, label, *_more in sheet.iter_rows(min_row=2, values_only=True):
                if code and label:
                    factories.catalog(KINDS[name].model, label, code=code)


@every_database
def test_mai_imports_a_workbook_into_a_group_and_all_its_customers_join(
    person: Person, site: Site
) -> None:
    fill_catalogs(site)
    person.sign_in("mai").open("/admin/")
    person.find("Marketing", "button")
    person.go("Nhóm khách hàng", "link", at=-1)
    person.go("Thêm mới", "link")
    person.fill("Tên danh sách khách hàng", "Khách mời hội thảo").fill("Mô tả", "Hà Nội, tháng 12")
    person.go("Lưu", "button")
    person.go("Khách mời hội thảo", "link").go("Nhập khẩu", "link")

    person.attach("Chọn tệp", SAMPLES / "customers-tidy.xlsx")
    person.go("Nhập khẩu", "button")
    person.reads("400 thêm, 0 đã có")
    person.go("Nhập khẩu", "button", seconds=60)
    rows = ledger(person)
    assert (rows["Mới"], rows["Gộp"], rows["Lỗi"], rows["Tổng"]) == (400, 80, 0, 480)

    person.go("Về nhóm", "link")
    person.reads("/ 400")
    person.fill("Tìm trong nhóm", "KH000007")
    person.lists({"Công ty TNHH Dịch vụ Lý Phong 665"})


def test_groups_are_found_by_name_and_description_and_shown_all_again(
    person: Person, site: Site
) -> None:
    with site.writing("mai"):
        factories.group("Khách mời hội thảo", "Hà Nội, tháng 12")
        factories.group("Sinh nhật quý IV", "Gửi thiệp")
        factories.group("Đại lý miền Bắc", "Mời hội nghị")
    person.sign_in("mai").open("/admin/groups/")
    everything = set(person.rows())
    assert len(everything) == 3
    for words, found in (("sinh nhat", "Sinh nhật quý IV"), ("hoi nghi", "Đại lý miền Bắc")):
        person.fill("Tên danh sách khách hàng, Mô tả", words)
        person.press("Tìm kiếm", "button")
        person.lists({found})
    person.go("Mặc định", "link")
    person.lists(everything)


def test_a_group_needs_a_name_and_a_description(person: Person) -> None:
    person.sign_in("mai").open("/admin/groups/")
    person.go("Thêm mới", "link")
    person.fill("Tên danh sách khách hàng", "Khách mời")
    person.go("Lưu", "button")
    person.reads("Mục này bắt buộc nhập")
    assert person.focused == "Mô tả"
    person.fill("Mô tả", "Hà Nội")
    person.go("Lưu", "button")
    person.lists({"Khách mời"})


def test_a_group_is_renamed_and_deleted_with_the_guides_words(person: Person, site: Site) -> None:
    with site.writing("mai"):
        factories.group("Khách mời", "Hà Nội")
    person.sign_in("mai").open("/admin/groups/")
    person.go("Sửa", "link")
    person.fill("Tên danh sách khách hàng", "Khách mời hội thảo")
    person.go("Cập nhật", "button")
    person.lists({"Khách mời hội thảo"})
    person.go("Sửa", "link")
    person.go("Xóa", "link").go("Xóa", "button")
    person.lists(set())


def test_going_back_from_a_group_keeps_nothing(person: Person, site: Site) -> None:
    with site.writing("mai"):
        factories.group("Khách mời", "Hà Nội")
    person.sign_in("mai").open("/admin/groups/")
    person.go("Sửa", "link")
    person.go("Trở về", "link")
    person.lists({"Khách mời"})


def members_of(site: Site, name: str) -> set[str]:
    """Who is in a group, as stored."""
    with site.app.app_context():
        group = db.session.scalar(select(CustomerGroup).where(CustomerGroup.name == name))
        where = queries.member_where(group)
        found = set(db.session.scalars(select(Customer.name).where(where)))
        db.session.remove()
    return found


def two_groups(site: Site) -> None:
    """Hoa 00 … Hoa 49 and Lan 50 … Lan 59 in one group, Hoa 00 and Cá in another."""
    with site.writing("mai") as mai:
        names = [f"{'Hoa' if n < 50 else 'Lan'} {n:02}" for n in range(60)]
        flowers = [factories.customer(mai, name) for name in names]
        fish = factories.customer(mai, "Cá", do_not_contact=True)
        for name, members in (("Hoa", flowers), ("Cá", [flowers[0], fish])):
            group = factories.group(name, "Để thử")
            db.session.add_all(Membership(group_id=group.id, customer_id=c.id) for c in members)


@every_database
def test_members_are_moved_by_tick_and_taken_out_by_search(person: Person, site: Site) -> None:
    two_groups(site)
    person.sign_in("mai").open("/admin/groups/")
    person.go("Hoa", "link")
    person.press("Chọn Hoa 00", "checkbox").press("Chọn Hoa 01", "checkbox")
    person.press("Chuyển sang nhóm khác", "button")
    sheet = person.find("Chuyển sang nhóm khác", "dialog")
    person.choose("Nhóm Marketing", "Cá", within=sheet)
    until(lambda: "1 khách hàng sẽ vào “Cá”" in person.text("#sheet"), "what moving would do")
    person.go("Chuyển", "button", within=sheet)
    person.reads("Đã chuyển 2 khách hàng sang “Cá”.", "body")
    assert members_of(site, "Cá") == {"Cá", "Hoa 00", "Hoa 01"}

    person.fill("Tìm trong nhóm", "lan").reads("/ 10")
    person.press("Chọn cả trang này", "checkbox")
    person.press("Bỏ khỏi nhóm", "button")
    sheet = person.find("Bỏ khỏi nhóm", "dialog")
    assert "10 khách hàng" in person.text("#sheet")
    person.go("Bỏ khỏi nhóm", "button", within=sheet)
    person.reads("Đã bỏ 10 khách hàng khỏi nhóm")
    assert "q=lan" in person.driver.current_url, "the search stays"
    assert len(members_of(site, "Hoa")) == 48

    person.go("Lịch sử", "link")
    person.reads("Lê Thị Mai")
    person.reads("−10")


def test_two_groups_are_counted_and_one_is_made_of_what_they_share(
    person: Person, site: Site
) -> None:
    two_groups(site)
    person.sign_in("mai").open("/admin/groups/")
    person.press("Tiện ích", "button").go("Kết hợp hai nhóm", "menuitem")
    person.choose("Nhóm thứ nhất", "Hoa").choose("Nhóm thứ hai", "Cá")
    person.go("Đếm", "button")
    person.reads("Trong ít nhất một nhóm 61")
    person.press(re.compile("^Trong cả hai nhóm"), "radio")
    person.go("Tạo nhóm mới", "button")
    assert person.path == "/admin/groups/new/"
    person.reads("Hoa 00")


def test_members_are_exported_without_those_not_to_be_contacted(
    person: Person, site: Site, tmp_path: Path
) -> None:
    two_groups(site)
    person.sign_in("mai").download_to(tmp_path).open("/admin/groups/")
    person.go("Cá", "link").press("Xuất Excel", "link")
    sheet = person.find("Xuất thành viên", "dialog")
    assert "Đã loại 1 khách hàng có dấu “Không liên hệ”" in person.text("#sheet")
    person.press("Xuất Excel", "button", within=sheet)
    rows = list(openpyxl.load_workbook(person.downloaded(tmp_path, ".xlsx")).active.values)
    assert [row[1] for row in rows[1:]] == ["Hoa 00"]


def test_ticked_customers_join_a_group_and_the_list_is_filtered_by_it(
    person: Person, site: Site
) -> None:
    two_groups(site)
    person.sign_in("mai").open("/admin/customers/?q=lan")
    person.press("Chọn cả trang này", "checkbox")
    person.press("Thêm vào nhóm", "button")
    sheet = person.find("Thêm vào nhóm khách hàng", "dialog")
    person.choose("Nhóm Marketing", "Cá", within=sheet)
    person.go("Thêm vào nhóm", "button", within=sheet)
    person.reads("Đã thêm 10 khách hàng vào “Cá”.", "body")
    person.open("/admin/groups/").go("12", "link")
    person.reads("/ 12")


def test_a_customer_joins_and_leaves_a_group_on_its_page(person: Person, site: Site) -> None:
    two_groups(site)
    person.sign_in("mai").open("/admin/customers/?q=lan+59").go("Lan 59", "link")
    person.press("Thêm vào nhóm", "link")
    sheet = person.find("Thêm vào nhóm khách hàng", "dialog")
    person.choose("Nhóm Marketing", "Cá", within=sheet)
    person.go("Thêm vào nhóm", "button", within=sheet)
    person.find("Đưa ra khỏi Cá", "button")
    person.press("Đưa ra khỏi Cá", "button")
    person.driver.switch_to.alert.accept()
    person.reads("Đã đưa Lan 59 ra khỏi Cá", "body")
    assert "Lan 59" not in members_of(site, "Cá")


def test_a_group_is_copied_under_a_name_of_its_own(person: Person, site: Site) -> None:
    two_groups(site)
    person.sign_in("mai").open("/admin/groups/")
    person.press("Việc với Cá", "button").press("Nhân bản", "menuitem")
    sheet = person.find("Nhân bản “Cá”", "dialog")
    person.fill("Tên danh sách khách hàng", "Cá tháng 11", within=sheet)
    person.go("Nhân bản", "button", within=sheet)
    person.lists({"Hoa", "Cá", "Cá tháng 11"})
    assert members_of(site, "Cá tháng 11") == members_of(site, "Cá")


def test_ticked_groups_are_deleted_and_their_customers_stay(person: Person, site: Site) -> None:
    two_groups(site)
    person.sign_in("mai").open("/admin/groups/")
    person.press("Chọn cả trang này", "checkbox").press("Xóa", "button")
    sheet = person.find("Xóa nhóm khách hàng", "dialog")
    assert "62 lượt thành viên" in person.text("#sheet")
    person.go("Xóa", "button", within=sheet)
    person.lists(set())
    person.open("/admin/customers/")
    person.reads("/ 61")


@every_database
def test_a_group_whose_filter_cannot_be_read_fails_alone_and_is_mended_on_its_page(
    person: Person, site: Site
) -> None:
    with site.writing() as an:
        factories.customer(an, "Công ty Hoa Sen")
        broken = factories.group("Mới tháng 12")
        broken.filter = "created_at_to=9999-12-31"
        factories.group("Khách mời")
    with site.writing("son") as son:
        his = factories.customer(son, "Công ty Bánh Xe").id
    person.sign_in("son").open(f"/admin/customers/details/?id={his}")
    person.find("Công ty Bánh Xe", "heading")
    person.open("/admin/groups/").reads("Không đọc được bộ lọc")
    person.lists({"Mới tháng 12", "Khách mời"})
    person.sign_in("mai").open("/admin/groups/").go("Mới tháng 12", "link")
    person.reads("bộ lọc của nhóm này")
    person.open(f"/admin/groups/edit/?id={broken_id(site)}")
    person.press("Cố định danh sách", "button").settle()
    person.go("Cập nhật", "button")
    person.open("/admin/groups/").lists({"Mới tháng 12", "Khách mời"})
    assert "Không đọc được" not in person.text()
    assert person.complaints() == []


def broken_id(site: Site) -> int:
    with site.app.app_context():
        found = db.session.scalars(
            select(CustomerGroup.id).where(CustomerGroup.name == "Mới tháng 12")
        ).one()
        db.session.remove()
    return found
