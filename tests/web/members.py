"""Groups with members in one line, and what tests of group pages ask of them."""

from __future__ import annotations

from collections.abc import Iterable

from factories import customer, group
from sqlalchemy import select

from crmadmin.access.models import User
from crmadmin.core.db import acting_as, db
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup, Membership

LIST = "/admin/groups/"
CUSTOMERS = "/admin/customers/"


def owner(people: dict[str, int], name: str = "an") -> User:
    """One of the four people."""
    return db.session.get_one(User, people[name])


def filled(
    people: dict[str, int], name: str, customers: Iterable[Customer] = (), **values: object
) -> CustomerGroup:
    """A group that Mai made, with these members, committed."""
    with acting_as(people["mai"]):
        made = group(name, **values)
    for record in customers:
        db.session.add(
            Membership(group_id=made.id, customer_id=record.id, added_by_id=people["mai"])
        )
    db.session.commit()
    return made


def several(people: dict[str, int], *names: str, whose: str = "an", **values: object) -> list:
    """Customers of one person."""
    return [customer(owner(people, whose), name, **values) for name in names]


def members(group_id: int) -> set[str]:
    """The names of who is in a group, as stored."""
    db.session.rollback()
    db.session.expire_all()
    found = select(Customer.name).join(Membership, Membership.customer_id == Customer.id)
    return set(db.session.scalars(found.where(Membership.group_id == group_id)))
