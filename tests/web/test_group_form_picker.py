"""The picker of the group form: searching, choosing all, and the pasted list of codes."""

from __future__ import annotations

import re

import pytest
from factories import catalog, customer, group
from flask import Flask
from test_group_form import HTMX, LIST, NEW, act, edit_page, filled, members_of, note_of, some

from crmadmin.access.models import User
from crmadmin.catalogs.models import Industry, SalesGroup
from crmadmin.core.db import db
from crmadmin.groups import paste
from crmadmin.groups.models import CustomerGroup

PASTE = f"{LIST}draft/new/paste"


@pytest.fixture
def owner(people: dict, context: Flask) -> User:
    """An, to whom the customers belong."""
    return db.session.get_one(User, people["an"])


def names(answer) -> list[str]:
    found = answer.text.partition('id="found"')[2]
    return re.findall(r'data-name="([^"]+)"', found)


def search(who, query: str, key: object = "new", page: str = NEW):
    headers = {**HTMX, "HX-Current-URL": f"http://crm.example{page}"}
    return who.get(f"{LIST}draft/{key}/picker?{query}", headers=headers)


# Searching


def test_it_finds_by_code_name_owner_and_sales_group(owner: User, people: dict, visitor) -> None:
    son = db.session.get_one(User, people["son"])
    wholesale = catalog(SalesGroup, "Khách sỉ")
    customer(owner, "Công ty Hoa Sen", code="HS-01", sales_group_id=wholesale.id)
    customer(son, "Công ty Sen Hồng", code="SH-02")
    db.session.commit()
    mai = visitor("mai")
    for query, found in (
        ("code=hs", ["Công ty Hoa Sen"]),
        ("name=sen+cong", ["Công ty Hoa Sen", "Công ty Sen Hồng"]),
        (f"owner={son.id}", ["Công ty Sen Hồng"]),
        (f"sales_group={wholesale.id}", ["Công ty Hoa Sen"]),
        ("code=%25", []),
    ):
        answer = search(mai, query)
        assert sorted(names(answer)) == found
        assert f"{len(found)} khách hàng khớp" in answer.text
        assert answer.headers["HX-Replace-Url"] == f"{NEW}?{query}"


def test_more_filters_find_by_phone_email_and_the_other_catalogs(owner: User, visitor) -> None:
    industry = catalog(Industry, "Thủy sản")
    some(owner, "Hoa Sen", phone="+84912345678", email="lan@example.com", kind="person")
    some(owner, "Cá Vàng", industry_id=industry.id, province="Bắc Ninh")
    mai = visitor("mai")
    page = mai.get(NEW).text
    for word in ("Thêm bộ lọc", "Điện thoại", "Email", "Lĩnh vực", "Tỉnh/Thành phố"):
        assert word in page
    for query, found in (
        ("phone=0912+345", "Hoa Sen"),
        ("phone=345678", "Hoa Sen"),
        ("email=LAN@", "Hoa Sen"),
        ("kind=person", "Hoa Sen"),
        (f"industry={industry.id}", "Cá Vàng"),
        ("province=B%E1%BA%AFc+Ninh", "Cá Vàng"),
    ):
        assert names(search(mai, query)) == [found]


def test_those_in_the_group_are_marked_and_cannot_be_ticked(owner: User, visitor) -> None:
    inside, comes, outside = some(owner, "Hoa Sen", "Cá Vàng", "Bánh Xe")
    key = filled([inside])
    mai = visitor("mai")
    act(mai, "pick", key, edit_page(key), ids=comes)
    answer = search(mai, "", key, edit_page(key))
    for number, marked in ((inside, True), (comes, True), (outside, False)):
        box = re.search(rf'name="ids" value="{number}\.\w+"([^>]*)>', answer.text)
        assert box is not None
        assert ("disabled" in box[1]) is marked
    assert answer.text.count("Đã trong nhóm") == 2


def test_it_sorts_and_pages_and_keeps_the_members_search_in_the_address(
    owner: User, visitor
) -> None:
    some(owner, *(f"Khách {n:03}" for n in range(60)))
    mai = visitor("mai")
    answer = search(mai, "sort=-name", page=f"{NEW}?mq=x")
    assert names(answer)[0] == "Khách 059"
    assert len(names(answer)) == 25
    assert 'aria-sort="descending"' in answer.text
    assert answer.headers["HX-Replace-Url"] == f"{NEW}?mq=x&sort=-name"
    assert names(search(mai, "sort=-name&page=3"))[-1] == "Khách 000"


def test_the_whole_list_comes_back_with_an_empty_form(owner: User, visitor) -> None:
    some(owner, "Hoa Sen")
    mai = visitor("mai")
    headers = {**HTMX, "HX-Target": "picker", "HX-Current-URL": f"http://crm.example{NEW}?name=x"}
    answer = mai.get(f"{LIST}draft/new/picker", headers=headers)
    assert 'id="p-name" name="name" type="text" value=""' in answer.text
    assert names(answer) == ["Hoa Sen"]
    assert answer.headers["HX-Replace-Url"] == NEW


