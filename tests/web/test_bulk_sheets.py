"""Acts on many records: what a sheet says, what it writes, and the way back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from factories import catalog, contact, customer, group
from flask import Flask
from members import filled, members
from sent import fields
from sheets import Sheet
from sqlalchemy import func, inspect, select
from visitor import NewVisitor

from crmadmin.access.models import User
from crmadmin.catalogs.models import Collaborator, CustomerStatus, CustomerTier
from crmadmin.core import acts, many, marks, records
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import db, utcnow
from crmadmin.customers.models import Contact, Customer, catalog_fields
from crmadmin.groups.models import CustomerGroup
from crmadmin.jobs import services
from crmadmin.jobs.work import work

LIST = "/admin/customers/"
GROUPS = "/admin/groups/"
SET, OWNER, DELETE = (f"{LIST}bulk/{act}/" for act in ("set", "owner", "delete"))


def someone(people: dict[str, int], name: str) -> User:
    return db.session.get_one(User, people[name])


def again(record: Any) -> Any:
    db.session.rollback()
    key = inspect(record).identity[0]
    return db.session.get(type(record), key, populate_existing=True)


@pytest.fixture
def three(context: Flask, people: dict[str, int]) -> list[Customer]:
    """Customers of An, the first two with a status."""
    status = catalog(CustomerStatus, "Tiềm năng")
    made = [customer(someone(people, "an"), f"Công ty {n}") for n in range(3)]
    made[0].status_id = made[1].status_id = status.id
    db.session.commit()
    return made


def ticked(*found: Customer, **more: str) -> dict[str, Any]:
    return {"ids": [str(one.id) for one in found], **more}


# Gán danh mục


@pytest.mark.parametrize("field", ["", *catalog_fields()])
def test_a_sheet_opens_unchosen_and_sending_it_so_writes_nothing(
    three, visitor, field: str
) -> None:
    sheet = Sheet(visitor("an"), SET, ticked(*three), LIST)
    assert sheet.sent["field"] == ""
    if field:
        sheet.choose(field=field)
        assert sheet.sent["field"] == field
        assert sheet.sent["value"] == ""
    answer = sheet.confirm()
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert [again(one).version for one in three] == [2, 2, 1]


def test_the_sheet_says_field_old_values_new_value_and_how_many(three, visitor) -> None:
    new = catalog(CustomerStatus, "Khách hàng thân")
    db.session.commit()
    sheet = Sheet(visitor("an"), SET, ticked(*three), LIST)
    sheet.choose(field="status", value=str(new.id))
    told = sheet.text.split('id="changes"', 1)[1].split("</table>", 1)[0]
    rows = told.split("<tr>")[2:]
    assert "Tiềm năng" in rows[0]
    assert "Khách hàng thân" in rows[0]
    assert ">2<" in rows[0]
    assert "Chưa đặt" in rows[1]
    assert ">1<" in rows[1]
    assert "Trạng thái" in sheet.text.split('id="changes-h"', 1)[1].split("</p>", 1)[0]


def test_more_values_than_are_listed_are_counted_without_those_that_stay(
    three, people: dict, visitor
) -> None:
    values = [catalog(CustomerTier, f"Hạng {n}") for n in range(14)]
    made = []
    for tier in values:
        made.append(customer(someone(people, "an"), f"Khách {tier.name}", tier_id=tier.id))
    db.session.commit()
    sheet = Sheet(visitor("an"), SET, ticked(*made), LIST)
    sheet.choose(field="tier", value=str(values[-1].id))
    told = sheet.text.split('id="changes"', 1)[1].split("</table>", 1)[0]
    numbers = [
        int(row.split('class="num end">')[1].split("<")[0]) for row in told.split("<tr>")[2:]
    ]
    assert sum(numbers) == len(made)
    assert "giữ nguyên" in told, "the one that has the value already"
    assert numbers[-1] == len(made) - (len(numbers) - 1)
    assert sheet.confirm().status_code == 302
    assert last_act().written == 13


def test_without_scripts_what_will_happen_is_shown_before_it_does(three, visitor) -> None:
    new = catalog(CustomerStatus, "Mới")
    db.session.commit()
    browser = visitor("an")
    sheet = Sheet(browser, SET, ticked(*three), LIST)
    asked = sheet.confirm(field="status")
    assert asked.status_code == 422  # now there is a value to choose
    sent = fields(asked.text, "sheet-form")
    shown = browser.raw_post(SET, {**sent, "value": str(new.id)})
    assert shown.status_code == 422
    assert 'id="changes"' in shown.text
    assert again(three[2]).status_id is None
    assert browser.raw_post(SET, fields(shown.text, "sheet-form")).status_code == 302
    assert [again(one).status_id for one in three] == [new.id] * 3


def test_emptying_a_field_is_a_choice_of_its_own(three, visitor) -> None:
    sheet = Sheet(visitor("an"), SET, ticked(*three), LIST)
    assert sheet.choose(field="status", value="-").confirm().status_code == 302
    assert [again(one).status_id for one in three] == [None] * 3


def test_a_collaborator_is_set_though_it_is_looked_up(three, visitor) -> None:
    one = catalog(Collaborator, "Cô Tư")
    db.session.commit()
    sheet = Sheet(visitor("an"), SET, ticked(*three), LIST)
    assert sheet.choose(field="collaborator", value=str(one.id)).confirm().status_code == 302
    assert again(three[0]).collaborator_id == one.id


def test_a_value_is_set_on_all_that_match_and_the_list_stays_as_it_was(
    context: Flask, people: dict, visitor
) -> None:
    status = catalog(CustomerStatus, "Tiềm năng")
    an = someone(people, "an")
    for number in range(60):
        customer(an, f"Nhóm {number}")
    other = customer(an, "Khác")
    db.session.commit()
    query = f"q=nhom&owner={an.id}&sort=-name&page=2"
    browser = visitor("an")
    sheet = Sheet(browser, SET, {"all_matching": "1", "query": query}, LIST)
    assert "60" in sheet.text
    answer = sheet.choose(field="status", value=str(status.id)).confirm()
    assert answer.status_code == 302
    assert answer.location == f"{LIST}?q=nhom&owner={an.id}&sort=-name&page=2"
    done = select(func.count()).select_from(Customer).where(Customer.status_id == status.id)
    assert db.session.scalar(done) == 60
    assert again(other).status_id is None
    page = browser.get(answer.location).text
    assert "Đã sửa 60 khách hàng" in page
    assert "Hoàn tác" in page


def test_what_changed_since_the_sheet_opened_is_left_and_named(
    three, people: dict, visitor
) -> None:
    browser = visitor("an")
    sheet = Sheet(browser, OWNER, {"all_matching": "1", "query": ""}, LIST)
    changed = again(three[1])
    records.change(changed, {"note": "Vừa sửa"})
    late = customer(someone(people, "an"), "Đến sau")
    db.session.commit()
    answer = sheet.choose(owner=str(people["mai"])).confirm()
    page = browser.get(answer.location).text
    assert records.describe(changed) in page.split('class="flashes"')[1].split("</main>")[0]
    owners = [again(one).owner_id for one in (*three, late)]
    assert owners == [people["mai"], people["an"], people["mai"], people["an"]]
    [act] = db.session.scalars(select(BulkAct))
    listed = browser.get(f"/admin/acts/{act.id}/").text
    assert records.describe(changed) in listed
    assert "vừa có người sửa" in listed


@pytest.mark.parametrize(
    "posted",
    [
        {"field": "note", "value": "1"},
        {"field": "owner", "value": "1"},
        {"field": "status", "value": "999"},
        {"field": "status", "value": "abc"},
        {"field": "", "value": ""},
        {"field": "status", "value": "1" * 400},
    ],
)
def test_a_forged_field_or_value_is_refused(three, visitor, posted: dict) -> None:
    catalog(CustomerTier, "Vàng")
    db.session.commit()
    sheet = Sheet(visitor("an"), SET, ticked(*three), LIST)
    assert sheet.confirm(**posted, seen="status_id:999").status_code == 422
    assert [again(one).version for one in three] == [2, 2, 1]


@pytest.mark.parametrize("act", ["", "0", "abc", "9" * 30, "999", "another's", "another kind's"])
def test_a_sheet_without_a_plan_of_its_own_writes_nothing(
    three, people: dict, visitor: NewVisitor, act: str
) -> None:
    browser = visitor("an")
    if act.startswith("another"):
        who = visitor("mai") if act == "another's" else browser
        act = Sheet(who, SET if who is browser else OWNER, ticked(*three), LIST).sent["act"]
    data = {"act": act, "owner": str(people["mai"]), "seen": f"owner_id:{people['mai']}"}
    assert browser.post(OWNER, data, page=LIST).status_code == 302
    assert again(three[0]).owner_id == people["an"]
    assert browser.get(f"{OWNER}?ids={three[0].id}").status_code == 302


def test_a_sheet_is_carried_out_once(three, people: dict, visitor) -> None:
    sheet = Sheet(visitor("an"), OWNER, ticked(*three), LIST).choose(owner=str(people["mai"]))
    sheet.confirm()
    version = again(three[0]).version
    sheet.confirm()
    assert again(three[0]).version == version
    assert db.session.scalar(select(func.count()).select_from(BulkAct)) == 1


# Hoàn tác


def last_act() -> BulkAct:
    db.session.rollback()
    return db.session.scalars(select(BulkAct).order_by(BulkAct.id.desc())).first()


def undo(browser: Any, act: BulkAct) -> Any:
    return browser.post(f"/admin/acts/{act.id}/undo/", page=LIST)


def test_deleted_customers_come_back_with_contacts_and_memberships(
    three, people: dict, visitor
) -> None:
    contact(three[0], "Nhung", phone="+84911222333")
    made = filled(people, "Khách mời", [three[0], three[1]])
    before = records.describe(three[0])
    browser = visitor("an")
    sheet = Sheet(browser, DELETE, ticked(*three), LIST)
    assert "3 khách hàng bị xóa" in sheet.text
    assert sheet.confirm().status_code == 302
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 0
    assert undo(browser, last_act()).status_code == 303
    assert records.describe(again(three[0])) == before
    assert [c.name for c in db.session.scalars(select(Contact))] == ["Nhung"]
    assert members(made.id) == {three[0].name, three[1].name}
    assert f">{three[0].name}</a>" in browser.get(f"{LIST}?q={three[0].code}").text, "it is found"


def test_what_somebody_changed_since_stays_and_is_named(three, people: dict, visitor) -> None:
    browser = visitor("an")
    Sheet(browser, OWNER, ticked(*three), LIST).choose(owner=str(people["mai"])).confirm()
    records.change(again(three[1]), {"note": "Sửa sau"})
    db.session.commit()
    page = browser.get(undo(browser, last_act()).location).text
    assert records.describe(three[1]) in page
    assert "có người sửa sau thao tác" in page
    assert [again(one).owner_id for one in three] == [
        people["an"], people["mai"], people["an"],
    ]  # fmt: skip
    assert "đã được hoàn tác rồi" in browser.get(undo(browser, last_act()).location).text


def test_an_undo_that_brings_nothing_back_says_so_and_can_be_repeated(
    three, people: dict, visitor
) -> None:
    browser = visitor("an")
    Sheet(browser, OWNER, ticked(*three), LIST).choose(owner=str(people["mai"])).confirm()
    first = last_act()
    Sheet(browser, OWNER, ticked(*three), LIST).choose(owner=str(people["son"])).confirm()
    second = last_act()
    page = browser.get(undo(browser, first).location).text
    assert "Chưa hoàn tác được gì: 3 bản ghi" in page
    assert 'id="undo-form"' in page
    undo(browser, second)
    assert "3 mục trở lại như trước" in browser.get(undo(browser, first).location).text
    assert [again(one).owner_id for one in three] == [people["an"]] * 3


def test_what_cannot_come_back_is_not_told_as_changed_since(three, people: dict, visitor) -> None:
    browser = visitor("an")
    code = three[0].code
    Sheet(browser, DELETE, ticked(three[0], three[1]), LIST).confirm()
    customer(someone(people, "an"), "Công ty khác", code=code)
    db.session.commit()
    page = browser.get(undo(browser, last_act()).location).text
    assert "1 mục trở lại như trước" in page
    assert "1 mục không khôi phục được" in page
    assert "có người sửa sau đó" not in page


def test_an_act_is_seen_and_taken_back_by_who_did_it_and_by_administrators(
    three, people: dict, visitor
) -> None:
    mai = visitor("mai")
    Sheet(mai, OWNER, ticked(*three), LIST).choose(owner=str(people["son"])).confirm()
    act = last_act()
    someone(people, "vy").role = "marketing"
    db.session.commit()
    other = visitor("vy")
    assert other.get(f"/admin/acts/{act.id}/").status_code == 404
    assert undo(other, act).status_code == 404
    assert f"/admin/acts/{act.id}/" not in other.get("/admin/acts/").text
    assert f"/admin/acts/{act.id}/" in mai.get("/admin/acts/").text
    an = visitor("an")
    assert f"/admin/acts/{act.id}/" in an.get("/admin/acts/").text
    assert undo(an, act).status_code == 303
    assert again(act).undone_by_id == people["an"]


@pytest.mark.parametrize("name", ["son", "vy"])
def test_who_can_do_nothing_to_many_has_no_pages_about_it(
    three, people: dict, visitor, name: str
) -> None:
    Sheet(visitor("mai"), OWNER, ticked(*three), LIST).choose(owner=str(people["son"])).confirm()
    act, browser = last_act(), visitor(name)
    assert browser.get("/admin/acts/").status_code == 403
    assert browser.get(f"/admin/acts/{act.id}/").status_code == 403
    assert undo(browser, act).status_code == 403
    assert again(act).undone_at is None


def test_who_may_not_do_it_any_more_takes_nothing_back(three, people: dict, visitor) -> None:
    mai = visitor("mai")
    Sheet(mai, OWNER, ticked(*three), LIST).choose(owner=str(people["son"])).confirm()
    act = last_act()
    someone(people, "mai").role = "viewer"
    db.session.commit()
    mai = visitor("mai")
    assert undo(mai, act).status_code == 403
    assert "Hoàn tác" not in mai.get(f"/admin/acts/{act.id}/").text
    assert again(three[0]).owner_id == people["son"]


def test_the_ten_acts_of_lists_are_refused_to_who_may_not(three, people: dict, visitor) -> None:
    made = filled(people, "Khách mời", three)
    addresses = [
        SET, OWNER, DELETE, f"{LIST}add-to-group/", f"{GROUPS}bulk/delete/",
        *(f"{GROUPS}members/{act}/?id={made.id}" for act in ("remove", "move", "copy")),
    ]  # fmt: skip
    for name in ("son", "vy"):
        browser = visitor(name)
        for address in addresses:
            assert browser.post(address, ticked(*three), page="/profile").status_code == 403
    assert visitor("mai").post(DELETE, ticked(*three), page=LIST).status_code == 403
    assert db.session.scalar(select(func.count()).select_from(BulkAct)) == 0


def test_single_deletes_can_be_taken_back(three, people: dict, visitor) -> None:
    browser, made = visitor("an"), filled(people, "Khách mời", [three[0]])
    unused = catalog(CustomerTier, "Không ai dùng")
    db.session.commit()
    for record, at in (
        (three[0], LIST), (made, GROUPS), (unused, "/admin/catalogs/customer_tier/"),
    ):  # fmt: skip
        name, version = again(record).name, str(record.version)
        gone = browser.post(f"{at}delete/?id={record.id}", {"version": version})
        assert gone.status_code == 302
        model, key = type(record), inspect(record).identity[0]
        assert db.session.scalar(select(model.id).where(model.id == key)) is None
        assert "Hoàn tác" in browser.get(at).text
        undo(browser, last_act())
        assert db.session.scalar(select(model.name).where(model.id == key)) == name
    assert members(made.id) == {three[0].name}


def test_catalog_acts_are_taken_back_from_their_message(context: Flask, people, visitor) -> None:
    first, second = catalog(CustomerTier, "Vàng"), catalog(CustomerTier, "Bạc")
    one = customer(someone(people, "an"), tier_id=first.id)
    db.session.commit()
    at, browser = "/admin/catalogs/customer_tier/", visitor("an")
    acted = {
        "stop": {"version": "1"},
        "merge": {"version": "{}", "target": str(second.id)},
        "order-by-name": {"seen": marks.moment(utcnow())},
    }
    for act, data in acted.items():
        sent = {k: v.format(again(first).version) for k, v in data.items()}
        url = f"{at}{act}/?id={first.id}"
        assert browser.post(url, sent, page=at).status_code == 302, act
        assert "Hoàn tác" in browser.get(at).text, act
        assert undo(browser, last_act()).status_code == 303
        assert again(one).tier_id == first.id
        assert again(first).is_active


def test_a_catalog_act_on_what_changed_since_the_menu_opened_is_not_done(
    context: Flask, people, visitor
) -> None:
    one = catalog(CustomerTier, "Vàng")
    db.session.commit()
    at, browser = "/admin/catalogs/customer_tier/", visitor("an")
    menu = browser.get(f"{at}acts/?id={one.id}").text
    assert 'name="version" value="1"' in menu
    records.change(again(one), {"name": "Vàng ròng"})
    db.session.commit()
    for act in ("stop", "make-default"):
        for sent in ({"version": "1"}, {}):
            browser.post(f"{at}{act}/?id={one.id}", sent, page=at)
    assert again(one).is_active
    assert not again(one).is_default


def test_deleted_groups_come_back_with_their_members(three, people: dict, visitor) -> None:
    made, browser = filled(people, "Khách mời", three), visitor("mai")
    group("Khác")
    db.session.commit()
    Sheet(browser, f"{GROUPS}bulk/delete/", {"ids": [str(made.id)]}, GROUPS).confirm()
    assert list(db.session.scalars(select(CustomerGroup.name))) == ["Khác"]
    undo(browser, last_act())
    assert members(made.id) == {one.name for one in three}
    assert acts.find(last_act().id).state == "undone"


# Very many


def test_a_long_act_is_done_by_a_worker_and_its_page_tells_how_far_it_is(
    app: Flask, three, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "MANY", 2)
    asked: list[int] = []
    monkeypatch.setattr(services, "_tell", lambda job: asked.append(job.id))
    browser = visitor("an")
    new = catalog(CustomerStatus, "Mới")
    db.session.commit()
    sheet = Sheet(browser, SET, ticked(*three), LIST)
    sheet.choose(field="status", value=str(new.id))
    answer = sheet.confirm()
    act = last_act()
    page_url = f"/admin/acts/{act.id}/"
    assert answer.location == page_url
    assert [again(one).version for one in three] == [2, 2, 1]
    text = browser.get(page_url).text
    assert "0 / 3 dòng" in text
    assert "Hoàn tác</button>" not in text
    assert "chưa xong" in browser.get("/admin/acts/").text
    part = browser.get(page_url, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert 'id="working"' in part.text
    assert work(app, asked[0])
    assert browser.get(page_url, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert "Hoàn tác</button>" in browser.get(page_url).text
    assert all(again(one).status_id == new.id for one in three)
    answer = browser.post(f"{page_url}undo/", {}, page=page_url)
    assert answer.status_code == 303
    assert "Đang hoàn tác" in browser.get(page_url).text
    assert work(app, asked[1])
    assert last_act().state == acts.UNDONE


def test_a_long_act_that_failed_says_why_and_goes_on_when_told(
    three, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "MANY", 2)
    monkeypatch.setattr(many, "BLOCK", 1)
    browser, kind = visitor("an"), acts.kind_of(BulkAct(kind="customers.delete"))
    tried: list[int] = []

    def fail_on_the_second(act: BulkAct) -> None:
        tried.append(1)
        if len(tried) == 2:
            raise RuntimeError("the power went")
        assert kind.work is not None
        kind.work(act)

    monkeypatch.setitem(acts._KINDS, kind.name, replace(kind, work=fail_on_the_second))
    Sheet(browser, DELETE, ticked(*three), LIST).confirm()
    act = last_act()
    page_url = f"/admin/acts/{act.id}/"
    text = browser.get(page_url).text
    assert "1 / 3 dòng" in text
    assert "Tiếp tục</button>" in text
    assert len(remaining()) == 2
    for sent in ("undo", "go-on"):
        browser.post(f"{page_url}{sent}/", {}, page=page_url)
        assert len(remaining()) == (2 if sent == "undo" else 0)
    act = last_act()
    assert (act.state, act.written, act.left) == ("done", 3, 0)


def remaining() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(Customer.id)))
