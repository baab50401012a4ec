"""Groups as Sơn sees them, who owns a few of the customers inside: count, list and words agree."""

from __future__ import annotations

import re

import pytest
from factories import add_to_group
from flask import Flask
from members import LIST, filled, several

from crmadmin.core.db import acting_as, db
from crmadmin.customers.models import Customer

GROUP = "Khách mời"


@pytest.fixture
def group(context: Flask, people: dict[str, int]) -> int:
    """A group of two of Sơn's customers and three of An's, one of each not to be contacted."""
    son = [*several(people, "Cá Vàng", whose="son"),
           *several(people, "Cá Bạc", whose="son", do_not_contact=True)]  # fmt: skip
    an = several(people, "Hoa Sen", "Hoa Hồng")
    quiet = several(people, "Hoa Lan", do_not_contact=True)
    return filled(people, GROUP, [*son, *an, *quiet]).id


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def rows(page: str) -> int:
    return len(re.findall(r'<tr role="row" data-id', page))


def test_the_page_says_how_many_of_ones_own_are_inside_and_lists_as_many(
    group: int, visitor
) -> None:
    page = visitor("son").get(f"{LIST}details/?id={group}").text
    assert "2 khách hàng của bạn trong nhóm này" in words(page)
    assert rows(page) == 2
    assert "/ 2" in words(page)
    everybody = visitor("vy").get(f"{LIST}details/?id={group}").text
    assert rows(everybody) == 5
    assert "khách hàng của bạn" not in words(everybody)


@pytest.mark.parametrize("narrowed", ["q=ca", "contact=no"])
def test_of_a_search_it_says_that_only_ones_own_are_listed(
    group: int, visitor, narrowed: str
) -> None:
    page = visitor("son").get(f"{LIST}details/?id={group}&{narrowed}").text
    assert "Chỉ liệt kê khách hàng của bạn." in words(page)
    assert "khách hàng của bạn trong nhóm này" not in words(page)


def test_the_list_counts_what_the_page_behind_the_number_lists(group: int, visitor) -> None:
    son = visitor("son")
    page = son.get(LIST).text
    assert "Khách hàng của bạn" in words(page)
    links = re.findall(r'<a class="?num"? href="?([^" >]+)"?>([\d.]+)</a>', page)
    assert links
    for href, count in links:
        url = href.replace("&amp;", "&")
        shown = son.get(url if url.startswith("/") else LIST + url).text
        assert rows(shown) == int(count), href


def test_a_search_that_finds_none_of_ones_own_leads_back_to_them(group: int, visitor) -> None:
    page = visitor("son").get(f"{LIST}details/?id={group}&q=hoa").text
    assert "Hoa" not in page.split('id="results"')[1]
    assert "Tất cả khách hàng của bạn trong nhóm" in words(page)
    assert "Tất cả thành viên" not in words(page)


def test_without_ones_own_the_page_says_so_and_offers_nothing(
    context: Flask, people: dict[str, int], visitor
) -> None:
    made = filled(people, "Của An", several(people, "Hoa Sen"))
    page = visitor("son").get(f"{LIST}details/?id={made.id}").text
    said = words(page[page.index('<section class="blank"') :].split("</section>")[0])
    assert "Không có khách hàng nào của bạn trong nhóm này" in said
    assert "Chưa có thành viên" not in said
    assert "Sửa" not in said
    assert "Khách hàng của bạn sẽ hiện ở đây khi được thêm vào nhóm" in said


@pytest.mark.parametrize(("name", "offered"), [("an", True), ("mai", True), ("vy", False)])
def test_an_empty_group_tells_who_may_fill_it_how_and_others_what_will_stand_there(
    context: Flask, people: dict[str, int], visitor, name: str, offered: bool
) -> None:
    page = visitor(name).get(f"{LIST}details/?id={filled(people, 'Trống').id}").text
    assert ("Chọn khách hàng ở trang Sửa, hoặc nhập khẩu." in words(page)) is offered
    assert ("Khách hàng sẽ hiện ở đây khi được thêm vào nhóm." in words(page)) is not offered


@pytest.mark.parametrize(("name", "offered"), [("mai", True), ("son", False), ("vy", False)])
def test_the_list_without_groups_tells_how_to_begin_only_to_who_may(
    context: Flask, people: dict[str, int], visitor, name: str, offered: bool
) -> None:
    said = words(visitor(name).get(LIST).text)
    assert "Chưa có nhóm khách hàng nào" in said
    for word in ("Đặt tên và mô tả", "Hoặc nhập khẩu từ Excel"):
        assert (word in said) is offered
    assert ("Các nhóm sẽ hiện ở đây ngay khi có." in said) is not offered


def test_the_history_says_what_was_done_and_names_no_number_of_others(
    context: Flask, people: dict[str, int], visitor
) -> None:
    theirs = [c.id for c in several(people, "Hoa Sen", "Hoa Lan", "Hoa Hồng")]
    made = filled(people, GROUP)
    with acting_as(people["mai"]):
        add_to_group(made, [Customer.id.in_(theirs)])
    db.session.commit()
    url = f"{LIST}history/?id={made.id}"
    said = words(visitor("son").get(url).text)
    assert "không cho biết bao nhiêu khách hàng" in said
    assert "Lê Thị Mai" in said
    assert "+3" not in said
    assert "3 khách hàng" not in said
    assert "+3" in words(visitor("vy").get(url).text)
