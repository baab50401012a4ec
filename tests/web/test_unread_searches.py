"""A search of which a part cannot be read: a list says so, an act is refused, and a group or a
saved view that keeps such a search fails alone, with a way to mend or delete it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from factories import catalog, customer
from flask import Flask
from sqlalchemy import select, update

from crmadmin.access.models import SavedView, User
from crmadmin.access.saved_views import save
from crmadmin.catalogs.models import Industry
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups import following
from crmadmin.groups.models import CustomerGroup, GroupDraft

LIST, GROUPS = "/admin/customers/", "/admin/groups/"
SHEET = {"HX-Request": "true"}
NOT_NARROWED = "danh sách không lọc theo phần đó"

UNREADABLE = {
    "created_at_to=9999-12-31": "Ngày tạo: “9999-12-31” không phải là ngày từ 01/01/1900",
    "created_at_from=0001-01-01": "Ngày tạo: “0001-01-01” không phải là ngày từ 01/01/1900",
    "created_at_from=hôm qua": "“hôm qua” không phải là ngày",
    "industry=123456789012": "“123456789012” không phải là giá trị chọn được",
    "industry=abc": "“abc” không phải là giá trị chọn được",
    "kind=robot": "“robot” không phải là giá trị chọn được",
    "group=9999999999999999": "“9999999999999999” không phải là giá trị chọn được",
    "removed_field=5": "“removed_field”: không có bộ lọc này",
    "sort=-nothing": "“-nothing”: không thể sắp xếp",
}
"""Part of an address → what the list says of it."""

STORED = ("created_at_to=9999-12-31", "created_at_from=0001-01-01", "industry=abc", "removed=5",
          "kind=robot", "\x00", "&".join(["a=1"] * 600), "hello", "sort=nothing",
          "industry=123456789012345")  # fmt: skip
"""What may stand in a column that once held a search."""


@pytest.fixture(params=STORED, ids=lambda t: t[:20].encode("unicode_escape").decode())
def kept(request: pytest.FixtureRequest, context: Flask) -> str:
    """Each of them that the database can store."""
    if "\x00" in request.param and db.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL stores no NUL")
    return str(request.param)


@pytest.fixture
def stock(context: Flask, people: dict[str, int]) -> list[int]:
    """Two customers of An's, one of Sơn's."""
    an, son = (db.session.get_one(User, people[name]) for name in ("an", "son"))
    made = [customer(an, "Hoa Sen"), customer(an, "Cá Vàng"), customer(son, "Trà Xanh")]
    db.session.commit()
    return [c.id for c in made]


def told(page: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize("part", UNREADABLE)
def test_a_list_says_what_it_cannot_read_and_is_not_narrowed_by_it(
    stock: list[int], visitor, part: str
) -> None:
    page = visitor("an").get(f"{LIST}?q=hoa&{part}").text
    assert NOT_NARROWED in told(page)
    assert UNREADABLE[part] in told(page)
    assert "Hoa Sen" in page
    assert "Cá Vàng" not in page


def test_a_list_says_nothing_of_what_it_reads(stock: list[int], visitor) -> None:
    for query in ("", "q=hoa&industry=&created_at_from=&marked=1&page=2&per_page=7", "group=1",
                  "industry=-&industry=5&sort=-name&created_at_from=2026-01-01"):  # fmt: skip
        assert NOT_NARROWED not in visitor("an").get(f"{LIST}?{query}").text


def test_ten_thousand_values_of_one_filter_are_said_to_be_cut(stock: list[int], visitor) -> None:
    many = "&".join(f"industry={n}" for n in range(1, 10_000))
    assert "chỉ tính 100 giá trị đầu" in visitor("an").get(f"{LIST}?{many}").text


def test_no_act_is_done_to_all_that_an_unreadable_search_matches(stock: list[int], visitor) -> None:
    an, query = visitor("an"), "q=hoa&industry=abc"
    asked = {"all_matching": "1", "query": query}
    for path in (f"{LIST}bulk/delete/", f"{LIST}bulk/owner/", f"{LIST}add-to-group/",
                 f"{GROUPS}bulk/delete/"):  # fmt: skip
        # The ticks of a list are posted, which opens the sheet of an act.
        sheet = an.post(path, asked, page="/profile")
        assert sheet.status_code == 400
        assert "Không đọc được điều kiện tìm" in sheet.text
        assert an.get(path, query_string=asked).status_code in (302, 400)
    assert an.get(f"{LIST}export/?{query}").status_code == 400
    assert db.session.scalars(select(Customer.id)).all() == stock


def test_what_the_list_repeats_for_its_acts_is_what_it_shows(stock: list[int], visitor) -> None:
    page = visitor("an").get(f"{LIST}?q=hoa&created_at_to=9999-12-31").text
    assert 'name="query" value="q=hoa"' in page
    assert "9999" not in page[page.index('name="query"') :]


def test_no_group_can_be_made_to_follow_what_cannot_be_read(stock: list[int], visitor) -> None:
    mai = visitor("mai")
    for query in STORED:
        at = f"{GROUPS}draft/new/follow"
        assert mai.get(at, query_string={"query": query}).status_code == 400
        assert mai.post(at, {"query": query}, page="/profile").status_code == 400
        matching = {"query": query, "all_matching": "1"}
        answer = mai.post(f"{GROUPS}draft/new/pick", matching, page="/profile")
        assert answer.status_code == 400
    assert db.session.scalars(select(GroupDraft)).all() == []


def broken(text: str) -> CustomerGroup:
    """A group with a search that was readable once, and a sound one beside it."""
    made = CustomerGroup(name="Hỏng", description="d", filter=text)
    db.session.add_all([made, CustomerGroup(name="Lành", description="d", filter="q=hoa")])
    db.session.commit()
    return made


def test_a_group_whose_filter_cannot_be_read_fails_alone(
    stock: list[int], people: dict, visitor, kept: str
) -> None:
    group = broken(kept)
    for name in ("an", "son", "mai"):
        someone = visitor(name)
        listed = someone.get(GROUPS)
        assert listed.status_code == 200
        assert "Không đọc được bộ lọc" in listed.text
        page = someone.get(f"{GROUPS}details/?id={group.id}")
        assert page.status_code == 200
        assert "Không đọc được (hoặc không còn đọc được) bộ lọc của nhóm này" in page.text
        its = someone.get(f"{LIST}details/?id={stock[2]}")
        assert its.status_code == 200
        assert "chưa biết ai thuộc nhóm" in its.text
        among = someone.get(f"{LIST}?group={group.id}")
        assert among.status_code == 200
        assert "Không đọc được bộ lọc của nhóm “Hỏng”" in told(among.text)
    an = visitor("an")
    assert "Lành" in an.get(f"{LIST}details/?id={stock[0]}").text
    for path in (f"export-members/?id={group.id}&format=csv", f"members/copy/?id={group.id}",
                 f"combine/?id={group.id}&with={group.id + 1}"):  # fmt: skip
        assert an.get(GROUPS + path).status_code == 400
    assert an.get(f"{GROUPS}export/?format=csv").status_code == 200


@pytest.mark.parametrize("way", ["another filter", "freeze", "delete"])
def test_a_group_whose_filter_cannot_be_read_can_be_mended_or_deleted(
    stock: list[int], visitor, way: str
) -> None:
    group = broken("created_at_to=9999-12-31")
    mai, here = visitor("mai"), f"{GROUPS}edit/?id={group.id}"
    page = mai.get(here)
    assert page.status_code == 200
    assert "Hãy chọn bộ lọc khác rồi bấm “Nhóm theo bộ lọc này”" in told(page.text)
    at = f"{GROUPS}draft/{group.id}"
    if way == "delete":
        an = visitor("an")
        an.post(f"{GROUPS}delete/?id={group.id}", {"version": str(group.version)}, page=here)
    else:
        if way == "freeze":
            mai.post(f"{at}/freeze", {}, page=here)
        else:
            mai.post(f"{at}/follow", {"query": "q=hoa"}, page=here)
        saved = mai.post(here, {"name": "Hỏng", "description": "d", "_save": "1"}, page=here)
        assert saved.status_code == 302
    db.session.expire_all()
    after = db.session.scalar(select(CustomerGroup).where(CustomerGroup.name == "Hỏng"))
    if way == "delete":
        assert after is None
    else:
        assert after is not None
        assert after.filter == (None if way == "freeze" else "q=hoa")
    assert "Không đọc được" not in mai.get(GROUPS).text


def test_a_group_that_follows_a_deleted_value_says_so_on_its_own_page(
    stock: list[int], visitor
) -> None:
    gone = catalog(Industry)
    group = broken(f"industry={gone.id}")
    db.session.delete(gone)
    db.session.commit()
    mai = visitor("mai")
    for path in (f"details/?id={group.id}", f"edit/?id={group.id}"):
        assert f"giá trị số {gone.id} đã bị xóa" in told(mai.get(GROUPS + path).text)
    assert mai.get(GROUPS).status_code == 200


def test_nobody_is_in_a_group_whose_filter_cannot_be_read(context: Flask) -> None:
    for text in STORED:
        assert not following.is_readable(text)
        assert db.session.scalars(select(Customer).where(*following.where_of(text))).all() == []


def test_a_saved_view_that_cannot_be_read_fails_alone_and_can_be_removed(
    stock: list[int], people: dict, visitor, kept: str
) -> None:
    view = save(people["mai"], "customer", "Hỏng", "q=a", default=True)
    db.session.commit()
    db.session.execute(update(SavedView).where(SavedView.id == view.id).values(query=kept))
    db.session.commit()
    mai = visitor("mai")
    bare = mai.get(LIST)
    assert bare.status_code in (200, 302)
    if bare.status_code == 302:
        assert mai.get(bare.headers["Location"]).status_code == 200
    page = mai.get(f"{LIST}views/")
    assert "Có phần của bộ lọc này không đọc được" in told(page.text)
    assert mai.get(f"{LIST}?all=1").status_code == 200
    mai.post(f"{LIST}views/", {"remove": str(view.id)}, page=f"{LIST}views/")
    assert mai.get(LIST).status_code == 200
    assert "Hỏng" not in mai.get(LIST).text


def test_a_stored_view_cannot_write_a_header(stock: list[int], people: dict, visitor) -> None:
    view = save(people["mai"], "customer", "Hỏng", "q=a", default=True)
    forged = update(SavedView).where(SavedView.id == view.id).values(query="q=a\r\nX-Forged: 1")
    db.session.execute(forged)
    db.session.commit()
    answer = visitor("mai").get(LIST)
    assert answer.status_code == 302
    assert "X-Forged" not in answer.headers
    assert visitor("mai").get(answer.headers["Location"]).status_code == 200


def test_columns_that_are_gone_are_named_where_columns_are_chosen(
    stock: list[int], people: dict, visitor
) -> None:
    mai = db.session.get_one(User, people["mai"])
    mai.preferences = {"columns": {"customer": ["name", "removed_field"]}}
    db.session.commit()
    browser = visitor("mai")
    assert browser.get(LIST).status_code == 200
    assert "không còn nữa: removed_field" in browser.get(f"{LIST}columns/").text
    browser.post(f"{LIST}columns/", {"columns": "phone"}, page=f"{LIST}columns/")
    assert "removed_field" not in browser.get(f"{LIST}columns/").text


@pytest.mark.parametrize(
    "host", ["a" * 300, "x." * 200 + "vn", "[bad", "evil.example:99999", "٣.vn"]
)
def test_no_host_is_an_answer_of_500(app: Flask, host: str) -> None:
    client = app.test_client()
    for path in ("/login", "/admin/customers", "/nothing"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code < 500
        assert host not in answer.headers.get("Location", "")
