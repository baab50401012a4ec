"""Marketing > Nhóm khách hàng, as Mai uses it: a workbook into a group, and finding it again."""

from __future__ import annotations

from pathlib import Path

import factories
import openpyxl
from databases import every_database
from ledger import ledger
from person import Person
from served import Site

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
    person.press("Việc với Khách mời", "button").go("Sửa", "menuitem")
    person.fill("Tên danh sách khách hàng", "Khách mời hội thảo")
    person.go("Cập nhật", "button")
    person.lists({"Khách mời hội thảo"})
    person.press("Việc với Khách mời hội thảo", "button").go("Sửa", "menuitem")
    person.go("Xóa", "link").go("Xóa", "button")
    person.lists(set())


def test_going_back_from_a_group_keeps_nothing(person: Person, site: Site) -> None:
    with site.writing("mai"):
        factories.group("Khách mời", "Hà Nội")
    person.sign_in("mai").open("/admin/groups/")
    person.press("Việc với Khách mời", "button").go("Sửa", "menuitem")
    person.go("Trở về", "link")
    person.lists({"Khách mời"})
