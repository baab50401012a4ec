"""What is stored may be unreadable tomorrow. Every column that keeps JSON or a search gets what
nobody can read, pages are opened by all who may: no crash, and what else there is goes on.

The columns are found in the tables, so one that is added later is spoilt as well. First everything
is spoilt at once and every page is opened; then the value of each column is spoilt in single places
of it, and the pages of its part of the product are opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from random import Random
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from hostile import Forms
from sqlalchemy import Column, select, text
from test_hostile import ROLES, Walk, make_stock, rules
from walker import Watch
from werkzeug.routing import Rule

from crmadmin.core.db import db, is_json

SEARCHES = {("customer_group", "filter"), ("group_draft", "filter"), ("saved_view", "query")}
"""Columns of text that are read as something else."""

NO_SEARCH = ("created_at_to=9999-12-31", "industry=abc", "removed=5", "?", "&".join(["a=1"] * 600))
STRANGE = (None, True, -1, 3.5, "x", [], {}, [None], {"x": None}, "9" * 400, [[1]], {"x": {"y": 1}})
NO_JSON = "{not json"

PARTS = {
    "import": ("imports.", "admin.index", "access.profile", "customer_group.history"),
    "job": ("imports.", "admin.index"),
    "group": ("groups.", "customer_group.", "customer.index", "customer.details"),
    "saved": ("customer.index", "customer.saved", "customer.save"),
    "setting": ("settings.", "customer.create", "customer.edit"),
    "user": ("customer.index", "customer.columns", "user."),
    "login": ("access.",),
    "bulk": ("acts.", "admin.index"),
}
"""First word of a table → the pages that read it."""

PLACES = 12
"""Places of one value that are spoilt, one at a time."""


def spoilt(value: Any) -> Iterator[Any]:
    """The value with something strange in one of its places."""
    yield from (strange for strange in STRANGE if type(strange) is not type(value))
    if isinstance(value, dict):
        for name in value:
            yield from ({**value, name: other} for other in spoilt(value[name]))
            yield {k: v for k, v in value.items() if k != name}
    elif isinstance(value, list) and value:
        yield from ([other, *value[1:]] for other in spoilt(value[0]))


def columns() -> list[Column[Any]]:
    return [
        column
        for table in db.metadata.sorted_tables
        for column in table.columns
        if is_json(column.type) or (table.name, column.name) in SEARCHES
    ]


def put(walk: Walk, written: dict[Column[Any], str]) -> None:
    """Write texts into columns of every row, past all that would look at them."""
    with walk.app.app_context():
        for column, value in written.items():
            _put(column.table, column, value)
        db.session.commit()
        db.session.remove()
    walk.watch.changed()


def _put(table: Any, column: Column[Any], written: str) -> None:
    value = ":value"
    if is_json(column.type) and db.engine.dialect.name == "postgresql":
        value = "CAST(:value AS JSON)"
    statement = text(f'UPDATE "{table.name}" SET "{column.name}" = {value}')
    db.session.execute(statement, {"value": written})


@pytest.fixture
def walk(app: Flask, house: ModuleType) -> Iterator[Walk]:
    app.config["WTF_CSRF_ENABLED"] = False
    watch = Watch(app)
    stock, random = make_stock(app), Random(1)  # noqa: S311 - it has to come again
    yield Walk(app, app.test_client(), watch, stock, "an", random, (), house._empty)
    watch.close()


def open_pages(walk: Walk, found: list[Rule]) -> None:
    for rule in found:
        walk.ask("GET", walk.path(rule, own=True))


def heading(html: str) -> str:
    [found] = re.findall(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    return str(found).strip()


def complaint(walk: Walk) -> str:
    return f"{len(walk.wrong)} of {walk.asked}:\n" + "\n\n".join(walk.wrong[:8])


@pytest.mark.parametrize("number", range(len(STRANGE) + 1))
def test_with_everything_unreadable_every_page_opens(walk: Walk, number: int) -> None:
    if number == len(STRANGE) and walk.watch.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL takes no JSON that is none")
    strange = NO_JSON if number == len(STRANGE) else json.dumps(STRANGE[number])
    put(walk, {c: strange if is_json(c.type) else NO_SEARCH[number % 5] for c in columns()})
    for name in ROLES:
        walk.name = name
        walk.sign_in()
        open_pages(walk, rules(walk.app, "GET"))
    assert not walk.wrong, complaint(walk)
    assert walk.asked > 300


def test_a_value_that_is_wrong_in_one_place_breaks_no_page(walk: Walk) -> None:
    walk.sign_in()
    for column in filter(lambda c: is_json(c.type), columns()):
        with walk.app.app_context():
            there = [value for value in db.session.scalars(select(column)) if value]
            db.session.remove()
        if not there:
            continue
        variants, before = list(spoilt(there[0])), len(walk.wrong)
        prefixes = PARTS[column.table.name.partition("_")[0]]
        found = [r for r in rules(walk.app, "GET") if r.endpoint.startswith(prefixes)]
        for variant in walk.random.sample(variants, min(PLACES, len(variants))):
            put(walk, {column: json.dumps(variant)})
            open_pages(walk, found)
            walk.wrong[before:] = [f"{column} = {variant!r}\n{w}" for w in walk.wrong[before:]]
            before = len(walk.wrong)
        put(walk, {column: json.dumps(there[0])})
    assert not walk.wrong, complaint(walk)


def test_an_import_that_cannot_be_read_is_mended_on_its_own_page(walk: Walk) -> None:
    walk.sign_in()
    batch = walk.stock.batches[0]
    at = f"/admin/imports/{batch}/"
    for name in ("options", "columns", "planned", "counts", "heads", "unknown", "mapping"):
        put(walk, {db.metadata.tables["import_batch"].columns[name]: json.dumps("x")})
        page = walk.client.get(f"{at}preview")
        assert page.status_code == 409
        assert page.text.count(f"Lần nhập {batch}") == 1, "which import: once, below the heading"
        assert heading(page.text) == "Không đọc được lần nhập này"
        [sent] = [f for action, _how, f in Forms(page.text).found if action == f"{at}mend"]
        assert walk.client.get("/admin/imports/").status_code == 200
        assert walk.client.post(f"{at}mend", data=dict(sent)).status_code == 303
        assert walk.client.get(f"{at}preview", follow_redirects=True).status_code == 200, name
    assert not walk.wrong, complaint(walk)
