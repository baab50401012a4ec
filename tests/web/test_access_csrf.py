"""Cross-site request forgery: a form without this session's own token changes nothing."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from visitor import PASSWORD, NewVisitor, Visitor

from crmadmin.access.models import User
from crmadmin.core.db import db

FORMS = {
    "/profile": {
        "full_name": "Mai Mới",
        "email": "",
        "locale": "en",
        "theme": "dark",
        "current": PASSWORD,
    },
    "/profile/password": {
        "current": PASSWORD,
        "new": "một câu khác hẳn",
        "again": "một câu khác hẳn",
    },
    "/logout": {},
    "/login": {"username": "vy", "password": PASSWORD},
}


def state(app: Flask) -> list[tuple[object, ...]]:
    with app.app_context():
        columns = [c for c in User.__table__.columns if c.name != "last_login_at"]
        return [tuple(r) for r in db.session.execute(select(*columns).order_by(User.id))]


def tokens(kind: str, mai: Visitor, visitor: NewVisitor) -> dict[str, str]:
    if kind == "none":
        return {}
    if kind == "wrong":
        own = mai.token("/profile")
        return {"csrf_token": own[:-2] + ("AA" if own[-2:] != "AA" else "BB")}
    if kind == "another session's":
        return {"csrf_token": visitor("vy", address="198.51.100.7").token("/profile")}
    if kind == "of before signing in":
        return {"csrf_token": visitor().token("/login")}
    return {"csrf_token": "x" * 2000}


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "kind", ["none", "wrong", "another session's", "of before signing in", "long"]
)
def test_a_forged_form_is_refused_and_changes_nothing(
    app: Flask, mai: Visitor, visitor: NewVisitor, path: str, kind: str
) -> None:
    data = {**FORMS[path], "version": "1", **tokens(kind, mai, visitor)}
    before = state(app)
    assert mai.raw_post(path, data).status_code == 400
    assert state(app) == before
    assert mai.is_signed_in()


@pytest.mark.parametrize("path", FORMS)
def test_an_expired_token_is_refused(app: Flask, mai: Visitor, path: str) -> None:
    token = mai.token("/profile")
    app.config["WTF_CSRF_TIME_LIMIT"] = -1
    before = state(app)
    assert mai.raw_post(path, {**FORMS[path], "csrf_token": token}).status_code == 400
    assert state(app) == before
    assert mai.is_signed_in()


@pytest.mark.parametrize("path", FORMS)
def test_the_sessions_own_token_is_accepted(mai: Visitor, path: str) -> None:
    version = {"version": "1"} if path == "/profile" else {}
    answer = mai.post(path, {**FORMS[path], **version}, page="/profile")
    assert answer.status_code == 303


def test_who_is_not_signed_in_is_told_so_before_the_token_is_looked_at(
    app: Flask, people: dict[str, int], visitor: NewVisitor
) -> None:
    answer = visitor().raw_post("/profile", FORMS["/profile"])
    assert (answer.status_code, answer.location) == (302, "/login")
