"""One's own profile: details, language, theme, password; never one's own role."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from visitor import PASSWORD, NewVisitor, Visitor

from crmadmin.access import services
from crmadmin.access.models import User
from crmadmin.core.db import db

DETAILS = {"full_name": "Lê Mai", "email": "mai.moi@example.com", "locale": "en", "theme": "dark"}
NEW = "một câu khác hẳn"
USERS = "/admin/users/edit/?id="
OWN = {
    "username": "an", "full_name": "Trần Văn An", "email": "an@example.com", "role": "admin",
    "is_active": "1", "locale": "vi", "theme": "auto", "version": "1",
}  # fmt: skip


def stored(app: Flask, name: str = "mai") -> User:
    with app.app_context():
        found = db.session.scalars(select(User).where(User.username == name)).one()
        db.session.expunge(found)
    assert isinstance(found, User)
    return found


def save(browser: Visitor, app: Flask, **changes: str) -> int:
    form = {**DETAILS, "version": str(stored(app).version), "current": PASSWORD, **changes}
    return browser.post("/profile", form).status_code


def test_details_language_and_theme_are_saved(app: Flask, mai: Visitor) -> None:
    assert save(mai, app) == 303
    now = stored(app)
    assert {n: getattr(now, n) for n in DETAILS} == DETAILS
    assert now.updated_by_id == now.id


@pytest.mark.parametrize("current", ["", "sai mật khẩu", NEW])
@pytest.mark.parametrize("email", ["mai.moi@example.com", "", "MAI@example.com"])
def test_another_email_takes_the_password(
    app: Flask, mai: Visitor, email: str, current: str
) -> None:
    before = stored(app)
    form = {**DETAILS, "version": str(before.version), "email": email, "current": current}
    answer = mai.post("/profile", form)
    assert answer.status_code == 422
    assert 'id="profile-current-error"' in answer.text
    assert (stored(app).email, stored(app).version) == (before.email, before.version)
    assert mai.is_signed_in()


def test_everything_else_is_saved_without_the_password(app: Flask, mai: Visitor) -> None:
    same = {"email": "mai@example.com", "current": ""}
    assert save(mai, app, **same) == 303
    assert stored(app).theme == "dark"


def test_another_email_ends_every_other_session_and_keeps_this_one(
    app: Flask, mai: Visitor, visitor: NewVisitor
) -> None:
    thief = visitor(address="198.51.100.7")
    thief.take_cookie(str(mai.cookie()))
    at_home = visitor("mai", address="198.51.100.9")
    assert thief.is_signed_in()
    assert save(mai, app) == 303
    assert mai.is_signed_in()
    assert not thief.is_signed_in()
    assert not at_home.is_signed_in()
    assert visitor(address="198.51.100.9").sign_in("mai.moi@example.com").status_code == 303


def test_a_stolen_session_cannot_guess_the_password_at_any_form(app: Flask, mai: Visitor) -> None:
    answers = []
    for number in range(8):
        wrong = {"current": f"câu đoán {number}"}
        answers.append(save(mai, app, **wrong))
        words = {**wrong, "new": NEW, "again": NEW}
        answers.append(mai.post("/profile/password", words, page="/profile").status_code)
    assert answers == [422] * 10 + [429] * 6
    assert save(mai, app) == 429


class TestOnesOwnRecordInTheListOfUsers:
    """An administrator's profile by another door."""

    def test_asks_for_the_password_and_a_colleagues_does_not(
        self, people: dict[str, int], visitor: NewVisitor
    ) -> None:
        an = visitor("an")
        assert 'name="current"' in an.get(f"{USERS}{people['an']}").text
        assert 'name="current"' not in an.get(f"{USERS}{people['mai']}").text

    @pytest.mark.parametrize(
        "change", [{"username": "trum"}, {"email": "trum@example.com"}, {"password": NEW}]
    )
    def test_what_one_signs_in_with_takes_the_password(
        self, app: Flask, people: dict[str, int], visitor: NewVisitor, change: dict[str, str]
    ) -> None:
        an = visitor("an")
        copy = visitor()
        copy.take_cookie(str(an.cookie()))
        path = f"{USERS}{people['an']}"
        for wrong in ({}, {"current": ""}, {"current": "sai mật khẩu"}):
            assert an.post(path, {**OWN, **change, **wrong}).status_code == 422
        before = stored(app, "an")
        assert (before.email, before.version) == ("an@example.com", 1)
        assert an.post(path, {**OWN, **change, "current": PASSWORD}).status_code == 302
        assert an.is_signed_in()
        assert not copy.is_signed_in()

    def test_anything_else_takes_none(
        self, app: Flask, people: dict[str, int], visitor: NewVisitor
    ) -> None:
        an = visitor("an")
        form = {**OWN, "full_name": "An Trần"}
        assert an.post(f"{USERS}{people['an']}", form).status_code == 302
        assert stored(app, "an").full_name == "An Trần"
        assert an.is_signed_in()

    @pytest.mark.parametrize(
        "change", [{"username": "le-mai"}, {"email": "le@example.com"}, {"password": NEW}]
    )
    def test_a_colleague_who_signs_in_otherwise_is_signed_out(
        self, people: dict[str, int], visitor: NewVisitor, change: dict[str, str]
    ) -> None:
        mai, an = visitor("mai"), visitor("an")
        form = {**OWN, "username": "mai", "email": "mai@example.com", "role": "marketing"}
        path = f"{USERS}{people['mai']}"
        assert an.post(path, {**form, **change}).status_code == 302
        assert not mai.is_signed_in()
        assert an.is_signed_in()


