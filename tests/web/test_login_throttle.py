"""Guessing passwords: at most ten in a quarter of an hour, the owner still gets in, and nothing
tells whether there is such a user."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sent import fields
from sqlalchemy import func, select
from visitor import PASSWORD, NewVisitor, Visitor
from werkzeug.test import TestResponse
from wtforms import PasswordField

from crmadmin.access import passwords, queries, services, throttle
from crmadmin.access.models import LoginThrottle
from crmadmin.admin.view import RecordView
from crmadmin.core.db import db, utcnow
from crmadmin.core.forms import GuardedForm, PageForm

pytestmark = pytest.mark.usefixtures("people")

Count = Callable[[], int]


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Count:
    """How many passwords were really compared so far."""
    seen: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            seen.append(str(password))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "hasher", Counting(1, 64, 1))
    return lambda: len(seen)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let minutes pass."""
    passed = timedelta()

    def now() -> datetime:
        return utcnow() + passed

    def wait(minutes: float) -> None:
        nonlocal passed
        passed += timedelta(minutes=minutes)

    monkeypatch.setattr(throttle, "utcnow", now)
    return wait


def guess(browser: Visitor, name: str, times: int) -> list[int]:
    return [browser.sign_in(name, f"câu đoán {n}").status_code for n in range(times)]


@pytest.mark.parametrize("name", ["mai", "mai@example.com", "nobody", "nobody@example.com"])
def test_one_address_has_three_guesses_at_a_name(
    visitor: NewVisitor, looked_at: Count, name: str
) -> None:
    answers = guess(visitor(), name, 12)
    assert answers == [422] * 3 + [429] * 9
    assert looked_at() == 3


def test_the_right_password_does_not_help_who_has_used_up_the_guesses(visitor: NewVisitor) -> None:
    thief = visitor()
    guess(thief, "mai", 3)
    answer = thief.sign_in("mai")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 901
    assert not thief.is_signed_in()


@pytest.mark.parametrize("name", ["mai", "nobody"])
def test_many_addresses_together_have_five_guesses_at_a_name(
    visitor: NewVisitor, looked_at: Count, name: str
) -> None:
    answers = [guess(visitor(address=f"198.51.100.{n}"), name, 1) for n in range(30)]
    assert answers == [[422]] * 5 + [[429]] * 25
    assert looked_at() == 5


def test_an_account_has_ten_guesses_whichever_of_its_names_is_typed(
    visitor: NewVisitor, looked_at: Count
) -> None:
    names = ("mai", "MAI", " mai", "m\u200bai", "mai@example.com", " Mai@EXAMPLE.com")
    for number in range(30):
        for name in names:
            guess(visitor(address=f"198.51.100.{number}"), name, 1)
    assert looked_at() == 10


def test_an_email_is_not_told_apart_from_a_strangers_when_the_user_name_is_used_up(
    visitor: NewVisitor,
) -> None:
    for number in range(4):
        guess(visitor(address=f"198.51.100.{number}"), "mai", 4)
    assert visitor(address="198.51.100.9").sign_in("mai", "câu đoán").status_code == 429
    for number in range(5):
        somebody = visitor(address=f"203.0.113.{number}")
        answers = [somebody.sign_in(n, "câu đoán") for n in ("mai@example.com", "x@example.com")]
        assert [a.status_code for a in answers] == [422, 422]
    for name in ("mai@example.com", "x@example.com"):
        assert visitor(address="203.0.113.99").sign_in(name, "câu đoán").status_code == 429


def told(answer: TestResponse, name: str) -> tuple[object, ...]:
    """All that an answer tells, without what is new in every one."""
    body = re.sub(r'(nonce|value|content)="[A-Za-z0-9._-]{16,}"', "", answer.text)
    headers = {
        k: re.sub(r"[A-Za-z0-9._-]{16,}", "", v) for k, v in answer.headers if k != "X-Request-ID"
    }
    wait = headers.pop("Retry-After", "0")
    headers.pop("Content-Length")
    return (
        answer.status_code,
        body.replace(f'value="{name}"', ""),
        headers,
        abs(int(wait) - 900) <= 5,
    )


