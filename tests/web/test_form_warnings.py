"""A warning of a form is shown once before the record is saved; sent once more, it is saved."""

from __future__ import annotations

from typing import Any

import pytest
from factories import catalog, contact, customer, group
from flask import Flask
from sent import fields
from sqlalchemy import func, select

from crmadmin.access.models import User
from crmadmin.catalogs.models import Collaborator
from crmadmin.core.db import db, spec_of
from crmadmin.core.kinds import KINDS
from crmadmin.core.normalise import normaliser
from crmadmin.core.spec import FieldSpec
from crmadmin.core.text import Note, Refusal
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups.models import CustomerGroup
from crmadmin.panel.build import declared

DOUBTFUL = ("Nguyeãn", "Nguyeãn Vaên An", "0168 812 3456", "0100109107", "NGUYEÃN")
"""What may be right and probably is not: text of an old font, an old prefix, a check digit."""
GOOD = {
    KINDS["text"]: "Tên", KINDS["code"]: "M1", KINDS["phone"]: "0912345678",
    KINDS["email"]: "lan@congty.vn", KINDS["long_text"]: "Mô tả",
}  # fmt: skip
MODELS = {m.__name__: m for m in declared()}


def doubt(spec: FieldSpec) -> str | None:
    """What this field takes with a warning, if there is such a thing."""
    if spec.choices or spec.kind in (KINDS["ref"], KINDS["province"]):
        return None  # chosen, not typed
    for typed in DOUBTFUL:
        notes: list[Note] = []
        try:
            value = normaliser(spec)(typed, notes)
        except Refusal:
            continue
        if notes and value is not None:
            return typed
    return None


CASES = [
    (name, f.name)
    for name, model in MODELS.items()
    if model not in (CustomerGroup, Contact)  # these have tests of their own
    for f in spec_of(model).having("editable")
    if doubt(f)
]
CONTACT_CASES = [f.name for f in spec_of(Contact).having("editable") if doubt(f)]


def sent(page: str) -> dict[str, Any]:
    """What a browser would send of the page's form."""
    return fields(page, "record-form")


def address(model: type[Any]) -> str:
    pages = {"Customer": "/admin/customers/", "User": "/admin/users/",
             "CustomerGroup": "/admin/groups/"}  # fmt: skip
    return pages.get(model.__name__, f"/admin/catalogs/{spec_of(model).name}/")


def count(model: type[Any]) -> int:
    db.session.expire_all()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def filled(browser: Any, model: type[Any]) -> dict[str, Any]:
    """The form of a new record with what it needs."""
    form = dict(sent(browser.get(f"{address(model)}new/").text))
    for f in spec_of(model).having("editable"):
        if f.required and not form.get(f.name):
            form[f.name] = GOOD.get(f.kind, "") or form.get(f.name, "")
    if model is User:
        form |= {"username": "lan", "password": "mưa rào trên phố"}
    return form


def test_every_kind_of_warning_and_every_form_is_tried() -> None:
    kinds = {spec_of(MODELS[name]).field(field).kind for name, field in CASES}
    assert kinds >= {KINDS["text"], KINDS["long_text"], KINDS["phone"], KINDS["tax_code"]}
    assert {name for name, _field in CASES} == set(MODELS) - {"CustomerGroup", "Contact"}
    assert set(CONTACT_CASES) >= {"name", "phone"}


@pytest.mark.parametrize(("name", "field"), CASES)
def test_a_warning_is_shown_once_when_a_record_is_added(
    context: Flask, people: dict[str, int], visitor: Any, name: str, field: str
) -> None:
    model = MODELS[name]
    browser, path = visitor("an"), f"{address(MODELS[name])}new/"
    form = {**filled(browser, model), field: doubt(spec_of(model).field(field))}
    before = count(model)
    shown = browser.post(path, form)
    assert shown.status_code == 200, shown.text[-3000:]
    assert f'id="{field}-warning"' in shown.text
    assert "Chưa lưu. Bấm lần nữa" in shown.text
    assert count(model) == before
    again = {**dict(sent(shown.text)), **({"password": form["password"]} if model is User else {})}
    assert browser.post(path, again).status_code == 302
    assert count(model) == before + 1


@pytest.mark.parametrize("field", CONTACT_CASES)
def test_a_warning_of_a_contact_is_shown_once(
    context: Flask, people: dict[str, int], visitor: Any, field: str
) -> None:
    browser, path = visitor("an"), "/admin/customers/new/"
    typed = {"contacts-0-name": "Lan", f"contacts-0-{field}": doubt(spec_of(Contact).field(field))}
    shown = browser.post(path, {**filled(browser, Customer), **typed})
    assert shown.status_code == 200
    assert f'id="contacts-0-{field}-warning"' in shown.text
    assert f'href="#contacts-0-{field}"' in shown.text
    assert count(Customer) == 0
    assert browser.post(path, dict(sent(shown.text))).status_code == 302
    assert (count(Customer), count(Contact)) == (1, 1)


