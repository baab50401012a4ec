"""What tests of groups share: customers by number, who is in a group, conditions on a few."""

from __future__ import annotations

from typing import Any

from factories import customer
from sqlalchemy import select

from crmadmin.access.models import User
from crmadmin.core import acts
from crmadmin.core.db import acting_as, db
from crmadmin.customers import acts as customer_acts
from crmadmin.customers.models import Customer
from crmadmin.groups import drafts, queries
from crmadmin.groups.models import CustomerGroup, GroupDraft, Membership


def made(owner: User, how_many: int) -> list[int]:
    """The ids of new customers called Khách 001 and so on."""
    return [customer(owner, f"Khách {n:03d}").id for n in range(1, how_many + 1)]


def members(group: CustomerGroup) -> set[int]:
    """The ids of a group's memberships."""
    mine = select(Membership.customer_id).where(Membership.group_id == group.id)
    return set(db.session.scalars(mine))


def matching(group: CustomerGroup) -> set[int]:
    """The customers that the group's condition gives."""
    return set(db.session.scalars(select(Customer.id).where(queries.member_where(group))))


def those(*ids: int) -> list[Any]:
    """The conditions of these customers."""
    return [Customer.id.in_(ids)]


def erase(user: User, *ids: int) -> None:
    """Delete customers, as the list does it."""
    with acting_as(user.id):
        customer_acts.remove(acts.plan(customer_acts.DELETE, Customer, those(*ids)))


def shown(
    draft: GroupDraft | None, group: CustomerGroup | None, which: str = "all", where: Any = ()
) -> list[tuple[int, str | None]]:
    """The rows of the form: customer and change, all pages of three."""
    rows: list[tuple[int, str | None]] = []
    number = 1
    while True:
        page = queries.draft_members(draft, group, which, where, number, 3)
        rows += [(row.customer.id, row.change) for row in page.rows]
        if not page.has_next:
            assert len(rows) == page.total
            return rows
        number += 1


def saved(user: User, name: str, ids: list[int]) -> CustomerGroup:
    """A group with these members, made through a draft."""
    draft = drafts.begin(user.id, None)
    drafts.type_text(draft, name=name, description="Khách của tháng")
    if ids:
        drafts.pick(draft, ids)
    return drafts.save(draft, None)
