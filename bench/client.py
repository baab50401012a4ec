"""A visitor of the product in this process: how long a page took, what it cost, where it leads."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from sqlalchemy import Engine, event

from bench import product

TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')
LIST = "/admin/customers/"
CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
"""What is no statement of the page's own."""


@dataclass(frozen=True, slots=True)
class PageCost:
    """One answer: milliseconds in all and of the database's, statements, size and text."""

    ms: float
    sql_ms: float
    statements: int
    kb: float
    html: str


class _Count:
    """The statements of this process, and how long the database took to begin to answer them."""

    def __init__(self) -> None:
        self.statements, self.seconds, self._began = 0, 0.0, 0.0
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "after_cursor_execute", self._after)

    def _before(self, *_given: Any) -> None:
        self._began = time.perf_counter()

    def _after(self, _connection: Any, _cursor: Any, statement: str, *_given: Any) -> None:
        if not statement.lstrip().upper().startswith(CONTROL):
            self.statements += 1
            self.seconds += time.perf_counter() - self._began

    def begin(self) -> None:
        """Count from nought."""
        self.statements, self.seconds = 0, 0.0


_count = _Count()


class Client:
    """The administrator, signed in."""

    def __init__(self, app: Flask) -> None:
        self._browser = app.test_client()
        token = TOKEN.search(self._browser.get("/login").text)
        form = {"username": product.ADMIN, "password": product.PASSWORD}
        self._browser.post("/login", data={**form, "csrf_token": token[1] if token else ""})

    def look(self, path: str) -> PageCost:
        """Ask for a page. Raises AssertionError when it is none."""
        _count.begin()
        began = time.perf_counter()
        answer = self._browser.get(path)
        ms = (time.perf_counter() - began) * 1000
        html = answer.text
        if answer.status_code != 200 or "</html>" not in html:
            raise AssertionError(f"{path}: {answer.status}")
        return PageCost(ms, _count.seconds * 1000, _count.statements, len(answer.data) / 1000, html)


class Links(HTMLParser):
    """The links of a page: (address, words), the words being the label where it has one."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._href: str | None = None
        self._words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A link begins."""
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self._href, self._words = given["href"], given.get("aria-label") or ""
            self._labelled = bool(self._words)

    def handle_data(self, data: str) -> None:
        """Words of a link without a label."""
        if self._href is not None and not self._labelled:
            self._words += data

    def handle_endtag(self, tag: str) -> None:
        """A link ends."""
        if tag == "a" and self._href is not None:
            self.found.append((self._href, " ".join(self._words.split())))
            self._href = None

    def called(self, *words: str) -> str | None:
        """Where the first link with any of these words leads."""
        return next((href for href, said in self.found if said in words), None)

    def sorts(self) -> dict[str, str]:
        """Where the links lead that sort the list: by what (with `-` when downwards) → address."""
        return {
            parse_qs(urlsplit(href).query)["sort"][0]: href
            for href, _said in self.found
            if urlsplit(href).path == LIST
            and (asked := parse_qs(urlsplit(href).query)).get("sort")
            and set(asked) == {"sort"}
        }
