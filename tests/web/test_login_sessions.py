"""When a session ends: replayed cookies, log-out, disabling, role and password changes, age."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from visitor import PASSWORD, NewVisitor, Visitor

from crmadmin.access import services, sessions
from crmadmin.access.models import User, UserSession
from crmadmin.access.roles import Role
from crmadmin.core.db import db, utcnow

pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture
def copy(mai: Visitor, visitor: NewVisitor) -> Visitor:
    """Another browser with a copy of Mai's cookie."""
    thief = visitor(address="198.51.100.7")
    thief.take_cookie(str(mai.cookie()))
    assert thief.is_signed_in()
    return thief


def user(name: str) -> User:
    found = db.session.scalars(select(User).where(User.username == name)).one()
    assert isinstance(found, User)
    return found


def test_a_cookie_copied_before_signing_out_is_worth_nothing_after(
    mai: Visitor, copy: Visitor
) -> None:
    assert mai.sign_out().location == "/login"
    assert not mai.is_signed_in()
    assert not copy.is_signed_in()


def test_signing_out_here_leaves_the_other_computer_alone(
    mai: Visitor, visitor: NewVisitor
) -> None:
    at_home = visitor("mai", address="198.51.100.9")
    mai.sign_out()
    assert at_home.is_signed_in()


def test_signing_out_everywhere_ends_the_other_computer_too(
    mai: Visitor, visitor: NewVisitor
) -> None:
    at_home = visitor("mai", address="198.51.100.9")
    vy = visitor("vy")
    assert mai.post("/profile/sessions", page="/profile").location == "/login"
    assert not mai.is_signed_in()
    assert not at_home.is_signed_in()
    assert vy.is_signed_in()


def test_signing_out_takes_a_post(mai: Visitor) -> None:
    assert mai.get("/logout").status_code == 405
    assert mai.is_signed_in()


@pytest.mark.parametrize("change", ["disable", "role", "password"])
def test_an_administrators_change_ends_every_session_at_once(
    app: Flask, mai: Visitor, copy: Visitor, change: str
) -> None:
    with app.app_context():
        if change == "disable":
            services.save_user(user("mai"), {"is_active": False})
        elif change == "role":
            services.save_user(user("mai"), {"role": Role.VIEWER})
        else:
            services.set_password(user("mai"), "một câu khác hẳn")
    assert not mai.is_signed_in()
    assert not copy.is_signed_in()


def test_a_role_changed_by_any_code_at_all_ends_the_sessions(app: Flask, mai: Visitor) -> None:
    with app.app_context():
        user("mai").role = "admin"
        db.session.commit()
    assert not mai.is_signed_in()


def test_a_change_of_name_leaves_the_sessions_alone(app: Flask, mai: Visitor) -> None:
    with app.app_context():
        services.save_user(user("mai"), {"full_name": "Lê Mai", "theme": "dark"})
    assert mai.is_signed_in()


@pytest.mark.parametrize("change", [{"username": "le-mai"}, {"email": "le@example.com"}])
def test_a_change_of_what_one_signs_in_with_ends_the_sessions(
    app: Flask, mai: Visitor, change: dict[str, str]
) -> None:
    with app.app_context():
        services.save_user(user("mai"), change)
    assert not mai.is_signed_in()


def test_a_user_who_is_enabled_again_must_sign_in_again(app: Flask, mai: Visitor) -> None:
    with app.app_context():
        services.save_user(user("mai"), {"is_active": False})
        services.save_user(user("mai"), {"is_active": True})
    assert not mai.is_signed_in()
    assert mai.sign_in("mai").status_code == 303


def test_changing_ones_own_password_keeps_this_browser_and_ends_the_others(
    mai: Visitor, copy: Visitor
) -> None:
    words = {"current": PASSWORD, "new": "một câu khác hẳn", "again": "một câu khác hẳn"}
    assert mai.post("/profile/password", words, page="/profile").status_code == 303
    assert mai.is_signed_in()
    assert not copy.is_signed_in()


def idle(browser: Visitor, hours: float) -> None:
    with browser.client.session_transaction(base_url=browser.base_url) as kept:
        kept["seen"] -= int(hours * 3600)


def test_twelve_hours_without_a_request_end_a_session(mai: Visitor) -> None:
    idle(mai, 11.9)
    assert mai.is_signed_in()
    idle(mai, 12.1)
    assert not mai.is_signed_in()


def test_using_the_product_keeps_the_session(mai: Visitor) -> None:
    for _ in range(3):
        idle(mai, 8)
        assert mai.is_signed_in()


def test_who_asked_to_stay_is_not_signed_out_for_being_away(visitor: NewVisitor) -> None:
    mai = visitor()
    mai.sign_in("mai", remember="y")
    idle(mai, 29 * 24)
    assert mai.is_signed_in()


@pytest.mark.parametrize("remember", [{}, {"remember": "y"}])
def test_thirty_days_end_every_session(
    app: Flask, visitor: NewVisitor, remember: dict[str, str]
) -> None:
    mai = visitor()
    mai.sign_in("mai", **remember)
    with app.app_context():
        row = db.session.scalars(select(UserSession)).one()
        assert row.expires_at - row.started_at == timedelta(days=30)
        db.session.execute(update(UserSession).values(expires_at=utcnow()))
        db.session.commit()
    assert not mai.is_signed_in()


def test_rows_of_sessions_that_ran_out_are_cleared_away(app: Flask, mai: Visitor) -> None:
    with app.app_context():
        db.session.execute(update(UserSession).values(expires_at=utcnow()))
        db.session.commit()
    mai.sign_in("mai")
    with app.app_context():
        assert len(db.session.scalars(select(UserSession)).all()) == 1


@pytest.mark.parametrize(
    "value", ["x", "1", "", "a" * 3000, "eyJfdXNlcl9pZCI6IjEifQ.aaaaaa.bbbbbb"]
)
def test_a_made_up_cookie_signs_nobody_in(visitor: NewVisitor, value: str) -> None:
    thief = visitor()
    thief.take_cookie(value)
    assert not thief.is_signed_in()


@pytest.mark.parametrize("token", ["1", "an", None, 7, ["an"], "\ud83d"])
def test_even_a_signed_cookie_needs_a_token_that_was_given_out(
    visitor: NewVisitor, token: object
) -> None:
    thief = visitor()
    with thief.client.session_transaction(base_url=thief.base_url) as kept:
        kept.update(sessions_of(token))
    assert not thief.is_signed_in()


def sessions_of(token: object) -> dict[str, object]:
    return {"_user_id": token, "_fresh": True, "seen": 4_000_000_000}


def test_ending_all_sessions_says_how_many(app: Flask, visitor: NewVisitor) -> None:
    browsers = [visitor("mai", address=f"192.0.2.{n}") for n in range(3)]
    with app.app_context():
        assert sessions.end_all(user("mai").id) == 3
        assert sessions.end_all(user("mai").id) == 0
        db.session.commit()
    assert not any(b.is_signed_in() for b in browsers)
