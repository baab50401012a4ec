"""The log-in page: who gets in, where to, and what the cookie is worth."""

from __future__ import annotations

import pytest
from flask import Flask, session
from sqlalchemy import select
from visitor import NewVisitor

from crmadmin.access import services
from crmadmin.access.models import User, UserSession
from crmadmin.core.db import db

pytestmark = pytest.mark.usefixtures("people")


def user(name: str) -> User:
    found = db.session.scalars(select(User).where(User.username == name)).one()
    assert isinstance(found, User)
    return found


def test_the_right_password_leads_to_the_start_page(visitor: NewVisitor) -> None:
    mai = visitor()
    answer = mai.sign_in("mai")
    assert (answer.status_code, answer.location) == (303, "/admin/")
    assert mai.is_signed_in()


@pytest.mark.parametrize("name", ["MAI", " mai ", "mai@example.com", "Mai@EXAMPLE.com"])
def test_the_name_counts_without_regard_to_case_and_the_email_does_as_well(
    visitor: NewVisitor, name: str
) -> None:
    assert visitor().sign_in(name).status_code == 303


def test_signing_in_is_noted_without_changing_the_record(app: Flask, visitor: NewVisitor) -> None:
    with app.app_context():
        before = user("mai").version
        assert user("mai").last_login_at is None
    visitor("mai")
    with app.app_context():
        assert user("mai").last_login_at is not None
        assert user("mai").version == before


def test_unknown_names_wrong_passwords_and_disabled_users_get_one_and_the_same_answer(
    app: Flask, visitor: NewVisitor
) -> None:
    with app.app_context():
        services.save_user(user("vy"), {"is_active": False})
        services.create_user("nopassword", "viewer")
    tried = [("mai", "sai mật khẩu"), ("nobody", "sai mật khẩu"), ("vy", None), ("nopassword", "")]
    pages = []
    for number, (name, password) in enumerate(tried):
        somebody = visitor(address=f"192.0.2.{number + 10}")
        answer = somebody.sign_in(name, **({} if password is None else {"password": password}))
        if password != "":
            pages.append((answer.status_code, answer.text.count("User name"), name in answer.text))
        assert not somebody.is_signed_in()
    assert len(set(pages)) == 1
    assert pages[0][0] == 422


def test_the_wrong_password_never_comes_back_in_the_page(visitor: NewVisitor) -> None:
    answer = visitor().sign_in("mai", "một-câu-bí-mật")
    assert "một-câu-bí-mật" not in answer.text


@pytest.mark.parametrize("data", [{}, {"username": "mai"}, {"password": "x" * 20}])
def test_a_form_that_is_not_filled_in_is_shown_again(
    visitor: NewVisitor, data: dict[str, str]
) -> None:
    assert visitor().post("/login", data).status_code == 422


@pytest.mark.parametrize("name", ["\x00", "mai\x00", "a" * 5000, "' OR 1=1 --", "%", "\ud83d"])
def test_strange_names_are_simply_unknown(visitor: NewVisitor, name: str) -> None:
    sent = name.encode("utf-8", "surrogatepass")
    answer = visitor().sign_in(sent, "sai mật khẩu")  # type: ignore[arg-type]  # raw bytes, as a script would send them
    assert answer.status_code == 422


def test_after_signing_in_the_page_that_was_wanted_opens(visitor: NewVisitor) -> None:
    mai = visitor()
    asked = mai.get("/profile?tab=theme")
    assert asked.status_code == 302
    assert asked.location == "/login?next=/profile?tab%3Dtheme"
    assert mai.sign_in("mai", next="/profile?tab=theme").location == "/profile?tab=theme"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "%2F%2Fevil"],
)
def test_the_page_after_signing_in_is_never_off_site(visitor: NewVisitor, target: str) -> None:
    assert visitor().sign_in("mai", next=target).location == "/admin/"
    already = visitor("mai")
    assert already.get("/login", query_string={"next": target}).location == "/admin/"


def test_who_has_signed_in_goes_straight_on(visitor: NewVisitor) -> None:
    assert visitor("mai").get("/login?next=/profile").location == "/profile"


def test_a_forged_host_stays_out_of_redirects(visitor: NewVisitor) -> None:
    answer = visitor().get("/admin/", headers={"Host": "evil.example"})
    assert answer.status_code == 302
    assert "evil" not in answer.location


def test_the_session_cookie_is_closed_to_scripts_and_other_sites(visitor: NewVisitor) -> None:
    cookies = visitor().sign_in("mai").headers.getlist("Set-Cookie")
    assert any(cookie.startswith("crm=") for cookie in cookies)
    for cookie in cookies:
        words = {w.strip() for w in cookie.split(";")}
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= words


def test_the_cookie_ends_with_the_browser_unless_asked_to_stay(visitor: NewVisitor) -> None:
    def session_cookie(**more: str) -> str:
        cookies = visitor().sign_in("mai", **more).headers.getlist("Set-Cookie")
        return next(c for c in cookies if c.startswith("crm="))

    assert "Expires" not in session_cookie()
    assert "Expires" in session_cookie(remember="y")


def test_the_cookie_holds_neither_the_user_nor_anything_from_before(
    app: Flask, visitor: NewVisitor
) -> None:
    mai = visitor()
    mai.get("/login?lang=en")
    mai.sign_in("mai")
    with mai.client.session_transaction(base_url=mai.base_url) as kept:
        assert set(kept) == {"_user_id", "_fresh", "_id", "_permanent", "seen"}
        token = kept["_user_id"]
    with app.app_context():
        stored = db.session.scalars(select(UserSession)).one()
        assert stored.token_hash != token
        assert len(token) >= 43


def test_a_session_given_by_somebody_else_is_not_the_one_after_signing_in(
    visitor: NewVisitor,
) -> None:
    attacker = visitor()
    attacker.get("/login")
    planted = attacker.cookie()
    assert planted is not None
    mai = visitor()
    mai.take_cookie(planted)
    assert mai.sign_in("mai").status_code == 303
    assert mai.cookie() != planted
    assert not attacker.is_signed_in()


def test_signing_in_again_ends_the_session_before(app: Flask, visitor: NewVisitor) -> None:
    browser = visitor("mai")
    copy = visitor()
    copy.take_cookie(str(browser.cookie()))
    assert copy.is_signed_in()
    token = browser.token("/profile")
    form = {"username": "vy", "password": "mưa rào trên phố", "csrf_token": token}
    assert browser.raw_post("/login", form).status_code == 303
    assert not copy.is_signed_in()


def test_the_language_may_be_chosen_before_signing_in(app: Flask, visitor: NewVisitor) -> None:
    browser = visitor()
    assert 'lang="vi"' in browser.get("/login").text
    assert 'lang="en"' in browser.get("/login?lang=en").text
    assert 'lang="en"' in browser.get("/login").text
    assert browser.get("/login?lang=xx").status_code == 200
    with app.test_request_context("/login?lang=xx"):
        assert "locale" not in session
