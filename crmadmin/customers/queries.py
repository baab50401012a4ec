"""Reads about customers: possible duplicates, what a bulk action reaches, groups of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import joinedload

from crmadmin.access import reach
from crmadmin.core.db import db
from crmadmin.core.text import email_key
from crmadmin.customers.models import Customer

MOST_DUPLICATES = 5


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another customer with the same value in one field; None when there is one that the current
    user may not read: how many such, and which, is not said."""

    field: str
    value: str
    customer: Customer | None
    has_more: bool = False
    """There are more with this value that the current user may read."""


def duplicates(
    values: Mapping[str, Any], fields: Sequence[str], except_id: int | None = None
) -> list[Duplicate]:
    """Customers that share a value with `values` (by column) in any of `fields`, a few a field;
    those first that the current user may read."""
    found: list[Duplicate] = []
    mine = reach.conditions(Customer)
    order = [case((and_(*mine), 0), else_=1)] if mine else []
    for name in fields:
        value = values.get(name)
        if not value:
            continue
        same = Customer.email_key == email_key(value) if name == "email" else _same(name, value)
        statement = select(Customer).where(same, Customer.id != (except_id or 0))
        rows = db.session.scalars(
            statement.options(joinedload(Customer.owner))
            .order_by(*order, Customer.id)
            .limit(MOST_DUPLICATES + 1)
        ).all()
        read = [c for c in rows if reach.reads(c)]
        hidden = [None] if len(read) < len(rows) else []
        more = len(read) > MOST_DUPLICATES
        shown = [*read[:MOST_DUPLICATES], *hidden]
        found += [Duplicate(name, str(value), c, has_more=more) for c in shown]
    return found


def _same(name: str, value: Any) -> ColumnElement[bool]:
    column: Any = getattr(Customer, name)
    same: ColumnElement[bool] = column == value
    return same


def count(where: Sequence[ColumnElement[bool]]) -> int:
    """How many customers meet the conditions."""
    return db.session.scalar(select(func.count()).select_from(Customer).where(*where)) or 0


def by_catalog(
    where: Sequence[ColumnElement[bool]], column: Any, model: type[Any]
) -> list[tuple[int | None, str, str, int]]:
    """(id, name, colour, customers) of each value of a catalog link; id None is "not set"."""
    rows = db.session.execute(
        select(column, func.count()).select_from(Customer).where(*where).group_by(column)
    )
    counts: dict[int | None, int] = dict(rows.all())
    known = db.session.scalars(select(model).order_by(model.position, model.sort_key))
    found = [(r.id, r.name, r.color, counts.get(r.id, 0)) for r in known]
    return [*found, (None, "", "gray", counts.get(None, 0))]
