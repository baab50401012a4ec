"""A group and the steps of its draft as sets of customers: conditions and statements, no answers.

The latest step that names a customer decides; a customer that no step names is in the group if it
has a membership (or matches the filter that the group follows).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, literal, select, union_all
from sqlalchemy.orm import aliased

from crmadmin.core.db import db
from crmadmin.core.search import Listed
from crmadmin.customers.models import Customer
from crmadmin.groups import following
from crmadmin.groups.models import CustomerGroup, GroupChange, GroupDraft, GroupStep, Membership


@dataclass(frozen=True)
class Sets:
    """The memberships of a group (0: none), the steps on top of them (id → adds), and the filter
    that is followed in the place of both, if one is."""

    group_id: int = 0
    steps: dict[int, bool] = field(default_factory=dict)
    filter: str | None = None

    @property
    def follows(self) -> bool:
        """Whether a filter says who is in the group."""
        return self.filter is not None

    def named(self, *, adds: bool) -> Select[int]:
        """The customers that the steps bring in, or take out, each once."""
        change = aliased(GroupChange)
        return select(change.customer_id).where(self.decides(change, adds=adds))

    def decides(self, change: Any, *, adds: bool) -> ColumnElement[bool]:
        """Whether a row of GroupChange is the one that decides about its customer, this way."""
        ids = [step for step, sign in self.steps.items() if sign is adds]
        if not ids:
            return false()
        mine: ColumnElement[bool] = change.step_id.in_(ids)
        if len(self.steps) == 1:
            return mine
        later = aliased(GroupChange)
        overruled = _probe(
            later.customer_id == change.customer_id,
            later.step_id > change.step_id,
            later.step_id.in_(list(self.steps)),
        )
        return and_(mine, ~overruled)

    def has_member(self, customer_id: Any) -> ColumnElement[bool]:
        """Whether the customer has a membership."""
        if not self.group_id:
            return false()
        member = aliased(Membership)
        return _probe(member.group_id == self.group_id, member.customer_id == customer_id)

    def effect(self, *, adds: bool) -> Select[int]:
        """The customers that the steps really bring in, or really take out."""
        change = aliased(GroupChange)
        found = select(change.customer_id).where(self.decides(change, adds=adds))
        if not self.group_id:
            return found if adds else found.where(false())
        there = self.has_member(change.customer_id)
        return found.where(~there if adds else there)

    def members(self) -> Select[int]:
        """The customers with a membership."""
        member = aliased(Membership)
        return select(member.customer_id).where(member.group_id == self.group_id)

    def staying(self) -> Select[int]:
        """The members that the steps do not take out."""
        member = aliased(Membership)
        found = select(member.customer_id).where(member.group_id == self.group_id)
        gone = self.says(member.customer_id, adds=False)
        return found.where(~gone)

    # On a customer at hand

    def says(self, customer_id: Any, *, adds: bool) -> ColumnElement[bool]:
        """Whether the steps bring a customer in, or take it out."""
        if adds not in self.steps.values():
            return false()
        change = aliased(GroupChange)
        return _probe(change.customer_id == customer_id, self.decides(change, adds=adds))

    def is_added(self) -> ColumnElement[bool]:
        """On Customer: the steps bring it in."""
        return and_(self.says(Customer.id, adds=True), ~self.has_member(Customer.id))

    def is_removed(self) -> ColumnElement[bool]:
        """On Customer: the steps take it out."""
        return and_(self.says(Customer.id, adds=False), self.has_member(Customer.id))

    def stays(self) -> ColumnElement[bool]:
        """On Customer: a member that the steps leave alone."""
        return and_(self.has_member(Customer.id), ~self.says(Customer.id, adds=False))

    def contains(self) -> ColumnElement[bool]:
        """On Customer: it is in the group as it would be saved."""
        if self.filter is not None:
            return and_(True, *following.where_of(self.filter))
        if not self.steps:
            if not self.group_id:
                return false()
            return Listed(Customer.id, self.members(), self.has_member(Customer.id))
        if not self.group_id:
            return Customer.id.in_(self.named(adds=True))
        return Customer.id.in_(union_all(self.effect(adds=True), self.staying()))

    def ids(self) -> Select[int]:
        """The customers that are in the group as it would be saved."""
        return select(Customer.id).where(self.contains())


def _probe(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row meets the conditions, asked by index for one customer after the other.

    PostgreSQL knows nothing yet of rows that were just written by the hundred thousand: of an
    EXISTS it would make a join for a handful of them, which then takes minutes. An offset, even
    of nothing, makes it ask row by row.
    """
    return select(literal(1)).where(*where).limit(1).offset(0).exists()


def of_group(group: CustomerGroup) -> Sets:
    """A group as it is saved."""
    return Sets(group.id, {}, group.filter)


def of(draft: GroupDraft | None, group: CustomerGroup | None) -> Sets:
    """A group as a draft would save it."""
    if draft is None:
        return of_group(group) if group is not None else Sets()
    kept = group.filter if group is not None else None
    followed = kept if draft.filter is None else draft.filter or None
    return Sets(group.id if group is not None else 0, signs([draft.id]), followed)


def signs(draft_ids: Iterable[int]) -> dict[int, bool]:
    """Step id → adds, of all steps of some drafts, the earliest first."""
    found = db.session.execute(
        select(GroupStep.id, GroupStep.adds)
        .where(GroupStep.draft_id.in_(list(draft_ids)))
        .order_by(GroupStep.id)
    )
    return dict(found.all())