def test_a_known_and_an_unknown_name_get_the_same_answers_from_first_to_last(
    app: Flask, visitor: NewVisitor
) -> None:
    with app.app_context():
        services.save_user(queries.by_login("vy"), {"is_active": False})
    pairs = (("mai", "moi"), ("mai@example.com", "moi@example.com"), ("vy", "vo"))
    for round_, (known, unknown) in enumerate(pairs):
        answers = []
        for name in (known, unknown):
            found = []
            for number in range(4):
                browser = visitor(address=f"198.51.{round_}.{number}")
                found += [told(browser.sign_in(name, f"đoán {n}"), name) for n in range(4)]
            answers.append(found)
        assert answers[0] == answers[1]
        assert [status for status, *_ in answers[0]] == [422] * 3 + [429] + [422] * 2 + [429] * 10


def crowd(visitor: NewVisitor, address: str = "192.0.2.1") -> None:
    """So many wrong guesses from one address that it is crowded."""
    for number in range(throttle.CROWD):
        assert guess(visitor(address=address), f"somebody{number}", 1) == [422]


def test_wrong_guesses_from_an_office_refuse_nobody_who_knows_their_password(
    visitor: NewVisitor,
) -> None:
    crowd(visitor)
    for name in ("mai", "an", "son", "vy"):
        assert visitor().sign_in(name).status_code == 303


def test_one_persons_guesses_at_one_account_refuse_nobody_else_at_that_address(
    visitor: NewVisitor,
) -> None:
    mai = visitor("mai")
    mai.sign_out()
    guess(visitor(), "mai", 30)
    assert visitor().sign_in("mai").status_code == 429
    assert mai.sign_in("mai").status_code == 303
    for name in ("an", "son", "vy"):
        assert visitor().sign_in(name).status_code == 303


@pytest.mark.parametrize("name", ["mai", "nobody"])
def test_a_crowded_address_has_one_guess_at_a_name(
    visitor: NewVisitor, looked_at: Count, name: str
) -> None:
    crowd(visitor)
    begun = looked_at()
    answer = visitor().sign_in(name, "sai mật khẩu")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    assert visitor().sign_in(name).status_code == 429
    assert looked_at() - begun == 1


def test_a_crowd_at_one_address_is_none_at_another(visitor: NewVisitor) -> None:
    crowd(visitor)
    assert guess(visitor(address="203.0.113.5"), "mai", 2) == [422, 422]


def test_addresses_of_one_ipv6_line_count_as_one(visitor: NewVisitor, looked_at: Count) -> None:
    for number in range(12):
        guess(visitor(address=f"2001:db8:1:2::{number:x}"), "mai", 1)
    assert looked_at() == 3


def test_the_owner_gets_in_from_another_address(visitor: NewVisitor) -> None:
    guess(visitor(address="198.51.100.7"), "mai", 50)
    assert visitor(address="192.0.2.1").sign_in("mai").status_code == 303


def test_the_owner_gets_in_from_a_known_browser_whatever_the_others_do(
    visitor: NewVisitor,
) -> None:
    mai = visitor("mai")
    mai.sign_out()
    for number in range(20):
        guess(visitor(address=f"198.51.100.{number}"), "mai", 2)
    guess(visitor(address=mai.address), "mai", 6)
    guess(visitor(address=mai.address), "vy", 6)
    assert visitor(address="203.0.113.5").sign_in("mai").status_code == 429
    assert mai.sign_in("mai").status_code == 303


def test_a_known_browser_has_ten_guesses_of_its_own(visitor: NewVisitor, looked_at: Count) -> None:
    mai = visitor("mai")
    mai.sign_out()
    begun = looked_at()
    assert guess(mai, "mai", 12) == [422] * 10 + [429] * 2
    assert looked_at() - begun == 10
    assert visitor(address="203.0.113.5").sign_in("mai").status_code == 303


def test_a_browser_known_to_one_user_is_a_stranger_to_another(
    visitor: NewVisitor, looked_at: Count
) -> None:
    vy = visitor("vy")
    vy.sign_out()
    begun = looked_at()
    guess(vy, "mai", 12)
    assert looked_at() - begun == 3


@pytest.mark.parametrize("cookie", ["", "x", "WzIsIngiXQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"])
def test_a_made_up_device_cookie_gives_no_guesses(
    visitor: NewVisitor, looked_at: Count, cookie: str
) -> None:
    thief = visitor()
    for number in range(12):
        thief.take_cookie(cookie + str(number), name="crm_device")
        guess(thief, "mai", 1)
    assert looked_at() == 3


def test_right_passwords_do_not_count(visitor: NewVisitor) -> None:
    for _ in range(15):
        visitor("mai")


def test_a_quarter_of_an_hour_later_guessing_may_go_on(
    visitor: NewVisitor, looked_at: Count, later: Callable[[float], None]
) -> None:
    thief = visitor()
    guess(thief, "mai", 8)
    later(14.9)
    guess(thief, "mai", 2)
    assert looked_at() == 3
    later(0.2)
    guess(thief, "mai", 8)
    assert looked_at() == 6


