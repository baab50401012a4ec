"""The guide to the customer catalogs, walked as it is written: the words, clicks and files of steps
C1 to C7, in a browser."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import factories
import openpyxl
import pytest
from databases import every_database
from ledger import ledger
from person import Person
from served import Site

from crmadmin.catalogs.models import CustomerStatus, Industry

SAMPLES = Path(__file__).parents[2] / "samples"
PATH = ("CRM", "Quản trị phân hệ CRM+", "Danh mục", "Khách hàng")


@dataclass(frozen=True)
class Catalog:
    """One of the nine, as the guide names it; what its sample workbook comes to."""

    menu: str
    file: str
    new: str
    created: int
    skipped: int = 0
    invalid: int = 0


NINE = (
    Catalog("Loại khách hàng", "customer-types", "Hộ kinh doanh", 6),
    Catalog("Nhóm khách hàng", "sales-groups", "Khách chợ đầu mối", 4),
    Catalog("Kênh bán hàng", "sales-channels", "Hội nghị khách hàng", 4),
    Catalog("Nguồn khách hàng", "customer-sources", "Tờ rơi", 6, 1, 1),
    Catalog("Lĩnh vực", "industries", "Thủy sản", 10, 1, 1),
    Catalog("Quy mô", "company-sizes", "Trên 1.000 người", 4),
    Catalog("Trạng thái", "customer-statuses", "Chờ báo giá", 5),
    Catalog("Phân cấp", "customer-tiers", "Thân thiết", 4),
)


def open_catalog(an: Person, menu: str) -> None:
    """CRM > Quản trị phân hệ CRM+ > Danh mục > Khách hàng > the catalog."""
    for step in PATH:
        an.find(step, "button")
    link = an.find(menu, "link", within=an.find("Điều hướng chính", "navigation"))
    an.leads(link.click)
    an.find(menu, "heading")


def add_one(an: Person, catalog: Catalog) -> None:
    """Thêm mới, the values, Lưu; the new one is in the list."""
    an.go("Thêm mới", "link")
    an.fill("Mã", "MOI-1").fill("Tên", catalog.new).fill("Mô tả", "Thêm bằng tay")
    an.go("Lưu", "button")
    assert an.rows() == [catalog.new]


def choose_file(an: Person, file: str) -> None:
    """Tiện ích > Nhập dữ liệu > Chọn file > Bắt đầu tải file."""
    an.press("Tiện ích", "button").go("Nhập dữ liệu", "menuitem")
    an.attach("Chọn file", SAMPLES / f"{file}.xlsx")
    an.reads(f"{file}.xlsx")
    an.go("Bắt đầu tải file", "button")


def import_many(an: Person, catalog: Catalog) -> None:
    """Two steps: the file is shown, then Nhập dữ liệu imports it; every row is accounted for."""
    choose_file(an, catalog.file)
    assert an.find("Xem trước", "heading")
    an.reads(f"Mới {catalog.created}")
    an.go("Nhập dữ liệu", "button")
    rows = ledger(an)
    assert rows["Mới"] == catalog.created
    assert rows["Bỏ qua"] == catalog.skipped
    assert rows["Lỗi"] == catalog.invalid
    assert sum(n for name, n in rows.items() if name != "Tổng") == rows["Tổng"]


@every_database
def test_every_catalog_is_filled_by_hand_and_from_excel(person: Person) -> None:
    person.sign_in("an").open("/admin/")
    for catalog in NINE:
        open_catalog(person, catalog.menu)
        add_one(person, catalog)
        import_many(person, catalog)
        open_catalog(person, catalog.menu)
        assert len(person.rows()) == catalog.created + 1
        assert catalog.new in person.rows()


@every_database
def test_collaborators_and_their_groups_are_filled_by_hand_and_from_excel(person: Person) -> None:
    person.sign_in("an").open("/admin/")
    open_catalog(person, "Cộng tác viên")
    person.go("Thêm cộng tác viên", "link")
    person.fill("Tên", "Vũ Hồng Nhung").fill("Điện thoại", "0904 118 552")
    person.go("Thêm và chọn", "button")
    assert person.rows() == ["Vũ Hồng Nhung"]

    tabs = person.find("Danh mục", "navigation")
    person.go("Nhóm cộng tác viên 0", "link", within=tabs)
    import_many(person, Catalog("Nhóm cộng tác viên", "collaborator-groups", "", 2))

    open_catalog(person, "Cộng tác viên")
    person.press("Tiện ích", "button").go("Nhập dữ liệu", "menuitem")
    person.attach("Chọn file", SAMPLES / "collaborators.xlsx")
    person.go("Bắt đầu tải file", "button").go("Nhập dữ liệu", "button")
    rows = ledger(person)
    # The one typed by hand took the first code of the file.
    assert (rows["Mới"], rows["Bỏ qua"], rows["Lỗi"], rows["Tổng"]) == (7, 1, 1, 9)
    open_catalog(person, "Cộng tác viên")
    assert "Võ Quốc Vân" in person.rows()


def test_a_catalog_list_shows_the_nine_side_by_side(person: Person) -> None:
    person.sign_in("an").open("/admin/catalogs/industry/")
    tabs = person.names("link", within=person.find("Danh mục", "navigation"))
    names = [name.rsplit(" ", 1)[0] for name in tabs]
    assert names == [*(c.menu for c in NINE), "Cộng tác viên"]


def test_the_folded_menu_opens_step_by_step_to_a_catalog(person: Person) -> None:
    person.sign_in("an").open("/admin/customers/")
    person.press("Quản trị phân hệ CRM+", "button")
    person.is_gone("Lĩnh vực", "link")
    person.press("Quản trị phân hệ CRM+", "button").go("Lĩnh vực", "link")
    person.find("Lĩnh vực", "heading")


@pytest.mark.parametrize("table", ["industry", "collaborator", "collaborator_group"])
def test_the_template_of_a_catalog_is_a_workbook_with_its_columns(
    person: Person, table: str, tmp_path: Path
) -> None:
    person.download_to(tmp_path)
    person.sign_in("an").open(f"/admin/catalogs/{table}/")
    person.press("Tiện ích", "button").press("Tải file mẫu", "menuitem")
    book = openpyxl.load_workbook(person.downloaded(tmp_path, ".xlsx"))
    headings = [str(cell.value).rstrip(" *") for cell in book.worksheets[0][1]]
    assert headings[:2] == ["Mã", "Tên"]


def test_a_file_with_another_shape_is_refused_with_the_reason(
    person: Person, tmp_path: Path
) -> None:
    letter = tmp_path / "thư.xlsx"
    letter.write_text("Kính gửi quý khách")
    person.sign_in("an").open("/admin/catalogs/industry/")
    person.press("Tiện ích", "button").go("Nhập dữ liệu", "menuitem")
    person.attach("Chọn file", letter)
    person.go("Bắt đầu tải file", "button")
    person.reads("Đây không phải tệp bảng tính")


def test_a_collaborator_added_inside_the_customer_form_is_chosen_and_nothing_typed_is_lost(
    person: Person,
) -> None:
    person.sign_in("an").open("/admin/customers/new/")
    person.fill("Tên khách hàng", "Công ty Hoa Sen").fill("Điện thoại", "0912 345 678")
    person.fill("Ghi chú", "Gặp ở hội chợ")
    person.press("Thêm cộng tác viên", "button")
    dialog = person.find("Thêm cộng tác viên", "dialog")
    person.fill("Tên", "Võ Quốc Vân", within=dialog)
    person.press("Thêm và chọn", "button", within=dialog)
    person.is_gone("Thêm cộng tác viên", "dialog")
    person.holds("Cộng tác viên", "Võ Quốc Vân")
    assert person.value("Tên khách hàng") == "Công ty Hoa Sen"
    assert person.value("Điện thoại") == "0912 345 678"
    assert person.value("Ghi chú") == "Gặp ở hội chợ"
    person.go("Lưu", "button")
    person.reads("Công ty Hoa Sen")
    person.reads("Võ Quốc Vân")


def test_a_problem_in_the_collaborator_dialog_is_told_in_the_dialog(person: Person) -> None:
    person.sign_in("an").open("/admin/customers/new/")
    person.fill("Tên khách hàng", "Công ty Hoa Sen")
    person.press("Thêm cộng tác viên", "button")
    dialog = person.find("Thêm cộng tác viên", "dialog")
    person.fill("Tên", "Võ Quốc Vân", within=dialog).fill("Điện thoại", "12", within=dialog)
    person.press("Thêm và chọn", "button", within=dialog)
    person.reads("“12” quá ngắn", within="#sheet")
    dialog = person.find("Thêm cộng tác viên", "dialog")
    person.fill("Điện thoại", "0904118552", within=dialog)
    person.press("Thêm và chọn", "button", within=dialog)
    person.holds("Cộng tác viên", "Võ Quốc Vân")
    assert person.value("Tên khách hàng") == "Công ty Hoa Sen"


def test_customers_are_filtered_by_any_catalog(person: Person, site: Site) -> None:
    with site.writing() as an:
        fish = factories.catalog(Industry, "Thủy sản")
        cars = factories.catalog(Industry, "Vận tải")
        new = factories.catalog(CustomerStatus, "Tiềm năng")
        factories.customer(an, "Công ty Cá Vàng", industry_id=fish.id, status_id=new.id)
        factories.customer(an, "Công ty Cá Bạc", industry_id=fish.id)
        factories.customer(an, "Công ty Bánh Xe", industry_id=cars.id, status_id=new.id)
    person.sign_in("an").open("/admin/customers/")
    filter_by(person, "Lĩnh vực", "Thủy sản")
    person.lists({"Công ty Cá Vàng", "Công ty Cá Bạc"})
    filter_by(person, "Trạng thái", "Tiềm năng")
    person.lists({"Công ty Cá Vàng"})
    person.driver.refresh()
    person.lists({"Công ty Cá Vàng"})
    person.go("Xóa lọc", "link")
    person.lists({"Công ty Cá Vàng", "Công ty Cá Bạc", "Công ty Bánh Xe"})


def test_the_customer_list_offers_all_nine_catalogs_as_filters(person: Person) -> None:
    person.sign_in("an").open("/admin/customers/")
    person.press("Thêm bộ lọc", "button")
    offered = person.names("menuitem", within=person.find("Thêm bộ lọc", "menu"))
    assert {c.menu for c in NINE} | {"Cộng tác viên"} <= set(offered)


def filter_by(person: Person, label: str, value: str) -> None:
    """Thêm bộ lọc > the catalog > its record > Áp dụng."""
    person.press("Thêm bộ lọc", "button").press(label, "menuitem")
    panel = person.find(label, "dialog")
    person.press(value, "checkbox", within=panel)
    person.press("Áp dụng", "button", within=panel)
    person.settle()
