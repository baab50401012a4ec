"""Searches of the customer list, each against the plain statement on the index that finds the same.

In this process; page and statement in turns, the best of several looks. The statement is what one
would write by hand for the engine's index: it matches, joins the customers, sorts them by name and
stops after a page. It knows neither rights nor records that were written since.
"""

from __future__ import annotations

import re
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg

from bench import product
from bench.client import LIST, Client, PageCost
from crmadmin.core import listing
from crmadmin.core.db import db
from crmadmin.core.paging import Page
from crmadmin.core.text import fold
from crmadmin.customers.models import Customer

LOOKS = 7
ENOUGH = 20.0
SHORT = 2
"""Letters of the longest word without a trigram of its own: such a word begins a word."""
ROW = re.compile(r'<tr[^>]*\bdata-id="(\d+)"')
SOME = 5000
"""The id of the customer whose code and number are searched for."""
WORDS = (
    "khổng", "công ty", "hà", "le van hai", "tôn thất minh", "nguyen van", "Nguyễn Văn", "lê an",
    "xây dựng minh phát",
)  # fmt: skip
"""Rare and common, short and several; a code and a part of a number come from customers."""


def words(url: str, folder: str) -> list[str]:
    """Everything that is searched for."""
    app = product.make_app(url, _own(folder))
    with app.app_context():
        customer = db.session.get(Customer, SOME) or db.session.query(Customer).first()
        phones = db.session.query(Customer.phone).filter(Customer.phone.is_not(None))
        phone = str(phones.order_by(Customer.id).offset(SOME // 2).limit(1).scalar() or "")
        code = customer.code if customer else ""
        db.session.rollback()
    return [*WORDS, code, phone[-6:]]


def _own(folder: str) -> str:
    Path(folder).mkdir(parents=True, exist_ok=True)
    return folder


def measure(url: str, folder: str, asked: list[str]) -> dict[str, Any]:
    """Of every search: milliseconds of the page, of finding in it and of the plain statement; how
    many customers the page shows, and how many of these the plain statement finds, too."""
    client = Client(product.make_app(url, _own(folder)))
    plain = _Sqlite(url) if url.startswith("sqlite") else _Postgresql(url)
    return {text: _search(client, plain, text) for text in asked}


def _search(client: Client, plain: _Plain, text: str) -> dict[str, Any]:
    path, found = f"{LIST}?{urlencode({'q': text})}", plain.patterns(text)
    told: dict[str, Any] = {}
    shown: list[int] = []
    finding = _Finding()
    began = time.perf_counter()
    for turn in range(LOOKS):
        look, found_ms = finding.time(partial(client.look, path))
        shown = [int(row) for row in ROW.findall(look.html)]
        start = time.perf_counter()
        plain.first_page(found)
        raw = (time.perf_counter() - start) * 1000
        for what, ms in (("ms", look.ms), ("found_ms", found_ms), ("raw_ms", raw)):
            told[what] = min(told.get(what, ms), ms)
        told["statements"] = look.statements
        if turn and time.perf_counter() - began > ENOUGH:
            break
    return {**told, "rows": len(shown), "same": plain.count_among(found, shown)}


def ours(url: str, folder: str, requests: list[dict[str, Any]]) -> list[float]:
    """Seconds of our own page for each request that the panels get, too (`peers/asking.py`)."""
    client = Client(product.make_app(url, _own(folder)))
    return [min(client.look(_path(one)).ms for _ in range(LOOKS)) / 1000 for one in requests]


def _path(request: dict[str, Any]) -> str:
    names = {"search": "q"}
    return f"{LIST}?{urlencode({names.get(name, name): value for name, value in request.items()})}"


class _Finding:
    """Times what a page does to find its customers: count, order, read them and what they refer to.

    The rest of a page, drawn by templates, takes the same whatever it is searched for.
    """

    def __init__(self) -> None:
        self._page = listing.page

    def time(self, act: Callable[[], PageCost]) -> tuple[PageCost, float]:
        """What `act` gives, and milliseconds in `listing.page`."""
        seconds = 0.0

        def timed(*args: Any, **more: Any) -> Page:
            nonlocal seconds
            began = time.perf_counter()
            page = self._page(*args, **more)
            seconds += time.perf_counter() - began
            return page

        listing.page = timed
        try:
            return act(), seconds * 1000
        finally:
            listing.page = self._page


class _Plain(ABC):
    """The plain statement of one engine."""

    def patterns(self, text: str) -> list[str]:
        """What each word is found by: documents have a blank before every word."""
        return [f" {word}" if len(word) <= SHORT else word for word in fold(text).split()]

    def first_page(self, patterns: list[str]) -> list[int]:
        """The ids of the first page, by name."""
        where, values = self.where(patterns)
        return self.ask(
            "SELECT customer.id FROM customer_search JOIN customer"
            f" ON customer.id = customer_search.rowid WHERE {where}"
            " ORDER BY customer.sort_key LIMIT 50",
            values,
        )

    def count_among(self, patterns: list[str], ids: list[int]) -> int:
        """How many of these are found."""
        where, values = self.where(patterns)
        among = ", ".join(map(str, ids)) or "0"
        return self.ask(
            f"SELECT count(*) FROM customer_search WHERE {where} AND rowid IN ({among})", values
        )[0]

    @abstractmethod
    def where(self, patterns: list[str]) -> tuple[str, list[str]]:
        """The condition with its values."""

    @abstractmethod
    def ask(self, statement: str, values: list[str]) -> list[int]:
        """The first column of what the statement gives."""


class _Sqlite(_Plain):
    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        self._connection.execute("PRAGMA cache_size=-65536")

    def where(self, patterns: list[str]) -> tuple[str, list[str]]:
        said = " ".join('"' + text.replace('"', '""') + '"' for text in patterns)
        return "customer_search MATCH ?", [said]

    def ask(self, statement: str, values: list[str]) -> list[int]:
        return [row[0] for row in self._connection.execute(statement, values)]


class _Postgresql(_Plain):
    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)

    def where(self, patterns: list[str]) -> tuple[str, list[str]]:
        one = "(public LIKE %s OR private LIKE %s)"
        marks = [f"%{text}%" for text in patterns for _column in range(2)]
        return " AND ".join([one] * len(patterns)), marks

    def ask(self, statement: str, values: list[str]) -> list[int]:
        return [row[0] for row in self._connection.execute(statement, values)]
