"""A visitor with a browser: a test client that fills in the CSRF token as a page would."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import Context
from typing import Any

from flask import Flask, has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crmadmin.core.db import db

PASSWORD = "mưa rào trên phố"
TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')


class Visitor:
    """One browser at one network address. Cookies are kept between requests."""

    def __init__(self, app: Flask, address: str = "192.0.2.1", *, https: bool = False) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.address = address
        self.base_url = "https://crm.example" if https else "http://crm.example"

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._send(self.client.get, path, **options)

    def post(
        self, path: str, data: dict[str, Any] | None = None, *, page: str | None = None, **opts: Any
    ) -> TestResponse:
        """Post a form as the page `page` (else `path`) would, its token included."""
        token = self.token(page or path)
        return self.raw_post(path, {"csrf_token": token, **(data or {})}, **opts)

    def raw_post(self, path: str, data: dict[str, Any], **options: Any) -> TestResponse:
        """Post exactly this."""
        options.setdefault("headers", {})
        if self.base_url.startswith("https"):
            options["headers"] = {"Referer": self.base_url + "/", **options["headers"]}
        return self._send(self.client.post, path, data=data, **options)

    def _send(self, method: Callable[..., TestResponse], path: str, **options: Any) -> TestResponse:
        """As from outside: what the test looked up ends, and nothing of its context is shared."""
        if has_app_context():
            db.session.rollback()
        return Context().run(method, path, **self._where(), **options)

    def token(self, page: str) -> str:
        found = TOKEN.search(self.get(page).text)
        return found[1] if found else ""

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> TestResponse:
        return self.post("/login", {"username": name, "password": password, **more})

    def sign_out(self) -> TestResponse:
        return self.post("/logout", page="/profile")

    def is_signed_in(self) -> bool:
        return self.get("/profile").status_code == 200

    def cookie(self, name: str | None = None) -> str | None:
        found = self.client.get_cookie(
            name or self.app.config["SESSION_COOKIE_NAME"], "crm.example"
        )
        return found.value if found else None

    def take_cookie(self, value: str, name: str | None = None) -> None:
        wanted = name or self.app.config["SESSION_COOKIE_NAME"]
        self.client.set_cookie(wanted, value, domain="crm.example")

    def _where(self) -> dict[str, Any]:
        return {
            "base_url": self.base_url,
            "environ_overrides": {"REMOTE_ADDR": self.address},
        }


NewVisitor = Callable[..., Visitor]
"""`visitor()` opens a browser, `visitor("mai")` one in which she has signed in."""
