"""Taking members out, moving and copying them: first the number, then the act."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from members import LIST, filled, members, several

from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup, Membership


def at(act: str, group: CustomerGroup) -> str:
    return f"{LIST}members/{act}/?id={group.id}"


def seen(text: str) -> str:
    """The numbers that a sheet said, as it sends them back."""
    found = re.search(r'name="seen" value="([^"]+)"', text)
    assert found
    return found[1]


def version(group: CustomerGroup) -> int:
    db.session.expire_all()
    return db.session.get_one(CustomerGroup, group.id).version


def test_ticked_members_are_taken_out_and_stay_in_the_system(
    context: Flask, people: dict, visitor
) -> None:
    a, b, c = several(people, "A", "B", "C")
    made = filled(people, "Khách mời", [a, b, c])
    before = version(made)
    mai, url = visitor("mai"), at("remove", made)
    asked = mai.get(f"{url}&ids={a.id}&ids={b.id}").text
    assert "2 khách hàng" in asked
    data = {"ids": [str(a.id), str(b.id)], "seen": seen(asked)}
    assert mai.post(url, data).status_code == 302
    assert members(made.id) == {"C"}
    assert db.session.query(Customer).count() == 3
    assert version(made) > before


def test_all_members_that_match_are_taken_out(context: Flask, people: dict, visitor) -> None:
    found = several(people, *(f"Hoa {n}" for n in range(60)), "Cá")
    made = filled(people, "Khách mời", found)
    mai, url = visitor("mai"), at("remove", made)
    data = {"all_matching": "1", "query": f"id={made.id}&q=hoa"}
    asked = mai.get(f"{LIST}members/remove/", query_string={"id": made.id, **data}).text
    assert "60 khách hàng" in asked
    assert mai.post(url, {**data, "seen": seen(asked)}).status_code == 302
    assert members(made.id) == {"Cá"}


@pytest.mark.parametrize("act", ["move", "copy"])
def test_members_go_to_another_group_where_some_are_already(
    context: Flask, people: dict, visitor, act: str
) -> None:
    a, b, c = several(people, "A", "B", "C")
    source, target = filled(people, "Nguồn", [a, b, c]), filled(people, "Đích", [b])
    mai, url = visitor("mai"), at(act, source)
    ticked = {"ids": [str(a.id), str(b.id)], "target": str(target.id)}
    asked = mai.get(f"{url}&ids={a.id}&ids={b.id}&target={target.id}").text
    assert "2 khách hàng" in asked
    assert "1 khách hàng sẽ vào “Đích”" in asked
    assert mai.post(url, {**ticked, "seen": seen(asked)}).status_code == 302
    assert members(target.id) == {"A", "B"}
    assert members(source.id) == ({"C"} if act == "move" else {"A", "B", "C"})


def test_an_act_whose_numbers_changed_meanwhile_asks_again(
    context: Flask, people: dict, visitor
) -> None:
    a, b = several(people, "A", "B")
    made = filled(people, "Khách mời", [a, b])
    mai, url = visitor("mai"), at("remove", made)
    data = {"all_matching": "1", "query": f"id={made.id}"}
    said = seen(mai.get(f"{LIST}members/remove/", query_string={"id": made.id, **data}).text)
    db.session.query(Membership).filter_by(customer_id=a.id).delete()
    db.session.commit()
    answer = mai.post(url, {**data, "seen": said})
    assert answer.status_code == 422
    assert "Số liệu vừa thay đổi" in answer.text
    assert members(made.id) == {"B"}
    assert mai.post(url, {**data, "seen": seen(answer.text)}).status_code == 302
    assert members(made.id) == set()


@pytest.mark.parametrize("target", ["", "999", "self", "dynamic"])
def test_members_go_only_to_another_group_that_has_a_list(
    context: Flask, people: dict, visitor, target: str
) -> None:
    (a,) = several(people, "A")
    source = filled(people, "Nguồn", [a])
    moving = filled(people, "Theo tên", filter="q=x")
    typed = {"self": str(source.id), "dynamic": str(moving.id)}.get(target, target)
    data = {"ids": [str(a.id)], "target": typed, "seen": "1-0"}
    assert visitor("mai").post(at("move", source), data).status_code == 422
    assert members(source.id) == {"A"}


def test_ids_that_are_no_members_change_nothing(context: Flask, people: dict, visitor) -> None:
    a, b = several(people, "A", "B")
    source, target = filled(people, "Nguồn", [a]), filled(people, "Đích")
    data = {"ids": [str(b.id), "999", "x", "-1"], "target": str(target.id), "seen": "0-0"}
    assert visitor("mai").post(at("copy", source), data).status_code == 422
    assert members(target.id) == set()


def test_the_new_members_say_who_brought_them(context: Flask, people: dict, visitor) -> None:
    (a,) = several(people, "A")
    source, target = filled(people, "Nguồn", [a]), filled(people, "Đích")
    data = {"ids": [str(a.id)], "target": str(target.id), "seen": "1-0"}
    assert visitor("an").post(at("copy", source), data).status_code == 302
    found = db.session.query(Membership).filter_by(group_id=target.id).one()
    assert found.added_by_id == people["an"]
    assert db.session.get_one(User, people["an"]).username == "an"


@pytest.mark.parametrize("key", ["999", "abc", "", "1,2"])
def test_a_group_that_is_not_there_is_404(context: Flask, people: dict, visitor, key: str) -> None:
    mai = visitor("mai")
    for path in ("members/remove/", "members/move/", "members/copy/", "export-members/",
                 "history/", "clone/", "combine/"):  # fmt: skip
        assert mai.get(f"{LIST}{path}?id={key}").status_code == 404
