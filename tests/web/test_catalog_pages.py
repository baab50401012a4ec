"""Pages of the catalogs: adding, editing, order, default, stopping, merging, deleting."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import permutations

import pytest
from factories import catalog, customer, user
from flask import Flask
from sqlalchemy import func, select
from visitor import PASSWORD, TOKEN, Visitor
from werkzeug.test import TestResponse

from crmadmin.access import services
from crmadmin.catalogs.models import Collaborator, CustomerSource, Industry, all_catalogs
from crmadmin.core import marks
from crmadmin.core.db import db, utcnow
from crmadmin.customers.models import Customer

LIST = "/admin/catalogs/industry/"


def make(model: type, *names: str, **values: object) -> list[int]:
    made = [catalog(model, name, position=at, **values).id for at, name in enumerate(names, 1)]
    db.session.commit()
    return made


def stored(model: type, key: int) -> object:
    db.session.expire_all()
    return db.session.get(model, key)


@pytest.mark.parametrize("model", all_catalogs(), ids=lambda m: m.__name__)
def test_every_catalog_takes_a_record_through_its_form(
    context: Flask, people: dict, visitor, model: type
) -> None:
    an = visitor("an")
    url = f"/admin/catalogs/{model.__tablename__}/"
    answer = an.post(f"{url}new/", {"name": "Giới  thiệu ", "is_active": "y", "color": "blue"})
    assert answer.status_code == 302
    record = db.session.scalar(select(model))
    assert (record.name, record.color, record.is_active) == ("Giới thiệu", "blue", True)
    assert record.code == f"{model.__record__.prefix}001"
    assert record.created_by_id == people["an"]
    page = an.get(url).text
    assert "Giới thiệu" in page
    assert record.code in page


def test_the_same_name_in_other_letters_is_refused_and_named(
    context: Flask, people: dict, visitor
) -> None:
    make(Industry, "Xây dựng")
    answer = visitor("an").post(f"{LIST}new/", {"name": "XÂY  DỰNG", "code": "X1"})
    assert answer.status_code == 422
    assert "LV001 – Xây dựng" in answer.text
    assert 'value="XÂY  DỰNG"' in answer.text
    assert db.session.scalar(select(func.count()).select_from(Industry)) == 1


def test_a_name_that_differs_in_its_accents_is_another_one(
    context: Flask, people: dict, visitor
) -> None:
    make(Industry, "Hạ Long")
    assert visitor("an").post(f"{LIST}new/", {"name": "Hà Long"}).status_code == 302


def test_collaborators_may_share_a_name_but_not_a_phone(
    context: Flask, people: dict, visitor
) -> None:
    catalog(Collaborator, "Trần An", phone="+84912345678")
    db.session.commit()
    an = visitor("an")
    url = "/admin/catalogs/collaborator/new/"
    assert an.post(url, {"name": "Trần An", "phone": "0912345679"}).status_code == 302
    answer = an.post(url, {"name": "Lê Bình", "phone": "0912 345 678"})
    assert answer.status_code == 422
    assert "CTV001 – Trần An" in answer.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "bắt buộc"),
        ({"name": "x" * 121}, "120"),
        ({"name": "Mới", "code": "M" * 33}, "32"),
        ({"name": "Mới", "position": "mười"}, "mười"),
        ({"name": "Mới", "color": "vermilion"}, "vermilion"),
    ],
)
def test_bad_values_come_back_at_their_field_with_what_was_typed(
    context: Flask, people: dict, visitor, typed: dict, said: str
) -> None:
    answer = visitor("an").post(f"{LIST}new/", typed)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert said in answer.text
    assert db.session.scalar(select(func.count()).select_from(Industry)) == 0


def test_a_new_default_takes_the_mark_from_the_old_one(
    context: Flask, people: dict, visitor
) -> None:
    first, second = make(Industry, "Xây dựng", "Dịch vụ")
    an = visitor("an")
    for key in (first, second):
        an.post(f"{LIST}make-default/?id={key}", {"version": "1"}, page=LIST)
    marks = dict(db.session.execute(select(Industry.id, Industry.is_default)).all())
    assert marks == {first: False, second: True}


def test_a_stopped_record_stays_on_its_customers_and_is_offered_to_no_other(
    context: Flask, people: dict, visitor
) -> None:
    kept, _other = make(Industry, "Xây dựng", "Dịch vụ")
    owner = db.session.get(user().__class__, people["an"])
    has = customer(owner, industry_id=kept).id
    db.session.commit()
    an = visitor("an")
    an.post(f"{LIST}stop/?id={kept}", {"version": str(stored(Industry, kept).version)}, page=LIST)
    assert stored(Industry, kept).is_active is False
    assert stored(Customer, has).industry_id == kept
    assert f'<option selected value="{kept}.' in an.get(f"/admin/customers/edit/?id={has}").text
    offered = an.get("/admin/customers/new/").text
    assert ">Dịch vụ</option>" in offered
    assert ">Xây dựng</option>" not in offered
    answer = an.post("/admin/customers/new/", {"name": "Mới", "industry": str(kept)})
    assert answer.status_code == 422
    assert "Xây dựng" in answer.text


def test_a_record_in_use_is_not_deleted_and_the_page_says_by_how_many(
    context: Flask, people: dict, visitor
) -> None:
    used, free = make(Industry, "Xây dựng", "Dịch vụ")
    owner = db.session.get(user().__class__, people["an"])
    for _ in range(3):
        customer(owner, industry_id=used)
    db.session.commit()
    an = visitor("an")
    assert "3" in an.get(f"{LIST}delete/?id={used}").text
    answer = an.post(f"{LIST}delete/?id={used}", {"version": "1"})
    assert answer.status_code == 409
    assert stored(Industry, used) is not None
    assert an.post(f"{LIST}delete/?id={free}", {"version": "1"}).status_code == 302
    assert stored(Industry, free) is None


def test_a_merge_moves_every_customer_and_deletes_the_record(
    context: Flask, people: dict, visitor
) -> None:
    source, target = make(CustomerSource, "FB", "Facebook")
    owner = db.session.get(user().__class__, people["an"])
    for _ in range(4):
        customer(owner, source_id=source)
    db.session.commit()
    an = visitor("an")
    url = f"/admin/catalogs/customer_source/merge/?id={source}"
    assert "4" in an.get(url).text
    answer = an.post(url, {"target": str(target), "version": "1"})
    assert answer.status_code == 302
    assert stored(CustomerSource, source) is None
    counted = db.session.scalar(
        select(func.count()).select_from(Customer).where(Customer.source_id == target)
    )
    assert counted == 4


def test_a_merge_into_itself_or_into_nothing_changes_nothing(
    context: Flask, people: dict, visitor
) -> None:
    source, target = make(CustomerSource, "FB", "Facebook")
    an = visitor("an")
    url = f"/admin/catalogs/customer_source/merge/?id={source}"
    for wrong in (str(source), "", "999", "abc"):
        assert an.post(url, {"target": wrong, "version": "1"}).status_code == 422
    assert an.post(url, {"target": str(target), "version": "7"}).status_code == 422
    assert stored(CustomerSource, source) is not None


SHOWN = re.compile(r'data-position="([^"]+)">([0-9]+)<')
SORTS = re.compile(r'name="seen" value="([^"]+)"')


def rows_of(page: str) -> dict[int, str]:
    """Id → how a list that may be ordered names its row: its proof and the place it is shown at."""
    return {int(key.partition(".")[0]): f"{key}:{place}" for key, place in SHOWN.findall(page)}


def drag(who: Visitor, page: str, *ids: int) -> TestResponse:
    """Drop the rows of a page in this order, as that page does."""
    rows = rows_of(page)
    token = TOKEN.search(page)[1]
    return who.raw_post(f"{LIST}order/", {"rows": [rows[key] for key in ids], "csrf_token": token})


@pytest.fixture
def binh(people: dict, visitor) -> Visitor:
    """A second admin, at a browser of his own."""
    services.create_user("binh", "admin", password=PASSWORD, full_name="Lê Bình")
    db.session.commit()
    return visitor("binh")


def order_now() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(Industry.id).order_by(Industry.position)))


def test_the_order_posted_is_the_order_of_the_list(context: Flask, people: dict, visitor) -> None:
    a, b, c = make(Industry, "Một", "Hai", "Ba")
    an = visitor("an")
    answer = drag(an, an.get(LIST).text, c, a, b)
    assert (answer.status_code, answer.json) == (200, {"places": [1, 2, 3]})
    assert order_now() == [c, a, b]
    seen = SORTS.search(an.get(LIST).text)[1]
    an.post(f"{LIST}order-by-name/", {"seen": seen}, page=LIST)
    names = db.session.scalars(select(Industry.name).order_by(Industry.position)).all()
    assert list(names) == ["Ba", "Hai", "Một"]


@pytest.mark.parametrize("positions", [(1, 2, 3, 4, 5), (10, 20, 30, 40, 50), (0, 0, 0, 7, 7)])
@pytest.mark.parametrize("shown", [*permutations((0, 2, 3)), (4, 0), (1,)])
def test_rows_that_a_filter_hides_keep_their_places(
    context: Flask, people: dict, visitor, positions: tuple[int, ...], shown: tuple[int, ...]
) -> None:
    """Whatever order the shown ones are given, each hidden one stands where it stood; and the page
    is told their places, so that the next drag is about what it shows."""
    names = ("A", "B", "C", "D", "E")
    ids = [catalog(Industry, n, position=p).id for n, p in zip(names, positions, strict=True)]
    db.session.commit()
    an = visitor("an")
    answer = drag(an, an.get(LIST).text, *(ids[n] for n in shown))
    assert answer.status_code == 200
    rows = db.session.execute(
        select(Industry.id, Industry.position).order_by(Industry.position, Industry.sort_key)
    ).all()
    expected = list(range(5))
    for slot, number in zip(sorted(shown), shown, strict=True):
        expected[slot] = number
    assert [key for key, _place in rows] == [ids[n] for n in expected]
    assert answer.json["places"] == [dict(rows)[ids[n]] for n in shown]
    if len(set(positions)) == 5:
        assert [place for _key, place in rows] == list(positions)


def moved_by_a_drag(binh: Visitor, page: str, ids: list[int]) -> None:
    assert drag(binh, page, ids[1], ids[0], ids[2]).status_code == 200


def moved_on_its_form(_binh: Visitor, _page: str, ids: list[int]) -> None:
    db.session.get_one(Industry, ids[0]).position = 9


def sorted_by_name(binh: Visitor, page: str, _ids: list[int]) -> None:
    seen = SORTS.search(page)[1]
    binh.post(f"{LIST}order-by-name/", {"seen": seen}, page=LIST)


def deleted(_binh: Visitor, _page: str, ids: list[int]) -> None:
    db.session.delete(db.session.get_one(Industry, ids[2]))


def replaced(_binh: Visitor, _page: str, ids: list[int]) -> None:
    """Another record has the number now, as a restore from an older backup does it."""
    db.session.get_one(Industry, ids[2]).created_at = utcnow()


CHANGES = [moved_by_a_drag, moved_on_its_form, sorted_by_name, deleted, replaced]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_drag_on_a_list_that_was_changed_meanwhile_moves_nothing_and_says_so(
    context: Flask, people: dict, visitor, binh: Visitor, change: Callable[..., None]
) -> None:
    ids = make(Industry, "Một", "Hai", "Ba")
    an = visitor("an")
    his, shown = binh.get(LIST).text, an.get(LIST).text
    change(binh, his, ids)
    db.session.commit()
    before = order_now()
    answer = drag(an, shown, ids[2], ids[0], ids[1])
    assert answer.status_code == 409
    assert "chưa được lưu" in answer.json["error"]["message"]
    assert order_now() == before
    again = drag(an, an.get(LIST).text, *reversed(before))
    assert again.status_code == 200
    assert order_now() == before[::-1]


def test_a_record_that_somebody_added_at_the_end_is_in_no_drags_way(
    context: Flask, people: dict, visitor
) -> None:
    """The places that the page shows are those that are stored: the move means what it meant."""
    a, b = make(Industry, "Một", "Hai")
    an = visitor("an")
    page = an.get(LIST).text
    new = catalog(Industry, "Ba", position=3).id
    db.session.commit()
    assert drag(an, page, b, a).status_code == 200
    assert order_now() == [b, a, new]


def test_sorting_by_name_does_not_undo_an_order_that_was_made_meanwhile(
    context: Flask, people: dict, visitor, binh: Visitor
) -> None:
    a, b, c = make(Industry, "Một", "Hai", "Ba")
    an = visitor("an")
    seen = SORTS.search(an.get(LIST).text)[1]
    assert drag(binh, binh.get(LIST).text, b, c, a).status_code == 200
    for sent in (seen, "", "không"):
        an.post(f"{LIST}order-by-name/", {"seen": sent}, page="/profile")
        assert order_now() == [b, c, a], sent
    assert "Danh sách chưa được xếp lại" in an.get(LIST).text
    # One's own drags are no surprise: the page that showed them sorts.
    seen = SORTS.search(an.get(LIST).text)[1]
    assert drag(an, an.get(LIST).text, a, b, c).status_code == 200
    an.post(f"{LIST}order-by-name/", {"seen": seen}, page=LIST)
    assert order_now() == [c, b, a]


@pytest.mark.parametrize("rows", [["1"], ["1:1"], ["x"], ["1.honcjiq6z1"], ["1.honcjiq6z1:-1"]])
def test_a_row_that_cannot_be_read_is_refused(
    context: Flask, people: dict, visitor, rows: list[str]
) -> None:
    make(Industry, "Một")
    an = visitor("an")
    given = {"rows": rows, "csrf_token": an.token(LIST)}
    assert an.raw_post(f"{LIST}order/", given).status_code == 400
    assert an.raw_post(f"{LIST}order/", {"csrf_token": given["csrf_token"]}).status_code == 409


def test_the_list_is_ordered_by_position_then_by_vietnamese_name(
    context: Flask, people: dict, visitor
) -> None:
    for name in ("Zung", "Đào", "Ánh", "Dũng", "Ân"):
        catalog(Industry, name, position=5)
    catalog(Industry, "Xếp trước", position=1)
    db.session.commit()
    page = visitor("an").get(LIST).text
    order = [page.index(f">{n}</span></a>") for n in
             ("Xếp trước", "Ánh", "Ân", "Dũng", "Đào", "Zung")]  # fmt: skip
    assert order == sorted(order)


def test_search_ignores_accents_and_takes_wildcards_as_they_are(
    context: Flask, people: dict, visitor
) -> None:
    make(Industry, "Xây dựng", "100% vốn", "Dịch_vụ")
    an = visitor("an")
    assert "Xây dựng" in an.get(f"{LIST}?q=xay+DUNG").text
    assert "Xây dựng" not in an.get(f"{LIST}?q=x%25ng").text
    assert "100% vốn" in an.get(f"{LIST}?q=0%25").text
    assert "Xây dựng" not in an.get(f"{LIST}?q=_").text


def test_the_segments_show_what_is_in_use_and_what_is_not(
    context: Flask, people: dict, visitor
) -> None:
    make(Industry, "Xây dựng")
    catalog(Industry, "Cũ", is_active=False)
    db.session.commit()
    page = visitor("an").get(f"{LIST}?is_active=0").text
    assert ">Cũ</span></a>" in page
    assert ">Xây dựng</span></a>" not in page


def test_the_dialog_adds_a_collaborator_and_tells_the_page_which(
    context: Flask, people: dict, visitor
) -> None:
    mai = visitor("mai")
    url = "/admin/catalogs/collaborator/create-and-select/"
    answer = mai.post(url, {"name": "Hoàng Minh Tú", "color": "gray"})
    assert answer.status_code == 204
    record = db.session.scalar(select(Collaborator))
    assert f'"id": "{marks.key(record)}"' in answer.headers["HX-Trigger"]
    refused = mai.post(url, {"name": "", "color": "gray"})
    assert refused.status_code == 422


@pytest.mark.parametrize("key", ["0", "-1", "abc", "1,2", "99999999999999999999", "", "1.0", "%00"])
@pytest.mark.parametrize("page", ["edit", "details", "delete", "merge"])
def test_a_malformed_or_missing_id_is_not_found(
    context: Flask, people: dict, visitor, page: str, key: str
) -> None:
    assert visitor("an").get(f"{LIST}{page}/?id={key}").status_code == 404


@pytest.mark.parametrize("query", ["page=0", "page=abc", "page=999999999999999999999", "page=-1",
                                   "per_page=7", "sort=nmae", "sort=-", "is_active=%00",
                                   "q=%00", "q=" + "x" * 5000, "page=1&page=2"])  # fmt: skip
def test_a_malformed_query_shows_the_list_all_the_same(
    context: Flask, people: dict, visitor, query: str
) -> None:
    make(Industry, "Xây dựng")
    assert visitor("an").get(f"{LIST}?{query}").status_code == 200


def test_an_edit_that_comes_too_late_shows_both_versions(
    context: Flask, people: dict, visitor
) -> None:
    [key] = make(Industry, "Xây dựng")
    an, other = visitor("an"), visitor("an")
    url = f"{LIST}edit/?id={key}"
    values = {"name": "Xây lắp", "code": "LV001", "version": "1", "color": "gray", "is_active": "y"}
    assert other.post(url, {**values, "name": "Xây dựng dân dụng"}).status_code == 302
    answer = an.post(url, values)
    assert answer.status_code == 409
    assert "Xây lắp" in answer.text
    assert "Xây dựng dân dụng" in answer.text
    assert stored(Industry, key).name == "Xây dựng dân dụng"


def test_a_record_deleted_meanwhile_is_said_to_be_gone(
    context: Flask, people: dict, visitor
) -> None:
    [key] = make(Industry, "Xây dựng")
    an = visitor("an")
    here = f"{LIST}edit/?id={key}"
    carried = an.carried(here, here)
    db.session.delete(stored(Industry, key))
    db.session.commit()
    answer = an.raw_post(here, {**carried, "name": "Mới"})
    assert answer.status_code == 409
    assert "Bản ghi này không còn nữa" in answer.text
    assert '<td class="mine">Mới</td>' in answer.text
