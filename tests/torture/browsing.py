"""People at browsers that speak real HTTP: they fill in forms as the pages show them, and go to the
other web process when one does not answer, as the proxy of deploy/ does for them."""

from __future__ import annotations

import http.client
import itertools
import re
import secrets
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')
MARK = re.compile(r'name="_mark" value="([^"]+)"')
"""What proves which records the page was made of."""
RECORD_FORM = "record-form"
SECONDS = 20


class Unanswered(Exception):
    """The request was sent, and nothing came back: it was carried out, or it was not."""


class Answer:
    """What came back."""

    def __init__(self, raw: http.client.HTTPResponse) -> None:
        self.status = raw.status
        self.location = re.sub(r"^https?://[^/]+", "", raw.getheader("Location") or "")
        self.text = raw.read().decode()


class Browser:
    """One person's browser. Each request goes to the next of the web processes that answers."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = itertools.cycle(ports)
        self._how_many = len(ports)
        self._cookies: dict[str, str] = {}
        self.asked: list[int] = []
        """The ports that answered, in order."""

    def get(self, path: str, *, of: int | None = None) -> Answer:
        """A page, of any web process, or of the one at this port."""
        for _try in range(self._how_many + 1):
            try:
                return self._send("GET", path, of=of)
            except Unanswered:
                continue  # asking again changes nothing
        raise AssertionError("no web process answers")

    def post(self, path: str, fields: list[tuple[str, str]], *, page: str | None = None) -> Answer:
        """Send a form, with the token and the marks of the page it is on. Raises Unanswered."""
        shown = self.get(page or path).text
        token = TOKEN.search(shown)
        proof = [("_mark", mark) for mark in sorted(set(MARK.findall(shown)))]
        own = [f for f in fields if f[0] not in ("csrf_token", "_mark")]
        body = urlencode([("csrf_token", token[1] if token else ""), *proof, *own])
        kind = "application/x-www-form-urlencoded"
        return self._send("POST", path, body.encode(), {"Content-Type": kind})

    def upload(self, path: str, file: bytes, name: str, fields: dict[str, str]) -> Answer:
        """Send a form with a file."""
        line = secrets.token_hex(16)
        parts = [
            f'--{line}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in {"csrf_token": self.token(path), **fields}.items()
        ]
        head = f'--{line}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = b"".join([*parts, head.encode(), file, f"\r\n--{line}--\r\n".encode()])
        return self._send(
            "POST", path, body, {"Content-Type": f"multipart/form-data; boundary={line}"}
        )

    def sign_in(self, name: str, password: str) -> None:
        answer = self.post("/login", [("username", name), ("password", password)])
        assert answer.status == 303, (name, answer.status, answer.text[:500])

    def token(self, page: str) -> str:
        found = TOKEN.search(self.get(page).text)
        return found[1] if found else ""

    def _send(
        self, method: str, path: str, body: bytes | None = None,
        headers: dict[str, str] | None = None, *, of: int | None = None,
    ) -> Answer:  # fmt: skip
        cookies = "; ".join(f"{k}={v}" for k, v in self._cookies.items())
        sent = {**(headers or {}), **({"Cookie": cookies} if cookies else {})}
        for _port in range(self._how_many):
            port = of or next(self._ports)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
            try:
                connection.connect()
            except OSError:
                assert of is None, f"nothing listens at {port}"
                continue  # nothing was sent yet
            try:
                connection.request(method, path, body, sent)
                raw = connection.getresponse()
                answer = Answer(raw)
            except (OSError, http.client.HTTPException) as error:
                raise Unanswered(path) from error
            finally:
                connection.close()
            self._take(raw)
            self.asked.append(port)
            return answer
        raise AssertionError("no web process listens")

    def _take(self, raw: http.client.HTTPResponse) -> None:
        for line in raw.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value


class _Form(HTMLParser):
    """The fields of a record's form, as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self._select: str | None = None
        self._area: str | None = None
        self._is_in = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has: dict[str, Any] = dict(attrs)
        if tag == "form":
            self._is_in = has.get("id") == RECORD_FORM
        name = has.get("name")
        # A field may stand elsewhere and name its form.
        is_ours = has.get("form") == RECORD_FORM if "form" in has else self._is_in
        is_pattern = "__n__" in str(name)  # of rows that a script adds
        if "disabled" in has or is_pattern or not (is_ours or (tag == "option" and self._select)):
            return
        if tag == "input" and name and has.get("type") not in ("submit", "button", "file"):
            if has.get("type") not in ("checkbox", "radio") or "checked" in has:
                self.fields.append((name, has.get("value") or ""))
        elif tag == "textarea" and name:
            self._area = name
            self.fields.append((name, ""))
        elif tag == "select" and name:
            self._select = name
        elif tag == "option" and self._select and "selected" in has:
            self.fields.append((self._select, has.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_in = False
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area:
            name, value = self.fields[-1]
            self.fields[-1] = (name, (value + data).removeprefix("\n"))


def form_of(page: str) -> list[tuple[str, str]]:
    """What the form of a customer on this page would send."""
    parser = _Form()
    parser.feed(page)
    assert {"version", "name", "note"} <= {name for name, _value in parser.fields}, page[:2000]
    return parser.fields
