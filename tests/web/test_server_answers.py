"""What the built-in server cannot hand on to the app looks like the app's own answers."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from test_access_headers import EVERYWHERE

from crmadmin.cli import server
from crmadmin.core.db import db

HOST = "Host: 127.0.0.1\r\n"
REQUESTS = {
    "no request at all": ("nonsense\r\n\r\n", 400),
    "a header without a colon": (f"GET /login HTTP/1.1\r\n{HOST}broken\r\n\r\n", 400),
    "a length that is none": (
        f"POST /login HTTP/1.1\r\n{HOST}Content-Length: +5\r\n\r\n", 400,
    ),
    "a body that is too large": (
        f"POST /login HTTP/1.1\r\n{HOST}Content-Length: 999999999999\r\n\r\n", 413,
    ),
    "headers that are too long": (
        f"GET /login HTTP/1.1\r\n{HOST}X: {'x' * 262_200}\r\n\r\n", 431,
    ),
    "a coding that nobody knows": (
        f"POST /login HTTP/1.1\r\n{HOST}Transfer-Encoding: gzip\r\n\r\n", 501,
    ),
    "an address that is none": (f"GET http://[::1/login HTTP/1.1\r\n{HOST}\r\n", 400),
    "a length of thousands of digits": (
        f"POST /login HTTP/1.1\r\n{HOST}Content-Length: {'9' * 5000}\r\n\r\n", 400,
    ),
    "a piece of a length beyond measure": (
        f"POST /login HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n{'f' * 60}\r\nabc", 400,
    ),
    "a piece whose length does not end": (
        f"POST /login HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n{'1' * 20_000}", 400,
    ),
    "an end that does not end": (
        f"POST /login HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n{'x' * 20_000}", 400,
    ),
    "no host": ("GET /login HTTP/1.1\r\n\r\n", 400),
    "two hosts": (f"GET /login HTTP/1.1\r\n{HOST}Host: evil.example\r\n\r\n", 400),
    **{
        f"a second request hidden behind {what}": (
            f"POST /login HTTP/{version}\r\n{HOST}{headers}\r\n0\r\n\r\n"
            f"GET /hidden HTTP/1.1\r\n{HOST}\r\n", 400,
        )
        for what, version, headers in (
            ("two lengths", "1.1", "Content-Length: 5\r\nContent-Length: 50\r\n"),
            ("a length and pieces", "1.1", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            ("pieces and a length", "1.1", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
            ("pieces of an old version", "1.0",
             "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n"),
            ("pieces with a blank", "1.1", "Transfer-Encoding : chunked\r\n"),
        )
    },
}  # fmt: skip


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    made: Any = server.server(app, 0)
    thread = Thread(target=made.run, daemon=True)
    thread.start()
    yield int(made.effective_port)
    made.close()
    # The loop ends with its last connection, which may be this one's.
    thread.join(2)
    with app.app_context():
        db.engine.dispose()


def told(port: int, request: str) -> str:
    """Everything that the server answers, until it hangs up, however rudely."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(request.encode())
        with suppress(ConnectionResetError):
            while data := line.recv(65536):
                found += data
    return found.decode()


def test_the_servers_own_errors_are_pages_with_every_header(port: int) -> None:
    wrong = {}
    for what, (request, status) in REQUESTS.items():
        head, _blank, body = told(port, request).partition("\r\n\r\n")
        given = dict(re.findall(r"(?m)^([\w-]+): (.*?)\r?$", head))
        is_right = (
            re.match(rf"HTTP/1\.[01] {status} ", head),
            EVERYWHERE.items() <= given.items(),
            "Content-Security-Policy" in given,
            given.get("Cache-Control") == "no-store",
            given.get("Content-Type") == "text/html; charset=utf-8",
            given.get("Content-Length") == str(len(body.encode())),
            '<html lang="vi"' in body,
            "waitress" not in (head + body).lower(),
            "HTTP/1." not in body,
        )
        if not all(is_right):
            wrong[what] = is_right, head, body[:200]
    assert wrong == {}


def test_a_foreign_host_is_never_where_a_browser_is_sent(app: Flask, port: int) -> None:
    """Addresses without their slash were redirected to the Host that the sender had written."""
    paths = {r.rule.rstrip("/") for r in app.url_map.iter_rules() if "<" not in r.rule}
    asked = 0
    for path in sorted(paths - {""}):
        answer = told(
            port, f"GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
        )
        head = answer.partition("\r\n\r\n")[0]
        asked += "Location:" in head
        assert "evil.example" not in head, path
    assert asked > 20
