"""Ctrl K, and its page: customers, groups, records, pages and commands, as far as one may see."""

from __future__ import annotations

import re

import pytest
from factories import catalog, customer, group
from flask import Flask

from crmadmin.access.models import User
from crmadmin.catalogs.models import Collaborator, Industry
from crmadmin.core.db import db

SEARCH = "/admin/search/"
BOX = {"HX-Request": "true"}


@pytest.fixture
def stock(context: Flask, people: dict[str, int]) -> dict[str, int]:
    """A customer of An's and one of Sơn's, a group, an industry and a collaborator."""
    an, son = (db.session.get_one(User, people[name]) for name in ("an", "son"))
    made = {
        "mine": customer(an, "Hoa Sen", phone="+84912345678").id,
        "his": customer(son, "Hoa Hồng").id,
        "group": group("Khách mời hoa").id,
        "industry": catalog(Industry, "Hoa tươi").id,
        "person": catalog(Collaborator, "Nhung", phone="+84912345678").id,
    }
    db.session.commit()
    return made


def found(page: str) -> dict[str, list[str]]:
    """Sections of the box: heading → the words of what stands below it."""
    made = {}
    for part in re.split(r'<div role="group"', page)[1:]:
        heading = re.search(r'role="presentation">([^<]+)<', part)
        assert heading is not None
        made[heading[1]] = re.findall(r'<span class="cut">([^<]+)</span>', part)
    return made


def test_everything_that_matches_is_found_by_kind(stock: dict, people: dict, visitor) -> None:
    page = visitor("an").get(f"{SEARCH}?q=HOA", headers=BOX).text
    assert found(page) == {
        "Khách hàng": ["Hoa Hồng", "Hoa Sen", "Tìm “HOA” trong danh sách khách hàng"],
        "Nhóm khách hàng": ["Khách mời hoa"],
        "Danh mục và người dùng": ["Hoa tươi"],
    }
    for url in (
        f"/admin/customers/details/?id={stock['mine']}", "/admin/customers/?q=HOA",
        f"/admin/groups/details/?id={stock['group']}",
        f"/admin/catalogs/industry/edit/?id={stock['industry']}",
    ):  # fmt: skip
        assert f'href="{url}"' in page
    assert "6 kết quả" in page or "5 kết quả" in page
    assert "<h1>" not in page


def test_pages_and_commands_are_found_by_the_beginnings_of_their_words(
    stock: dict, people: dict, visitor
) -> None:
    an = visitor("an")
    assert found(an.get(f"{SEARCH}?q=linh+v", headers=BOX).text) == {
        "Trang và lệnh": ["Lĩnh vực", "Thêm: lĩnh vực"]
    }
    assert "Nhập khách hàng từ Excel" in an.get(f"{SEARCH}?q=nhap+khach", headers=BOX).text
    assert found(an.get(f"{SEARCH}?q=inh", headers=BOX).text) == {}
    assert "Không tìm thấy" in an.get(f"{SEARCH}?q=inh", headers=BOX).text


def test_an_empty_box_holds_the_pages_and_commands_that_one_may_use(
    stock: dict, people: dict, visitor
) -> None:
    for query in ("", "?q=", "?q=%25", "?q=+%00"):
        sections = found(visitor("an").get(f"{SEARCH}{query}", headers=BOX).text)
        if query != "?q=%25":
            assert "Thiết lập" in sections["Trang"]
            assert "Thêm: khách hàng" in sections["Lệnh"]
    vy = found(visitor("vy").get(SEARCH, headers=BOX).text)
    assert "Khách hàng" in vy["Trang"]
    assert "Thiết lập" not in vy["Trang"]
    assert "Lệnh" not in vy


def test_one_finds_only_what_one_may_see(stock: dict, people: dict, visitor) -> None:
    son = found(visitor("son").get(f"{SEARCH}?q=hoa", headers=BOX).text)
    assert son["Khách hàng"][:-1] == ["Hoa Hồng"]
    by_phone = f"{SEARCH}?q=0912345678"
    assert "Hoa Sen" in visitor("an").get(by_phone, headers=BOX).text
    vy = visitor("vy").get(by_phone, headers=BOX).text
    assert found(vy) == {}
    assert "Phạm Sơn" in visitor("an").get(f"{SEARCH}?q=pham+son", headers=BOX).text
    assert "Phạm Sơn" not in visitor("vy").get(f"{SEARCH}?q=pham+son", headers=BOX).text
    details = f"/admin/catalogs/industry/details/?id={stock['industry']}"
    assert details in visitor("vy").get(f"{SEARCH}?q=hoa+tuoi", headers=BOX).text


def test_without_scripts_the_same_is_a_page(stock: dict, people: dict, visitor) -> None:
    an = visitor("an")
    assert f'href="{SEARCH}" data-quick-open' in an.get("/admin/").text
    page = an.get(f"{SEARCH}?q=hoa").text
    assert "<h1>Tìm kiếm</h1>" in page
    assert f'<a href="/admin/customers/details/?id={stock["mine"]}">Hoa Sen</a>' in page
    assert 'value="hoa"' in page
    assert visitor().get(SEARCH).status_code == 302


def test_a_search_asks_at_most_six_statements(
    stock: dict, people: dict, visitor, statements: list[str]
) -> None:
    an = visitor("an")
    for query in ("hoa", "0912", "an", ""):
        statements.clear()
        an.get(f"{SEARCH}?q={query}", headers=BOX)
        assert len(statements) <= 6, query
