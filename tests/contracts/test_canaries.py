"""No address tells a viewer what is sensitive: every sensitive field of every record holds a value
that stands nowhere else, and no answer to Vy holds one. A field that is declared sensitive later is
looked for without being mentioned here.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

import factories
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from walker import Records, sign_in, steps
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from crmadmin.access.models import SavedView
from crmadmin.catalogs.models import all_catalogs
from crmadmin.core import search
from crmadmin.core.db import all_records, db, spec_of
from crmadmin.core.kinds import KINDS
from crmadmin.core.list_state import read_state
from crmadmin.core.spec import FieldSpec
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups.models import Membership

NUMBERS = count(1001)


def canary(f: FieldSpec) -> tuple[Any, tuple[str, ...]]:
    """A value for a field, and the ways to write it that may stand in no answer."""
    n = next(NUMBERS)
    if f.kind is KINDS["phone"]:
        digits = f"91{n}673"
        spaced = f"{digits[:3]} {digits[3:6]} {digits[6:]}"
        return f"+84{digits}", (digits, spaced)
    if f.kind is KINDS["email"]:
        return f"chim{n}@yen.example.com", (f"chim{n}@",)
    if f.kind is KINDS["tax_code"]:
        return f"00109201{n}", (f"09201{n}",)
    if f.kind is KINDS["date"]:
        day = date.fromordinal(date(1950, 1, 1).toordinal() + n)
        return day, (day.strftime("%d/%m/%Y"), day.isoformat())
    if f.kind in (KINDS["text"], KINDS["long_text"]):
        return f"Chimyen{n}", (f"chimyen{n}",)
    raise AssertionError(f"{f.name}: say here what a {f.kind} that nobody may see looks like")


@dataclass
class Aviary:
    """Canary → whose it is; and the records that hold them, by table."""

    told: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    def values(self, model: type[Any]) -> dict[str, Any]:
        """A canary for each sensitive field of a model."""
        made: dict[str, Any] = {}
        for f in spec_of(model).fields:
            if f.sensitive:
                made[f.column], ways = canary(f)
                self.told |= dict.fromkeys(ways, f"{model.__tablename__}.{f.name}")
        return made

    def found_in(self, text: str) -> set[str]:
        """What of the canaries stands in a text: table.field."""
        read = re.sub(r"\s+", " ", html.unescape(text)).lower()
        return {whose for way, whose in self.told.items() if way in read}


@pytest.fixture
def birds(app: Flask) -> Aviary:
    """A record of every kind, each sensitive value of which is a canary; customers are persons."""
    made = Aviary()
    with app.app_context():
        for name, role in (("an", "admin"), ("vy", "viewer")):
            user = factories.user(name, role, **made.values(factories.User))
            made.ids[name] = user.id
        for model in all_catalogs():
            made.ids[model.__tablename__] = factories.catalog(model, **made.values(model)).id
        an = db.session.get_one(factories.User, made.ids["an"])
        person = factories.customer(an, "Lê An", kind="person", **made.values(Customer))
        factories.contact(person, **made.values(Contact))
        group = factories.group()
        db.session.add(Membership(group_id=group.id, customer_id=person.id))
        follows = factories.group("Nhóm động", filter="kind=person")
        view = {"record": "customer", "name": "Sinh nhật", "name_key": "sinh nhat"}
        db.session.add(SavedView(user_id=made.ids["vy"], query="sort=birthday", **view))
        db.session.commit()
        made.ids |= {"customer": person.id, "customer_group": group.id, "follows": follows.id}
        made.ids["user"] = made.ids["an"]
        db.session.remove()
    return made


def browser_of(app: Flask, birds: Aviary, name: str) -> FlaskClient:
    client = app.test_client()
    sign_in(app, client, birds.ids[name])
    return client


def every_column(client: FlaskClient) -> None:
    """Let the list of customers show every column there is."""
    names = [f.name for f in spec_of(Customer).fields]
    answer = client.post("/admin/customers/columns/", data={"columns": names})
    assert answer.status_code == 302


def addresses(app: Flask, birds: Aviary) -> Iterator[str]:
    """Every address that answers GET, with the record of its kind; lists also searched, sorted and
    filtered by each canary's field."""
    ids = {name: {"own": key} for name, key in birds.ids.items()}
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: (r.endpoint, r.rule)):
        for step in steps(rule, Records(ids), thorough=False):
            if step.method == "GET" and not rule.endpoint.startswith("access.logout"):
                yield step.path
    yield f"/admin/groups/details/?id={birds.ids['follows']}"
    for model in all_records():
        for f in spec_of(model).fields:
            if f.sensitive and model is not Contact:
                where = ADDRESSES.get(model) or f"/admin/catalogs/{model.__tablename__}/"
                yield from (f"{where}?sort={f.name}", f"{where}?{f.name}=x", f"{where}export/")


