"""Two people edit the same record: every value that a form can write is compared and can be chosen,
and nothing of the one who saved first is lost unless the other says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from factories import NUMBER, catalog, contact, user
from flask import Flask
from sent import fields
from sqlalchemy import update
from visitor import PASSWORD, NewVisitor, Visitor

from crmadmin.access.models import User
from crmadmin.catalogs.models import all_catalogs
from crmadmin.core import merging, settings
from crmadmin.core.db import acting_as, db, spec_of
from crmadmin.core.kinds import KINDS, FieldKind
from crmadmin.core.normalise import normaliser
from crmadmin.core.spec import FieldSpec
from crmadmin.customers.models import Contact, Customer
from crmadmin.customers.views.pages import CONTACT_FIELDS
from crmadmin.imports.undo.side_effects import model_named
from crmadmin.panel.build import declared

AT = {m: f"/admin/catalogs/{m.__tablename__}/" for m in all_catalogs()}
AT |= {Customer: "/admin/customers/", User: "/admin/users/"}


def test_every_record_with_a_form_of_its_own_is_walked_here() -> None:
    # Contacts belong to their customer's form, groups to their drafts.
    assert {m.__name__ for m in declared()} - {"Contact", "CustomerGroup"} == {
        m.__name__ for m in AT
    }


def value_of(f: FieldSpec, number: int) -> Any:
    """One of several stored values of a field."""
    if f.kind is KINDS["ref"]:
        target: Any = model_named(f.target)
        made = user().id if target is User else catalog(target).id
        db.session.commit()
        return made
    if f.kind is KINDS["boolean"]:
        return bool(number % 2)
    if f.choices:
        return [c.value for c in f.choices][number % len(f.choices)]
    ways: dict[FieldKind, Callable[[], Any]] = {
        KINDS["code"]: lambda: f"XX{number:06}",
        KINDS["email"]: lambda: f"hop{number}@example.com",
        KINDS["phone"]: lambda: f"+8491{number:07}",
        KINDS["website"]: lambda: f"https://trang{number}.vn",
        KINDS["date"]: lambda: date(1990, 1, 1 + number % 28),
        KINDS["number"]: lambda: 100 + number,
        KINDS["tax_code"]: lambda: ["0100109106", "0300588569", "0101243150"][number % 3],
        KINDS["province"]: lambda: ["Bắc Ninh", "Hà Nội", "Huế"][number % 3],
    }
    if f.kind not in ways and not f.kind.is_measured:
        return normaliser(f)(f.kind.example, None) + number
    return ways.get(f.kind, lambda: f"Chữ số {number}")()


def value_for_user(f: FieldSpec, number: int) -> Any:
    return f"ten.{number}" if f.name == "username" else value_of(f, number)


def made_of(model: type[Any]) -> int:
    """A record with a value in each of its fields."""
    spec = spec_of(model)
    number = next(NUMBER)
    values = {f.column: value_for_user(f, number) for f in spec.having("editable")}
    if model is User:
        values |= {"role": "viewer", "is_active": True}
    if "is_default" in values:
        values["is_default"] = False
    record = model(**values)
    db.session.add(record)
    db.session.commit()
    return int(record.id)


def other_value(f: FieldSpec, now: Any, avoid: Any = None) -> Any:
    """A value of the field that is neither of these; None where it has but two."""
    for _attempt in range(8):
        found = value_for_user(f, next(NUMBER))
        if found not in (now, avoid):
            return found
    return None


def as_typed(f: FieldSpec, value: Any) -> str | None:
    """What a browser sends of a value; None for a box that is not ticked."""
    if f.kind is KINDS["boolean"]:
        return "y" if value else None
    if f.kind is KINDS["date"]:
        return value.strftime("%d/%m/%Y")
    return str(value)


def changed_by(
    who: str, people: dict[str, int], model: type[Any], key: int, /, **values: Any
) -> None:
    db.session.rollback()
    with acting_as(people[who]):
        if values.get("is_default"):
            db.session.execute(update(model).values(is_default=False))
        record = db.session.get(model, key, populate_existing=True)
        for column, value in values.items():
            setattr(record, column, value)
        db.session.commit()


def stored(model: type[Any], key: int) -> Any:
    db.session.rollback()
    return db.session.get(model, key, populate_existing=True)


def editing(browser: Visitor, url: str, form: str = "record-form") -> dict[str, Any]:
    """The form as it is opened."""
    return fields(browser.get(url).text, form)


def opened(visitor: NewVisitor, model: type[Any], key: int) -> tuple[Visitor, str, dict[str, Any]]:
    """An's browser, the address of the record's form, and the form as she opened it."""
    browser, url = visitor("an"), f"{AT[model]}edit/?id={key}"
    return browser, url, editing(browser, url)


def conflict(browser: Visitor, url: str, sent: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The page of both versions that answers, and its form as it stands."""
    answer = browser.raw_post(url, sent)
    assert answer.status_code == 409
    return answer.text, fields(answer.text, "again-form")


