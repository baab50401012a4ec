"""What a page of the customer list costs, in what can be counted: statements, steps, letters.

SQLite counts the steps of its machine, which read rows and compare values: the same in every run.
A page of a list that is three times as long must not need more of them.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import factories
import pytest
from flask import Flask
from sqlalchemy import event, insert, literal, select
from visitor import NewVisitor, Visitor

from crmadmin.access import guard, services
from crmadmin.access.models import User
from crmadmin.admin.preferences import COLUMNS
from crmadmin.catalogs.models import CustomerSource, CustomerStatus, Industry
from crmadmin.core import listing, search
from crmadmin.core.db import db, spec_of
from crmadmin.customers.models import DOCUMENTS, Customer
from crmadmin.groups.models import Membership

CAP = 100
"""How far the list counts here; both sizes are beyond it, as 10,000 and a million are."""
FEW, MANY = 1100, 3300
MOST_STATEMENTS = 8
MOST_BYTES = 12 * 1024
"""Of a page as it travels: compressed by the proxy, at its usual level."""
LIST = "/admin/customers/"
STEPS_EVERY = 100


@dataclass
class Cost:
    """What one page took."""

    statements: list[str] = field(default_factory=list)
    steps: int = 0


@contextmanager
def counting(app: Flask, statements: list[str]) -> Iterator[Cost]:
    """Counts everything that is asked of the database inside."""
    cost = Cost()
    statements.clear()

    def step() -> int:
        cost.steps += 1
        return 0

    def taken(connection: Any, *_more: Any) -> None:
        if hasattr(connection, "set_progress_handler"):
            connection.set_progress_handler(step, STEPS_EVERY)

    with app.app_context():
        engine = db.engine
    engine.dispose()
    event.listen(engine, "checkout", taken)
    try:
        yield cost
    finally:
        cost.statements = statements.copy()
        event.remove(engine, "checkout", taken)
        engine.dispose()


def fill(app: Flask, user_id: int, rows: int) -> None:
    """So many customers; one in ten has the first status, few the second source, a third are in
    the group."""
    with app.app_context(), guard.acting(db.session.get_one(User, user_id)):
        mai = db.session.get_one(User, user_id)
        there = db.session.query(Customer).count()
        if not there:
            factories.catalog(CustomerStatus, "Hiếm")
            factories.catalog(CustomerStatus, "Thường")
            factories.catalog(CustomerSource, "Hội chợ")
            for n in range(30):
                factories.catalog(Industry, f"Ngành {n}")
            factories.group()
        names = ("Ánh", "Bình", "Đào", "Dũng", "Giang", "Hoa", "Lê", "Nguyễn Văn", "Trần")
        for n in range(there, rows):
            factories.customer(
                mai, f"{names[n % 9]} {n * 7919 % 10007}", code=f"K{n:06}",
                phone=f"+8491{n * 104729 % 10_000_000:07}", status_id=1 if n % 10 == 0 else 2,
                source_id=1 if n < 3 else None, industry_id=n % 30 + 1,
            )  # fmt: skip
        db.session.flush()
        third = select(literal(1), Customer.id, Customer.created_at).where(
            Customer.id > there, Customer.id % 3 == 0
        )
        columns = ["group_id", "customer_id", "added_at"]
        db.session.execute(insert(Membership).from_select(columns, third))
        while search.settle(db.session.connection(), DOCUMENTS):
            pass
        db.session.commit()
        db.session.remove()


def link(page: str, name: str) -> str:
    """Where the page's own link of this name leads."""
    found = re.search(rf'<a class="btn" href="([^"]+)"[^>]*>(?:<svg.*?</svg>)?{name}<', page)
    found = found or re.search(
        rf'<a class="btn" href="([^"]+)"[^>]*>(?:<svg[^>]*>[^a]*?){name}', page
    )
    assert found, f"no link “{name}”"
    return unescape(found[1])


PAGES = {
    "first": "",
    "page 4": "?page=4",
    "last": "?last=1",
    **{
        f"sort {s}": f"?sort={s}"
        for s in ("code", "name", "phone", "owner", "status", "updated_at")
    },
    **{f"sort -{s}": f"?sort=-{s}" for s in ("name", "phone", "source", "created_at")},
    "last by name": "?sort=name&last=1",
    "common filter": "?status=2",
    "filter of a tenth": "?status=1&sort=name",
    "rare filter": "?source=1",
    "group": "?group=1",
    "filter not set": "?source=-&sort=phone",
    "two filters": "?status=2&kind=organization&sort=-name",
    "search": "?q=nguyen+van",
    "search, sorted": "?q=nguyen&sort=code",
    "search for nothing": "?q=khongco",
    "search for a few of a common filter": "?q=k00001&status=2",
    "search for many of a common filter": "?q=tran&status=2",
}


@pytest.fixture
def mai(people: dict[str, int], visitor: NewVisitor, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    monkeypatch.setattr(listing, "COUNT_CAP", CAP)
    monkeypatch.setattr("crmadmin.core.paging.COUNT_CAP", CAP)
    return visitor("mai")


def test_a_page_costs_the_same_in_a_list_three_times_as_long(
    app: Flask, people: dict[str, int], mai: Visitor, database: str, statements: list[str]
) -> None:
    pages = {**PAGES}
    costs: dict[int, dict[str, Cost]] = {}
    sizes = (FEW, MANY) if database == "sqlite" else (CAP * 2,)
    for rows in sizes:
        fill(app, people["mai"], rows)
        first = mai.get(LIST + "?sort=name").text
        pages["next"] = link(first, "Sau").removeprefix(LIST)
        pages["before that"] = link(mai.get(LIST + pages["next"]).text, "Trước").removeprefix(LIST)
        costs[rows] = {}
        for name, query in pages.items():
            with counting(app, statements) as cost:
                answer = mai.get(LIST + query)
            assert answer.status_code == 200, name
            costs[rows][name] = cost
    asked = {name: len(cost.statements) for name, cost in costs[sizes[-1]].items()}
    assert max(asked.values()) <= MOST_STATEMENTS, asked
    if len(sizes) > 1:
        dear = {
            name: (few.steps, costs[MANY][name].steps)
            for name, few in costs[FEW].items()
            if costs[MANY][name].steps > 1.3 * few.steps + 20
        }
        assert not dear


def test_more_columns_and_filters_cost_no_more_statements(
    app: Flask, people: dict[str, int], mai: Visitor, statements: list[str]
) -> None:
    fill(app, people["mai"], 60)
    with counting(app, statements) as usual:
        mai.get(LIST)
    with app.app_context():
        names = [f.name for f in spec_of(Customer).fields if f.exported]
        user = db.session.get_one(User, people["mai"])
        services.save_preference(user, COLUMNS, {"customer": names})
        db.session.commit()
    with counting(app, statements) as wide:
        page = mai.get(LIST)
    assert page.status_code == 200
    assert "Ghi chú" in page.text
    assert len(wide.statements) <= max(len(usual.statements), MOST_STATEMENTS)


@pytest.mark.parametrize("address", [LIST, "/admin/groups/", "/admin/catalogs/industry/"])
def test_a_page_is_light(
    app: Flask, people: dict[str, int], mai: Visitor, statements: list[str], address: str
) -> None:
    fill(app, people["mai"], 120)
    with counting(app, statements) as cost:
        page = mai.get(address)
    assert page.status_code == 200
    assert len(gzip.compress(page.data, 5)) <= MOST_BYTES
    assert len(cost.statements) <= MOST_STATEMENTS, cost.statements