ADDRESSES: dict[type[Any], str] = {Customer: "/admin/customers/", factories.User: "/admin/users/"}


def text_of(answer: TestResponse) -> str:
    """Whatever can be read in an answer, a workbook's cells included."""
    data = answer.get_data()
    answer.close()
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            data = b"".join(parts.read(name) for name in parts.namelist())
    return data.decode("utf-8", "replace")


@pytest.fixture
def _open(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.usefixtures("_open")
def test_no_address_tells_a_viewer_anything_sensitive(app: Flask, birds: Aviary) -> None:
    client = browser_of(app, birds, "vy")
    every_column(client)
    leaks, asked, answered = [], 0, 0
    for path in addresses(app, birds):
        answer = client.get(path)
        asked += 1
        answered += answer.status_code == 200
        if not path.startswith("/profile"):  # one's own address is no secret
            leaks += [f"{path}: {whose}" for whose in birds.found_in(text_of(answer))]
    assert not leaks, "\n".join(leaks)
    assert asked > 200
    assert answered > 70


@pytest.mark.usefixtures("_open")
def test_the_walk_would_see_every_one_of_them(app: Flask, birds: Aviary) -> None:
    """The same pages tell an administrator each value: the canaries sing where they are let."""
    client = browser_of(app, birds, "an")
    every_column(client)
    seen: set[str] = set()
    for path in addresses(app, birds):
        seen |= birds.found_in(text_of(client.get(path)))
    assert seen >= set(birds.told.values()) - NOT_ON_A_PAGE


NOT_ON_A_PAGE = {"contact.birthday", "contact.note"}
"""What no page that reads shows to anybody yet."""


SENSITIVE = [(model, f) for model in all_records() for f in spec_of(model).fields if f.sensitive]
EACH = pytest.mark.parametrize(
    ("model", "f"), SENSITIVE, ids=[f"{m.__tablename__}.{f.name}" for m, f in SENSITIVE]
)


@EACH
def test_who_does_not_see_a_field_neither_sorts_nor_filters_by_it(
    model: type[Any], f: FieldSpec
) -> None:
    spec = spec_of(model)
    asked = MultiDict({"sort": f.name, f.name: "x", f"{f.name}_from": "1950-01-01"})
    state = read_state(spec, asked, sees_sensitive=False)
    assert (state.sort, dict(state.filters), dict(state.ranges)) == ("", {}, {})


@EACH
def test_who_does_not_see_a_field_does_not_find_by_it(
    context: Flask, birds: Aviary, model: type[Any], f: FieldSpec
) -> None:
    whose = Customer if model is Contact else model  # customers are found by their contacts
    stored = str(db.session.scalars(select(getattr(model, f.column)).order_by(model.id)).first())

    def found(*, sees: bool) -> int:
        where = search.conditions(whose, stored, sees_sensitive=sees)
        return db.session.scalar(select(func.count()).select_from(whose).where(*where)) or 0

    assert found(sees=False) == 0
    assert found(sees=True) == f.searched
