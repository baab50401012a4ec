"""Wrong log-ins by the hundred on the real web server: who has signed in goes on working."""

from __future__ import annotations

import http.client
import re
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from crmadmin.access import guard, passwords, sessions
from crmadmin.access.models import User
from crmadmin.cli import server
from crmadmin.core.db import db

REAL = passwords.hasher
"""As it is outside of tests: taken before a fixture makes it quick."""
BURST = 200
PAGE = "/admin/customers/"
OUTSIDE = {
    "X-Forwarded-Proto": "https", "X-Forwarded-Host": "crm.example", "Referer": "https://crm.example/",
}  # fmt: skip


class Asked:
    """One request of its own connection: what came back, and the seconds that it took."""

    def __init__(
        self, port: int, path: str, address: str, cookie: str, form: dict[str, str] | None = None
    ) -> None:
        headers = {**OUTSIDE, "X-Forwarded-For": address, "Cookie": cookie}
        body = None if form is None else urlencode(form)
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begun = time.perf_counter()
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        line.request("GET" if form is None else "POST", path, body, headers)
        answer = line.getresponse()
        self.text = answer.read().decode()
        self.seconds = time.perf_counter() - begun
        self.status, self.headers = answer.status, answer.headers
        line.close()


@contextmanager
def serving(app: Flask) -> Iterator[int]:
    """The server of `make run`, behind a proxy; gives its port."""
    made = server.server(app, 0)
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    try:
        yield int(made.effective_port)
    finally:
        made.trigger.pull_trigger(made.close)
        thread.join(10)
        made.task_dispatcher.shutdown()


@pytest.fixture
def port(app: Flask, people: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(passwords, "hasher", REAL)
    # A proxy's headers tell the addresses, as in a deployment.
    monkeypatch.setattr(app, "wsgi_app", ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1))
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], behind_proxy=True)
    with serving(app) as found:
        yield found


def session_of(app: Flask, user_id: int) -> str:
    with app.app_context():
        token = sessions.start(db.session.get_one(User, user_id))
        db.session.commit()
        db.session.remove()
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # Flask's default interface has it
    return f"{app.config['SESSION_COOKIE_NAME']}={signer.dumps(guard.cookie_values(token))}"


def test_a_signed_in_page_stays_quick_while_hundreds_log_in_wrongly(
    app: Flask, people: dict[str, int], port: int
) -> None:
    mine = session_of(app, people["an"])

    def page() -> float:
        asked = Asked(port, PAGE, "192.0.2.1", mine)
        assert asked.status == 200
        return asked.seconds

    for _ in range(3):
        page()
    idle = statistics.median(page() for _ in range(15))
    form = Asked(port, "/login", "192.0.2.2", "")
    cookie = str(form.headers["Set-Cookie"]).split(";")[0]
    token = re.search(r'name="csrf_token"[^>]*?value="([^"]+)"', form.text)
    assert token

    answers: list[Asked] = []

    def log_in(number: int) -> None:
        typed = {"username": f"ai-do-{number}", "password": "sai", "csrf_token": token[1]}
        address = f"198.51.{number // 200}.{number % 200}"
        answers.append(Asked(port, "/login", address, cookie, typed))

    begun = time.perf_counter()
    log_in(BURST)
    one = time.perf_counter() - begun
    assert answers.pop().status == 422
    threads = [threading.Thread(target=log_in, args=(n,)) for n in range(BURST)]
    for thread in threads:
        thread.start()
    during: list[float] = []
    while any(t.is_alive() for t in threads):
        during.append(page())
    for thread in threads:
        thread.join()

    # Were all hashed, or did all wait for it, a page would wait for its share of the whole burst.
    all_hashed = BURST * one / passwords.SLOTS
    away = [a for a in answers if a.status == 503]
    print(  # noqa: T201 - the figures of docs/security.md
        f"page idle {idle:.3f} s, in the burst {statistics.median(during):.3f} s in the median, "
        f"{max(during):.3f} s at worst; {len(away)} of {BURST} turned away after "
        f"{statistics.median(a.seconds for a in away):.3f} s; one log-in {one:.3f} s"
    )
    assert {a.status for a in answers} == {422, 503}
    assert len(answers) == BURST
    assert {a.headers["Retry-After"] for a in away} == {str(passwords.RETRY_SECONDS)}
    assert all("Nhiều người đang đăng nhập" in a.text for a in away)
    assert statistics.median(during) < max(20 * idle, 2 * one)
    assert max(during) < all_hashed / 6
    assert statistics.median(a.seconds for a in away) < all_hashed / 6
