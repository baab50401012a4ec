"""Seeding: made-up customers, their contacts and groups, added to what a database has.

Whole blocks at a time and past the ORM, as imports write. Each block is a transaction, so a seeding
that is broken off leaves whole customers; where the new ones are very many, all of them are one.
The same words of chance on the same database give the same customers; their moments count back from
the last midnight (UTC) unless it is said otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from random import Random

from sqlalchemy import func, select

from crmadmin.access.models import User
from crmadmin.access.roles import Role
from crmadmin.core import bulk, codes, search
from crmadmin.core.db import db, utcnow
from crmadmin.customers.models import Contact, Customer
from crmadmin.imports.pipeline.prefetch import prefetch
from crmadmin.seeding import catalogs, groups
from crmadmin.seeding.customers import Frame, SeedBlock, block
from crmadmin.seeding.without_indexes import unindexed

MOST_CUSTOMERS = 10_000_000
MOST_GROUPS = 10_000
BLOCK = 10_000
CODED = 25 * BLOCK
"""So many customers get their codes at a time."""
MANY = 50_000
"""From so many on, and when there are fewer until then, customers are written without indexes."""
OWNERS = (Role.SALES, Role.MARKETING, Role.ADMIN)
"""Who may own customers; the first of them own most."""
SETTLED = 4
"""An index is rebuilt if at least one in so many of its records is new, else settled."""
SETTLED_AT_ONCE = 1000

Told = Callable[[str, int, int], None]
"""Hears how far a table is: its name, rows that are written, rows that there will be."""


class NoOwner(RuntimeError):
    """There is no active user who could own customers."""


@dataclass(slots=True)
class Seeded:
    """Rows that were written, by table."""

    rows: dict[str, int] = field(default_factory=dict)

    def add(self, table: str, rows: int) -> None:
        self.rows[table] = self.rows.get(table, 0) + rows


def seed(
    customers: int, groups_: int = 0, number: int = 1, *,
    until: datetime | None = None, told: Told = lambda *_: None,
) -> Seeded:  # fmt: skip
    """Add customers, and groups of them and of those who are there. Raises NoOwner.

    Commits as it goes. `number` chooses the customers; what is there already moves it on, so that a
    second seeding does not make the first one's customers again.
    """
    owners = _owners()
    seeded = Seeded()
    moment = until or utcnow().replace(hour=0, minute=0, second=0, microsecond=0)
    for table, rows in catalogs.fill(Random(f"{number} catalogs")).items():  # noqa: S311
        seeded.add(table, rows)
    frame = Frame(owners, tuple(catalogs.shares()), moment)
    there = db.session.scalar(select(func.count()).select_from(Customer)) or 0
    db.session.commit()
    add = partial(_add_customers, customers, there, number, frame, seeded, told)
    if customers >= MANY and customers > there:
        with unindexed([Customer.__table__, Contact.__table__], told):
            add(customers, lambda: None)
    else:
        add(CODED, db.session.commit)
    db.session.commit()
    groups.add(groups_, number, moment, seeded.add, told)
    _bring_index(customers, there + customers, told)
    return seeded


def _owners() -> tuple[int, ...]:
    users = db.session.execute(
        select(User.id, User.role).where(User.is_active, User.role.in_(OWNERS)).order_by(User.id)
    ).all()
    if not users:
        raise NoOwner
    return tuple(user.id for user in sorted(users, key=lambda user: OWNERS.index(Role(user.role))))


def _add_customers(
    customers: int, there: int, number: int, frame: Frame, seeded: Seeded, told: Told,
    coded: int, done: Callable[[], None],
) -> None:  # fmt: skip
    """Block after block; `done` is called after each. So many of them are `coded` at a time.

    In one transaction all have to be: PostgreSQL goes on looking for taken codes as in the small
    table that there was, from one end to the other.
    """
    for first in range(there, there + customers, coded):
        listed = codes.allot(Customer, min(coded, there + customers - first))
        done()
        with closing(prefetch(_blocks(number, first, listed, frame))) as blocks:
            for made in blocks:
                _write(made, seeded)
                done()
                told(Customer.__tablename__, seeded.rows[Customer.__tablename__], customers)


def _blocks(number: int, first: int, listed: Sequence[str], frame: Frame) -> Iterator[SeedBlock]:
    """The blocks of customers with these codes, `first` customers being there before."""
    for start in range(0, len(listed), BLOCK):
        yield block(f"{number} {first + start}", listed[start : start + BLOCK], frame)


def _write(made: SeedBlock, seeded: Seeded) -> None:
    """One block."""
    ids = bulk.new_ids(Customer.__table__, made.rows)
    bulk.insert(Customer.__table__, {**made.customers, "id": ids})
    if made.at:
        bulk.insert(Contact.__table__, {**made.contacts, "customer_id": [ids[i] for i in made.at]})
    seeded.add(Customer.__tablename__, made.rows)
    seeded.add(Contact.__tablename__, len(made.at))


def _bring_index(made: int, there: int, told: Told) -> None:
    """Let searches find the new customers by the index, not only among what waits for it."""
    for documents in search.declared():
        if made * SETTLED > there:
            hear = partial(_tell_rebuilt, told, documents.name, there)
            with db.engine.begin() as connection:
                search.rebuild(connection, documents, hear)
            continue
        done = some = SETTLED_AT_ONCE
        while some == SETTLED_AT_ONCE:
            with db.engine.begin() as connection:
                some = search.settle(connection, documents, SETTLED_AT_ONCE)
            told(documents.name, min(done, made), made)
            done += some


def _tell_rebuilt(told: Told, table: str, total: int, done: int) -> None:
    told(table, done, total)
