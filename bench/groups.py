"""Customer groups at size: adding and saving a hundred thousand members, pages, the picker.

Times are of one process that asks the product's own functions and pages; each is held against what
it is to be compared with, measured in turns with it, and the best of the rounds counts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from random import Random
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import delete, func, insert, literal, select

from bench import product, words
from crmadmin.access import services as access
from crmadmin.access.models import User
from crmadmin.catalogs.models import SalesGroup
from crmadmin.core import bulk
from crmadmin.core.bulk import ColumnValues, Same
from crmadmin.core.db import acting_as, db, spec_of, utcnow
from crmadmin.core.spec import derived_values
from crmadmin.customers.models import Customer
from crmadmin.groups import drafts, services
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.groups.saving import InstantStep, apply_now
from crmadmin.imports.pipeline.new_rows import new_columns

AT_ONCE = 50_000
NAMES = 5000
"""So many different names are made; customers beyond share them."""

LOOKS = 7
STOCK_SECONDS = 60
TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')


def prepare(url: str, folder: str, customers: int, members: int) -> dict[str, int]:
    """Make people, customers and a group of `members` of them, one of a hundred, and an empty one.

    The members of the big group are the customers of one sales group, spread evenly.
    """
    app = product.make_app(url, folder)
    with app.app_context():
        upgrade()
        admin = access.create_user(
            product.ADMIN, "admin", password=product.PASSWORD, full_name="An"
        )
        group = SalesGroup(code="A", name="Đại lý", position=1)
        db.session.add(group)
        db.session.commit()
        with acting_as(admin.id):
            _fill(admin.id, group.id, customers, customers // members)
            chosen = [Customer.sales_group_id == group.id]
            few = [*chosen, Customer.id <= 100 * (customers // members)]
            for name, where in (("Lớn", chosen), ("Nhỏ", few), ("Trống", None)):
                made = CustomerGroup(name=name, description="Để đo")
                db.session.add(made)
                db.session.commit()
                if where is not None:
                    apply_now(admin.id, made, [InstantStep(True, where)])
                db.session.commit()
        product.bring_index()
        return {"customers": customers}


def _fill(owner: int, group: int, customers: int, every: int) -> None:
    spec, named = spec_of(Customer), _names()
    made = {"sort_key", "name_text", "search_text", "search_private", "code_key", "email_key"}
    for start in range(1, customers + 1, AT_ONCE):
        ids = range(start, min(start + AT_ONCE, customers + 1))
        some = [named[(i * 2654435761 >> 7) % NAMES] for i in ids]  # not in step with members
        codes = [f"KH{i:07d}" for i in ids]
        given: dict[str, ColumnValues] = {
            "code": codes,
            "name": [one["name"] for one in some],
            "kind": Same("organization"),
            "owner_id": Same(owner),
            "sales_group_id": [group if i % every == 0 else None for i in ids],
            "do_not_contact": [i % 50 == 0 for i in ids],
        }
        columns = new_columns(spec, {k: v for k, v in given.items() if k != "name"} | {
            "name": Same("x")
        })  # fmt: skip
        for name in made & set(columns):
            columns[name] = [one[name] for one in some]
        keys: dict[str, ColumnValues] = {"code_key": [code.lower() for code in codes]}
        bulk.insert(Customer.__table__, {"id": list(ids), **columns, **given, **keys})
        db.session.commit()


def _names() -> list[dict[str, Any]]:
    random, spec, found = Random(4), spec_of(Customer), []  # noqa: S311 - made-up names
    for number in range(NAMES):
        parts = [random.choice(some) for some in (words.FORMS, words.TRADES, words.HOUSES)]
        values = {"name": f"{' '.join(parts)} {number}", "code": "KH", "phone": None, "email": None}
        values = {**dict.fromkeys(c.name for c in Customer.__table__.columns), **values}
        found.append({"name": values["name"], **derived_values(spec, values)})
    return found


def measure(url: str, folder: str, rounds: int) -> dict[str, Any]:
    """Milliseconds of everything (best of the rounds), and bytes of the pages."""
    app = product.make_app(url, folder)
    told: dict[str, Any] = {}
    with app.app_context():
        user = db.session.scalars(select(User).where(User.username == product.ADMIN)).one()
        where = [Customer.sales_group_id == db.session.scalar(select(SalesGroup.id))]
        for _round in range(rounds):
            with acting_as(user.id):
                _round_of_writes(told, user.id, where)
        groups = {g.name: g.id for g in db.session.scalars(select(CustomerGroup))}
        db.session.rollback()
        db.session.remove()
    return {**told, **_pages(app, groups)}


def _keep(told: dict[str, Any], what: str, seconds: float) -> None:
    told[what] = min(told.get(what, float("inf")), seconds * 1000)


def _timed(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    db.session.commit()
    return time.perf_counter() - began


def _round_of_writes(told: dict[str, Any], user_id: int, where: list[Any]) -> None:
    plain = CustomerGroup(name="Thẳng", description="Để đo")
    db.session.add(plain)
    db.session.commit()
    rows = select(literal(plain.id), Customer.id, literal(utcnow(), Membership.added_at.type),
                  literal(user_id)).where(*where)  # fmt: skip
    names = ["group_id", "customer_id", "added_at", "added_by_id"]
    straight = insert(Membership).from_select(names, rows)
    _keep(told, "insert", _timed(lambda: db.session.execute(straight)))
    told["rows"] = db.session.scalar(
        select(func.count()).select_from(Membership).where(Membership.group_id == plain.id)
    )
    db.session.execute(delete(CustomerGroup).where(CustomerGroup.id == plain.id))
    db.session.commit()
    draft = drafts.begin(user_id, None)
    drafts.type_text(draft, name="Qua bản nháp", description="Để đo")
    db.session.commit()
    _keep(told, "add", _timed(lambda: drafts.pick_matching(draft, where)))
    _keep(told, "save", _timed(lambda: drafts.save(draft, None)))
    saved = db.session.scalars(
        select(CustomerGroup).where(CustomerGroup.name == "Qua bản nháp")
    ).one()
    again = drafts.begin(user_id, saved)
    _keep(told, "take out", _timed(lambda: drafts.remove_matching(again, where)))
    _keep(told, "save without them", _timed(lambda: drafts.save(again, saved)))
    services.delete_many([saved.id])
    db.session.commit()


def _pages(app: Flask, groups: dict[str, int]) -> dict[str, Any]:
    """Pages as a browser gets them, each compared pair in turns."""
    browser = app.test_client()
    token = TOKEN.search(browser.get("/login").text)
    form = {"username": product.ADMIN, "password": product.PASSWORD}
    browser.post("/login", data={**form, "csrf_token": token[1] if token else ""})
    search = "picker?name=sao+viet"
    asked = {
        "details": "/admin/groups/details/?id={}",
        "form": "/admin/groups/edit/?id={}",
        "picker": f"/admin/groups/draft/{{}}/{search}",
    }
    found: dict[str, Any] = {}
    for _look in range(LOOKS):
        for name, path in asked.items():
            other = "Trống" if name == "picker" else "Nhỏ"
            for which in (other, "Lớn"):
                headers = {"HX-Request": "true"} if name == "picker" else {}
                began = time.perf_counter()
                answer = browser.get(path.format(groups[which]), headers=headers)
                _keep(found, f"{name} {which}", time.perf_counter() - began)
                if answer.status_code != 200:
                    raise AssertionError(f"{answer.request.path}: {answer.status_code}")
                found[f"{name} {which} bytes"] = len(answer.data)
    return found


def stock(url: str) -> dict[str, float]:
    """Seconds until Flask-Admin's own form of the big group has answered."""
    from flask_admin import Admin
    from flask_admin.contrib.sqla import ModelView
    from sqlalchemy import Column as Col
    from sqlalchemy import ForeignKey, Integer, String, Table, create_engine
    from sqlalchemy.orm import Session, declarative_base, relationship

    base = declarative_base()
    members = Table(
        "customer_group_member", base.metadata,
        Col("group_id", ForeignKey("customer_group.id"), primary_key=True),
        Col("customer_id", ForeignKey("customer.id"), primary_key=True),
    )  # fmt: skip
    customer = type("Person", (base,), {
        "__tablename__": "customer", "id": Col(Integer, primary_key=True), "name": Col(String),
        "__str__": lambda self: self.name,
    })  # fmt: skip
    group = type("Circle", (base,), {
        "__tablename__": "customer_group", "id": Col(Integer, primary_key=True),
        "name": Col(String), "members": relationship(customer, secondary=members),
    })  # fmt: skip
    session = Session(create_engine(url))
    app = Flask("stock", template_folder=None, static_folder=None)  # not this project's templates
    app.secret_key = "b" * 40
    key = session.query(group).filter_by(name="Lớn").one().id
    Admin(app).add_view(ModelView(group, session))
    began = time.perf_counter()
    answer = app.test_client().get(f"/admin/circle/edit/?id={key}")
    seconds = time.perf_counter() - began
    if answer.status_code != 200:
        raise AssertionError(f"the stock form answered {answer.status_code}")
    return {"seconds": seconds, "bytes": len(answer.data)}
