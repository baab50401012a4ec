"""Filters of a list: the page holds what is chosen, the choices come with their counts on request,
and a list's page stays light."""

from __future__ import annotations

import gzip
import re

import pytest
from factories import catalog, customer, group
from flask import Flask

from crmadmin.access.models import User
from crmadmin.catalogs.models import Collaborator, Industry, all_catalogs
from crmadmin.core import facets
from crmadmin.core.db import db, spec_of
from crmadmin.customers.models import Customer, catalog_fields
from crmadmin.groups.models import Membership

LIST = "/admin/customers/"
PANEL = {"HX-Request": "true"}


def someone(people: dict[str, int], name: str) -> User:
    return db.session.get_one(User, people[name])


def offered(page: str) -> dict[str, str]:
    """The choices of a filter: words → count, a + before the words of what is ticked."""
    found = re.findall(r'<div class="choice">(.*?)</div>', page, re.DOTALL)
    made = {}
    for label in found:
        words = re.search(r'class="cut">([^<]*)<', label)
        count = re.search(r'class="num[^>]*>([^<]*)<', label)
        assert words is not None
        made[("+" if " checked" in label else "") + words[1]] = count[1] if count else ""
    return made


@pytest.fixture
def stock(context: Flask, people: dict[str, int]) -> dict[str, int]:
    """Five customers of An's and two of Sơn's, of two industries and none."""
    an, son = someone(people, "an"), someone(people, "son")
    built, fished = catalog(Industry, "Xây dựng"), catalog(Industry, "Thủy sản")
    catalog(Industry, "Vận tải")
    for name, owner, place in (
        ("Hoa Sen", an, built), ("Cá Vàng", an, fished), ("Cá Đỏ", an, fished), ("Lúa", an, None),
        ("Bánh Xe", an, None), ("Trà Xanh", son, built), ("Sữa", son, None),
    ):  # fmt: skip
        customer(
            owner, name, industry_id=place.id if place else None, province="Huế",
            kind="person" if "Cá" in name else "organization", do_not_contact=name == "Lúa",
        )  # fmt: skip
    db.session.commit()
    return {"built": built.id, "fished": fished.id}


def test_each_choice_says_how_many_rows_it_would_show(stock: dict, people: dict, visitor) -> None:
    an = visitor("an")
    assert offered(an.get(f"{LIST}filter/industry/", headers=PANEL).text) == {
        "Thủy sản": "2", "Vận tải": "0", "Xây dựng": "2", "Chưa đặt": "3",
    }  # fmt: skip
    assert offered(an.get(f"{LIST}filter/kind/").text) == {"Cá nhân": "2", "Tổ chức": "5"}
    assert offered(an.get(f"{LIST}filter/do_not_contact/").text) == {"Có": "1", "Không": "6"}
    owners = offered(an.get(f"{LIST}filter/owner/").text)
    assert owners == {"Trần Văn An": "5", "Lê Thị Mai": "0", "Phạm Sơn": "2", "Đỗ Vy": "0"}
    provinces = offered(an.get(f"{LIST}filter/province/").text)
    assert len(provinces) == 35
    assert (provinces["Huế"], provinces["Hà Nội"], provinces["Chưa đặt"]) == ("7", "0", "0")


def test_the_other_filters_and_the_search_are_on_and_this_one_is_off(
    stock: dict, people: dict, visitor
) -> None:
    page = visitor("an").get(
        f"{LIST}filter/industry/?industry={stock['built']}&owner={people['an']}&q=ca"
    )
    assert offered(page.text) == {
        "Thủy sản": "2", "Vận tải": "0", "+Xây dựng": "0", "Chưa đặt": "0",
    }  # fmt: skip


