"""Fields that the form does not have, and values that the person may not choose."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from visitor import NewVisitor

from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.customers.models import Customer


def customers(app: Flask) -> list[Customer]:
    with app.app_context():
        found = list(db.session.scalars(select(Customer).order_by(Customer.id)))
        db.session.expunge_all()
    return found


@pytest.mark.parametrize("field", ["owner", "owner_id"])
def test_a_customer_that_sales_adds_is_their_own_whatever_the_form_says(
    app: Flask, people: dict[str, int], visitor: NewVisitor, field: str
) -> None:
    form = {"name": "Công ty Sơn Ca", "kind": "organization", field: str(people["an"])}
    visitor("son").post("/admin/customers/new/", form)
    assert [c.owner_id for c in customers(app)] == [people["son"]]


@pytest.mark.parametrize("field", ["owner", "owner_id"])
def test_sales_cannot_give_a_customer_away(
    app: Flask, people: dict[str, int], visitor: NewVisitor, field: str
) -> None:
    son = visitor("son")
    son.post("/admin/customers/new/", {"name": "Công ty Sơn Ca", "kind": "organization"})
    (made,) = customers(app)
    form = {
        "name": "Công ty Sơn Ca 2", "kind": "organization", "code": made.code,
        "version": str(made.version), field: str(people["an"]),
    }  # fmt: skip
    son.post(f"/admin/customers/edit/?id={made.id}", form)
    (now,) = customers(app)
    assert (now.name, now.owner_id) == ("Công ty Sơn Ca 2", people["son"])


@pytest.mark.parametrize("name", ["mai", "son", "vy"])
def test_nobody_but_an_administrator_changes_a_role(
    app: Flask, people: dict[str, int], visitor: NewVisitor, name: str
) -> None:
    form = {"username": name, "full_name": name, "role": "admin", "version": "1"}
    answer = visitor(name).raw_post(f"/admin/users/edit/?id={people[name]}", form)
    assert answer.status_code == 403
    with app.app_context():
        roles = dict(db.session.execute(select(User.username, User.role)).all())
    assert roles == {"an": "admin", "mai": "marketing", "son": "sales", "vy": "viewer"}


def test_a_users_form_writes_nothing_that_it_does_not_show(
    app: Flask, people: dict[str, int], visitor: NewVisitor
) -> None:
    forged = {
        "session_epoch": "99", "password_hash": "x", "id": "1", "created_by_id": "1",
        "username_key": "x", "last_login_at": "2020-01-01", "preferences": "{}",
    }  # fmt: skip
    form = {
        "username": "vy", "full_name": "Vy", "role": "viewer", "is_active": "1", "locale": "vi",
        "theme": "auto", "email": "vy@example.com", "version": "1",
    }  # fmt: skip
    path = f"/admin/users/edit/?id={people['vy']}"
    answer = visitor("an").post(path, {**form, **forged})
    assert answer.status_code == 302
    with app.app_context():
        vy = db.session.get_one(User, people["vy"])
        assert (vy.id, vy.full_name, vy.username_key) == (people["vy"], "Vy", "vy")
        assert (vy.session_epoch, vy.last_login_at) == (1, None)
        assert str(vy.password_hash).startswith("$argon2id$")