def test_another_warning_is_shown_in_its_turn(
    context: Flask, people: dict[str, int], visitor: Any
) -> None:
    browser, path = visitor("an"), "/admin/customers/new/"
    shown = browser.post(path, {**filled(browser, Customer), "tax_code": "0100109107"})
    again = browser.post(path, {**dict(sent(shown.text)), "phone": "0168 812 3456"})
    assert 'id="phone-warning"' in again.text
    assert count(Customer) == 0
    assert browser.post(path, dict(sent(again.text))).status_code == 302


def test_warnings_and_duplicates_are_shown_together_and_once(
    context: Flask, people: dict[str, int], visitor: Any
) -> None:
    customer(db.session.get_one(User, people["an"]), "Công ty A", phone="+84912345678")
    db.session.commit()
    browser, path = visitor("an"), "/admin/customers/new/"
    form = {**filled(browser, Customer), "phone": "0912345678", "tax_code": "0100109107"}
    shown = browser.post(path, form)
    assert 'id="phone-warning"' in shown.text
    assert 'id="tax_code-warning"' in shown.text
    assert "Có thể đã có" in shown.text
    assert browser.post(path, dict(sent(shown.text))).status_code == 302
    assert count(Customer) == 2


def test_on_an_edit_only_what_was_changed_is_warned_of(
    context: Flask, people: dict[str, int], visitor: Any
) -> None:
    owner = db.session.get_one(User, people["an"])
    customer(owner, "Công ty B", phone="+84912345678")
    made = customer(owner, "Nguyeãn Vaên An", tax_code="0100109107", phone="+84912345678")
    contact(made, "Leâ Vaên Bình")
    db.session.commit()
    browser, path = visitor("an"), f"/admin/customers/edit/?id={made.id}"
    form = dict(sent(browser.get(path).text))
    assert browser.post(path, {**form, "note": "Gọi lại"}).status_code == 302
    form = dict(sent(browser.get(path).text))
    shown = browser.post(path, {**form, "tax_code": "0100109108"})
    assert shown.status_code == 200
    assert 'id="tax_code-warning"' in shown.text
    assert 'id="name-warning"' not in shown.text
    assert "contacts-0-name-warning" not in shown.text
    assert browser.post(path, dict(sent(shown.text))).status_code == 302
    db.session.expire_all()
    assert db.session.get_one(Customer, made.id).tax_code == "0100109108"


def test_the_dialog_that_adds_and_selects_warns_as_well(
    context: Flask, people: dict[str, int], visitor: Any
) -> None:
    browser = visitor("an")
    path = f"{address(Collaborator)}create-and-select/"
    form = {**dict(fields(browser.get(path).text, "sheet-form")), "name": "Lan",
            "phone": "0168 812 3456"}  # fmt: skip
    shown = browser.post(path, form, page="/admin/customers/new/")
    assert 'id="sheet-phone-warning"' in shown.text
    assert count(Collaborator) == 0
    again = dict(fields(shown.text, "sheet-form"))
    assert browser.post(path, again, page="/admin/customers/new/").status_code == 204
    assert count(Collaborator) == 1


def test_the_copy_of_a_group_warns_of_its_name(
    context: Flask, people: dict[str, int], visitor: Any
) -> None:
    made = group("Khách")
    db.session.commit()
    browser = visitor("an")
    path = f"/admin/groups/clone/?id={made.id}"
    shown = browser.post(path, {"name": "Nguyeãn Vaên"})
    assert 'id="clone-name-warning"' in shown.text
    assert count(CustomerGroup) == 1
    assert browser.post(path, dict(fields(shown.text, "sheet-form"))).status_code in (302, 303)
    assert count(CustomerGroup) == 2


@pytest.mark.parametrize("field", ["name", "description"])
def test_the_form_of_a_group_warns_of_its_texts(
    context: Flask, people: dict[str, int], visitor: Any, field: str
) -> None:
    browser, path = visitor("an"), "/admin/groups/new/"
    form = dict(sent(browser.get(path).text))
    shown = browser.post(path, {**form, "name": "Nhóm", "description": "x", field: "Nguyeãn Vaên"})
    assert shown.status_code == 200, shown.text[-2000:]
    assert f'id="{field}-warning"' in shown.text
    assert count(CustomerGroup) == 0
    assert browser.post(path, dict(sent(shown.text))).status_code == 302
    assert count(CustomerGroup) == 1


def test_a_form_without_warnings_is_saved_at_once(
    context: Flask, people: dict[str, int], visitor: Any
) -> None:
    catalog(Collaborator, "Tú")
    db.session.commit()
    browser = visitor("an")
    assert browser.post("/admin/customers/new/", filled(browser, Customer)).status_code == 302
