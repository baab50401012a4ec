"""A visitor with a browser: a test client that fills in the CSRF token as a page would."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import Context
from typing import Any

from factories import PASSWORD
from flask import Flask, has_app_context, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crmadmin.core import marks, outside
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import all_records, db
from crmadmin.groups.models import CustomerGroup
from crmadmin.imports.models import ImportBatch

TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')
MARK = re.compile(r'name="_mark" value="([^"]+)"')
MODELS = {
    "acts": BulkAct,
    **{model.__tablename__: model for model in all_records()},
    "groups": CustomerGroup,
    "imports": ImportBatch,
}


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
        return self.raw_post(path, {**self.carried(page or path, path), **(data or {})}, **opts)

    def carried(self, page: str, path: str) -> dict[str, Any]:
        """What a form of a page carries: the token, and the marks of the records that it shows."""
        shown = self.get(page).text
        token = TOKEN.search(shown)
        proof = {*MARK.findall(shown), *self.proof(path)}
        return {"csrf_token": token[1] if token else "", "_mark": sorted(proof)}

    def proof(self, path: str) -> list[str]:
        """The mark of the record that an address names: what the page with its button carries."""
        with self.app.test_request_context(path, method="POST"):
            endpoint, values = request.endpoint or "", request.view_args or {}
            model = MODELS.get(endpoint.partition(".")[0])
            key = values.get("id") or values.get("key") or request.args.get("id")
            number = outside.record_id(key)
            record = db.session.get(model, number) if model and number else None
            return [marks.mark(record)] if record is not None else []

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
