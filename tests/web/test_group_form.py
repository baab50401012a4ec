"""The form of a group: what is typed and picked is a draft until Lưu or Cập nhật writes it."""

from __future__ import annotations

import json
import re

import pytest
from factories import catalog, customer, group
from flask import Flask
from sent import fields
from sqlalchemy import func, select
from visitor import Visitor

from crmadmin.access.models import User
from crmadmin.catalogs.models import SalesGroup
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup, GroupDraft, Membership

LIST = "/admin/groups/"
NEW = f"{LIST}new/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def owner(people: dict, context: Flask) -> User:
    """An, to whom the customers belong."""
    return db.session.get_one(User, people["an"])


def some(owner: User, *names: str, **values: object) -> list[int]:
    """Customers of these names; their ids."""
    made = [customer(owner, name, **values).id for name in names]
    db.session.commit()
    return made


def filled(ids: list[int], name: str = "Khách mời") -> int:
    """A group with these members; its id."""
    made = group(name, "Hà Nội")
    db.session.add_all(Membership(group_id=made.id, customer_id=i) for i in ids)
    db.session.commit()
    return made.id


def act(who: Visitor, what: str, key: object = "new", page: str = NEW, **data: object):
    """Do something in the form as htmx would."""
    url = f"http://crm.example{page}"
    headers = {**HTMX, "HX-Current-URL": url}
    path = f"{LIST}draft/{key}/{what}"
    return who.raw_post(path, {**who.carried(page, path), **data}, headers=headers)


def note_of(answer) -> str:
    return json.loads(answer.headers["HX-Trigger"])["note"]["text"]


def edit_page(key: object, **args: str) -> str:
    return f"{LIST}edit/?id={key}" + "".join(f"&{k}={v}" for k, v in args.items())


def members_of(key: int) -> set[int]:
    found = select(Membership.customer_id).where(Membership.group_id == key)
    return set(db.session.scalars(found))


def only_group() -> CustomerGroup:
    return db.session.scalars(select(CustomerGroup)).one()


# What is typed and picked is a draft


def test_a_new_group_is_made_of_its_texts_and_the_customers_that_were_picked(
    owner: User, visitor
) -> None:
    first, second, third = some(owner, "Hoa Sen", "Cá Vàng", "Bánh Xe")
    mai = visitor("mai")
    act(mai, "text", name="Khách mời", description="Tháng 12")
    answer = act(mai, "pick", ids=f"{first} {second}")
    assert note_of(answer) == "Đã thêm 2 khách hàng vào bản nháp."
    assert "group-picked" in answer.headers["HX-Trigger"]
    assert "+2" in answer.text
    assert db.session.scalar(select(func.count()).select_from(CustomerGroup)) == 0
    # The page is drawn anew, in another browser even: nothing is lost.
    page = visitor("mai").get(NEW).text
    assert 'value="Khách mời"' in page
    assert "Chưa lưu: +2 thành viên, sửa tên, sửa mô tả" in page
    assert page.count('class="new"') == 2
    assert mai.post(NEW, {"name": "Khách mời", "description": "Tháng 12"}).status_code == 302
    assert members_of(only_group().id) == {first, second}
    assert third not in members_of(only_group().id)
    assert "Chưa lưu:" not in mai.get(NEW).text


def test_a_form_without_scripts_picks_and_keeps_its_searches(owner: User, visitor) -> None:
    ids = some(owner, "Hoa Sen", "Cá Vàng")
    mai = visitor("mai")
    data = {"ids": [str(ids[0])], "back": "name=hoa&mq=sen"}
    answer = mai.post(f"{LIST}draft/new/pick", data, page=NEW)
    assert answer.status_code == 303
    assert answer.location.endswith("/admin/groups/new/?name=hoa&mq=sen")
    page = mai.get(answer.location.removeprefix("http://crm.example")).text
    assert "Đã thêm 1 khách hàng vào bản nháp." in page
    assert "+1" in page