def test_counts_keep_to_what_one_may_see_and_so_do_names(
    stock: dict, people: dict, visitor
) -> None:
    son = visitor("son")
    assert offered(son.get(f"{LIST}filter/industry/").text) == {
        "Thủy sản": "0", "Vận tải": "0", "Xây dựng": "1", "Chưa đặt": "1",
    }  # fmt: skip
    assert offered(son.get(f"{LIST}filter/owner/").text) == {"Phạm Sơn": "2"}
    page = son.get(f"{LIST}?owner={people['an']}").text
    assert "Trần Văn An" not in page
    assert "Lê Thị Mai" not in son.get(f"{LIST}filter/owner/?owner={people['mai']}").text


def test_more_than_can_be_counted_quickly_is_said_with_a_plus(
    stock: dict, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "COUNT_CAP", 1)
    monkeypatch.setattr("crmadmin.admin.filter_options.COUNT_CAP", 1)
    found = offered(visitor("an").get(f"{LIST}filter/industry/").text)
    assert found == {"Thủy sản": "1+", "Vận tải": "0", "Xây dựng": "1+", "Chưa đặt": "1+"}
    monkeypatch.setattr(facets, "MOST_LOOKED_AT", 1)
    found = offered(visitor("an").get(f"{LIST}filter/industry/?kind=person").text)
    assert found == {"Thủy sản": "1+", "Vận tải": "", "Xây dựng": "", "Chưa đặt": ""}


def test_a_value_no_longer_in_use_is_offered_where_customers_have_it(
    stock: dict, people: dict, visitor
) -> None:
    for name in ("Thủy sản", "Vận tải"):
        db.session.query(Industry).filter_by(name=name).one().is_active = False
    db.session.commit()
    found = offered(visitor("an").get(f"{LIST}filter/industry/").text)
    assert found == {"Thủy sản (ngừng sử dụng)": "2", "Xây dựng": "2", "Chưa đặt": "3"}


def test_of_a_large_catalog_the_most_common_are_offered_and_the_others_looked_up(
    stock: dict, people: dict, visitor
) -> None:
    known, rare, none = (catalog(Collaborator, name) for name in ("Nhung", "Huy", "Không ai"))
    rows = db.session.query(Customer).order_by(Customer.id).all()
    for n, row in enumerate(rows[:4]):
        row.collaborator_id = rare.id if n == 0 else known.id
    db.session.commit()
    page = visitor("an").get(f"{LIST}filter/collaborator/").text
    assert list(offered(page).items()) == [("Nhung", "3"), ("Huy", "1"), ("Chưa đặt", "3")]
    assert "/admin/catalogs/collaborator/lookup/" in page
    chosen = visitor("an").get(f"{LIST}filter/collaborator/?collaborator={none.id}").text
    assert "+Không ai" in offered(chosen)


def test_filters_that_are_no_fields_are_counted_too(stock: dict, people: dict, visitor) -> None:
    group("Khách mời", filter="q=ca")
    group("Tri ân")
    group("Sinh nhật")
    db.session.commit()
    an = visitor("an")
    found = offered(an.get("/admin/groups/filter/follows/").text)
    assert found == {"Danh sách cố định": "2", "Nhóm động": "1"}
    found = offered(an.get("/admin/groups/filter/follows/?q=tri&follows=0").text)
    assert found == {"+Danh sách cố định": "1", "Nhóm động": "0"}


def test_a_day_a_group_and_an_unknown_filter(stock: dict, people: dict, visitor) -> None:
    an = visitor("an")
    key = group("Khách mời").id
    db.session.commit()
    page = an.get(f"{LIST}filter/created_at/?created_at_from=2026-01-31").text
    assert 'name="created_at_from" form="list-form" value="2026-01-31"' in page
    page = an.get(f"{LIST}filter/group/?group={key}").text
    assert f'<option value="{key}" selected>Khách mời</option>' in page
    for name in ("phone", "name", "nothing"):
        assert an.get(f"{LIST}filter/{name}/").status_code == 404
    assert an.get("/admin/catalogs/industry/filter/is_active/").status_code == 404


