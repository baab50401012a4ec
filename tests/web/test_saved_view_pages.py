"""Saved views on the pages of a list: saving what it shows, tabs, the default view, tidying up."""

from __future__ import annotations

import re

import pytest
from factories import catalog, customer
from flask import Flask
from visitor import Visitor

from crmadmin.access import saved_views
from crmadmin.access.models import User
from crmadmin.catalogs.models import Industry
from crmadmin.core.db import db

LIST = "/admin/customers/"
NEW, ALL = f"{LIST}views/new/", f"{LIST}views/"
SHEET = {"HX-Request": "true"}


@pytest.fixture
def stock(context: Flask, people: dict[str, int]) -> int:
    """Two customers, one of an industry, whose id this is."""
    place = catalog(Industry, "Xây dựng")
    an = db.session.get_one(User, people["an"])
    customer(an, "Hoa Sen", industry_id=place.id)
    customer(an, "Cá Vàng")
    db.session.commit()
    return int(place.id)


def tabs(page: str) -> list[tuple[str, str, bool]]:
    """The tabs of the saved views: (words, address, is it this one)."""
    bar = re.search(r'id="views">(.*?)</nav>', page, re.DOTALL)
    found = re.findall(r'<a href="([^"]+)"([^>]*)>([^<]+)', bar[1]) if bar else []
    return [
        (words, url.replace("&amp;", "&"), "aria-current" in more) for url, more, words in found
    ]


def save(visitor: Visitor, name: str, query: str, **more: str) -> None:
    answer = visitor.post(NEW, {"name": name, "query": query, **more}, page=f"{NEW}?{query}")
    assert answer.status_code == 302, answer.text


def test_what_a_list_shows_is_saved_under_a_name_and_becomes_a_tab(
    stock: int, people: dict, visitor
) -> None:
    mai = visitor("mai")
    page = mai.get(f"{LIST}?q=hoa&industry={stock}&page=1").text
    assert tabs(page) == []
    link = re.search(rf'href="({NEW}[^"]+)"', page)
    assert link is not None
    form = mai.get(link[1].replace("&amp;", "&"), headers=SHEET)
    assert f'name="query" value="industry={stock}&amp;q=hoa"' in form.text
    answer = mai.post(NEW, {"name": "Cần gọi", "query": f"industry={stock}&q=hoa"}, page=LIST)
    assert answer.headers["Location"] == f"{LIST}?industry={stock}&q=hoa"
    page = mai.get(answer.headers["Location"]).text
    assert "Đã lưu bộ lọc “Cần gọi”." in page
    assert tabs(page) == [
        ("Tất cả", LIST, False), ("Cần gọi", f"{LIST}?industry={stock}&q=hoa", True),
    ]  # fmt: skip
    assert NEW not in page
    assert tabs(mai.get(LIST).text)[0] == ("Tất cả", LIST, True)
    assert tabs(visitor("an").get(LIST).text) == []
    assert tabs(mai.get("/admin/groups/").text) == []


def test_the_same_filters_in_another_order_are_the_same_view(
    stock: int, people: dict, visitor
) -> None:
    mai = visitor("mai")
    save(mai, "Cần gọi", f"q=hoa&industry={stock}&nothing=1&page=7")
    assert tabs(mai.get(f"{LIST}?industry={stock}&q=hoa").text)[1][2]
    assert not tabs(mai.get(f"{LIST}?industry={stock}&q=hoa&sort=name").text)[1][2]


def test_a_bad_name_brings_the_form_back(stock: int, people: dict, visitor) -> None:
    mai = visitor("mai")
    save(mai, "Cần gọi", "q=hoa")
    for name, words in (("", "Mục này bắt buộc nhập."), ("CẦN GỌI", "Đã có bộ lọc “Cần gọi”.")):
        answer = mai.post(NEW, {"name": name, "query": "q=ca"}, page=LIST, headers=SHEET)
        assert answer.status_code == 422
        assert words in answer.text
        assert 'value="q=ca"' in answer.text
        assert 'name="replace"' in answer.text
    answer = mai.post(NEW, {"name": "cần gọi", "query": "q=ca", "replace": "1"}, page=LIST)
    assert answer.headers["Location"] == f"{LIST}?q=ca"
    assert mai.post(NEW, {"name": "Mọi thứ", "query": ""}, page=LIST).status_code == 422