def test_a_page_opened_with_a_search_shows_it(owner: User, visitor) -> None:
    some(owner, "Hoa Sen", "Cá Vàng")
    answer = visitor("mai").get(f"{NEW}?name=sen")
    assert names(answer) == ["Hoa Sen"]
    assert 'id="p-name" name="name" type="text" value="sen"' in answer.text


# Choosing


def test_all_that_a_search_matches_are_chosen(owner: User, visitor) -> None:
    some(owner, *(f"Hoa Sen {n}" for n in range(60)), "Cá Vàng")
    mai = visitor("mai")
    assert "Chọn tất cả 60 khách hàng khớp" in search(mai, "name=sen").text
    answer = act(mai, "pick", all_matching="1", query="name=sen")
    assert "Đã thêm 60 khách hàng" in note_of(answer)
    assert "Tất cả khớp tìm kiếm: 60" in answer.text or "60" in answer.text
    mai.post(NEW, {"name": "Khách mời", "description": "x"})
    assert len(members_of(db.session.scalars(db.select(CustomerGroup.id)).one())) == 60


def test_who_is_gone_or_in_already_is_told_and_nonsense_is_nobody(owner: User, visitor) -> None:
    ids = some(owner, "Hoa Sen")
    mai = visitor("mai")
    act(mai, "pick", ids=str(ids[0]))
    said = note_of(act(mai, "pick", ids=f"{ids[0]} 4040 x -1 99999999999"))
    assert said == (
        "Đã thêm 0 khách hàng vào bản nháp. Đã có trong nhóm: 1. Không còn trong hệ thống: 1."
    )
    assert note_of(act(mai, "pick", ids="")) == "Hãy đánh dấu khách hàng trước."


# The pasted list


def test_a_pasted_list_says_what_was_found_twice_and_not(owner: User, visitor) -> None:
    first = customer(owner, "Hoa Sen", code="HS-01", phone="+84912345678")
    customer(owner, "Cá Vàng", email="ca.vang@example.com")
    twins = [customer(owner, f"Sinh đôi {n}", phone="+84987654321") for n in (1, 2)]
    db.session.commit()
    mai = visitor("mai")
    lines = "hs-01\n0912 345 678\nCA.VANG@example.com\n0987654321\nKHONG-CO\n\n"
    answer = act(mai, "paste", lines=lines)
    for words in (
        "Tìm thấy 2 khách hàng", "Không tìm thấy", "KHONG-CO", "Lặp lại", "0912 345 678",
        "Khớp nhiều khách hàng", "Sinh đôi 2", "Chọn khách hàng",
    ):  # fmt: skip
        assert words in answer.text
    answer = act(mai, "paste", lines=lines, choose="1", also=str(twins[1].id))
    assert "Đã thêm 3 khách hàng" in note_of(answer)
    assert answer.headers["HX-Retarget"] == "#members"
    assert "sheet-close" in answer.headers["HX-Trigger"]
    assert "Dán danh sách mã: 3" in answer.text
    again = act(mai, "paste", lines="HS-01").text
    assert "1 đã trong nhóm" in again
    assert first.code in again


def test_a_list_that_is_empty_or_too_long_is_refused_with_the_reason(
    owner: User, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    mai = visitor("mai")
    answer = act(mai, "paste", lines=" \n ")
    assert answer.status_code == 422
    assert "Hãy dán danh sách trước" in answer.text
    monkeypatch.setattr(paste, "MOST_LINES", 3)
    answer = act(mai, "paste", lines="a\nb\nc\nd")
    assert answer.status_code == 422
    assert "Danh sách có 4 dòng" in answer.text


def test_a_pasted_list_of_100_000_lines_is_answered_in_full(owner: User, visitor) -> None:
    some(owner, "Hoa Sen", code="HS-01")
    mai = visitor("mai")
    lines = "\n".join(["HS-01", *(f"KHONG-CO-{n:06}" for n in range(99_999))])
    answer = act(mai, "paste", lines=lines)
    assert answer.status_code == 200
    assert "Tìm thấy 1 khách hàng" in answer.text
    assert "99.999" in answer.text
    answer = act(mai, "paste", lines=lines, choose="1")
    assert "Đã thêm 1 khách hàng" in note_of(answer)


def test_a_paste_without_scripts_has_its_own_page(owner: User, visitor) -> None:
    some(owner, "Hoa Sen", code="HS-01")
    mai = visitor("mai")
    assert "<html" in mai.get(PASTE).text
    answer = mai.post(PASTE, {"lines": "HS-01", "choose": "1"}, page=PASTE)
    assert (answer.status_code, answer.location) == (303, NEW)


def test_a_page_with_many_members_and_matches_stays_small(owner: User, visitor) -> None:
    long = "Công ty Cổ phần Xây dựng và Thương mại Hồng Hà"
    ids = some(owner, *(f"{long} {n}" for n in range(120)))
    for model in (SalesGroup, Industry):
        for n in range(6):
            catalog(model, f"Giá trị {n}")
    made = group("Đông")
    db.session.commit()
    mai = visitor("mai")
    act(mai, "pick", made.id, edit_page(made.id), ids=" ".join(map(str, ids[:60])))
    page = mai.get(edit_page(made.id))
    assert len(page.data) <= 100 * 1024
