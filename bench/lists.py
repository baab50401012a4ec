"""Pages of customers at several sizes of the database, each page in turns at all of them.

In this process, as one worker of a web server works: requests, templates and all, but no network.
The addresses are those that the pages lead to; a filter's values are a common and a rare one that
still fills a page of the smallest database, so that every page has the same number of rows.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import func, select

from bench import child, product
from bench.client import LIST, Client, Links
from crmadmin.core.db import db, reads_only, spec_of
from crmadmin.core.paging import DEFAULT_PER_PAGE
from crmadmin.core.spec import FieldSpec
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups.models import Membership

LOOKS = 9
MOST_LOOKS = 30
DOUBTFUL = 1.15
"""A page that seems to cost so many times more at the largest size is looked at again: the best of
more looks is nearer to the truth on a machine that does other work, too."""
ENOUGH = 20.0
"""Seconds after which a page has been looked at often enough."""
PAGE = 200
RECORDS = 3
"""Customers whose form and details are looked at."""
TOURS = 3
"""How often everything is visited before memory is read."""

Paths = dict[str, str]
"""What a page is called → its address."""


def measure(urls: dict[str, str], folder: str) -> dict[str, Any]:
    """Of every page and size: milliseconds, statements, kilobytes. `urls` by size, ascending."""
    apps = {size: _app(url, folder, size) for size, url in urls.items()}
    smallest = next(iter(urls))
    with apps[smallest].app_context():
        filters = _filters()
    ids = _records(apps)
    clients = {size: Client(app) for size, app in apps.items()}
    paths = {size: _paths(client, filters, ids) for size, client in clients.items()}
    told: dict[str, Any] = {}
    for page in paths[smallest]:
        at = {size: paths[size][page] for size in urls if page in paths[size]}
        if len(at) == len(urls):
            told[page] = _look_at(clients, at)
    return told


def measure_paths(app: Flask, client: Client) -> Paths:
    """The pages that are measured, of one database alone."""
    with app.app_context():
        filters = _filters()
    return _paths(client, filters, _records({"": app}))


def memory(url: str, folder: str, filters_of: str) -> dict[str, float]:
    """MiB of a web process that has shown every page some times. `filters_of`: as in `measure`."""
    with _app(filters_of, folder, "filters").app_context():
        filters = _filters()
    app = _app(url, folder, "memory")
    ids = _records({"": app})
    client = Client(app)
    child.forget_peak()
    for _tour in range(TOURS):
        for path in _paths(client, filters, ids).values():
            client.look(path)
    return {"peak": child.peak()}


def _app(url: str, folder: str, name: str) -> Flask:
    own = Path(folder) / name
    own.mkdir(parents=True, exist_ok=True)
    return product.make_app(url, str(own))


def _look_at(clients: Mapping[str, Client], at: Mapping[str, str]) -> dict[str, Any]:
    """One page at every size in turns, until it has been seen often enough."""
    best: dict[str, Any] = {}
    began = time.perf_counter()
    first, last = next(iter(at)), list(at)[-1]
    for turn in range(MOST_LOOKS):
        if turn >= LOOKS and best[last]["ms"] < DOUBTFUL * best[first]["ms"]:
            break
        for size, path in at.items():
            look = clients[size].look(path)
            known = best.setdefault(size, {"ms": look.ms, "sql_ms": look.sql_ms, "path": path})
            known["ms"] = min(known["ms"], look.ms)
            known["sql_ms"] = min(known["sql_ms"], look.sql_ms)
            known["statements"], known["kb"] = look.statements, round(look.kb, 1)
        if turn and time.perf_counter() - began > ENOUGH:
            break
    return best


def _paths(client: Client, filters: Paths, ids: list[int]) -> Paths:
    """Every page of the customers, where the pages themselves lead."""
    first = Links(client.look(LIST).html)
    found = {"first page": LIST, f"page {PAGE}": f"{LIST}?page={PAGE}"}
    for name, words in (("next page", ("Next",)), ("last page", ("Last page", "Last"))):
        if link := first.called(*words):
            found[name] = link
    if link := found.get("next page"):
        further = Links(client.look(link).html).called("Next")
        found |= {"next page but one": further} if further else {}
    found |= {f"sort {name}": path for name, path in _sorts(client, first).items()}
    found |= {f"filter {name}": f"{LIST}?{query}" for name, query in filters.items()}
    for n, record_id in enumerate(ids, 1):
        found[f"form {n}"] = f"{LIST}edit/?id={record_id}"
        found[f"details {n}"] = f"{LIST}details/?id={record_id}"
    return found


def _sorts(client: Client, first: Links) -> Paths:
    """Every column that the list can be sorted by, both ways: a sorted list offers the other."""
    found = first.sorts()
    for name, path in list(found.items()):
        again = Links(client.look(path).html).sorts()
        other = name.removeprefix("-") if name.startswith("-") else f"-{name}"
        found |= {other: again[other]} if other in again else {}
    return found


# Values of filters, from the smallest database


def _filters() -> Paths:
    """What is filtered by, and how common it is → the query string."""
    token = reads_only.set(True)
    found: Paths = {}
    try:
        for f in spec_of(Customer).having("filtered"):
            found |= _span(f) if f.kind.span else _values(f)
        found |= _groups()
    finally:
        db.session.rollback()
        reads_only.reset(token)
    common = [query for name, query in found.items() if name in ("status, common", "kind, common")]
    return {**found, "status and kind": "&".join(common)}


def _values(f: FieldSpec) -> Paths:
    column = getattr(Customer, f.column)
    many = func.count()
    rows = db.session.execute(
        select(column, many).where(column.is_not(None)).group_by(column).order_by(many.desc())
    ).all()
    return _common_and_rare(f.name, [(_written(value), int(times)) for value, times in rows])


def _groups() -> Paths:
    many = func.count(Membership.customer_id)
    rows = db.session.execute(
        select(Membership.group_id, many).group_by(Membership.group_id).order_by(many.desc())
    ).all()
    return _common_and_rare("group", [(str(group_id), int(size)) for group_id, size in rows])


def _common_and_rare(name: str, rows: list[tuple[str, int]]) -> Paths:
    enough = [value for value, times in rows if times >= DEFAULT_PER_PAGE]
    if not enough:
        return {}
    found = {f"{name}, common": urlencode({name: enough[0]})}
    return found | ({f"{name}, rare": urlencode({name: enough[-1]})} if len(enough) > 1 else {})


def _written(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _span(f: FieldSpec) -> Paths:
    """Most of all days, and so many that about a page of rows lies in them."""
    column = getattr(Customer, f.column)
    total = db.session.scalar(select(func.count()).where(column.is_not(None))) or 0

    def at(place: int) -> Any:
        ordered = select(column).where(column.is_not(None)).order_by(column)
        found = db.session.scalar(ordered.offset(place).limit(1))
        return found.date() if f.kind.is_moment else found

    if total < 4 * DEFAULT_PER_PAGE:
        return {}
    spans = {
        "common": (at(total // 10), at(total * 9 // 10)),
        "rare": (at(total // 2), at(total // 2 + DEFAULT_PER_PAGE) + timedelta(days=1)),
    }
    return {
        f"{f.name}, {name}": urlencode({f"{f.name}_from": first, f"{f.name}_to": last})
        for name, (first, last) in spans.items()
    }


def _records(apps: Mapping[str, Flask]) -> list[int]:
    """Customers with one contact each and in no group of any database: the same people in all."""
    left: list[int] = []
    for app in apps.values():
        with app.app_context():
            contacts = select(func.count()).where(Contact.customer_id == Customer.id)
            groups = select(Membership.customer_id).where(Membership.customer_id == Customer.id)
            statement = select(Customer.id).where(
                Customer.id <= 9000, contacts.scalar_subquery() == 1, ~groups.exists()
            )
            found = set(db.session.scalars(statement.order_by(Customer.id)))
            db.session.rollback()
        left = [one for one in left if one in found] if left else sorted(found)
    return left[:: max(1, len(left) // RECORDS)][:RECORDS]
