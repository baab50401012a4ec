"""`crm reindex` makes the search texts of records that exist what their fields say today."""

from __future__ import annotations

import json
from typing import Any

import factories
import pytest
from flask import Flask
from sqlalchemy import select

from crmadmin.catalogs.models import all_catalogs
from crmadmin.core import listing, search
from crmadmin.core.db import all_records, db, spec_of
from crmadmin.core.list_state import ListState
from crmadmin.core.search import texts
from crmadmin.customers.models import DOCUMENTS, Customer

SEARCHED = [
    model
    for model in all_records()
    if {d.column for d in spec_of(model).derived} & {"search_text", "search_private"}
]


@pytest.fixture
def stocked(context: Flask) -> Flask:
    """Three records of each kind, whose search texts are as if their fields had been others."""
    for _n in range(3):
        owner = factories.user()
        factories.contact(factories.customer(owner, phone="+84912345678"))
        factories.group()
        for model in all_catalogs():
            factories.catalog(model)
    db.session.commit()
    return context


def stored(model: type[Any]) -> list[tuple[Any, ...]]:
    db.session.expire_all()
    table = model.__table__
    return [tuple(row) for row in db.session.execute(select(table).order_by(table.c.id))]


def spoil(model: type[Any], some: Any = True) -> None:
    names = {d.column for d in spec_of(model).derived} & {"search_text", "search_private"}
    table = model.__table__
    db.session.execute(table.update().where(some).values(dict.fromkeys(names, " cu ")))
    db.session.commit()


@pytest.mark.parametrize("model", SEARCHED, ids=lambda m: m.__tablename__)
def test_the_texts_of_every_record_are_made_anew_and_nothing_else_changes(
    stocked: Flask, model: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "BLOCK", 2)
    before = stored(model)
    assert len(before) == 3
    assert search.remake_texts(model) == 0
    spoil(model)
    assert stored(model) != before
    assert search.remake_texts(model) == 3
    assert stored(model) == before


def test_every_kind_of_record_that_is_searched_is_there(stocked: Flask) -> None:
    assert {Customer, *all_catalogs()} <= set(SEARCHED)


def test_only_texts_that_are_not_right_are_written(stocked: Flask) -> None:
    heard: list[int] = []
    spoil(Customer, Customer.__table__.c.id == db.session.scalar(select(Customer.id).limit(1)))
    assert search.remake_texts(Customer, heard.append) == 1
    assert heard == [3]


def test_reindex_says_whose_texts_were_wrong_and_searches_find_them_again(stocked: Flask) -> None:
    one = db.session.scalars(select(Customer)).first()
    assert one is not None
    spoil(Customer)
    assert found(one.name) == []
    db.session.rollback()  # SQLite: one writer at a time, and the command is another
    told = stocked.test_cli_runner().invoke(args=["crm", "reindex", "--json"])
    assert told.exit_code == 0, told.output
    said = json.loads(told.stdout)
    assert said["texts"] == {"customer": 3}
    assert said["documents"] == {"customer": 3}
    assert found(one.name) == [one.id]
    assert found("912345678") == [c.id for c in db.session.scalars(select(Customer))]
    assert search.pending(db.session.connection(), DOCUMENTS) == 0
    db.session.rollback()
    again = stocked.test_cli_runner().invoke(args=["crm", "reindex"])
    assert "search texts" not in again.stdout


def found(query: str) -> list[int]:
    spec = spec_of(Customer)
    where = search.conditions(Customer, query, sees_sensitive=True)
    page = listing.page(spec, ListState(query=query), where, [], sees_sensitive=True)
    return sorted(row.id for row in page.rows)