def test_every_draft_is_its_users_own(owner: User, visitor) -> None:
    key = filled(some(owner, "Hoa Sen"))
    act(visitor("mai"), "text", key, edit_page(key), description="Của Mai")
    assert "Của Mai" not in visitor("an").get(edit_page(key)).text
    assert "Của Mai" in visitor("mai").get(edit_page(key)).text


def test_typing_what_stands_there_begins_nothing(owner: User, visitor) -> None:
    key = filled([])
    mai = visitor("mai")
    act(mai, "text", key, edit_page(key), name="Khách mời", description="Hà Nội")
    assert db.session.scalar(select(func.count()).select_from(GroupDraft)) == 0


# Saving


@pytest.mark.parametrize(
    "typed", [{"name": "Nhóm", "description": "  "}, {"name": "", "description": "Mô tả"}]
)
def test_name_and_description_are_required_and_what_was_picked_stays(
    owner: User, visitor, typed: dict
) -> None:
    ids = some(owner, "Hoa Sen")
    mai = visitor("mai")
    act(mai, "pick", ids=str(ids[0]))
    answer = mai.post(NEW, typed)
    assert answer.status_code == 422
    assert "Mục này bắt buộc nhập" in answer.text
    assert 'class="new"' in answer.text
    assert db.session.scalar(select(func.count()).select_from(CustomerGroup)) == 0