def typed(sent: dict[str, Any], f: FieldSpec, value: Any) -> dict[str, Any]:
    """The form with one more value typed in."""
    text = as_typed(f, value)
    return {k: v for k, v in sent.items() if k != f.name} | ({} if text is None else {f.name: text})


def walked(model: type[Any]) -> Iterator[FieldSpec]:
    yield from spec_of(model).having("editable")


@pytest.fixture(autouse=True)
def _no_duplicates(context: Flask) -> None:
    """Tax codes repeat here; that warning is not what this is about."""
    settings.set_duplicate_fields(())
    db.session.commit()


def all_changed_by_mai(people: dict[str, int], model: type[Any], key: int) -> dict[str, Any]:
    """Every field gets another value; gives them by field."""
    record = stored(model, key)
    others = {f.name: other_value(f, getattr(record, f.column)) for f in walked(model)}
    columns = {f.column: others[f.name] for f in walked(model)}
    changed_by("mai", people, model, key, **columns)
    return others


def values(model: type[Any], key: int) -> dict[str, Any]:
    record = stored(model, key)
    return {f.name: getattr(record, f.column) for f in walked(model)}


@pytest.mark.parametrize("side", ["", "theirs", "mine"])
@pytest.mark.parametrize("model", AT, ids=lambda m: m.__name__)
def test_what_only_the_other_changed_is_kept_unless_one_chooses_ones_own(
    context: Flask, people: dict, visitor: NewVisitor, model: type[Any], side: str
) -> None:
    key = made_of(model)
    browser, url, sent = opened(visitor, model, key)
    before = values(model, key)
    theirs = all_changed_by_mai(people, model, key)
    page, choice = conflict(browser, url, sent)
    assert "Lê Thị Mai" in page
    picks = {f"pick-{f.name}" for f in walked(model)}
    assert {k: choice.get(k) for k in picks} == dict.fromkeys(picks, "theirs")
    if side:
        choice |= dict.fromkeys(picks, side)
    assert browser.raw_post(url, choice).status_code == 302
    assert values(model, key) == (before if side == "mine" else theirs)


@pytest.mark.parametrize("side", ["theirs", "mine"])
@pytest.mark.parametrize("model", AT, ids=lambda m: m.__name__)
def test_what_both_changed_has_to_be_chosen(
    context: Flask, people: dict, visitor: NewVisitor, model: type[Any], side: str
) -> None:
    key = made_of(model)
    browser, url, sent = opened(visitor, model, key)
    before = values(model, key)
    theirs, mine = all_changed_by_mai(people, model, key), {}
    for f in walked(model):
        own = other_value(f, before[f.name], avoid=theirs[f.name])
        if own is not None:  # of yes and no, both changed it to the same
            mine[f.name] = own
            sent = typed(sent, f, own)
    _page, choice = conflict(browser, url, sent)
    picks = {f"pick-{name}" for name in mine}
    assert picks.isdisjoint(choice), "nothing is chosen at first"
    refused, _choice = conflict(browser, url, choice)
    assert 'aria-invalid="true"' in refused
    assert values(model, key) == theirs
    assert browser.raw_post(url, choice | dict.fromkeys(picks, side)).status_code == 302
    assert values(model, key) == (theirs | mine if side == "mine" else theirs)


