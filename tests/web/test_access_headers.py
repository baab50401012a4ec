"""Security headers: on every answer, whatever it is."""

from __future__ import annotations

import re

import pytest
from flask import Flask, render_template_string
from visitor import NewVisitor

from crmadmin.access import headers

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PATHS = [
    "/login",  # 200
    "/admin/",  # 302
    "/setup",  # 404 by the view
    "/nowhere",  # 404 by Flask
    "/logout",  # 405
    "/static/nowhere.css",
    "/login?next=" + "x" * 3000,
]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_them(visitor: NewVisitor, path: str) -> None:
    answer = visitor().get(path)
    for name, value in EVERYWHERE.items():
        assert answer.headers[name] == value
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.usefixtures("people")
def test_refusals_and_failures_carry_them_too(
    app: Flask, visitor: NewVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail() -> str:
        raise RuntimeError("as a test")

    monkeypatch.setitem(app.view_functions, "access.profile", fail)
    browser = visitor("mai")
    answers = [browser.raw_post("/login", {"username": "mai"}), browser.get("/profile")]
    assert [a.status_code for a in answers] == [400, 500]
    for answer in answers:
        assert EVERYWHERE.items() <= dict(answer.headers).items()
        assert "Content-Security-Policy" in answer.headers


def test_the_policy_allows_nothing_inline_without_the_nonce(visitor: NewVisitor) -> None:
    policy = visitor().get("/nowhere").headers["Content-Security-Policy"]
    rules = {r.split()[0]: r.split()[1:] for r in policy.split(";")}
    assert "unsafe" not in policy
    assert rules["default-src"] == ["'self'"]
    for name in ("object-src", "base-uri", "frame-ancestors"):
        assert rules[name] == ["'none'"]
    assert rules["form-action"] == ["'self'"]
    for name in ("script-src", "style-src"):
        assert rules[name][0] == "'self'"
        assert re.fullmatch(r"'nonce-[\w-]{22}'", rules[name][1])


def test_the_nonce_is_new_with_every_answer_and_one_within_it(
    app: Flask, visitor: NewVisitor
) -> None:
    browser = visitor()
    seen = {browser.get("/nowhere").headers["Content-Security-Policy"] for _ in range(5)}
    assert len(seen) == 5
    with app.test_request_context("/login"):
        shown = render_template_string("{{ csp_nonce() }}")
        answer = headers.harden(app.make_response(shown))
        assert f"'nonce-{shown}'" in answer.headers["Content-Security-Policy"]


@pytest.mark.usefixtures("people")
def test_pages_leave_no_copy_behind(visitor: NewVisitor) -> None:
    for browser in (visitor(), visitor("mai")):
        for path in ("/login", "/admin/", "/profile", "/nowhere"):
            assert browser.get(path).headers["Cache-Control"] == "no-store"


def test_only_tls_answers_ask_for_tls_from_now_on(visitor: NewVisitor) -> None:
    assert "Strict-Transport-Security" not in visitor().get("/nowhere").headers
    secure = visitor(https=True).get("/nowhere").headers
    assert secure["Strict-Transport-Security"] == "max-age=31536000"