def test_no_quarter_of_an_hour_ever_holds_more_than_the_limit(
    visitor: NewVisitor, looked_at: Count, later: Callable[[float], None]
) -> None:
    thief, moments, minute = visitor(), [], 0
    for minute in range(60):
        before = looked_at()
        guess(thief, "mai", 2)
        moments += [minute] * (looked_at() - before)
        later(1)
    assert minute == 59
    for start in range(60):
        assert len([m for m in moments if start <= m < start + 15]) <= 3


def test_old_rows_are_cleared_away_and_hold_no_names(
    app: Flask, visitor: NewVisitor, later: Callable[[float], None]
) -> None:
    for number in range(8):
        guess(visitor(address=f"198.51.100.{number}"), f"somebody{number}", 1)
    with app.app_context():
        rows = db.session.scalars(select(LoginThrottle)).all()
        assert len(rows) == 24
        assert all(len(r.key) == 64 and "somebody" not in r.key for r in rows)
    later(16)
    guess(visitor(), "mai", 1)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(LoginThrottle)) == 3


def test_a_clock_clears_them_away_as_well(
    app: Flask, visitor: NewVisitor, later: Callable[[float], None]
) -> None:
    guess(visitor(), "mai", 1)
    with app.app_context():
        later(14.9)
        assert throttle.purge() == 0
        later(0.2)
        assert throttle.purge() == 3
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(LoginThrottle)) == 0


def test_refused_guesses_write_nothing(app: Flask, visitor: NewVisitor) -> None:
    thief = visitor()
    guess(thief, "mai", 3)

    def stored() -> list[tuple[str, list[float]]]:
        with app.app_context():
            return sorted((r.key, r.stamps) for r in db.session.scalars(select(LoginThrottle)))

    before = stored()
    guess(thief, "mai", 30)
    assert stored() == before


def test_the_rows_of_a_crowd_do_not_grow(app: Flask, visitor: NewVisitor) -> None:
    crowd(visitor)
    for number in range(10):
        guess(visitor(), f"anybody{number}", 1)
    with app.app_context():
        longest = max(len(r.stamps) for r in db.session.scalars(select(LoginThrottle)))
    assert longest == throttle.CROWD