def test_a_name_that_is_taken_is_refused_and_kept_as_typed(owner: User, visitor) -> None:
    group("Khách mời")
    db.session.commit()
    mai = visitor("mai")
    answer = mai.post(NEW, {"name": "KHÁCH  MỜI", "description": "x"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "KHÁCH  MỜI" in mai.get(NEW).text


def test_update_writes_texts_and_members_at_once(owner: User, visitor) -> None:
    stays, goes, comes = some(owner, "Hoa Sen", "Cá Vàng", "Bánh Xe")
    key = filled([stays, goes])
    mai = visitor("mai")
    act(mai, "remove", key, edit_page(key), only=goes)
    act(mai, "pick", key, edit_page(key), ids=comes)
    page = mai.get(edit_page(key)).text
    assert "Chưa lưu: +1 và −1 thành viên" in page
    for word in ("Cập nhật", "Xóa", "Trở về", "Tên danh sách khách hàng", "Mô tả"):
        assert word in page
    typed = {"name": "Khách mời", "description": "Đà Nẵng"}
    assert mai.post(edit_page(key), typed).status_code == 302
    db.session.expire_all()
    assert members_of(key) == {stays, comes}
    assert db.session.get_one(CustomerGroup, key).description == "Đà Nẵng"


# Members


def test_members_are_searched_and_narrowed_to_what_changed(owner: User, visitor) -> None:
    key = filled(some(owner, "Hoa Sen", "Cá Vàng"))
    mai = visitor("mai")
    act(mai, "pick", key, edit_page(key), ids=some(owner, "Bánh Xe")[0])
    headers = {**HTMX, "HX-Current-URL": f"http://crm.example{edit_page(key)}&name=cong&sort=name"}
    found = mai.get(f"{LIST}draft/{key}/members?mq=ca+vang", headers=headers)
    assert re.findall(r'data-name="([^"]+)"', found.text) == ["Cá Vàng"]
    # The address of the page keeps the picker's half as it was.
    assert found.headers["HX-Replace-Url"] == f"{edit_page(key)}&name=cong&sort=name&mq=ca+vang"
    found = mai.get(f"{LIST}draft/{key}/members?show=added", headers=headers)
    assert re.findall(r'data-name="([^"]+)"', found.text) == ["Bánh Xe"]


def test_all_members_that_a_search_matches_are_taken_out(owner: User, visitor) -> None:
    key = filled(some(owner, "Hoa Sen 1", "Hoa Sen 2", "Cá Vàng"))
    mai = visitor("mai")
    answer = act(mai, "remove", key, edit_page(key), all_matching="1", mq="hoa sen")
    assert "Đã bớt 2 thành viên" in note_of(answer)
    assert answer.text.count('class="gone"') == 2


def test_every_step_can_be_undone_alone_by_row_and_all_at_once(owner: User, visitor) -> None:
    ids = some(owner, "Hoa Sen", "Cá Vàng", "Bánh Xe", "Sữa Non")
    key = filled(ids[:2])
    mai = visitor("mai")
    act(mai, "remove", key, edit_page(key), ids=" ".join(map(str, ids[:2])))
    answer = act(mai, "pick", key, edit_page(key), ids=f"{ids[2]} {ids[3]}")
    assert "2 bước chưa lưu" in answer.text
    assert "Chọn 2 khách hàng" in answer.text
    step = re.search(r'name="step" value="(\d+)" aria-label="Hoàn tác: Bớt', answer.text)
    assert step is not None
    answer = act(mai, "undo", key, edit_page(key), step=step[1])
    assert "gone" not in answer.text
    answer = act(mai, "undo", key, edit_page(key), customer=ids[2])
    assert "+1" in answer.text
    answer = act(mai, "undo", key, edit_page(key), all="1")
    assert "Chưa lưu:" not in answer.text
    mai.post(edit_page(key), {"name": "Khách mời", "description": "Hà Nội"})
    assert members_of(key) == set(ids[:2])


# Leaving


def test_going_back_asks_only_when_there_is_something_to_lose(owner: User, visitor) -> None:
    ids = some(owner, "Hoa Sen")
    mai = visitor("mai")
    answer = mai.get(f"{LIST}draft/new/leave", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, LIST)
    act(mai, "pick", ids=str(ids[0]))
    asked = mai.get(f"{LIST}draft/new/leave", headers=HTMX).text
    assert "Bỏ các thay đổi?" in asked
    assert "+1 thành viên" in asked
    assert act(mai, "leave").headers["HX-Redirect"] == LIST
    assert db.session.scalar(select(func.count()).select_from(GroupDraft)) == 0
    assert db.session.scalar(select(func.count()).select_from(CustomerGroup)) == 0


# Dynamic groups


def test_a_group_follows_the_search_and_is_frozen_again(owner: User, visitor) -> None:
    wholesale = catalog(SalesGroup, "Khách sỉ")
    inside = some(owner, "Hoa Sen", "Cá Vàng", sales_group_id=wholesale.id)
    some(owner, "Bánh Xe")
    mai = visitor("mai")
    query = f"sales_group={wholesale.id}"
    asked = mai.get(f"{LIST}draft/new/follow?query={query.replace('=', '%3D')}", headers=HTMX).text
    assert "Lúc này có 2 khách hàng khớp" in asked
    assert "Khách sỉ" in asked
    assert act(mai, "follow", query=query).status_code == 204
    page = mai.get(NEW).text
    assert "Nhóm động" in page
    assert 'id="choose"' not in page
    mai.post(NEW, {"name": "Khách sỉ", "description": "Tất cả"})
    key = only_group().id
    assert only_group().filter == query
    assert members_of(key) == set()
    answer = act(mai, "freeze", key, edit_page(key))
    assert answer.headers["HX-Redirect"] == edit_page(key)
    page = mai.get(edit_page(key)).text
    assert "Đã cố định danh sách: 2 thành viên" in page
    assert "Nhóm động" not in page
    mai.post(edit_page(key), {"name": "Khách sỉ", "description": "Tất cả"})
    db.session.expire_all()
    assert members_of(key) == set(inside)
    assert only_group().filter is None


def test_nobody_can_be_picked_into_a_group_that_follows(owner: User, visitor) -> None:
    ids = some(owner, "Hoa Sen")
    mai = visitor("mai")
    act(mai, "follow", query="kind=person")
    answer = act(mai, "pick", ids=str(ids[0]))
    assert answer.headers["HX-Redirect"] == NEW
    assert "cố định danh sách" in mai.get(NEW).text


# Others


def test_two_editors_get_a_page_with_both_sides_and_can_have_both(owner: User, visitor) -> None:
    kept, hers, his = some(owner, "Hoa Sen", "Cá Vàng", "Bánh Xe")
    key = filled([kept])
    mai, an = visitor("mai"), visitor("an")
    act(mai, "pick", key, edit_page(key), ids=hers)
    act(an, "pick", key, edit_page(key), ids=his)
    assert an.post(edit_page(key), {"name": "Khách mời", "description": "An"}).status_code == 302
    answer = mai.post(edit_page(key), {"name": "Khách mời", "description": "Mai"})
    assert answer.status_code == 409
    for word in ("Trần Văn An", "+1", "Gộp cả hai và lưu", "cả hai cùng sửa"):
        assert word in answer.text
    db.session.expire_all()
    assert members_of(key) == {kept, his}
    sent = fields(answer.text, "merge-form")
    assert "pick-description" not in sent, "nothing is chosen at first"
    refused = mai.raw_post(edit_page(key), sent)
    assert refused.status_code == 409
    assert 'aria-invalid="true"' in refused.text
    merged = mai.raw_post(edit_page(key), {**sent, "pick-description": "mine"})
    assert merged.status_code == 302
    db.session.expire_all()
    assert members_of(key) == {kept, hers, his}
    assert db.session.get_one(CustomerGroup, key).description == "Mai"


@pytest.mark.parametrize("side", ["", "mine", "theirs"])
def test_a_text_that_only_the_other_changed_is_kept_unless_one_chooses_ones_own(
    owner: User, visitor, side: str
) -> None:
    kept, hers = some(owner, "Hoa Sen", "Cá Vàng")
    key = filled([kept])
    mai, an = visitor("mai"), visitor("an")
    before = db.session.get_one(CustomerGroup, key).description
    act(mai, "pick", key, edit_page(key), ids=hers)
    an.post(edit_page(key), {"name": "Tên của An", "description": "Của An"})
    answer = mai.post(edit_page(key))
    assert answer.status_code == 409
    sent = fields(answer.text, "merge-form")
    assert (sent["pick-name"], sent["pick-description"]) == ("theirs", "theirs")
    if side:
        sent["pick-description"] = side
    assert mai.raw_post(edit_page(key), sent).status_code == 302
    db.session.expire_all()
    group = db.session.get_one(CustomerGroup, key)
    assert group.name == "Tên của An"
    assert group.description == (before if side == "mine" else "Của An")
    assert members_of(key) == {kept, hers}


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_customers_touched_contrarily_are_chosen(owner: User, visitor, side: str) -> None:
    kept, gone = some(owner, "Hoa Sen", "Cá Vàng")
    key = filled([kept])
    mai, an = visitor("mai"), visitor("an")
    texts = {"name": "Khách mời", "description": db.session.get_one(CustomerGroup, key).description}
    act(an, "pick", key, edit_page(key), ids=gone)
    an.post(edit_page(key), texts)
    act(mai, "pick", key, edit_page(key), ids=gone)
    act(mai, "remove", key, edit_page(key), ids=gone)
    act(an, "remove", key, edit_page(key), ids=gone)
    an.post(edit_page(key), texts)
    act(an, "pick", key, edit_page(key), ids=gone)
    an.post(edit_page(key), texts)
    answer = mai.post(edit_page(key), texts)
    assert answer.status_code == 409
    sent = fields(answer.text, "merge-form")
    assert "một bên thêm, một bên bỏ: Cá Vàng" in answer.text
    assert "pick-members" not in sent
    assert mai.raw_post(edit_page(key), sent).status_code == 409
    assert mai.raw_post(edit_page(key), {**sent, "pick-members": side}).status_code == 302
    db.session.expire_all()
    assert members_of(key) == ({kept} if side == "mine" else {kept, gone})


def test_a_page_opened_before_another_saved_is_told_so(owner: User, visitor) -> None:
    key = filled([])
    mai, an = visitor("mai"), visitor("an")
    an.post(edit_page(key), {"name": "Khách mời", "description": "An"})
    data = {"name": "Khách mời", "description": "Mai", "version": "1"}
    assert mai.post(edit_page(key), data).status_code == 409


def test_a_group_deleted_meanwhile_leaves_the_changes_as_a_new_group(owner: User, visitor) -> None:
    ids = some(owner, "Hoa Sen")
    key = filled([])
    mai = visitor("mai")
    act(mai, "pick", key, edit_page(key), ids=str(ids[0]))
    visitor("an").post(f"{LIST}delete/?id={key}", {"version": "1"})
    page = mai.get(edit_page(key))
    assert page.status_code == 200
    assert "vừa bị xóa" in page.text
    answer = mai.post(edit_page(key), {"name": "Khách mời", "description": "Hà Nội"})
    assert answer.status_code == 302
    page = mai.get(NEW).text
    assert 'data-name="Hoa Sen"' in page
    mai.post(NEW, {"name": "Khách mời", "description": "Hà Nội"})
    assert members_of(only_group().id) == set(ids)


def test_a_group_that_never_was_and_one_without_rights_are_refused(owner: User, visitor) -> None:
    key = filled([])
    assert visitor("mai").get(edit_page(999)).status_code == 404
    assert visitor("mai").get(f"{LIST}draft/999/members", headers=HTMX).status_code == 404
    for name in ("son", "vy"):
        assert visitor(name).get(edit_page(key)).status_code == 403
        assert visitor(name).get(f"{LIST}draft/{key}/picker", headers=HTMX).status_code == 403


def test_a_draft_saved_in_another_window_is_told(owner: User, visitor) -> None:
    ids = some(owner, "Hoa Sen")
    key = filled([])
    mai = visitor("mai")
    act(mai, "pick", key, edit_page(key), ids=str(ids[0]))
    draft = db.session.scalars(select(GroupDraft)).one()
    mai.post(edit_page(key), {"name": "Khách mời", "description": "Hà Nội"})
    db.session.expire_all()
    assert draft.saved_at is not None
    assert "Không còn gì để hoàn tác" in note_of(act(mai, "undo", key, edit_page(key), all="1"))


def test_a_picked_customer_deleted_meanwhile_is_left_out(owner: User, visitor) -> None:
    stays, goes = some(owner, "Hoa Sen", "Cá Vàng")
    mai = visitor("mai")
    act(mai, "pick", ids=f"{stays} {goes}")
    db.session.delete(db.session.get_one(Customer, goes))
    db.session.commit()
    assert "Chưa lưu: +1 thành viên" in mai.get(NEW).text
    assert mai.post(NEW, {"name": "Khách mời", "description": "Hà Nội"}).status_code == 302
    assert members_of(only_group().id) == {stays}


@pytest.mark.parametrize("is_new", [True, False])
def test_a_form_whose_draft_was_left_and_begun_anew_elsewhere_comes_back(
    owner: User, visitor, is_new: bool
) -> None:
    an = visitor("an")
    key = "new" if is_new else filled(some(owner, "Lan"))
    page = NEW if is_new else edit_page(key)
    picked = str(some(owner, "Bình")[0])
    act(an, "pick", key, page, ids=picked)
    old = {**an.carried(page, page), "name": "Khách cũ"}
    db.session.delete(db.session.scalars(select(GroupDraft)).one())
    db.session.commit()
    act(an, "pick", key, page, ids=picked)
    answer = an.raw_post(page, old)
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    assert "Khách cũ" not in an.get(page).text