@pytest.mark.parametrize(
    "change",
    [
        {"full_name": ""},
        {"full_name": "x" * 121},
        {"email": "mai@"},
        {"email": "AN@example.com"},
        {"locale": "fr"},
        {"theme": "pink"},
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_saved(
    app: Flask, mai: Visitor, change: dict[str, str]
) -> None:
    before = stored(app).version
    assert save(mai, app, **change) == 422
    assert stored(app).version == before


def test_fields_that_are_not_on_the_form_are_not_written(app: Flask, mai: Visitor) -> None:
    before = stored(app)
    forged = {
        "role": "admin", "is_active": "", "username": "root", "session_epoch": "9", "id": "1",
        "password_hash": "x", "last_login_at": "2020-01-01", "user_id": "1", "created_by_id": "1",
    }  # fmt: skip
    assert save(mai, app, email="mai@example.com", **forged) == 303
    after = stored(app)
    for name in ("role", "is_active", "username", "session_epoch", "id", "password_hash"):
        assert getattr(after, name) == getattr(before, name)
    assert stored(app, "an").full_name == "Trần Văn An"


def test_a_page_that_is_out_of_date_does_not_overwrite(app: Flask, mai: Visitor) -> None:
    seen = str(stored(app).version)
    with app.app_context():
        user = db.session.scalars(select(User).where(User.username == "mai")).one()
        services.save_user(user, {"full_name": "Đổi bởi An"})
    assert mai.post("/profile", {**DETAILS, "version": seen}).status_code == 409
    assert stored(app).full_name == "Đổi bởi An"


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999999999999"])
def test_a_made_up_version_is_out_of_date(app: Flask, mai: Visitor, version: str) -> None:
    assert save(mai, app, version=version) == 409


def test_the_new_password_counts_and_the_old_one_no_longer(
    mai: Visitor, visitor: NewVisitor
) -> None:
    words = {"current": PASSWORD, "new": NEW, "again": NEW}
    assert mai.post("/profile/password", words, page="/profile").status_code == 303
    assert visitor().sign_in("mai").status_code == 422
    assert visitor().sign_in("mai", NEW).status_code == 303


@pytest.mark.parametrize(
    "words",
    [
        {"current": "sai mật khẩu", "new": NEW, "again": NEW},
        {"current": PASSWORD, "new": NEW, "again": NEW + "!"},
        {"current": PASSWORD, "new": "ngắn", "again": "ngắn"},
        {"current": PASSWORD, "new": "mai-12345678", "again": "mai-12345678"},
        {"current": "", "new": NEW, "again": NEW},
        {"current": PASSWORD, "new": "x" * 201, "again": "x" * 201},
    ],
)
def test_a_password_that_does_not_fit_changes_nothing(
    app: Flask, mai: Visitor, words: dict[str, str]
) -> None:
    before = stored(app)
    answer = mai.post("/profile/password", words, page="/profile")
    assert answer.status_code == 422
    assert 'class="error' in answer.text or "error" in answer.text
    assert (stored(app).password_hash, stored(app).version) == (
        before.password_hash,
        before.version,
    )
    assert mai.is_signed_in()


def test_a_stolen_session_cannot_guess_the_password_on_and_on(mai: Visitor) -> None:
    words = {"new": NEW, "again": NEW}
    answers = [
        mai.post("/profile/password", {**words, "current": f"câu đoán {n}"}, page="/profile")
        for n in range(13)
    ]
    assert [a.status_code for a in answers] == [422] * 10 + [429] * 3
    last = mai.post("/profile/password", {**words, "current": PASSWORD}, page="/profile")
    assert last.status_code == 429


def test_every_role_has_a_profile(people: dict[str, int], visitor: NewVisitor) -> None:
    for name in people:
        assert visitor(name).is_signed_in()
    assert visitor().get("/profile").status_code == 302
