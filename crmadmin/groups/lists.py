"""What the lists of groups and of customers ask about groups: filters, and columns beside names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select

from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.core.list_state import Unread, UnreadSearch
from crmadmin.groups.following import is_readable
from crmadmin.groups.models import CustomerGroup
from crmadmin.groups.queries import member_where

FOLLOWING, ORDINARY = "1", "0"


def following_ids() -> list[int]:
    """The groups that follow a filter."""
    return list(
        db.session.scalars(select(CustomerGroup.id).where(CustomerGroup.filter.is_not(None)))
    )


def matching(where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The ids of the groups that meet the conditions."""
    return select(CustomerGroup.id).where(*where)


def names() -> list[tuple[int, str]]:
    """Every group: (id, name), by name."""
    rows = db.session.execute(
        select(CustomerGroup.id, CustomerGroup.name).order_by(CustomerGroup.sort_key)
    )
    return [(row.id, row.name) for row in rows]


def unreadable(ids: Sequence[int] | None = None) -> list[CustomerGroup]:
    """The groups (of these ids, or all) whose filter cannot be read, by name."""
    found = select(CustomerGroup).where(CustomerGroup.filter.is_not(None))
    if ids is not None:
        found = found.where(CustomerGroup.id.in_(list(ids)))
    groups = db.session.scalars(found.order_by(CustomerGroup.sort_key))
    return [group for group in groups if not is_readable(group.filter)]


def require_readable(*groups: CustomerGroup | None) -> None:
    """Raises UnreadSearch where something is to be done with the members of a group whose filter
    cannot be read: it would be done with nobody, in silence."""
    broken = [g for g in groups if g is not None and not is_readable(g.filter)]
    if broken:
        raise UnreadSearch([Unread("group", group.name) for group in broken])


def in_groups(ids: Sequence[int]) -> ColumnElement[bool]:
    """The condition on customers of being a member of any of these groups; there are no more of
    them than a filter takes values (`list_state.MAX_VALUES`)."""
    found = db.session.scalars(select(CustomerGroup).where(CustomerGroup.id.in_(list(ids))))
    asked = [member_where(group) for group in found]
    return asked[0] if len(asked) == 1 else or_(false(), *asked)


def owned_by(ids: Sequence[int]) -> ColumnElement[bool]:
    """The condition on groups of having been made by any of these users."""
    return CustomerGroup.created_by_id.in_(list(ids))


def of_kind(values: Sequence[str]) -> ColumnElement[bool]:
    """The condition on groups of following a filter, of being an ordinary list, or either."""
    kinds: dict[str, Any] = {
        FOLLOWING: CustomerGroup.filter.is_not(None),
        ORDINARY: CustomerGroup.filter.is_(None),
    }
    return or_(false(), *(kinds[value] for value in values if value in kinds))


def owners(groups: Sequence[CustomerGroup]) -> dict[int, User]:
    """Group id → who made it, for the groups of one page."""
    ids = {group.created_by_id for group in groups} - {None}
    users = {u.id: u for u in db.session.scalars(select(User).where(User.id.in_(ids)))}
    return {g.id: users[g.created_by_id] for g in groups if g.created_by_id in users}


def makers() -> list[User]:
    """Everybody who has made a group, by name."""
    made = select(CustomerGroup.created_by_id)
    return list(db.session.scalars(select(User).where(User.id.in_(made)).order_by(User.username)))


def owner_names(where: Sequence[ColumnElement[bool]]) -> dict[int, str]:
    """Group id → user name of who made it, for an export."""
    rows = db.session.execute(
        select(CustomerGroup.id, User.username)
        .join(User, User.id == CustomerGroup.created_by_id)
        .where(*where)
    )
    return {row.id: row.username for row in rows}