def test_the_bare_address_opens_the_default_view_and_all_is_still_one_press_away(
    stock: int, people: dict, visitor
) -> None:
    mai = visitor("mai")
    save(mai, "Cần gọi", "q=hoa", is_default="1")
    answer = mai.get(LIST)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{LIST}?q=hoa")
    page = mai.get(f"{LIST}?q=hoa").text
    assert tabs(page)[0] == ("Tất cả", f"{LIST}?all=1", False)
    everything = mai.get(f"{LIST}?all=1")
    assert everything.status_code == 200
    assert ">Cá Vàng</a>" in everything.text
    assert tabs(everything.text)[0][2]
    assert mai.get(LIST, headers=SHEET).status_code == 200
    assert visitor("an").get(LIST).status_code == 200


def test_views_are_renamed_removed_and_one_made_the_default(
    stock: int, people: dict, visitor
) -> None:
    mai = visitor("mai")
    save(mai, "Một", "q=1", is_default="1")
    save(mai, "Hai", "q=2")
    one, two = (view.id for view in saved_views.of(people["mai"], "customer"))
    form = mai.get(ALL, headers=SHEET).text
    assert f'name="name-{one}" value="Một"' in form
    answer = mai.post(
        ALL, {f"name-{one}": "Một", f"name-{two}": " Ba ", "default": str(two), "remove": str(one)}
    )
    assert answer.headers["Location"] == f"{LIST}?all=1"
    found = saved_views.of(people["mai"], "customer")
    assert [(v.text, v.more, v.flag) for v in found] == [("Ba", "q=2", True)]
    wrong = mai.post(ALL, {f"name-{two}": " ", "default": ""})
    assert wrong.status_code == 422
    assert "Mục này bắt buộc nhập." in wrong.text
    assert mai.post(ALL, {"default": ""}).status_code == 302
    assert mai.get(LIST).status_code == 200


def test_nobody_reaches_the_views_of_others(stock: int, people: dict, visitor) -> None:
    mai, an = visitor("mai"), visitor("an")
    save(mai, "Của Mai", "q=1")
    (key,) = (view.id for view in saved_views.of(people["mai"], "customer"))
    an.post(ALL, {f"name-{key}": "Cướp", "default": str(key), "remove": str(key)})
    found = saved_views.of(people["mai"], "customer")
    assert [(v.text, v.flag) for v in found] == [("Của Mai", False)]


def test_forged_queries_are_cleaned_before_they_are_kept(stock: int, people: dict, visitor) -> None:
    vy = visitor("vy")
    answer = vy.post(
        NEW, {"name": "Lạ", "query": "phone=1&sort=phone&q=%00a&url=//evil.example&page=9&all=1"},
        page=LIST,
    )  # fmt: skip
    assert answer.headers["Location"] == f"{LIST}?q=a"
    many = "&".join(f"owner={n}" for n in range(600))
    assert vy.post(NEW, {"name": "Nhiều", "query": many}, page=LIST).status_code == 400


def test_every_list_has_saved_views(stock: int, people: dict, visitor) -> None:
    an = visitor("an")
    for here in ("/admin/groups/", "/admin/catalogs/industry/", "/admin/users/"):
        answer = an.post(f"{here}views/new/", {"name": "Của tôi", "query": "q=a"}, page=here)
        assert answer.headers["Location"] == f"{here}?q=a"
        assert tabs(an.get(f"{here}?q=a").text)[1] == ("Của tôi", f"{here}?q=a", True)
