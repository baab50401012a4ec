"""The first run: a printed one-time token makes the first administrator, once."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select
from visitor import PASSWORD, NewVisitor

from crmadmin.access import passwords, queries, setup
from crmadmin.access.models import SetupToken, User
from crmadmin.core.db import db

WORDS = {
    "username": "an",
    "full_name": "Trần Văn An",
    "email": "an@example.com",
    "password": PASSWORD,
    "password_again": PASSWORD,
}


@pytest.fixture
def token(app: Flask) -> str:
    with app.app_context():
        made = setup.issue_token()
        db.session.remove()
    assert made is not None
    return made


def users(app: Flask) -> int:
    with app.app_context():
        return int(db.session.scalar(select(func.count()).select_from(User)) or 0)


def test_a_fresh_install_has_no_account(app: Flask, visitor: NewVisitor) -> None:
    assert users(app) == 0
    assert visitor().get("/login").location == "/setup"
    assert visitor().get("/setup").status_code == 200


def test_the_token_makes_the_first_administrator(
    app: Flask, visitor: NewVisitor, token: str
) -> None:
    browser = visitor()
    answer = browser.post("/setup", {**WORDS, "token": f" {token}\n"})
    assert (answer.status_code, answer.location) == (303, "/login")
    assert browser.sign_in("an").status_code == 303
    with app.app_context():
        first = queries.first_admin()
        assert first is not None
        assert (first.username, first.role, first.email) == ("an", "admin", "an@example.com")


def test_afterwards_the_page_is_gone(visitor: NewVisitor, app: Flask, token: str) -> None:
    browser = visitor()
    csrf = browser.token("/setup")
    browser.post("/setup", {**WORDS, "token": token})
    assert browser.get("/setup").status_code == 404
    again = {**WORDS, "username": "eve", "email": "", "token": token, "csrf_token": csrf}
    assert browser.raw_post("/setup", again).status_code == 404
    assert users(app) == 1
    with app.app_context():
        assert setup.issue_token() is None
        assert db.session.scalars(select(SetupToken)).all() == []


@pytest.mark.parametrize(
    "change",
    [
        {"token": ""},
        {"token": "x"},
        {"token": "đoán mò"},
        {"username": "a"},
        {"username": "an@b"},
        {"username": "có dấu cách"},
        {"full_name": ""},
        {"full_name": "\u200b"},
        {"email": "an@"},
        {"password": "ngắn", "password_again": "ngắn"},
        {"password": "an1234567890", "password_again": "an1234567890"},
        {"password_again": "một câu khác hẳn"},
    ],
)
def test_what_does_not_fit_is_said_and_does_not_use_the_token_up(
    app: Flask, visitor: NewVisitor, token: str, change: dict[str, str]
) -> None:
    browser = visitor()
    assert browser.post("/setup", {**WORDS, "token": token, **change}).status_code == 422
    assert users(app) == 0
    assert browser.post("/setup", {**WORDS, "token": token}).status_code == 303


def test_the_password_never_comes_back_in_the_page(visitor: NewVisitor, token: str) -> None:
    answer = visitor().post("/setup", {**WORDS, "token": token, "username": "a"})
    assert PASSWORD not in answer.text


def test_a_new_start_replaces_the_token(app: Flask, visitor: NewVisitor, token: str) -> None:
    with app.app_context():
        newer = setup.issue_token()
        db.session.remove()
    assert newer is not None
    assert visitor().post("/setup", {**WORDS, "token": token}).status_code == 422
    assert visitor().post("/setup", {**WORDS, "token": newer}).status_code == 303


def test_without_a_printed_token_no_token_fits(app: Flask, visitor: NewVisitor) -> None:
    for guess in ("", "None", "null", "0" * 32):
        assert visitor().post("/setup", {**WORDS, "token": guess}).status_code == 422
    assert users(app) == 0


def test_who_guesses_tokens_is_told_to_wait_and_the_owner_goes_on_elsewhere(
    app: Flask, visitor: NewVisitor, token: str
) -> None:
    thief = visitor(address="198.51.100.7")
    answers = [thief.post("/setup", {**WORDS, "token": f"đoán {n}"}) for n in range(13)]
    assert [a.status_code for a in answers] == [422] * 10 + [429] * 3
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 901
    assert thief.post("/setup", {**WORDS, "token": token}).status_code == 429
    assert users(app) == 0
    assert visitor().post("/setup", {**WORDS, "token": token}).status_code == 303


def test_who_finds_no_turn_is_asked_to_come_back_and_the_token_is_not_used_up(
    app: Flask, visitor: NewVisitor, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = visitor()
    with monkeypatch.context() as everybody_waits:
        everybody_waits.setattr(passwords, "_hashing", passwords.SLOTS)
        everybody_waits.setattr(passwords, "_waiting", passwords.WAITING)
        answer = browser.post("/setup", {**WORDS, "token": token})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert browser.post("/setup", {**WORDS, "token": token}).status_code == 303


def test_only_the_digest_of_the_token_is_kept(app: Flask, token: str) -> None:
    with app.app_context():
        assert token not in db.session.scalars(select(SetupToken.token_hash)).one()
    assert len(token) >= 32


def test_two_servers_that_started_at_once_left_two_tokens_which_make_one_administrator(
    app: Flask, visitor: NewVisitor, token: str
) -> None:
    with app.app_context():
        db.session.add(SetupToken(token_hash=setup._digest("the other server's")))
        db.session.commit()
    form = {**WORDS, "token": "the other server's"}
    assert visitor().get("/setup").status_code == 200
    assert visitor().post("/setup", form).status_code == 303
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SetupToken)) == 0
    assert visitor().get("/setup").status_code == 404
    assert users(app) == 1


def test_two_at_once_make_one_administrator(app: Flask, visitor: NewVisitor, token: str) -> None:
    answers: list[int] = []

    def run(name: str) -> None:
        browser = visitor()
        form = {**WORDS, "username": name, "email": "", "token": token}
        answers.append(browser.post("/setup", form).status_code)

    threads = [threading.Thread(target=run, args=(f"first{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert users(app) == 1
    assert answers.count(303) == 1
    # 400: the page was gone before the others had a form to send.
    assert set(answers) <= {303, 400, 404, 422}