@pytest.mark.parametrize("model", AT, ids=lambda m: m.__name__)
def test_what_cannot_be_read_is_shown_as_it_was_typed(
    context: Flask, people: dict, visitor: NewVisitor, model: type[Any]
) -> None:
    key = made_of(model)
    browser, url, sent = opened(visitor, model, key)
    all_changed_by_mai(people, model, key)
    for f in walked(model):
        answer = browser.raw_post(url, {**sent, f.name: "31/02/ôi", "merging": "0"})
        assert answer.status_code == 409, f.name
        assert f.kind is KINDS["boolean"] or f.choices or "31/02/ôi" in answer.text, f.name


def test_what_each_changed_elsewhere_is_merged(context: Flask, people: dict, visitor) -> None:
    key = made_of(Customer)
    browser, url, sent = opened(visitor, Customer, key)
    changed_by("mai", people, Customer, key, note="Của Mai")
    _page, choice = conflict(browser, url, {**sent, "address": "Của An"})
    assert (choice["pick-note"], choice["pick-address"]) == ("theirs", "mine")
    assert browser.raw_post(url, choice).status_code == 302
    now = stored(Customer, key)
    assert (now.note, now.address, now.updated_by_id) == ("Của Mai", "Của An", people["an"])


def test_a_third_edit_in_between_conflicts_again(context: Flask, people: dict, visitor) -> None:
    key = made_of(Customer)
    browser, url, sent = opened(visitor, Customer, key)
    changed_by("mai", people, Customer, key, note="Của Mai")
    _page, choice = conflict(browser, url, {**sent, "address": "Của An"})
    changed_by("son", people, Customer, key, website="https://son.vn")
    again, choice = conflict(browser, url, choice)
    assert "Phạm Sơn" in again
    assert stored(Customer, key).address != "Của An"
    assert {k for k in choice if k.startswith("pick-")} == {
        "pick-note", "pick-address", "pick-website",
    }  # fmt: skip
    assert browser.raw_post(url, choice).status_code == 302
    now = stored(Customer, key)
    assert (now.note, now.address, now.website) == ("Của Mai", "Của An", "https://son.vn")


def test_a_form_that_does_not_say_what_it_was_opened_with_has_all_chosen(
    context: Flask, people: dict, visitor
) -> None:
    for said in ("", "x", "[]", '{"name":1}', "[" * 100_000):
        key = made_of(Customer)
        browser, url, sent = opened(visitor, Customer, key)
        changed_by("mai", people, Customer, key, note="Của Mai")
        page, choice = conflict(browser, url, {**sent, "opened": said})
        assert "pick-note" not in choice
        assert 'name="pick-note"' in page


# Contacts


@pytest.fixture
def firm(context: Flask, people: dict) -> tuple[int, int, int]:
    """A customer with two contacts: its id and theirs."""
    key = made_of(Customer)
    record = stored(Customer, key)
    first = contact(record, "Nhung", title="Kế toán", phone="+84904118552", is_primary=True).id
    second = contact(record, "Huy", email="huy@example.com").id
    db.session.commit()
    return key, first, second


def contacts(key: int) -> dict[str, Any]:
    return {c.name: c for c in stored(Customer, key).contacts}


def touch_by_mai(people: dict[str, int], key: int) -> None:
    changed_by("mai", people, Customer, key, updated_at=stored(Customer, key).created_at)


CONTACT_SPECS = [spec_of(Contact).field(name) for name in CONTACT_FIELDS]


@pytest.mark.parametrize("f", CONTACT_SPECS, ids=lambda f: f.name)
@pytest.mark.parametrize("side", ["", "theirs", "mine"])
def test_a_field_of_a_contact_that_the_other_changed_is_shown_and_chosen(
    firm, people: dict, visitor, f: FieldSpec, side: str
) -> None:
    key, first, _second = firm
    browser, url, sent = opened(visitor, Customer, key)
    before = getattr(stored(Contact, first), f.column)
    theirs = other_value(f, before)
    changed_by("mai", people, Contact, first, **{f.column: theirs})
    _page, choice = conflict(browser, url, {**sent, "note": "Của An"})
    name = f"pick-contact-{first}.{f.name}"
    assert choice[name] == "theirs"
    assert browser.raw_post(url, {**choice, name: side or "theirs"}).status_code == 302
    assert getattr(stored(Contact, first), f.column) == (before if side == "mine" else theirs)
    assert stored(Customer, key).note == "Của An"
    assert len(contacts(key)) == 2


