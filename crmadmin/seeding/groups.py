"""Made-up marketing groups of customers who are there: from ten members to a hundred thousand."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count, product
from random import Random

from sqlalchemy import select

from crmadmin.core import bulk
from crmadmin.core.bulk import Same
from crmadmin.core.db import actor, db, spec_of
from crmadmin.core.text import name_key
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.imports.pipeline.new_rows import new_columns
from crmadmin.seeding import names, places

SMALLEST, LARGEST = 10, 100_000
AT_ONCE = 10_000
AGE = timedelta(days=540)
"""The oldest group was made so long ago."""

Add = Callable[[str, int], None]
Told = Callable[[str, int, int], None]


def add(how_many: int, number: int, until: datetime, counted: Add, told: Told) -> None:
    """Add groups with random members, a transaction for each ten thousand of them."""
    if not how_many:
        return
    everybody = array("q", db.session.scalars(select(Customer.id).order_by(Customer.id)))
    known = set(db.session.scalars(select(CustomerGroup.name_key)))
    chance = Random(f"{number} groups {len(known)}")  # noqa: S311 - the same every time
    listed = sizes(how_many, len(everybody))
    moments = [until - AGE * chance.random() for _ in listed]
    chance.shuffle(listed)
    ids = _add_groups(listed, moments, known)
    counted(CustomerGroup.__tablename__, how_many)
    done, total = 0, sum(listed)
    for group_id, size, moment in zip(ids, listed, moments, strict=True):
        members = sorted(chance.sample(range(len(everybody)), size))
        for start in range(0, size, AT_ONCE):
            chosen = [everybody[at] for at in members[start : start + AT_ONCE]]
            _add_members(group_id, chosen, moment)
            counted(Membership.__tablename__, len(chosen))
            done += len(chosen)
            told(Membership.__tablename__, done, total)


def sizes(how_many: int, customers: int) -> list[int]:
    """Sizes of groups, each as many times the one before: there are more small ones than large.

    None has more than half of the customers, unless these are few.
    """
    least = min(SMALLEST, customers)
    most = max(least, min(LARGEST, customers // 2))
    if how_many == 1:
        return [round((least * most) ** 0.5)]
    step = (most / least) ** (1 / (how_many - 1))
    return [min(round(least * step**n), most) for n in range(how_many)]


def free_names(known: set[str]) -> Iterator[str]:
    """Names that no group has yet, the same ones every time."""
    for round_ in count(1):
        for place, kind in product(places.PLACES, names.GROUPS):
            name = f"{kind} {place.name}" + (f" đợt {round_}" if round_ > 1 else "")
            if name_key(name) not in known:
                yield name


def _add_groups(listed: Sequence[int], moments: Sequence[datetime], known: set[str]) -> list[int]:
    free = free_names(known)
    columns = new_columns(
        spec_of(CustomerGroup),
        {
            "name": [next(free) for _ in listed],
            "description": [f"Danh sách mẫu, {size} khách hàng chọn ngẫu nhiên" for size in listed],
        },
    )
    ids = bulk.new_ids(CustomerGroup.__table__, len(listed))
    bulk.insert(
        CustomerGroup.__table__,
        {**columns, "id": ids, "created_at": list(moments), "updated_at": list(moments)},
    )
    db.session.commit()
    return ids


def _add_members(group_id: int, chosen: Sequence[int], moment: datetime) -> None:
    bulk.insert(
        Membership.__table__,
        {
            "group_id": Same(group_id),
            "customer_id": chosen,
            "added_at": Same(moment),
            "added_by_id": Same(actor.get()),
        },
    )
    db.session.commit()
