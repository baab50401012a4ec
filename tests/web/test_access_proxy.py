"""Behind a proxy that speaks TLS: the cookie's strictest form, and whose address counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from visitor import Visitor

from app import create_app
from crmadmin.core.db import db

TLS = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "crm.example"}
pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture
def proxied(app: Flask) -> Iterator[Flask]:
    """Another app on the same database, with CRM_BEHIND_PROXY=1."""
    made = create_app(replace(app.config["SETTINGS"], behind_proxy=True))
    yield made
    with made.app_context():
        db.engine.dispose()


def log_in(browser: Visitor, password: str, address: str) -> int:
    """Through the proxy, which notes the real address last in X-Forwarded-For."""
    headers = {**TLS, "X-Forwarded-For": f"10.9.9.9, {address}"}
    form = {"username": "mai", "password": password, "csrf_token": browser.token("/login")}
    return browser.raw_post("/login", form, headers=headers).status_code


def test_every_cookie_is_bound_to_this_host_and_to_tls(proxied: Flask) -> None:
    answer = Visitor(proxied, https=True).sign_in("mai")
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("__Host-crm")
        words = {w.strip() for w in cookie.split(";")}
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= words
        assert "Domain" not in cookie


def test_guesses_count_by_the_address_that_the_proxy_saw(proxied: Flask) -> None:
    for number in range(3):
        thief = Visitor(proxied, https=True)
        assert log_in(thief, f"câu đoán {number}", "198.51.100.7") == 422
    assert log_in(Visitor(proxied, https=True), "mưa rào trên phố", "198.51.100.7") == 429
    assert log_in(Visitor(proxied, https=True), "mưa rào trên phố", "192.0.2.44") == 303


def test_without_a_proxy_a_forwarded_address_is_not_believed(app: Flask) -> None:
    def tried(number: int) -> int:
        thief = Visitor(app)
        form = {"username": "mai", "password": "câu đoán", "csrf_token": thief.token("/login")}
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        return thief.raw_post("/login", form, headers=headers).status_code

    # One address has three guesses at a name; eight addresses would have had five.
    assert [tried(n) for n in range(8)] == [422] * 3 + [429] * 5