@pytest.mark.parametrize("side", ["", "theirs", "mine"])
def test_a_contact_that_the_other_added_stays_unless_one_says_otherwise(
    firm, people: dict, visitor, side: str
) -> None:
    key, _first, _second = firm
    browser, url, sent = opened(visitor, Customer, key)
    # As an import adds it: the customer itself is not touched.
    added = contact(stored(Customer, key), "Thêm Bởi Mai", email="mai@khach.vn").id
    db.session.commit()
    page, choice = conflict(browser, url, {**sent, "note": "Của An"})
    assert "Thêm Bởi Mai" in page
    assert "mai@khach.vn" in page
    name = f"pick-contact-{added}"
    assert choice[name] == "theirs"
    assert browser.raw_post(url, {**choice, name: side or "theirs"}).status_code == 302
    assert ("Thêm Bởi Mai" in contacts(key)) is (side != "mine")
    assert stored(Customer, key).note == "Của An"


@pytest.mark.parametrize("side", ["", "theirs", "mine"])
def test_a_contact_that_the_other_removed_stays_away_unless_one_says_otherwise(
    firm, people: dict, visitor, side: str
) -> None:
    key, _first, second = firm
    browser, url, sent = opened(visitor, Customer, key)
    db.session.delete(stored(Contact, second))
    db.session.commit()
    _page, choice = conflict(browser, url, {**sent, "note": "Của An"})
    name = f"pick-contact-{second}"
    assert choice[name] == "theirs"
    assert browser.raw_post(url, {**choice, name: side or "theirs"}).status_code == 302
    assert ("Huy" in contacts(key)) is (side == "mine")


@pytest.mark.parametrize("side", ["theirs", "mine"])
def test_a_contact_that_one_removed_and_the_other_changed_has_to_be_chosen(
    firm, people: dict, visitor, side: str
) -> None:
    key, _first, second = firm
    browser, url, sent = opened(visitor, Customer, key)
    mine = {k: v for k, v in sent.items() if not k.startswith("contacts-1-")}
    changed_by("mai", people, Contact, second, phone="+84911222333")
    page, choice = conflict(browser, url, mine)
    assert "0911 222 333" in page
    name = f"pick-contact-{second}"
    assert name not in choice
    assert browser.raw_post(url, choice).status_code == 409
    assert browser.raw_post(url, {**choice, name: side}).status_code == 302
    assert ("Huy" in contacts(key)) is (side == "theirs")


def test_contacts_that_both_added_are_both_there(firm, people: dict, visitor) -> None:
    key, _first, _second = firm
    browser, url, sent = opened(visitor, Customer, key)
    contact(stored(Customer, key), "Của Mai")
    db.session.commit()
    _page, choice = conflict(browser, url, {**sent, "contacts-7-name": "Của An"})
    assert browser.raw_post(url, choice).status_code == 302
    assert set(contacts(key)) == {"Nhung", "Huy", "Của Mai", "Của An"}


@pytest.mark.parametrize("side", ["", "theirs", "mine"])
def test_which_contact_is_the_main_one_is_chosen_too(
    firm, people: dict, visitor, side: str
) -> None:
    key, first, second = firm
    browser, url, sent = opened(visitor, Customer, key)
    changed_by("mai", people, Contact, first, is_primary=False)
    changed_by("mai", people, Contact, second, is_primary=True)
    _page, choice = conflict(browser, url, sent)
    assert choice["pick-main-contact"] == "theirs"
    assert (
        browser.raw_post(url, {**choice, "pick-main-contact": side or "theirs"}).status_code == 302
    )
    main = [c.name for c in contacts(key).values() if c.is_primary]
    assert main == (["Nhung"] if side == "mine" else ["Huy"])


@pytest.mark.parametrize("side", ["theirs", "mine"])
def test_a_contact_that_the_other_removed_and_one_changed_has_to_be_chosen(
    firm, people: dict, visitor, side: str
) -> None:
    key, _first, second = firm
    browser, url, sent = opened(visitor, Customer, key)
    db.session.delete(stored(Contact, second))
    db.session.commit()
    page, choice = conflict(browser, url, {**sent, "contacts-1-title": "Giám đốc"})
    assert "Giám đốc" in page
    name = f"pick-contact-{second}"
    assert name not in choice
    assert browser.raw_post(url, choice).status_code == 409
    assert browser.raw_post(url, {**choice, name: side}).status_code == 302
    assert ("Huy" in contacts(key)) is (side == "mine")
    if side == "mine":
        assert contacts(key)["Huy"].title == "Giám đốc"


