"""A group's page: members with their origin, search, history; and groups on a customer's page."""

from __future__ import annotations

import re

import pytest
from factories import add_to_group
from flask import Flask
from members import CUSTOMERS, LIST, filled, members, several
from sheets import Sheet

from crmadmin.core.db import acting_as, db
from crmadmin.groups import drafts
from crmadmin.groups.models import Membership
from crmadmin.imports.models import ImportBatch


def test_a_member_says_since_when_by_whom_and_from_which_import(
    context: Flask, people: dict, visitor
) -> None:
    batch = ImportBatch(
        kind="customers-contacts", status="done", file_name="khách.xlsx", user_id=people["mai"]
    )
    db.session.add(batch)
    db.session.flush()
    picked, brought = several(people, "Chọn tay", "Từ tệp")
    made = filled(people, "Khách mời", [picked])
    db.session.add(Membership(
        group_id=made.id, customer_id=brought.id, import_id=batch.id, added_by_id=people["an"],
    ))  # fmt: skip
    db.session.commit()
    page = " ".join(visitor("mai").get(f"{LIST}details/?id={made.id}").text.split())
    assert "Lê Thị Mai" in page
    assert "Trần Văn An" in page
    assert f'href="/admin/imports/{batch.id}/"' in page


@pytest.mark.parametrize("page", ["details", "history"])
def test_only_who_may_open_an_import_is_led_to_it(
    context: Flask, people: dict, visitor, page: str
) -> None:
    batch = ImportBatch(
        kind="customers-contacts", status="done", file_name="khách.xlsx", user_id=people["an"],
        counts={"members": {"added": 1}},
    )  # fmt: skip
    db.session.add(batch)
    db.session.flush()
    (brought,) = several(people, "Từ tệp")
    made = filled(people, "Khách mời")
    batch.group_id = made.id
    db.session.add(Membership(group_id=made.id, customer_id=brought.id, import_id=batch.id))
    db.session.commit()
    leads = f'href="/admin/imports/{batch.id}/"'
    for name, is_led in (("an", True), ("mai", False), ("vy", False)):
        shown = visitor(name).get(f"{LIST}{page}/?id={made.id}").text
        assert ("Từ tệp" if page == "details" else "khách.xlsx") in shown, name
        assert (leads in shown) == is_led, name


def test_members_are_searched_and_told_apart_by_whether_they_may_be_contacted(
    context: Flask, people: dict, visitor
) -> None:
    loud, quiet = several(people, "Hoa Sen"), several(people, "Cá Vàng", do_not_contact=True)
    made = filled(people, "Khách mời", [*loud, *quiet])
    mai, url = visitor("mai"), f"{LIST}details/?id={made.id}"
    for query, there in (("q=hoa", "Hoa Sen"), ("contact=no", "Cá Vàng"), ("contact=yes", "Hoa")):
        page = mai.get(f"{url}&{query}").text
        assert page.count("<tr role") == 2
        assert there in page


def test_a_dynamic_group_shows_who_matches_now_and_offers_no_taking_out(
    context: Flask, people: dict, visitor
) -> None:
    several(people, "Hoa Sen", "Cá Vàng")
    made = filled(people, "Theo tên", filter="q=hoa")
    mai, url = visitor("mai"), f"{LIST}details/?id={made.id}"
    page = mai.get(url).text
    assert "Nhóm động" in page
    assert 'data-name="Hoa Sen"' in page
    assert 'data-name="Cá Vàng"' not in page
    assert "Bỏ khỏi nhóm" not in page
    several(people, "Hoa Hồng")
    db.session.commit()
    assert 'data-name="Hoa Hồng"' in mai.get(url).text
    answer = mai.post(f"{LIST}members/remove/?id={made.id}", {"ids": ["1"]}, page=LIST)
    assert answer.status_code == 302


def test_the_history_tells_who_changed_what_the_latest_first(
    context: Flask, people: dict, visitor
) -> None:
    a, b = several(people, "A", "B")
    made = filled(people, "Khách mời")
    with acting_as(people["mai"]):
        add_to_group(made, [a.__class__.id.in_([a.id, b.id])])
    db.session.commit()
    with acting_as(people["an"]):
        draft = drafts.begin(people["an"], made)
        drafts.type_text(draft, name="Khách quý")
        drafts.save(draft, made)
    db.session.commit()
    page = " ".join(visitor("vy").get(f"{LIST}history/?id={made.id}").text.split())
    page = page[page.index('<ol class="list log') :]
    assert page.index("Trần Văn An") < page.index("Lê Thị Mai")
    assert "+2" in page
    assert "<del>Khách mời</del>" in page
    assert "Khách quý" in page


