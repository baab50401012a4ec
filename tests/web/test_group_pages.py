"""Pages of marketing groups: search and back to all, the form's two required fields, members."""

from __future__ import annotations

from factories import customer, group
from flask import Flask
from sqlalchemy import func, select

from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup, Membership

LIST = "/admin/groups/"


def filled(people: dict, *owners: str) -> CustomerGroup:
    """A group with one customer of each owner."""
    made = group("Khách mời hội thảo", "Đã nhận lời mời")
    for name in owners:
        record = customer(db.session.get(User, people[name]), f"Của {name}")
        db.session.add(Membership(group_id=made.id, customer_id=record.id))
    db.session.commit()
    return made


def test_search_looks_through_name_and_description(context: Flask, people: dict, visitor) -> None:
    group("Khách mời", "hội thảo tháng 10")
    group("Tri ân", "cuối năm")
    db.session.commit()
    mai = visitor("mai")
    page = mai.get(f"{LIST}?q=HOI+THAO").text
    assert ">Khách mời</a>" in page
    assert ">Tri ân</a>" not in page
    for word in ("Tìm kiếm", "Mặc định", "Thêm mới"):
        assert word in page


def test_name_and_description_are_both_required(context: Flask, people: dict, visitor) -> None:
    mai = visitor("mai")
    for typed in ({"name": "Nhóm", "description": " "}, {"name": "", "description": "Mô tả"}):
        assert mai.post(f"{LIST}new/", typed).status_code == 422
    assert db.session.scalar(select(func.count()).select_from(CustomerGroup)) == 0
    assert mai.post(f"{LIST}new/", {"name": "Nhóm", "description": "Mô tả"}).status_code == 302


def test_a_name_that_another_group_has_is_refused(context: Flask, people: dict, visitor) -> None:
    group("Khách mời")
    db.session.commit()
    answer = visitor("mai").post(f"{LIST}new/", {"name": "KHÁCH  MỜI", "description": "x"})
    assert answer.status_code == 422
    assert "Khách mời" in answer.text


def test_the_list_counts_members_and_the_page_shows_them(
    context: Flask, people: dict, visitor
) -> None:
    made = filled(people, "an", "son")
    mai = visitor("mai")
    assert ">2<" in mai.get(LIST).text.replace(" ", "")
    page = mai.get(f"{LIST}details/?id={made.id}").text
    assert "Của an" in page
    assert "Của son" in page


def test_sales_see_of_a_group_only_their_own_customers(
    context: Flask, people: dict, visitor
) -> None:
    made = filled(people, "an", "son")
    page = visitor("son").get(f"{LIST}details/?id={made.id}").text
    assert "Của son" in page
    assert "Của an" not in page


def test_deleting_a_group_says_that_the_customers_stay_and_they_do(
    context: Flask, people: dict, visitor
) -> None:
    made = filled(people, "an", "son")
    key = made.id
    mai = visitor("mai")
    assert "vẫn còn trong hệ thống" in mai.get(f"{LIST}delete/?id={key}").text
    assert mai.post(f"{LIST}delete/?id={key}", {"version": "1"}).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 2
    assert db.session.scalar(select(func.count()).select_from(Membership)) == 0


def test_the_edit_form_says_cap_nhat(context: Flask, people: dict, visitor) -> None:
    made = filled(people)
    page = visitor("mai").get(f"{LIST}edit/?id={made.id}").text
    for word in ("Cập nhật", "Xóa", "Trở về", "Tên danh sách khách hàng", "Mô tả"):
        assert word in page