def test_without_scripts_a_filter_is_a_page_that_keeps_the_rest_of_the_list(
    stock: dict, people: dict, visitor
) -> None:
    an = visitor("an")
    page = an.get(f"{LIST}filter/industry/?industry={stock['built']}&q=ca&kind=person&sort=-name")
    assert "<h1>Khách hàng: Lĩnh vực</h1>" in page.text
    form = page.text.partition('id="list-form"')[2]
    kept = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    assert kept == [("q", "ca"), ("kind", "person"), ("sort", "-name")]
    assert f'action="{LIST}"' in page.text
    assert "<h1>" not in an.get(f"{LIST}filter/industry/", headers=PANEL).text


def test_the_page_holds_what_is_chosen_and_no_other_choice(
    stock: dict, people: dict, visitor
) -> None:
    an = visitor("an")
    page = an.get(f"{LIST}?industry={stock['built']}&industry=999&created_at_from=2020-01-01").text
    assert f'name="industry" value="{stock["built"]}" data-chosen="industry"' in page
    assert 'name="created_at_from" value="2020-01-01" data-chosen="created_at"' in page
    assert "Xây dựng +1" in page
    assert "Thủy sản" not in page
    assert 'name="sort" value="-name"' in an.get(f"{LIST}?sort=-name").text


def test_the_acts_of_a_row_come_when_they_are_asked_for(stock: dict, people: dict, visitor) -> None:
    an = visitor("an")
    here = "/admin/catalogs/industry/"
    page = an.get(here).text
    assert "Gộp vào" not in page
    assert f'href="{here}acts/?id={stock["built"]}.' in page
    menu = an.get(f"{here}acts/?id={stock['built']}", headers=PANEL).text
    assert "Gộp vào" in menu
    assert "Đang dùng bởi 2 bản ghi" in menu
    assert "<h1>" not in menu
    assert "Việc với" in an.get(f"{here}acts/?id={stock['built']}").text
    vy = visitor("vy")
    assert "acts/?id" not in vy.get(here).text
    assert "menuitem" not in vy.get(f"{here}acts/?id={stock['built']}", headers=PANEL).text


MOST_STATEMENTS, MOST_BYTES = 8, 12 * 1024
"""Bytes as a page travels: compressed."""


def test_no_list_asks_more_than_eight_statements_or_weighs_more_than_twelve_kilobytes(
    context: Flask, people: dict, visitor, statements: list[str]
) -> None:
    an = someone(people, "an")
    made = {
        m.__name__: [catalog(m, f"{m.__record__.label} {n}") for n in range(3)]
        for m in all_catalogs()
    }
    spec = spec_of(Customer)
    for n in range(51):
        refs = {f"{c}_id": made[spec.field(c).target][n % 3].id for c in catalog_fields()}
        customer(an, f"Công ty TNHH Thương mại Minh Phát {n}", phone=f"+8491234{n:04d}", **refs)
        group(f"Khách mời hội thảo {n}", filter="q=minh" if n % 10 == 0 else None)
    db.session.add(Membership(group_id=2, customer_id=1))
    db.session.commit()
    db.session.remove()
    browser = visitor("an")
    browser.post(f"{LIST}views/new/", {"name": "Cần gọi", "query": "q=minh"}, page=LIST)
    lists = ["/admin/groups/", "/admin/users/", LIST, f"{LIST}?do_not_contact=0"]
    lists += [f"/admin/catalogs/{m.__tablename__}/" for m in all_catalogs()]
    lists += [f"{LIST}?industry=1&tier=2&owner={an.id}&group=1&group=2&q=minh&sort=name&page=2"]
    lists += [f"/admin/groups/?owner={an.id}&follows=0&q=khach"]
    wrong = []
    for path in lists:
        statements.clear()
        page = browser.get(path)
        assert page.status_code == 200, path
        weight = len(gzip.compress(page.data, 5))
        if len(statements) > MOST_STATEMENTS or weight > MOST_BYTES:
            wrong.append((path, len(statements), weight))
    assert wrong == []
    every = [f.name for f in spec_of(Customer).fields if f.exported]
    browser.post(f"{LIST}columns/", {"columns": every})
    statements.clear()
    assert "Quy mô 1" in browser.get(LIST).text
    assert len(statements) <= MOST_STATEMENTS
