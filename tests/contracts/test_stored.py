"""What is stored may be unreadable tomorrow. Every column that keeps JSON, a search, or a word of a
closed set gets what nobody can read, as another release may have stored it; pages are opened by all
who may: no crash, and what else there is goes on.

The columns are found in the tables, so one that is added later is spoilt as well. First everything
is spoilt at once and every page is opened; then the value of each column is spoilt in single places
of it, and the pages of its part of the product are opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from random import Random
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from hostile import Forms
from sqlalchemy import Column, String, select, text
from test_hostile import ROLES, Walk, make_stock, rules
from walker import Watch
from werkzeug.routing import Rule

from crmadmin.catalogs.models import all_catalogs
from crmadmin.core import acts, marks
from crmadmin.core.db import all_records, db, is_json, spec_of

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

WORDS: Mapping[str, str] = {
    "bulk_act": "kind target state", "bulk_row": "target fate how",
    "group_step": "kind",
    "import_batch": "kind status", "import_row": "planned state contact member kept",
    "import_change": "target", "import_fix": "column", "import_memory": "kind",
    "job": "task state", "saved_view": "record", "setting": "key",
    "question_count": "kind", "user": "role locale theme", "customer": "kind province",
    **dict.fromkeys([m.__tablename__ for m in all_catalogs() if hasattr(m, "color")], "color"),
}  # fmt: skip
"""Table → its columns that hold a word of a closed set."""

FREE: Mapping[str, str] = {
    "code_sequence": "name", "login_throttle": "key", "periodic_run": "name",
    "setup_token": "token_hash", "user_session": "token_hash", "user": "password_hash",
    "bulk_row": "label", "customer": "name_text", "group_draft": "name description filter",
    "import_batch": "file_name file_path digest sheet", "import_fix": "value",
    "import_memory": "headings", "import_row": "key label", "job": "token worker error",
    "saved_view": "name name_key query", "customer_group": "filter",
}  # fmt: skip
"""Table → its columns with a text of any kind, beside declared fields and the keys of search."""

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


def words() -> list[Column[Any]]:
    tables = db.metadata.tables
    return [tables[table].columns[name] for table, names in WORDS.items() for name in names.split()]


def replace_words(walk: Walk, found: list[Column[Any]], spoilt: str) -> None:
    """Put another text in the place of these words, by an expression on the column."""
    with walk.app.app_context():
        for column in found:
            is_back = spoilt == BACK and column.nullable
            value = f"NULLIF({BACK}, '')" if is_back else spoilt
            value = value.replace("COLUMN", f'"{column.name}"')
            db.session.execute(text(f'UPDATE "{column.table.name}" SET "{column.name}" = {value}'))
        db.session.commit()
        db.session.remove()
    walk.watch.changed()


NOBODY_KNOWS = "COALESCE(COLUMN, '') || '~'"
"""A word that was another one: what is unique stays so."""
BACK = "substr(COLUMN, 1, length(COLUMN) - 1)"


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


def test_every_text_that_is_stored_is_a_field_a_word_or_free() -> None:
    known = {(t, n) for kinds in (WORDS, FREE) for t, names in kinds.items() for n in names.split()}
    for model in all_records():
        spec = spec_of(model)
        known |= {(model.__tablename__, f.column) for f in spec.fields if not f.choices}
        known |= {(model.__tablename__, made.column) for made in spec.derived}
    found = {
        (table.name, column.name)
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String) and not is_json(column.type)
    }
    assert found - known == set(), "say in WORDS or FREE which these are"


def test_words_that_nobody_knows_break_no_page(walk: Walk) -> None:
    walk.sign_in()
    parts: dict[str, list[list[Column[Any]]]] = {}
    for column in words():
        part = column.table.name.partition("_")[0]
        alone = part in PARTS
        parts.setdefault(part if alone else "", []).append([column])
    parts[""] = [[column for columns in parts.pop("", []) for column in columns]]
    for part, groups in parts.items():
        prefixes = PARTS.get(part, ("",))
        found = [r for r in rules(walk.app, "GET") if r.endpoint.startswith(prefixes)]
        for some in groups:
            before = len(walk.wrong)
            for name in ROLES:
                walk.name = name
                walk.sign_in()  # which gives the role back
                replace_words(walk, some, NOBODY_KNOWS)
                open_pages(walk, found)
                replace_words(walk, some, BACK)
            named = ", ".join(map(str, some))
            walk.wrong[before:] = [f"{named}\n{w}" for w in walk.wrong[before:]]
    assert not walk.wrong, complaint(walk)
    assert walk.asked > 500


def test_an_import_of_a_state_that_nobody_knows_is_mended_by_what_else_is_stored(
    walk: Walk,
) -> None:
    walk.sign_in()
    batch = walk.stock.batches[0]
    at = f"/admin/imports/{batch}/"
    columns = db.metadata.tables["import_batch"].columns
    replace_words(walk, [columns["status"]], NOBODY_KNOWS)
    assert "Trạng thái không rõ" in walk.client.get("/admin/imports/").text
    page = walk.client.get(f"{at}preview")
    assert page.status_code == 409
    assert "không biết trạng thái đó" in page.text
    [sent] = [f for action, _how, f in Forms(page.text).found if action == f"{at}mend"]
    assert walk.client.post(f"{at}mend", data=dict(sent)).status_code == 303
    assert walk.client.get(f"{at}preview", follow_redirects=True).status_code == 200
    replace_words(walk, [columns["kind"]], NOBODY_KNOWS)
    page = walk.client.get(f"{at}preview")
    assert page.status_code == 409
    assert "không biết loại nhập đó" in page.text
    assert f"{at}mend" not in page.text
    assert not walk.wrong, complaint(walk)


@pytest.mark.parametrize("name", ["planned", "state"])
def test_rows_of_a_fate_that_nobody_knows_are_forgotten_on_their_imports_own_page(
    walk: Walk, name: str
) -> None:
    walk.sign_in()
    batch = walk.stock.batches[0]
    at = f"/admin/imports/{batch}/"
    tables = db.metadata.tables
    replace_words(walk, [tables["import_row"].columns[name]], NOBODY_KNOWS)
    if name == "state":
        replace_words(walk, [tables["import_batch"].columns["status"]], "'done'")
    seen = "result" if name == "state" else "preview"
    page = walk.client.get(f"{at}{seen}?only=all")
    assert page.status_code == 409
    assert "không biết những kết quả đó" in page.text
    [sent] = [f for action, _how, f in Forms(page.text).found if action == f"{at}mend"]
    assert walk.client.post(f"{at}mend", data=dict(sent)).status_code == 303
    answer = walk.client.get(f"{at}{seen}?only=all", follow_redirects=True)
    assert answer.status_code == 200
    assert not walk.wrong, complaint(walk)


def test_an_act_of_another_release_is_shown_and_not_taken_back(walk: Walk) -> None:
    walk.sign_in()
    columns = db.metadata.tables["bulk_act"].columns
    replace_words(walk, [columns["state"]], "'done'")
    replace_words(walk, [columns["kind"]], NOBODY_KNOWS)
    with walk.app.app_context():
        act = db.session.scalars(select(acts.BulkAct)).first()
        assert act is not None
        mark = marks.mark(act)
        db.session.remove()
    page = walk.client.get(f"/admin/acts/{act.id}/")
    assert page.status_code == 200
    assert "phiên bản khác của phần mềm" in page.text
    assert walk.client.get("/admin/acts/").status_code == 200
    answer = walk.client.post(f"/admin/acts/{act.id}/undo/", data={"_mark": mark})
    assert answer.status_code == 403
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
