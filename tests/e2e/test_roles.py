"""What each role finds on the pages, and what is not there for it."""

from __future__ import annotations

import factories
import pytest
from person import Person
from served import Site

from crmadmin.catalogs.models import Industry


@pytest.fixture
def customers(site: Site) -> None:
    """Two of An's customers and one of Sơn's, each with a phone."""
    with site.writing() as an:
        factories.catalog(Industry, "Thủy sản")
        factories.customer(an, "Công ty Hoa Sen", phone="+84912345678", email="lan@hoasen.vn")
        factories.customer(an, "Công ty Cá Vàng")
    with site.writing("son") as son:
        factories.customer(son, "Công ty Bánh Xe", phone="+84904118552")


@pytest.mark.usefixtures("customers")
def test_son_sees_and_edits_only_his_own_customers(person: Person) -> None:
    person.sign_in("son").open("/admin/customers/")
    person.lists({"Công ty Bánh Xe"})
    person.go("Công ty Bánh Xe", "link").go("Sửa", "link")
    assert not person.has("Chủ sở hữu", "combobox")
    person.fill("Ghi chú", "Đã gọi").go("Lưu", "button")
    person.lists({"Công ty Bánh Xe"})
    person.open("/admin/customers/details/?id=1")
    person.find("Không có gì ở đây", "heading")


@pytest.mark.usefixtures("customers")
def test_what_son_may_not_do_is_absent(person: Person) -> None:
    person.sign_in("son").open("/admin/customers/")
    for name in ("Tiện ích", "Gán danh mục", "Hệ thống"):
        assert not person.has(name, "button")
    assert not person.has("Lần nhập", "link")
    person.open("/admin/catalogs/industry/")
    assert not person.has("Thêm mới", "link")
    assert not person.has("Việc với Thủy sản", "button")
    person.open("/admin/catalogs/collaborator/")
    person.find("Thêm cộng tác viên", "link")


@pytest.mark.usefixtures("customers")
def test_vy_reads_everything_with_phones_and_emails_masked(person: Person) -> None:
    person.sign_in("vy").open("/admin/customers/")
    person.lists({"Công ty Hoa Sen", "Công ty Cá Vàng", "Công ty Bánh Xe"})
    person.reads("0912 *** 678")
    assert "345" not in person.text()
    person.go("Công ty Hoa Sen", "link")
    person.reads("l***@hoasen.vn")
    assert not person.has("Sửa", "link")


@pytest.mark.usefixtures("customers")
def test_vy_finds_nothing_to_write_with(person: Person) -> None:
    person.sign_in("vy")
    for page in ("customers", "groups", "catalogs/industry", "catalogs/collaborator"):
        person.open(f"/admin/{page}/")
        assert not person.has("Thêm mới", "link")
        assert not person.has("Thêm cộng tác viên", "link")
        assert not person.has("Tiện ích", "button")
    person.open("/admin/customers/new/")
    person.find("Bạn không có quyền làm việc này", "heading")


@pytest.mark.usefixtures("customers")
def test_mai_may_import_and_set_values_but_neither_delete_customers_nor_enter_the_system(
    person: Person,
) -> None:
    person.sign_in("mai").open("/admin/customers/")
    person.press("Tiện ích", "button").find("Nhập dữ liệu", "menuitem")
    person.keys("\ue00c")
    person.press("Chọn Công ty Hoa Sen", "checkbox").find("Gán danh mục", "button")
    assert not person.has("Xóa", "button")
    assert not person.has("Người dùng và vai trò", "link")
    person.open("/admin/users/")
    person.find("Bạn không có quyền làm việc này", "heading")
