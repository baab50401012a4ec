"""Pasted lists of codes, phones and emails."""

from __future__ import annotations

import time

import pytest
from factories import customer, user
from sqlalchemy import insert

from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups import drafts, paste


def test_codes_phones_and_emails_are_found_however_they_are_written(mai: User) -> None:
    a = customer(mai, "A", code="KH-001")
    b = customer(mai, "B", phone="+84912345678")
    c = customer(mai, "C", email="Lan@Example.com")
    found = paste.look_up("kh-001\tCông ty A\r\n\n 0912.345.678 ;lan@EXAMPLE.com, không có\n")
    assert list(found.found) == found.ids == [a.id, b.id, c.id]
    assert found.found[b.id].line == "0912.345.678"
    assert found.found[a.id].customer.name == "A"
    assert (found.lines, found.not_found) == (4, ["không có"])


def test_lines_that_name_a_customer_again_or_several_are_told_apart(mai: User) -> None:
    a = customer(mai, "A", code="KH1", phone="+84912345678")
    first = customer(mai, "B", phone="+84987654321")
    second = customer(mai, "C", phone="+84987654321")
    found = paste.look_up("KH1\n0912345678\n0987654321\nkh1")
    assert found.ids == [a.id]
    assert [line.line for line in found.twice] == ["0912345678", "kh1"]
    [(line, named)] = found.several
    assert (line, [n.id for n in named]) == ("0987654321", [first.id, second.id])


def test_a_code_that_looks_like_a_phone_is_a_code(mai: User) -> None:
    a = customer(mai, "A", code="0912345678")
    customer(mai, "B", phone="+84912345678")
    assert paste.look_up("0912345678").ids == [a.id]


def test_nobody_is_found_out_of_reach_or_by_what_one_does_not_see(mai: User) -> None:
    son = user("son", "sales")
    a, b = customer(mai, "A", code="A1"), customer(son, "B", code="B1", phone="+84912345678")
    found = paste.look_up("A1\nB1", [Customer.owner_id == son.id])
    assert (found.ids, found.not_found) == ([b.id], ["A1"])
    assert paste.look_up("0912345678\nA1", sees_sensitive=False).ids == [a.id]


@pytest.mark.parametrize("text", ["\0\0", "x" * 100_000, "%\n_\n'\n\\", "\u2028", "+" * 300])
def test_odd_text_is_not_found_and_no_error(mai: User, text: str) -> None:
    customer(mai, "A")
    assert paste.look_up(text).ids == []


def test_a_hundred_thousand_lines_are_looked_up_and_picked_and_more_are_refused(mai: User) -> None:
    model = customer(mai, "Mẫu")
    row = {c.name: getattr(model, c.name) for c in Customer.__table__.columns if c.name != "id"}
    db.session.execute(
        insert(Customer),
        [{**row, "code": f"P{n:06d}", "code_key": f"p{n:06d}"} for n in range(20_000)],
    )
    lines = [f"P{n:06d}" for n in range(100_000)]
    began = time.monotonic()
    found = paste.look_up("\n".join(lines))
    assert len(found.found) == 20_000
    assert len(found.not_found) == 80_000
    draft = drafts.begin(mai.id, None)
    assert drafts.pick(draft, found.ids, kind="paste").found == 20_000
    assert time.monotonic() - began < 30
    with pytest.raises(paste.TooManyLines) as refused:
        paste.look_up("\n".join([*lines, "x"]))
    assert refused.value.lines == 100_001
