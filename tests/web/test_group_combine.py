"""Two groups put together: the four counts first, then a draft of a new group."""

from __future__ import annotations

import pytest
from flask import Flask
from members import LIST, filled, several
from sqlalchemy import func, select

from crmadmin.core.db import db
from crmadmin.groups import drafts, services
from crmadmin.groups.models import NEW, CustomerGroup


def two(people: dict) -> tuple[CustomerGroup, CustomerGroup]:
    """A B C D and C D E."""
    a, b, c, d, e = several(people, "A", "B", "C", "D", "E")
    return filled(people, "Một", [a, b, c, d]), filled(people, "Hai", [c, d, e])


def test_the_page_says_how_many_are_in_which(context: Flask, people: dict, visitor) -> None:
    one, other = two(people)
    found = services.overlap(one, other)
    assert (found.only_a, found.both, found.only_b, found.union) == (2, 2, 1, 5)
    text = visitor("mai").get(f"{LIST}combine/?id={one.id}&with={other.id}").text
    page = " ".join(text.split())
    for label, count in (("Chỉ trong “Một”", 2), ("Trong cả hai nhóm", 2),
                         ("Chỉ trong “Hai”", 1), ("Trong ít nhất một nhóm", 5)):  # fmt: skip
        assert f'{label}</span><span class="push num strong">{count}</span>' in page


@pytest.mark.parametrize(
    ("how", "size"), [("union", 5), ("overlap", 2), ("a_minus_b", 2), ("b_minus_a", 1)]
)
def test_a_part_becomes_the_draft_of_a_new_group(
    context: Flask, people: dict, visitor, how: str, size: int
) -> None:
    one, other = two(people)
    url = f"{LIST}combine/?id={one.id}&with={other.id}"
    answer = visitor("mai").post(url, {"how": how})
    assert answer.status_code == 302
    assert answer.location == f"{LIST}new/"
    draft = drafts.find(people["mai"], NEW)
    assert draft is not None
    assert drafts.state(draft, None).added == size
    assert db.session.scalar(select(func.count()).select_from(CustomerGroup)) == 2


def test_a_dynamic_group_is_combined_as_it_is_now(context: Flask, people: dict, visitor) -> None:
    one, _other = two(people)
    moving = filled(people, "Theo mã", filter="q=A")
    page = visitor("mai").get(f"{LIST}combine/?id={one.id}&with={moving.id}")
    assert page.status_code == 200
    assert services.overlap(one, moving).both == 1


def test_a_group_and_itself_are_not_combined(context: Flask, people: dict, visitor) -> None:
    one, _other = two(people)
    mai, url = visitor("mai"), f"{LIST}combine/?id={one.id}&with={one.id}"
    assert "hai nhóm khác nhau" in mai.get(url).text
    assert mai.post(url, {"how": "union"}).status_code == 404
    assert drafts.find(people["mai"], NEW) is None


@pytest.mark.parametrize("how", ["", "all", "union;"])
def test_a_part_that_is_none_makes_nothing(context: Flask, people: dict, visitor, how: str) -> None:
    one, other = two(people)
    url = f"{LIST}combine/?id={one.id}&with={other.id}"
    assert visitor("mai").post(url, {"how": how}).status_code == 404
    assert drafts.find(people["mai"], NEW) is None


def test_what_is_begun_already_is_said_before_it_is_added_to(
    context: Flask, people: dict, visitor
) -> None:
    one, other = two(people)
    url = f"{LIST}combine/?id={one.id}&with={other.id}"
    mai = visitor("mai")
    assert "nhóm mới chưa lưu" not in mai.get(url).text
    mai.post(url, {"how": "overlap"})
    assert "nhóm mới chưa lưu" in mai.get(url).text


@pytest.mark.parametrize("name", ["son", "vy"])
def test_who_may_make_no_group_combines_none(
    context: Flask, people: dict, visitor, name: str
) -> None:
    one, other = two(people)
    url = f"{LIST}combine/?id={one.id}&with={other.id}"
    browser = visitor(name)
    assert browser.get(url).status_code == 403
    assert browser.post(url, {"how": "union"}, page=LIST).status_code == 403
