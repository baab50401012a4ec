"""Pages of customers by name out of a large set of them, at about the price of a small one.

There are two ways. A small set is looked up and sorted. Of a large one a page near either end is
found sooner by walking through all customers in the order of their names, asking of each whether
it is in the set; how many are passed over until the page is full can be told from the sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask import g
from sqlalchemy import ColumnElement, Select, func, select, true

from crmadmin.core.db import db, reads_only
from crmadmin.customers.models import Customer
from crmadmin.groups.models import Membership

SMALL = 1000
"""So many are always sorted."""

Where = Sequence[ColumnElement[bool]]


@dataclass(frozen=True)
class CustomerSet:
    """A set of customers: as a selection of ids, and as a condition on a customer at hand, of
    which those that meet `where`. Without the two it is all customers. `told` is the size of the
    set where that is known already."""

    where: Where = ()
    ids: Select[int] | None = None
    contains: ColumnElement[bool] = field(default_factory=true)
    told: int | None = None

    @cached_property
    def size(self) -> int:
        """How many there are."""
        if self.ids is None:
            return size_of(self.where)
        if not self.where:
            if self.told is not None:
                return self.told
            inner = self.ids.subquery()
            return db.session.scalar(select(func.count()).select_from(inner)) or 0
        found = _looked_up(self.ids, self.where).with_only_columns(func.count())
        return db.session.scalar(found) or 0

    def slice(self, first: int, most: int, *, descending: bool = False) -> list[int]:
        """The ids from place `first` on, by name."""
        most = min(most, self.size - first)
        if most <= 0:
            return []
        if self.ids is None:
            found = select(Customer.id).where(*self.where)
            return _cut(found, Customer.sort_key, Customer.id, first, most, descending)
        if not self.where and self._is_near(first, most):
            found = select(Customer.id).where(self.contains)
            return _cut_from_end(found, first, most, self.size, descending)
        # Plus nothing: the order of an index on names is what is not wanted here.
        by_name: Any = Customer.sort_key + ""
        return _cut(_looked_up(self.ids, self.where), by_name, Customer.id, first, most, descending)

    def _is_near(self, first: int, most: int) -> bool:
        """Whether a walk passes fewer customers than a sort would have to look up."""
        if self.size <= SMALL:
            return False
        everybody = db.session.scalar(select(func.max(Customer.id))) or 0
        place = min(first + most, self.size - first)
        return place * everybody < 2 * self.size * self.size


def _looked_up(ids: Select[int], where: Where) -> Select[int]:
    inner = ids.subquery()
    key = next(iter(inner.c))
    return select(Customer.id).join(inner, key == Customer.id).where(*where)


def _cut(
    found: Select[int], name: Any, key: Any, first: int, most: int, descending: bool
) -> list[int]:
    order = (name.desc(), key.desc()) if descending else (name, key)
    return list(db.session.scalars(found.order_by(*order).offset(first).limit(most)))


def _cut_from_end(
    found: Select[int], first: int, most: int, size: int, descending: bool
) -> list[int]:
    """Walk from the nearer end."""
    name, key = Customer.sort_key, Customer.id
    if first <= size // 2:
        return _cut(found, name, key, first, most, descending)
    return _cut(found, name, key, size - first - most, most, not descending)[::-1]


def page_of(
    parts: Sequence[CustomerSet], first: int, most: int, *, descending: bool = False
) -> list[tuple[int, list[int]]]:
    """A page out of several sets one after the other: (place of the set, ids)."""
    found: list[tuple[int, list[int]]] = []
    for place, part in enumerate(parts):
        ids: list[int] = []
        if most > 0 and first < part.size:
            ids = part.slice(first, most, descending=descending)
            most -= len(ids)
        found.append((place, ids))
        first = max(0, first - part.size)
    return found


def size_of(where: Where) -> int:
    """How many customers meet the conditions."""
    return db.session.scalar(select(func.count()).select_from(Customer).where(*where)) or 0


def memberships(group_id: int) -> int:
    """How many memberships a group has; counted once for a page that only reads."""
    mine = select(func.count()).select_from(Membership).where(Membership.group_id == group_id)
    if not reads_only.get():
        return db.session.scalar(mine) or 0
    kept: dict[int, int] = g.setdefault("memberships", {})
    if group_id not in kept:
        kept[group_id] = db.session.scalar(mine) or 0
    return kept[group_id]


def by_added(group_id: int, where: Where, first: int, most: int, *, latest: bool) -> list[int]:
    """Members of a group by when they came in."""
    found = select(Membership.customer_id).where(Membership.group_id == group_id)
    if where:
        found = found.join(Customer, Customer.id == Membership.customer_id).where(*where)
    at, key = Membership.added_at, Membership.customer_id
    order = (at.desc(), key) if latest else (at, key)
    return list(db.session.scalars(found.order_by(*order).offset(first).limit(most)))
