"""Reads about groups: who is in them, how many, and since when.

Whatever reads members goes through `member_where`: a group that follows a filter has no
memberships.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, select, union_all
from sqlalchemy.orm import joinedload

from crmadmin.access.models import User
from crmadmin.core.bulk import among
from crmadmin.core.db import db
from crmadmin.core.paging import Page, clamp
from crmadmin.customers.models import Customer
from crmadmin.groups import history as histories
from crmadmin.groups.following import is_readable, where_of
from crmadmin.groups.members import Sets, of, of_group
from crmadmin.groups.models import CustomerGroup, GroupChange, GroupDraft, Membership
from crmadmin.groups.ordered import CustomerSet, by_added, memberships, page_of, size_of
from crmadmin.groups.shapes import DraftMember, Member, StepKind
from crmadmin.groups.steps import counts_of
from crmadmin.groups.wording import HOW

AT_ONCE = 50
"""Groups that follow a filter, asked for one customer in one statement."""

Where = Sequence[ColumnElement[bool]]


def member_where(group: CustomerGroup) -> ColumnElement[bool]:
    """The condition on Customer of being in the group."""
    return of_group(group).contains()


def group_count(customer_id: int) -> int:
    """In how many marketing groups a customer is."""
    mine = select(func.count()).select_from(Membership).where(Membership.customer_id == customer_id)
    return db.session.scalar(mine) or 0


def member_counts(group_ids: Sequence[int] | Select[Any]) -> dict[int, int]:
    """Group id → members, of the groups with these ids; those without any are left out."""
    rows = db.session.execute(
        select(Membership.group_id, func.count())
        .where(Membership.group_id.in_(group_ids))
        .group_by(Membership.group_id)
    )
    return {**dict(rows.all()), **_following_counts(group_ids, ())}


def contactless_counts(group_ids: Sequence[int] | Select[Any]) -> dict[int, int]:
    """Group id → members who are not to be contacted; those without any are left out."""
    rows = db.session.execute(
        select(Membership.group_id, func.count())
        .join(Customer, Customer.id == Membership.customer_id)
        .where(Membership.group_id.in_(group_ids), Customer.do_not_contact)
        .group_by(Membership.group_id)
    )
    counts = dict(rows.all())
    return {**counts, **_following_counts(group_ids, [Customer.do_not_contact.is_(True)])}


def list_counts(
    groups: Sequence[CustomerGroup], within: Where = ()
) -> tuple[dict[int, int], dict[int, int]]:
    """Members that meet the conditions, and those of them who are not to be contacted, by group id:
    one statement for the groups of a page, whatever they follow. Groups without any are left out.
    """
    ids = [group.id for group in groups]
    quiet = Customer.do_not_contact.is_(True)
    members = select(literal(0), Membership.group_id, func.count()).where(
        Membership.group_id.in_(ids)
    )
    joined = members.join(Customer, Customer.id == Membership.customer_id).where(*within)
    parts = [
        (joined if within else members).group_by(Membership.group_id),
        joined.with_only_columns(literal(1), Membership.group_id, func.count())
        .where(quiet)
        .group_by(Membership.group_id),
    ]
    for group in groups:
        if group.filter is not None:
            where = [*where_of(group.filter), *within]
            found = select(literal(0), literal(group.id), func.count()).select_from(Customer)
            parts.append(found.where(*where))
            silent = select(literal(1), literal(group.id), func.count()).select_from(Customer)
            parts.append(silent.where(*where, quiet))
    counts: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for which, key, number in db.session.execute(union_all(*parts)):
        if number:
            counts[which][key] = number
    return counts


def _following_counts(group_ids: Sequence[int] | Select[Any], where: Where) -> dict[int, int]:
    following = db.session.execute(
        select(CustomerGroup.id, CustomerGroup.filter).where(
            CustomerGroup.id.in_(group_ids), CustomerGroup.filter.is_not(None)
        )
    ).all()
    found = {key: size_of([*where_of(text or ""), *where]) for key, text in following}
    return {key: number for key, number in found.items() if number}


def members(
    group: CustomerGroup, number: int, per_page: int, where: Where = (), order: str = "name"
) -> Page:
    """A page of a group's customers that meet the conditions; rows are Members.

    `order` is "name" or "added" (when they came in), from the last one with "-" before it.
    """
    sets = of_group(group)
    part = _whole(sets, where)
    number = clamp(number, part.size, per_page)
    first = (number - 1) * per_page
    if order.endswith("added") and not sets.follows:
        ids = by_added(group.id, where, first, per_page, latest=order.startswith("-"))
    else:
        ids = page_of([part], first, per_page, descending=order == "-name")[0][1]
    return Page(_as_members(group, ids), number, per_page, part.size)


def _whole(sets: Sets, where: Where) -> CustomerSet:
    """Everybody in a saved group."""
    if sets.filter is not None:
        return CustomerSet([*where_of(sets.filter), *where])
    told = memberships(sets.group_id) if not where else None
    return CustomerSet(where, sets.members(), sets.has_member(Customer.id), told)


def _as_members(group: CustomerGroup, ids: Sequence[int]) -> list[Member]:
    customers = _customers(ids)
    joined = {
        m.customer_id: m
        for m in db.session.scalars(
            select(Membership).where(
                Membership.group_id == group.id, Membership.customer_id.in_(ids)
            )
        )
    }
    kinds = histories.last_kinds(group, list(joined))
    users = _users(m.added_by_id for m in joined.values())
    found = []
    for key in ids:
        if key not in customers:
            continue
        if (m := joined.get(key)) is None:
            found.append(Member(customers[key]))
            continue
        kind = StepKind.IMPORT.value if m.import_id else kinds.get(key, "")
        found.append(
            Member(
                customers[key], m.added_at, users.get(m.added_by_id), HOW.get(kind, ""), m.import_id
            )
        )
    return found


def _users(ids: Iterable[int | None]) -> Mapping[int | None, User]:
    wanted = {i for i in ids if i is not None}
    return {u.id: u for u in db.session.scalars(select(User).where(User.id.in_(wanted)))}


def _customers(ids: Sequence[int]) -> dict[int, Customer]:
    found = db.session.scalars(
        select(Customer).where(Customer.id.in_(ids)).options(joinedload(Customer.owner))
    )
    return {c.id: c for c in found}


def draft_members(
    draft: GroupDraft | None,
    group: CustomerGroup | None,
    which: str,
    query_where: Where,
    number: int,
    per_page: int,
) -> Page:
    """A page of the form's members: those that come in, those that go, the rest; each by name.

    `which` is "all", or one of the first two: "added", "removed". Rows are DraftMembers.
    """
    parts = _parts(draft, group, query_where)
    if which != "all":
        parts = [(change, part) for change, part in parts if change == which]
    total = sum(part.size for _change, part in parts)
    number = clamp(number, total, per_page)
    slices = page_of([part for _change, part in parts], (number - 1) * per_page, per_page)
    customers = _customers([key for _place, ids in slices for key in ids])
    rows = [
        DraftMember(customers[key], parts[place][0])
        for place, ids in slices
        for key in ids
        if key in customers
    ]
    return Page(rows, number, per_page, total)


def _parts(
    draft: GroupDraft | None, group: CustomerGroup | None, where: Where
) -> list[tuple[str | None, CustomerSet]]:
    sets = of(draft, group)
    if sets.follows:
        return [(None, _whole(sets, where))]
    added = removed = staying = None
    if not where:
        added, removed = counts_of(draft, group)
        staying = memberships(sets.group_id) - removed if sets.group_id else 0
    return [
        ("added", CustomerSet(where, sets.effect(adds=True), sets.is_added(), added)),
        ("removed", CustomerSet(where, sets.effect(adds=False), sets.is_removed(), removed)),
        (None, CustomerSet(where, sets.staying(), sets.stays(), staying)),
    ]


def in_group(
    draft: GroupDraft | None, group: CustomerGroup | None, ids: Sequence[int]
) -> dict[int, str]:
    """How a picker marks these customers: member, added or removed; the rest are left out."""
    sets = of(draft, group)
    if sets.follows:
        here = select(Customer.id).where(among(Customer.id, ids), sets.contains())
        return dict.fromkeys(db.session.scalars(here), "member")
    marks: dict[int, str] = dict.fromkeys(_members_among(sets.group_id, ids), "member")
    said = db.session.execute(
        select(GroupChange.customer_id, func.max(GroupChange.step_id))
        .where(among(GroupChange.customer_id, ids), GroupChange.step_id.in_(list(sets.steps)))
        .group_by(GroupChange.customer_id)
    )
    for key, step in said:
        if sets.steps[step] != (key in marks):
            marks[key] = "added" if sets.steps[step] else "removed"
    return marks


def _members_among(group_id: int, ids: Sequence[int]) -> Sequence[int]:
    return db.session.scalars(
        select(Membership.customer_id).where(
            Membership.group_id == group_id, among(Membership.customer_id, ids)
        )
    ).all()


def groups_of(customer_id: int) -> tuple[list[CustomerGroup], list[CustomerGroup]]:
    """The groups that a customer is in, those that follow a filter too, by name; and those whose
    filter cannot be read, of which nobody knows."""
    joined = select(Membership.group_id).where(Membership.customer_id == customer_id)
    ids = set(db.session.scalars(joined))
    following: Sequence[Any] = db.session.execute(
        select(CustomerGroup.id, CustomerGroup.filter).where(CustomerGroup.filter.is_not(None))
    ).all()
    unread = {key for key, text in following if not is_readable(text)}
    following = [row for row in following if row.id not in unread]
    for start in range(0, len(following), AT_ONCE):
        asked = [
            select(literal(key)).where(
                exists().where(Customer.id == customer_id, *where_of(text or ""))
            )
            for key, text in following[start : start + AT_ONCE]
        ]
        ids.update(db.session.scalars(union_all(*asked)))
    every = select(CustomerGroup).where(CustomerGroup.id.in_(ids | unread))
    found = list(db.session.scalars(every.order_by(CustomerGroup.sort_key, CustomerGroup.id)))
    return [g for g in found if g.id not in unread], [g for g in found if g.id in unread]


def history(group_id: int, number: int, per_page: int = histories.PER_PAGE) -> Page:
    """A page of what was done to a group, the latest first; rows are Saved and ImportedInto."""
    return histories.page(group_id, number, per_page)


def total() -> int:
    """How many groups there are."""
    return db.session.scalar(select(func.count()).select_from(CustomerGroup)) or 0