def test_of_three_people_nobody_loses_a_contact_that_the_others_added_removed_or_changed(
    firm, people: dict, visitor
) -> None:
    key, first, second = firm
    browser, url, sent = opened(visitor, Customer, key)
    added = contact(stored(Customer, key), "Của Mai").id
    db.session.commit()
    changed_by("mai", people, Contact, first, title="Của Mai")
    _page, choice = conflict(
        browser, url, {**sent, "contacts-1-phone": "0911 222 333", "contacts-7-name": "Của An"}
    )
    db.session.delete(stored(Contact, second))
    db.session.commit()
    changed_by("son", people, Contact, added, title="Của Sơn")
    page, choice = conflict(browser, url, choice)
    assert f"pick-contact-{second}" not in choice, "An changed whom Sơn removed"
    assert "0911 222 333" in page
    assert browser.raw_post(url, choice).status_code == 409
    assert browser.raw_post(url, {**choice, f"pick-contact-{second}": "mine"}).status_code == 302
    now = contacts(key)
    assert set(now) == {"Nhung", "Huy", "Của Mai", "Của An"}
    assert (now["Nhung"].title, now["Của Mai"].title) == ("Của Mai", "Của Sơn")
    assert now["Huy"].phone == "+84911222333"


def test_what_changes_while_one_chooses_is_shown_before_it_is_written_over(
    firm, people: dict, visitor
) -> None:
    key, first, _second = firm
    browser, url, sent = opened(visitor, Customer, key)
    changed_by("mai", people, Contact, first, title="Của Mai")
    name = f"pick-contact-{first}.title"
    _page, choice = conflict(browser, url, {**sent, "contacts-0-title": "Của An"})
    # As an import does it: the customer's version stays.
    changed_by("son", people, Contact, first, title="Của Sơn")
    again, _choice = conflict(browser, url, {**choice, name: "mine"})
    assert "Của Sơn" in again
    assert stored(Contact, first).title == "Của Sơn"


@pytest.mark.parametrize("row", [False, True])
def test_a_form_that_was_opened_before_a_field_was_renamed_overwrites_nothing_and_says_so(
    firm, people: dict, visitor, row: bool
) -> None:
    key, first, _second = firm
    changed_by("mai", people, Customer, key, note="Có sẵn")
    browser, url, sent = opened(visitor, Customer, key)
    # The name that the field had when the form was opened.
    new, old = ("contacts-0-title", "contacts-0-chuc_vu") if row else ("note", "ghi_chu")
    sent[old] = sent.pop(new) + " Gõ thêm"
    column = "title" if row else "note"
    sent["opened"] = sent["opened"].replace(f'{column}"', f'{"chuc_vu" if row else "ghi_chu"}"')
    page, choice = conflict(browser, url, {**sent, "address": "Của An"})
    assert old in page
    assert "Gõ thêm" in page
    assert "không còn nữa" in page
    assert browser.raw_post(url, choice).status_code == 302
    now = stored(Customer, key)
    assert (now.note, now.address) == ("Có sẵn", "Của An")
    assert stored(Contact, first).title == "Kế toán"


# Users


def test_a_password_is_not_repeated_by_the_page_but_asked_for_again(
    context: Flask, people: dict, visitor
) -> None:
    key = made_of(User)
    browser, url, sent = opened(visitor, User, key)
    changed_by("mai", people, User, key, full_name="Tên Mới")
    secret = "ba con mèo ngủ trưa"
    page, choice = conflict(browser, url, {**sent, "password": secret})
    assert secret not in page
    assert choice["pick-password"] == "mine"
    assert browser.raw_post(url, choice).status_code == 409
    assert stored(User, key).password_hash is None
    assert browser.raw_post(url, {**choice, "password": secret}).status_code == 302
    now = stored(User, key)
    assert now.password_hash
    assert now.full_name == "Tên Mới"


