"""Where there is more than one page, one statement or one form takes, nothing is left out without
a word. Every limit is named in tests/contracts/test_limits.py."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import openpyxl
import pytest
from factories import catalog, contact, customer, group
from flask import Flask
from members import LIST, filled, owner, several
from sent import fields
from sheets import Sheet
from sqlalchemy import func, insert, select

from crmadmin.admin import filter_options
from crmadmin.catalogs import queries as catalogs
from crmadmin.catalogs.models import CustomerSource, Industry
from crmadmin.core.db import db
from crmadmin.core.list_state import MAX_VALUES
from crmadmin.customers import queries as customers
from crmadmin.customers.models import Contact, Customer
from crmadmin.customers.views.pages import MOST_CONTACTS
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.imports import template
from crmadmin.panel import dashboard

CUSTOMERS = "/admin/customers/"


def words(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", " ", html)).split())


def copies(record: Any, number: int, **named: str) -> None:
    """More rows like this one, with a number in these columns."""
    table = type(record).__table__
    row = {c.name: getattr(record, c.name) for c in table.columns if c.name != "id"}
    db.session.execute(
        insert(table),
        [{**row, **{k: v.format(n=n) for k, v in named.items()}} for n in range(number)],
    )
    db.session.commit()


def test_all_groups_that_match_are_deleted_however_many(
    context: Flask, people: dict, visitor
) -> None:
    filled(people, "Mới")
    copies(group("Xưa"), 1200, name="Xưa {n}", name_key="xua {n}")
    sheet = Sheet(
        visitor("an"), f"{LIST}bulk/delete/", {"all_matching": "1", "query": "q=xua"}, LIST
    )
    assert "1201 nhóm" in words(sheet.text)
    assert sheet.confirm().status_code == 302
    assert list(db.session.scalars(select(CustomerGroup.name))) == ["Mới"]


def test_customers_of_as_many_groups_as_a_filter_takes_are_found(
    context: Flask, people: dict, visitor
) -> None:
    made = [
        filled(people, f"Nhóm số {n}", several(people, f"Khách {n:03}")) for n in range(MAX_VALUES)
    ]
    browser = visitor("an")
    asked = "&".join(f"group={g.id}" for g in made)
    page = browser.get(f"{CUSTOMERS}?{asked}&count=all").text
    assert f"/ {MAX_VALUES}" in words(page) or f"{MAX_VALUES} khách hàng" in words(page)
    more = filled(people, "Nhóm nữa")
    page = browser.get(f"{CUSTOMERS}?{asked}&group={more.id}").text
    assert f"chỉ tính {MAX_VALUES} giá trị đầu" in words(page)


def test_a_pasted_list_says_of_all_that_it_finds_how_many_are_in_the_group(
    context: Flask, people: dict, visitor
) -> None:
    [model] = several(people, "Mẫu", whose="mai")
    copies(model, 5200, code="P{n:06}", code_key="p{n:06}")
    made = filled(people, "Đông")
    joined = select(made.id, Customer.id, Customer.created_at).where(Customer.code.like("P%"))
    columns = ["group_id", "customer_id", "added_at"]
    db.session.execute(insert(Membership.__table__).from_select(columns, joined))
    db.session.commit()
    lines = "\n".join(f"P{n:06}" for n in range(5200))
    answer = visitor("mai").post(
        f"{LIST}draft/{made.id}/paste", {"lines": lines}, page=f"{LIST}edit/?id={made.id}"
    )
    assert "5.200 đã trong nhóm" in words(answer.text)


def test_a_search_of_more_words_than_are_searched_for_says_so_and_no_act_takes_it(
    context: Flask, people: dict, visitor
) -> None:
    several(people, "Hoa")
    browser = visitor("an")
    db.session.commit()
    letters = "a b c d e f g h i j k l"
    assert "từ đầu" not in words(browser.get(f"{CUSTOMERS}?q={letters}").text)
    assert "Chỉ tìm theo 12 từ đầu." in words(browser.get(f"{CUSTOMERS}?q={letters} m").text)
    given = {"all_matching": "1", "query": f"q={letters} m"}
    answer = browser.post(f"{CUSTOMERS}bulk/delete/", given, page=CUSTOMERS)
    assert answer.status_code == 400
    assert "Chỉ tìm theo 12 từ đầu." in words(answer.text)


def test_a_form_takes_no_more_contacts_than_it_says_and_loses_none(
    context: Flask, people: dict, visitor
) -> None:
    made = customer(owner(people))
    db.session.commit()
    browser, at = visitor("an"), f"{CUSTOMERS}edit/?id={made.id}"
    given = fields(browser.get(at).text, "record-form")
    more = {f"contacts-{n}-name": f"Người {n}" for n in range(MOST_CONTACTS + 1)}
    answer = browser.raw_post(at, {**given, **more})
    assert answer.status_code == 422
    assert f"tối đa {MOST_CONTACTS} người liên hệ" in words(answer.text)
    assert f"Người {MOST_CONTACTS}" in answer.text
    assert db.session.scalar(select(func.count()).select_from(Contact)) == 0
    del more["contacts-7-name"]
    assert browser.raw_post(at, {**given, **more}).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(Contact)) == MOST_CONTACTS


def test_a_customer_who_has_more_contacts_is_edited_and_keeps_them(
    context: Flask, people: dict, visitor
) -> None:
    made = customer(owner(people))
    copies(contact(made), MOST_CONTACTS + 5, name="Người {n}")
    browser, at = visitor("an"), f"{CUSTOMERS}edit/?id={made.id}"
    given = fields(browser.get(at).text, "record-form")
    assert browser.raw_post(at, {**given, "name": "Tên mới"}).status_code == 302
    db.session.expire_all()
    assert db.session.get_one(Customer, made.id).name == "Tên mới"
    assert db.session.scalar(select(func.count()).select_from(Contact)) == MOST_CONTACTS + 6


def test_more_duplicates_than_are_listed_are_said(context: Flask, people: dict, visitor) -> None:
    several(people, *(f"Số {n}" for n in range(customers.MOST_DUPLICATES)), phone="+84912345678")
    db.session.commit()
    browser = visitor("an")
    asked = {"phone": "0912 345 678", "name": "Mới", "kind": "organization"}
    at = f"{CUSTOMERS}duplicates/"
    told = browser.post(at, asked, page=f"{CUSTOMERS}new/").text
    assert told.count("row-x") == customers.MOST_DUPLICATES
    assert "Còn khách hàng khác" not in words(told)
    several(people, "Số nữa", phone="+84912345678")
    db.session.commit()
    told = browser.post(at, asked, page=f"{CUSTOMERS}new/").text
    assert told.count("row-x") == customers.MOST_DUPLICATES
    assert "Còn khách hàng khác trùng giá trị" in words(told)


def test_a_catalog_of_more_values_than_a_filter_shows_is_looked_up(
    context: Flask, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        catalog(Industry, f"Ngành {number}")
    db.session.commit()
    at = f"{CUSTOMERS}filter/industry/"
    assert "data-remote-url" not in visitor("an").get(at).text
    monkeypatch.setattr(filter_options, "MOST_SHOWN", 3)
    assert 'data-remote-url="/admin/catalogs/industry/lookup/' in visitor("an").get(at).text


def test_the_dashboard_says_how_many_more_values_there_are(
    context: Flask, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    several(people, "A", kind="organization")
    for number in range(4):
        several(people, f"B{number}", source_id=catalog(CustomerSource).id)
    db.session.commit()
    assert "dòng nữa" not in words(visitor("an").get("/admin/").text)
    monkeypatch.setattr(dashboard, "MOST_PARTS", 2)
    assert "và 3 dòng nữa" in words(visitor("an").get("/admin/").text)


def test_the_same_name_is_found_among_hundreds_that_have_it_in_them(context: Flask) -> None:
    model = catalog(Industry, "Xây dựng cầu")
    copies(
        model, 120, name="Xây dựng cầu {n}", code="CAU{n}", code_key="cau{n}",
        name_key="xay dung cau {n}",
    )  # fmt: skip
    same = catalog(Industry, "Xay dung")
    assert [r.id for r in catalogs.same_name(Industry, "Xây dựng")] == [same.id]


def test_a_template_says_where_its_list_is_not_whole(
    context: Flask, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template, "LONGEST_LIST", 3)
    for number in range(4):
        catalog(Industry, f"Ngành {number}")
    db.session.commit()
    answer = visitor("an").get("/admin/imports/template/customers-contacts")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    told = [[str(cell.value) for cell in row] for sheet in book for row in sheet.iter_rows()]
    said = [row[0] for row in told if len(row) > 1 and "có 3 giá trị đầu" in row[1]]
    assert "Lĩnh vực" in said
