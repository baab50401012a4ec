"""Everything that is declared editable of a contact can be seen, typed, kept and read."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from factories import contact, customer
from flask import Flask
from sqlalchemy import select

from crmadmin.access.models import User
from crmadmin.core.db import db, spec_of
from crmadmin.customers.models import Contact

LIST = "/admin/customers/"
FIELDS = spec_of(Contact).having("editable")
MAIN = "is_primary"
TYPED = {
    "name": ("Vũ Hồng Nhung", "Vũ Hồng Nhung"),
    "title": ("Kế toán trưởng", "Kế toán trưởng"),
    "phone": ("0904 118 552", "0904 118 552"),
    "email": ("nhung@example.com", "nhung@example.com"),
    "birthday": ("20/11/1990", "20/11/1990"),
    "note": ("Gọi sau 14 giờ", "Gọi sau 14 giờ"),
}
"""What is typed into each field, and what the page shows of it."""
NAMES = [f.name for f in FIELDS if f.name != MAIN]


@pytest.fixture
def an(people: dict[str, int], visitor: Any) -> Any:
    return visitor("an")


def made(context: Flask, people: dict[str, int], **values: Any) -> tuple[int, int]:
    """A customer of An's with one contact: their ids."""
    owner = db.session.get_one(User, people["an"])
    record = customer(owner)
    person = contact(record, **values)
    db.session.commit()
    return record.id, person.id


def tags(html: str) -> list[dict[str, str]]:
    """The inputs of a piece of a page, each by its attributes."""
    found = re.findall(r"<(?:input|textarea)\b([^>]*)>", html)
    pairs = [re.findall(r'([\w-]+)(?:="([^"]*)")?', tag) for tag in found]
    return [{name: unescape(value) for name, value in tag} for tag in pairs]


def line(browser: Any, path: str) -> dict[str, dict[str, str]]:
    """The first contact of a form: the inputs of its line by their fields."""
    found = re.search(r'data-repeat-row="0">(.*?)</tr>', browser.get(path).text, re.S)
    assert found is not None
    return {tag["name"].rsplit("-", 1)[-1]: tag for tag in tags(found[1])}


def words(html: str) -> str:
    """What a page says."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", html)).split())


def sent(browser: Any, people: dict[str, int], path: str) -> dict[str, str]:
    """What a browser would send of the form as it is opened."""
    page = browser.get(path).text.partition("<template data-repeat-template")
    inputs = tags(page[0][page[0].index('id="record-form"') :])
    typed = [t for t in inputs if t.get("name") and t.get("type") not in ("radio", "checkbox")]
    given = {t["name"]: t.get("value", "") for t in typed}
    return {**given, "kind": "organization", "owner": str(people["an"])}


def test_every_editable_field_is_tried() -> None:
    assert set(TYPED) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_field_of_a_contact_is_seen_in_its_line_and_in_the_empty_one(
    context: Flask, people: dict[str, int], an: Any, name: str
) -> None:
    key, _person = made(context, people)
    path = f"{LIST}edit/?id={key}"
    tag = line(an, path)[name]
    assert tag.get("type") != "hidden"
    assert "hidden" not in tag
    assert "visually-hidden" not in tag.get("class", "")
    assert tag.get("aria-label")
    copied = an.get(path).text.partition("<template data-repeat-template")[2]
    assert f'name="contacts-__n__-{name}"' in copied


@pytest.mark.parametrize("name", NAMES)
def test_a_field_of_a_contact_is_kept_and_shown(
    context: Flask, people: dict[str, int], an: Any, name: str
) -> None:
    key, person = made(context, people)
    path = f"{LIST}edit/?id={key}"
    typed, shown = TYPED[name]
    answer = an.post(path, {**sent(an, people, path), f"contacts-0-{name}": typed})
    assert answer.status_code == 302, answer.text[:3000]
    db.session.expire_all()
    assert getattr(db.session.get_one(Contact, person), name)
    assert line(an, path)[name]["value"] == shown
    assert shown in words(an.get(f"{LIST}details/?id={key}").text)


def test_a_customer_that_is_opened_and_saved_keeps_all_of_its_contacts(
    context: Flask, people: dict[str, int], an: Any
) -> None:
    key, person = made(
        context, people, birthday=date(1990, 11, 20), note="Gọi sau 14 giờ", title="Kế toán"
    )
    path = f"{LIST}edit/?id={key}"
    opened = an.post(path, {**sent(an, people, path), "name": "Tên mới"})
    assert opened.status_code == 302, words(opened.text)[:2000]
    db.session.expire_all()
    kept = db.session.scalar(select(Contact).where(Contact.id == person))
    assert kept is not None
    assert (kept.birthday, kept.note, kept.title) == (
        date(1990, 11, 20), "Gọi sau 14 giờ", "Kế toán",
    )  # fmt: skip