def test_a_password_that_the_other_set_is_said_and_stays(
    context: Flask, people: dict, visitor
) -> None:
    key = made_of(User)
    browser, url, sent = opened(visitor, User, key)
    changed_by("mai", people, User, key, password_hash="$argon2id$x")
    answer = browser.raw_post(url, {**sent, "full_name": "Của An"})
    assert answer.status_code == 409
    assert "Mật khẩu" in answer.text
    assert browser.raw_post(url, fields(answer.text, "again-form")).status_code == 302
    now = stored(User, key)
    assert (now.password_hash, now.full_name) == ("$argon2id$x", "Của An")


# One's own profile, and the settings

OWN = {"full_name": "Tên Khác", "email": "khac@example.com", "locale": "en", "theme": "dark"}


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("side", ["", "theirs", "mine"])
def test_a_profile_that_an_administrator_changed_is_compared(
    context: Flask, people: dict, visitor, name: str, side: str
) -> None:
    sent = editing(browser := visitor("mai"), "/profile", "profile-form")
    before = getattr(stored(User, people["mai"]), name)
    changed_by("an", people, User, people["mai"], **{name: OWN[name]})
    if name == "email":
        # What she signs in with: her sessions have ended, and it changes only with her password.
        assert browser.raw_post("/profile", sent).location.startswith("/login")
        browser.sign_in("mai")
        sent["csrf_token"] = browser.token("/profile")
    _page, choice = conflict(browser, "/profile", sent)
    assert choice[f"pick-{name}"] == "theirs"
    chosen = {**choice, f"pick-{name}": side or "theirs"}
    if (name, side) == ("email", "mine"):
        assert browser.raw_post("/profile", chosen).status_code == 422
        chosen["current"] = PASSWORD
    done = browser.raw_post("/profile", chosen)
    assert done.status_code == 303
    assert getattr(stored(User, people["mai"]), name) == (before if side == "mine" else OWN[name])


SETTINGS = "/admin/settings/"
SET = {
    "prefix": "A-", "length": 9, "suffix": "-Z", "phone": False, "email": False, "tax_code": False,
    "company_words": "Bình Minh",
}  # fmt: skip


@pytest.mark.parametrize("name", SET)
@pytest.mark.parametrize("side", ["", "theirs", "mine"])
def test_settings_that_another_administrator_changed_are_compared(
    context: Flask, people: dict, visitor, name: str, side: str
) -> None:
    from crmadmin.panel.settings_view import SettingsForm, stored_values

    settings.set_duplicate_fields(settings.DUPLICATE_FIELDS)
    db.session.commit()
    before = stored_values()
    assert set(SET) == {*before} == {f.name for f in SettingsForm()} - {"version", "opened"}
    sent = editing(browser := visitor("an"), SETTINGS, "settings-form")
    other = fields(browser.get(SETTINGS).text, "settings-form")
    other = {k: v for k, v in other.items() if k != name or SET[name] is not False}
    if SET[name] is not False:
        other[name] = str(SET[name])
    assert browser.raw_post(SETTINGS, other).status_code == 302
    _page, choice = conflict(browser, SETTINGS, sent)
    assert choice[f"pick-{name}"] == "theirs"
    done = browser.raw_post(SETTINGS, {**choice, f"pick-{name}": side or "theirs"})
    assert done.status_code == 302
    db.session.rollback()
    assert stored_values()[name] == (before[name] if side == "mine" else SET[name])


def test_the_page_of_both_versions_repeats_no_password(
    context: Flask, people: dict, visitor
) -> None:
    sent = editing(browser := visitor("mai"), "/profile", "profile-form")
    changed_by("an", people, User, people["mai"], full_name="Tên Khác")
    answer = browser.raw_post("/profile", {**sent, "current": PASSWORD})
    assert answer.status_code == 409
    assert PASSWORD not in answer.text


def test_a_settings_page_without_its_version_writes_nothing(
    context: Flask, people: dict, visitor
) -> None:
    answer = visitor("an").post(SETTINGS, {"prefix": "QQ", "length": "5", "version": "x"})
    assert answer.status_code == 409
    assert settings.customer_codes() == settings.CodePattern()


def test_digests_are_of_values_not_of_their_spelling() -> None:
    kept = merging.read_opened(merging.opened({"note": "một\nhai", "email": None}))
    assert not merging.has_moved(kept, {"note": "một\r\nhai", "email": ""})
    assert merging.has_moved(kept, {"note": "một", "email": ""})
