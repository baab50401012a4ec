"""What each role finds on the pages, and what is not there for it."""

from __future__ import annotations

from datetime import date

import factories
import pytest
from person import Person
from served import Site

from crmadmin.catalogs.models import Industry
from crmadmin.core.db import db
from crmadmin.groups.models import Membership


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


def test_son_reads_how_many_of_a_group_are_his_and_is_sent_nowhere_that_refuses_him(
    person: Person, site: Site
) -> None:
    with site.writing() as an:
        full, empty = factories.group("Khách mời"), factories.group("Chờ gọi")
        hers = factories.customer(an, "Công ty Hoa Sen")
    with site.writing("son") as son:
        his = factories.customer(son, "Công ty Bánh Xe")
    with site.writing():
        for customer in (hers, his):
            db.session.add(Membership(group_id=full.id, customer_id=customer.id))
    person.sign_in("son").open(f"/admin/groups/details/?id={full.id}")
    person.reads("1 khách hàng của bạn trong nhóm này")
    assert person.rows() == ["Công ty Bánh Xe"]
    person.open(f"/admin/groups/details/?id={empty.id}")
    person.find("Không có khách hàng nào của bạn trong nhóm này", "heading")
    assert not person.has("Sửa", "link")
    assert "Chọn khách hàng" not in person.text()
    assert person.complaints() == []


def test_vy_reads_nothing_personal_of_a_person_and_the_public_values_of_a_company(
    person: Person, site: Site
) -> None:
    with site.writing() as an:
        both = {"address": "12 Nguyễn Trãi", "birthday": date(1992, 8, 9)}
        lan = factories.customer(an, "Nguyễn Lan", kind="person", tax_code="001092014587", **both)
        firm = factories.customer(an, "Công ty Lan", tax_code="0100109106", **both)
    person.sign_in("vy").open(f"/admin/customers/details/?id={lan.id}")
    person.find("Nguyễn Lan", "heading")
    for secret in ("12 Nguyễn Trãi", "09/08/1992", "001092014587"):
        assert secret not in person.text()
    assert person.text().count("***") == 3
    assert person.complaints() == []
    person.open(f"/admin/customers/details/?id={firm.id}")
    for shown in ("12 Nguyễn Trãi", "09/08/1992", "0100109106"):
        person.reads(shown)


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
