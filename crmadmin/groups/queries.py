"""Reads about groups: how many members, and a page of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from crmadmin.core.db import db
from crmadmin.core.listing import count
from crmadmin.core.paging import Page, clamp
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup, Membership


def member_counts(group_ids: Sequence[int]) -> dict[int, int]:
    """Group id → members, for the groups of one page."""
    rows = db.session.execute(
        select(Membership.group_id, func.count())
        .where(Membership.group_id.in_(group_ids))
        .group_by(Membership.group_id)
    )
    return dict(rows.all())


def members(
    group_id: int, number: int, per_page: int, where: Sequence[ColumnElement[bool]] = ()
) -> Page:
    """A page of a group's customers that meet the conditions, by name; rows are Customers."""
    ids = select(Customer.id).join(Membership, Membership.customer_id == Customer.id)
    ids = ids.where(Membership.group_id == group_id, *where)
    total, exact = count(ids, all_of_them=True)
    number = clamp(number, total, per_page)
    first = (number - 1) * per_page
    wanted = db.session.scalars(
        ids.order_by(Customer.sort_key, Customer.id).offset(first).limit(per_page)
    ).all()
    found = db.session.scalars(
        select(Customer).where(Customer.id.in_(wanted)).options(joinedload(Customer.owner))
    )
    rows: dict[int, Any] = {c.id: c for c in found}
    return Page([rows[i] for i in wanted], number, per_page, total, exact)


def groups_of(customer_id: int) -> list[CustomerGroup]:
    """The groups that a customer is in, by name."""
    statement = select(CustomerGroup).join(Membership, Membership.group_id == CustomerGroup.id)
    statement = statement.where(Membership.customer_id == customer_id)
    return list(db.session.scalars(statement.order_by(CustomerGroup.sort_key)))


def total() -> int:
    """How many groups there are."""
    return db.session.scalar(select(func.count()).select_from(CustomerGroup)) or 0
