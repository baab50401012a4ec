"""What is done to whole groups: copied, deleted, combined, members moved between two of them.

Everything is one set-based transaction of the acting user; nothing here commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Select,
    case,
    delete,
    except_,
    func,
    intersect,
    select,
    union,
)

from crmadmin.core.db import actor, db, rows_written, utcnow
from crmadmin.customers.models import Customer
from crmadmin.groups import (
    forgetting,  # noqa: F401 - registers what the clock forgets
    steps,
)
from crmadmin.groups.drafts import begin
from crmadmin.groups.models import CustomerGroup, GroupDraft
from crmadmin.groups.saving import Act, apply_now, create_now, lock_groups
from crmadmin.groups.sets import of_group
from crmadmin.groups.shapes import TEXTS, Applied, Kind, Moved, Overlap
from crmadmin.groups.steps import Follows, Where

HOW = ("union", "overlap", "a_minus_b", "b_minus_a")


def clone(group: CustomerGroup, name: str) -> CustomerGroup:
    """A group of the same members (or filter) and description. Raises records.Invalid."""
    return create_now(
        _user(),
        {"name": name, "description": group.description, "filter": group.filter},
        None if group.filter is not None else Act(
            True, [of_group(group).contains()], Kind.CLONE, {"group": group.name}
        ),
    )  # fmt: skip


def delete_many(ids: Sequence[int]) -> int:
    """Delete groups; their customers stay. Says how many there were. Drafts stay, too: whoever
    saves one is told that the group is gone."""
    groups = lock_groups(ids)
    now = utcnow()
    for group in groups:
        before = {name: getattr(group, name) for name in TEXTS}
        db.session.add(
            GroupDraft(
                user_id=_user(), group_id=group.id, saved_at=now, saved_version=group.version,
                before={**before, "deleted": True},
            )
        )  # fmt: skip
    db.session.flush()
    gone = [group.id for group in groups]
    statement = delete(CustomerGroup).where(CustomerGroup.id.in_(gone))
    done = db.session.execute(statement.execution_options(synchronize_session=False))
    for group in groups:
        db.session.expunge(group)
    return rows_written(done)


def preview_move(source: CustomerGroup, target: CustomerGroup, where: Where) -> Moved:
    """What moving or copying the members that meet the conditions would do. Raises Follows."""
    if target.filter is not None:
        raise Follows
    there = of_group(target).has_member(Customer.id)
    total, already = db.session.execute(
        select(func.count(), func.coalesce(func.sum(case((there, 1), else_=0)), 0))
        .select_from(Customer)
        .where(of_group(source).contains(), *where)
    ).one()
    return Moved(int(total) - int(already), int(already))


def copy(source: CustomerGroup, target: CustomerGroup, where: Where) -> Moved:
    """Bring the members of one group that meet the conditions into another, too. Raises Follows."""
    source, target = both(source, target)
    here = [of_group(source).contains(), *where]
    into = apply_now(_user(), target, [Act(True, here, Kind.COPY, {"group": source.name})])
    return Moved(into.added, into.asked - into.added)


def move(source: CustomerGroup, target: CustomerGroup, where: Where) -> Moved:
    """The same, and out of the first one. Raises Follows where either follows a filter."""
    source, target = both(source, target)
    if source.filter is not None:
        raise Follows
    here = [of_group(source).contains(), *where]
    into = apply_now(_user(), target, [Act(True, here, Kind.MOVE, {"group": source.name})])
    out = apply_now(_user(), source, [Act(False, here, Kind.MOVE, {"group": target.name})])
    return Moved(into.added, into.asked - into.added, out.removed)


def both(source: CustomerGroup, target: CustomerGroup) -> tuple[CustomerGroup, CustomerGroup]:
    """Both locked, always in the same order."""
    if source.id == target.id:
        raise ValueError("a group is not moved into itself")
    found = {group.id: group for group in lock_groups([source.id, target.id])}
    return found[source.id], found[target.id]


def overlap(a: CustomerGroup, b: CustomerGroup) -> Overlap:
    """How the members of two groups overlap, in one statement."""
    first, second = _ids(a), _ids(b)
    sides = (first, second, intersect(first, second))
    sizes = [select(func.count()).select_from(side.subquery()) for side in sides]
    found = db.session.execute(select(*(size.scalar_subquery() for size in sizes))).one()
    in_a, in_b, both = (int(number) for number in found)
    return Overlap(in_a - both, both, in_b - both)


def _ids(group: CustomerGroup) -> Select[Any]:
    """The customers of a group, without a look at them where it has memberships."""
    sets = of_group(group)
    return sets.ids() if sets.follows else sets.members()


def combine(a: CustomerGroup, b: CustomerGroup, how: str) -> GroupDraft:
    """The acting user's draft of a new group, with the union, overlap or difference as a step."""
    draft = begin(_user(), None)
    if draft.filter:
        draft.filter = None  # a group that follows a filter takes no step
    params = {"a": a.name, "b": b.name, "how": how}
    rows = _combined(a, b, how)
    steps.take(draft, rows, Kind.COMBINE, adds=True, params=params)
    return draft


def _combined(a: CustomerGroup, b: CustomerGroup, how: str) -> Select[Any]:
    first, second = _ids(a), _ids(b)
    both: CompoundSelect[Any] = {
        "union": union(first, second),
        "overlap": intersect(first, second),
        "a_minus_b": except_(first, second),
        "b_minus_a": except_(second, first),
    }[how]
    return select(next(iter(both.subquery().c)))


def add_to_group(group: CustomerGroup, where: Where) -> Applied:
    """Bring every customer that meets the conditions into a group at once. Raises Follows."""
    return apply_now(_user(), group, [Act(True, where)])


def remove_from_group(group: CustomerGroup, where: Where) -> int:
    """Take every member that meets the conditions out of a group at once; says how many.

    Raises Follows.
    """
    here = [of_group(group).contains(), *where]
    return apply_now(_user(), group, [Act(False, here)]).removed


def _user() -> int:
    user_id = actor.get()
    if user_id is None:
        raise RuntimeError("nobody acts here")
    return user_id
