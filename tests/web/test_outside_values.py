"""Values that ended in an error of the server when they came in an address or a form, each sent
where it did: whatever is said of them, it is said in a page."""

from __future__ import annotations

from typing import Any

import pytest
from factories import customer, group
from flask import Flask
from sent import fields

from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.customers.models import Customer

LIST, GROUPS = "/admin/customers/", "/admin/groups/"
LARGE, LONG = "123456789012", "9" * 5000
"""More than an INTEGER column holds; more digits than Python reads."""
EARLY, LATE = "0001-01-01", "9999-12-31"
FIRST = "0001-01-01T00:00:00+14:00"

ADDRESSES = [
    f"{LIST}?created_at_to={LATE}",
    f"{LIST}?created_at_from={EARLY}",
    f"{LIST}bulk/set/?as_of={FIRST}",
    *(
        f"{path}{number}"
        for number in (LARGE, LONG)
        for path in (
            f"{LIST}?industry=", f"{LIST}?group=", f"{LIST}?page=", f"{LIST}?per_page=",
            f"{LIST}details/?id=", f"{LIST}edit/?id=", f"{LIST}bulk/set/?act=",
            f"{GROUPS}details/?id=", f"{GROUPS}edit/?id=", f"{GROUPS}combine/?id=1&with=",
            "/admin/catalogs/industry/edit/?id=", "/admin/users/edit/?id=",
            "/admin/catalogs/industry/?marked=",
        )
    ),
    *(f"/admin/imports/{number}/preview" for number in (LARGE, LONG)),
    *(f"/admin/acts/{number}/" for number in (LARGE, LONG)),
]  # fmt: skip


def test_no_value_in_an_address_breaks_its_page(
    context: Flask, people: dict[str, int], visitor: Any
) -> None:
    customer(db.session.get_one(User, people["an"]), "Hoa Sen")
    group("Khách mời")
    db.session.commit()
    an = visitor("an")
    broken = [path[:80] for path in ADDRESSES if an.get(path).status_code >= 500]
    assert broken == []


@pytest.mark.parametrize("number", [LARGE, LONG, "-1", "٣"])
def test_the_number_of_a_contact_is_no_way_to_break_a_form(
    context: Flask, people: dict[str, int], visitor: Any, number: str
) -> None:
    made = customer(db.session.get_one(User, people["an"]), "Hoa Sen")
    db.session.commit()
    key, here, an = made.id, f"{LIST}edit/?id={made.id}", visitor("an")
    form = fields(an.get(here).text, "record-form")
    typed = {"contacts-0-id": number, "contacts-0-name": "Nhung"}
    answer = an.post(here, {**form, **typed}, page=here)
    assert answer.status_code < 500
    db.session.expire_all()
    kept = db.session.get_one(Customer, key)
    assert [c.name for c in kept.contacts] == (["Nhung"] if answer.status_code == 302 else [])


@pytest.mark.parametrize("number", [LARGE, LONG])
def test_the_number_of_a_pasted_customer_is_no_way_to_break_a_group(
    context: Flask, people: dict[str, int], visitor: Any, number: str
) -> None:
    made = customer(db.session.get_one(User, people["an"]), "Hoa Sen")
    db.session.commit()
    here, an = f"{GROUPS}new/", visitor("an")
    given = {"lines": made.code, "choose": "1", "also": number}
    answer = an.post(f"{GROUPS}draft/new/paste", given, page=here)
    assert answer.status_code < 500
    for ids in ({"ids": number}, {"query": f"created_at_to={LATE}", "all_matching": "1"}):
        assert an.post(f"{GROUPS}draft/new/pick", ids, page=here).status_code < 500
