"""Taking members out, moving and copying them: first the number, then the act."""

from __future__ import annotations

import pytest
from flask import Flask
from members import LIST, filled, members, several
from sheets import Sheet

from crmadmin.access.models import User
from crmadmin.core import records
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup, Membership


def at(act: str, group: CustomerGroup) -> str:
    return f"{LIST}members/{act}/?id={group.id}"


def version(group: CustomerGroup) -> int:
    db.session.expire_all()
    return db.session.get_one(CustomerGroup, group.id).version


def details(group: CustomerGroup) -> str:
    return f"{LIST}details/?id={group.id}"


def test_ticked_members_are_taken_out_and_stay_in_the_system(
    context: Flask, people: dict, visitor
) -> None:
    a, b, c = several(people, "A", "B", "C")
    made = filled(people, "Khách mời", [a, b, c])
    before = version(made)
    ticked = {"ids": [str(a.id), str(b.id)]}
    sheet = Sheet(visitor("mai"), at("remove", made), ticked, details(made))
    assert "2 khách hàng" in sheet.text
    assert members(made.id) == {"A", "B", "C"}
    assert sheet.confirm().status_code == 302
    assert members(made.id) == {"C"}
    assert db.session.query(Customer).count() == 3
    assert version(made) > before


def test_all_members_that_match_are_taken_out(context: Flask, people: dict, visitor) -> None:
    found = several(people, *(f"Hoa {n}" for n in range(60)), "Cá")
    made = filled(people, "Khách mời", found)
    data = {"all_matching": "1", "query": f"id={made.id}&q=hoa"}
    sheet = Sheet(visitor("mai"), at("remove", made), data, details(made))
    assert "60 khách hàng" in sheet.text
    answer = sheet.confirm()
    assert answer.location == f"{LIST}details/?id={made.id}&q=hoa", "back where it was ticked"
    assert members(made.id) == {"Cá"}


@pytest.mark.parametrize("act", ["move", "copy"])
def test_members_go_to_another_group_where_some_are_already(
    context: Flask, people: dict, visitor, act: str
) -> None:
    a, b, c = several(people, "A", "B", "C")
    source, target = filled(people, "Nguồn", [a, b, c]), filled(people, "Đích", [b])
    ticked = {"ids": [str(a.id), str(b.id)]}
    sheet = Sheet(visitor("mai"), at(act, source), ticked, details(source))
    sheet.choose(target=str(target.id))
    assert "2 khách hàng" in sheet.text
    assert "1 khách hàng sẽ vào “Đích”" in sheet.text
    assert sheet.confirm().status_code == 302
    assert members(target.id) == {"A", "B"}
    assert members(source.id) == ({"C"} if act == "move" else {"A", "B", "C"})


def test_members_that_came_or_went_since_the_sheet_opened_are_left_and_named(
    context: Flask, people: dict, visitor
) -> None:
    a, b, c = several(people, "A", "B", "C")
    made = filled(people, "Khách mời", [a, b])
    mai = visitor("mai")
    data = {"all_matching": "1", "query": f"id={made.id}"}
    sheet = Sheet(mai, at("remove", made), data, details(made))
    db.session.query(Membership).filter_by(customer_id=a.id).delete()
    db.session.add(Membership(group_id=made.id, customer_id=c.id))
    db.session.commit()
    told = mai.get(sheet.confirm().location).text
    assert "1 được giữ nguyên" in told
    assert records.describe(a) in told
    assert members(made.id) == {"C"}


@pytest.mark.parametrize("target", ["", "999", "self", "dynamic"])
def test_members_go_only_to_another_group_that_has_a_list(
    context: Flask, people: dict, visitor, target: str
) -> None:
    (a,) = several(people, "A")
    source = filled(people, "Nguồn", [a])
    moving = filled(people, "Theo tên", filter="q=x")
    typed = {"self": str(source.id), "dynamic": str(moving.id)}.get(target, target)
    sheet = Sheet(visitor("mai"), at("move", source), {"ids": [str(a.id)]}, details(source))
    assert sheet.confirm(target=typed).status_code == 422
    assert members(source.id) == {"A"}


def test_ids_that_are_no_members_change_nothing(context: Flask, people: dict, visitor) -> None:
    a, b = several(people, "A", "B")
    source, target = filled(people, "Nguồn", [a]), filled(people, "Đích")
    ticked = {"ids": [str(b.id), "999", "x", "-1"]}
    sheet = Sheet(visitor("mai"), at("copy", source), ticked, details(source))
    assert " disabled" in sheet.text
    sheet.confirm(target=str(target.id))
    assert members(target.id) == set()


def test_the_new_members_say_who_brought_them(context: Flask, people: dict, visitor) -> None:
    (a,) = several(people, "A")
    source, target = filled(people, "Nguồn", [a]), filled(people, "Đích")
    sheet = Sheet(visitor("an"), at("copy", source), {"ids": [str(a.id)]}, details(source))
    assert sheet.confirm(target=str(target.id)).status_code == 302
    found = db.session.query(Membership).filter_by(group_id=target.id).one()
    assert found.added_by_id == people["an"]
    assert db.session.get_one(User, people["an"]).username == "an"


@pytest.mark.parametrize("key", ["999", "abc", "", "1,2"])
def test_a_group_that_is_not_there_is_404(context: Flask, people: dict, visitor, key: str) -> None:
    mai = visitor("mai")
    for path in ("members/remove/", "members/move/", "members/copy/", "export-members/",
                 "history/", "clone/", "combine/"):  # fmt: skip
        assert mai.get(f"{LIST}{path}?id={key}").status_code == 404