def test_a_group_nobody_changed_has_an_empty_history(context: Flask, people: dict, visitor) -> None:
    made = filled(people, "Khách mời")
    answer = visitor("mai").get(f"{LIST}history/?id={made.id}")
    assert answer.status_code == 200
    assert "Chưa có thay đổi nào" in answer.text


def test_a_customer_joins_and_leaves_groups_on_its_own_page(
    context: Flask, people: dict, visitor
) -> None:
    (one,) = several(people, "Hoa Sen")
    made = filled(people, "Khách mời")
    mai, page = visitor("mai"), f"{CUSTOMERS}details/?id={one.id}"
    assert "Thêm vào nhóm" in mai.get(page).text
    url = f"{CUSTOMERS}add-to-group/?id={one.id}"
    assert mai.post(url, {"target": str(made.id)}).status_code == 302
    assert members(made.id) == {"Hoa Sen"}
    assert f"{LIST}details/?id={made.id}" in mai.get(page).text
    leaving = f"{CUSTOMERS}leave-group/?id={one.id}"
    key = re.search(r'name="group" value="([^"]+)"', mai.get(page).text)
    assert key is not None
    assert mai.post(leaving, {"group": key[1]}, page=page).status_code == 302
    assert members(made.id) == set()


def test_many_customers_join_a_group_and_those_in_it_stay_once(
    context: Flask, people: dict, visitor
) -> None:
    found = several(people, *(f"Hoa {n}" for n in range(60)))
    several(people, "Khác")
    made = filled(people, "Khách mời", found[:3])
    data = {"all_matching": "1", "query": "q=hoa"}
    sheet = Sheet(visitor("mai"), f"{CUSTOMERS}add-to-group/", data, CUSTOMERS)
    sheet.choose(target=str(made.id))
    assert "60 khách hàng" in sheet.text
    assert "57 khách hàng" in sheet.text
    assert sheet.confirm().location == f"{CUSTOMERS}?q=hoa"
    assert len(members(made.id)) == 60
    assert "Khác" not in members(made.id)


@pytest.mark.parametrize("target", ["", "999", "abc", "dynamic"])
def test_a_group_that_is_gone_or_follows_a_filter_takes_nobody(
    context: Flask, people: dict, visitor, target: str
) -> None:
    (one,) = several(people, "Hoa Sen")
    moving = filled(people, "Theo tên", filter="q=ca")
    typed = str(moving.id) if target == "dynamic" else target
    url = f"{CUSTOMERS}add-to-group/?id={one.id}"
    assert visitor("mai").post(url, {"target": typed}).status_code == 422
    assert db.session.query(Membership).count() == 0


def test_customers_are_filtered_by_a_group_of_either_kind(
    context: Flask, people: dict, visitor
) -> None:
    a, _b = several(people, "Hoa Sen", "Cá Vàng")
    fixed = filled(people, "Khách mời", [a])
    moving = filled(people, "Theo tên", filter="q=ca")
    mai = visitor("mai")
    for made, there, gone in ((fixed, "Hoa Sen", "Cá Vàng"), (moving, "Cá Vàng", "Hoa Sen")):
        page = mai.get(f"{CUSTOMERS}?group={made.id}").text
        assert f">{there}</a>" in page
        assert f">{gone}</a>" not in page
        assert made.name in page
    both = mai.get(f"{CUSTOMERS}?group={fixed.id}&group={moving.id}").text
    assert "Hoa Sen" in both
    assert "Cá Vàng" in both
    assert 'role="row" data-id' not in mai.get(f"{CUSTOMERS}?group=999").text


def test_sales_may_not_put_customers_into_groups(context: Flask, people: dict, visitor) -> None:
    (one,) = several(people, "Của Sơn", whose="son")
    made = filled(people, "Khách mời", [one])
    son = visitor("son")
    page = son.get(f"{CUSTOMERS}details/?id={one.id}").text
    assert "Khách mời" in page
    assert "Thêm vào nhóm" not in page
    for path, data in (
        (f"add-to-group/?id={one.id}", {"target": str(made.id)}),
        (f"leave-group/?id={one.id}", {"group": str(made.id)}),
    ):
        assert son.post(CUSTOMERS + path, data, page=CUSTOMERS).status_code == 403
    assert members(made.id) == {"Của Sơn"}