def at_once(browsers: list[Visitor], name: str, password: str) -> list[TestResponse]:
    """Everybody signs in at the same moment, and again until there is a place for them."""
    forms = [
        {"username": name, "password": password, "csrf_token": b.token("/login")} for b in browsers
    ]
    answers: list[TestResponse] = []

    def log_in(browser: Visitor, form: dict[str, str]) -> None:
        while (answer := browser.raw_post("/login", form)).status_code == 503:
            assert answer.headers["Retry-After"] == str(passwords.RETRY_SECONDS)
            time.sleep(0.01)
        answers.append(answer)

    threads = [
        threading.Thread(target=log_in, args=pair) for pair in zip(browsers, forms, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_simultaneous_guesses_do_not_slip_past_the_limit(
    app: Flask, visitor: NewVisitor, looked_at: Count
) -> None:
    browsers = [visitor(address=f"198.51.100.{n}") for n in range(24)]
    answers = at_once(browsers, "mai", "sai mật khẩu")
    assert looked_at() == 5
    assert sorted(a.status_code for a in answers) == [422] * 5 + [429] * 19


def test_a_burst_of_log_ins_is_answered_to_the_last(app: Flask, visitor: NewVisitor) -> None:
    browsers = [visitor(address=f"198.51.{n // 200}.{n % 200}") for n in range(60)]
    assert {a.status_code for a in at_once(browsers, "mai", PASSWORD)} == {303}


@contextmanager
def everybody_waits(*, known_too: bool = True) -> Iterator[None]:
    """Every turn is taken, and every place of those who wait for one."""
    taken = passwords.WAITING + (passwords.WAITING_KNOWN if known_too else 0)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_hashing", passwords.SLOTS)
        patched.setattr(passwords, "_waiting", taken)
        yield


def test_who_cannot_be_looked_at_now_is_asked_to_come_back(
    visitor: NewVisitor, statements: list[str]
) -> None:
    somebody = visitor()
    token = somebody.token("/login")
    form = {"username": "mai", "password": PASSWORD, "csrf_token": token}
    with everybody_waits():
        statements.clear()
        answer = somebody.raw_post("/login?next=/profile", form)
        assert statements == []
        program = somebody.raw_post("/login", form, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Nhiều người đang đăng nhập" in answer.text
    assert 'href="/login?next=/profile"' in answer.text
    assert (program.status_code, program.headers["Retry-After"]) == (503, "5")
    assert program.json is not None
    assert program.json["error"]["title"] == "Nhiều người đang đăng nhập"
    assert visitor().sign_in("mai").status_code == 303


def test_strangers_who_wait_do_not_keep_a_known_browser_out(visitor: NewVisitor) -> None:
    mai = visitor("mai")
    mai.sign_out()
    stranger = visitor()
    forms = [
        {"username": "mai", "password": PASSWORD, "csrf_token": b.token("/login")}
        for b in (mai, stranger)
    ]
    with everybody_waits(known_too=False):
        assert stranger.raw_post("/login", forms[1]).status_code == 503
        patched = pytest.MonkeyPatch()
        # A turn comes free while she waits.
        patched.setattr(passwords, "WAIT_SECONDS", 20)
        timer = threading.Timer(0.2, passwords._leave)
        timer.start()
        assert mai.raw_post("/login", forms[0]).status_code == 303
        patched.undo()
        timer.join()


NEW = "một câu khác hẳn"
PROFILE = {"full_name": "An", "email": "moi@example.com", "locale": "vi", "theme": "auto"}
USER = {"full_name": "Mới", "role": "viewer", "locale": "vi", "theme": "auto", "is_active": "y"}
BUSY_FORMS = [
    ("/login", {"username": "mai", "password": PASSWORD}, "/profile"),
    ("/profile/password", {"current": PASSWORD, "new": NEW, "again": NEW}, "/profile"),
    ("/profile", {**PROFILE, "current": PASSWORD, "version": "1"}, "/profile"),
    ("/admin/users/new/", {**USER, "username": "moi", "password": NEW}, None),
    ("/admin/users/edit/?id=2", {**USER, "username": "moi", "password": NEW}, None),
]  # fmt: skip


def test_every_form_with_a_password_is_among_them() -> None:
    def asks(fields: Iterable[Any]) -> bool:
        return any(getattr(f, "field_class", None) is PasswordField for f in fields)

    forms = {f.__name__ for f in PageForm.__subclasses__() if asks(vars(f).values())}
    forms |= {f.__name__ for f in GuardedForm.__subclasses__() if asks(vars(f).values())}
    views = {v.__name__ for v in RecordView.__subclasses__() if asks(v.extra_form.values())}
    # The first run has its own test: tests/web/test_access_setup.py.
    assert forms == {"LoginForm", "SetupForm", "ProfileForm", "PasswordForm"}
    assert views == {"UserView"}


@pytest.mark.parametrize(("path", "form", "page"), BUSY_FORMS, ids=[f[0] for f in BUSY_FORMS])
def test_every_form_that_takes_a_password_says_when_there_is_no_turn(
    visitor: NewVisitor, path: str, form: dict[str, str], page: str | None
) -> None:
    an = visitor("an")
    sent = {"csrf_token": an.token(page)} if page else fields(an.get(path).text, "record-form")
    with everybody_waits():
        answer = an.raw_post(path, {**sent, **form})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "nhiều người" in answer.text.casefold()
    assert form.get("password", PASSWORD) not in answer.text


def test_known_and_unknown_names_take_the_same_time(
    visitor: NewVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = PasswordHasher(2, 32768, 1)
    monkeypatch.setattr(passwords, "hasher", slow)
    for limit in ("LIMIT_OF_NAME", "LIMIT_OF_PAIR", "CROWD"):
        monkeypatch.setattr(throttle, limit, 1000)
    # Mai's own hash is made with these parameters first.
    assert visitor().sign_in("mai").status_code == 303
    browser = visitor()
    form = {"password": "sai mật khẩu", "csrf_token": browser.token("/login")}

    # Processor time, of which hashing is nearly all: other programs cannot disturb it.
    def once(name: str) -> float:
        begun = time.thread_time()
        assert browser.raw_post("/login", {**form, "username": name}).status_code == 422
        return time.thread_time() - begun

    # The fastest of many is what the work itself costs; a busy machine needs more turns to show it,
    # and a real difference never goes away.
    known = unknown = math.inf
    for turn in range(80):
        known, unknown = min(known, once("mai")), min(unknown, once("nobody"))
        if turn >= 11 and abs(known - unknown) / known < 0.10:
            break
    assert abs(known - unknown) / known < 0.10
