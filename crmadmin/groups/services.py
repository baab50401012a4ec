"""What is done to whole groups: copied, deleted, combined; to many members at once: `acts`.

Everything is one set-based transaction of the acting user; nothing here commits.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    CompoundSelect,
    Select,
    delete,
    except_,
    func,
    intersect,
    select,
    union,
)

from crmadmin.core.bulk import among
from crmadmin.core.db import acting_id, db, rows_written, utcnow
from crmadmin.groups import (
    forgetting,  # noqa: F401 - registers what the clock forgets
    steps,
)
from crmadmin.groups.drafts import begin
from crmadmin.groups.members import of_group
from crmadmin.groups.models import CustomerGroup, GroupDraft
from crmadmin.groups.saving import InstantStep, create_now, lock_groups
from crmadmin.groups.shapes import TEXTS, Overlap, StepKind

HOW = ("union", "overlap", "a_minus_b", "b_minus_a")


def clone(group: CustomerGroup, name: str) -> CustomerGroup:
    """A group of the same members (or filter) and description. Raises records.Invalid."""
    return create_now(
        acting_id(),
        {"name": name, "description": group.description, "filter": group.filter},
        None if group.filter is not None else InstantStep(
            True, [of_group(group).contains()], StepKind.CLONE, {"group": group.name}
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
                user_id=acting_id(), group_id=group.id, saved_at=now, saved_version=group.version,
                before={**before, "deleted": True},
            )
        )  # fmt: skip
    db.session.flush()
    gone = [group.id for group in groups]
    statement = delete(CustomerGroup).where(among(CustomerGroup.id, gone))
    done = db.session.execute(statement.execution_options(synchronize_session=False))
    for group in groups:
        db.session.expunge(group)
    return rows_written(done)


def overlap(a: CustomerGroup, b: CustomerGroup) -> Overlap:
    """How the members of two groups overlap, in one statement."""
    first, second = _ids(a), _ids(b)
    sides = (first, second, intersect(first, second))
    sizes = [select(func.count()).select_from(side.subquery()) for side in sides]
    found = db.session.execute(select(*(size.scalar_subquery() for size in sizes))).one()
    in_a, in_b, both = (int(number) for number in found)
    return Overlap(in_a - both, both, in_b - both)


def _ids(group: CustomerGroup) -> Select[int]:
    """The customers of a group, without a look at them where it has memberships."""
    sets = of_group(group)
    return sets.ids() if sets.follows else sets.members()


def combine(a: CustomerGroup, b: CustomerGroup, how: str) -> GroupDraft:
    """The acting user's draft of a new group, with the union, overlap or difference as a step."""
    draft = begin(acting_id(), None)
    if draft.filter:
        draft.filter = None  # a group that follows a filter takes no step
    params = {"a": a.name, "b": b.name, "how": how}
    rows = _combined(a, b, how)
    steps.take(draft, rows, StepKind.COMBINE, adds=True, params=params)
    return draft


def _combined(a: CustomerGroup, b: CustomerGroup, how: str) -> Select[int]:
    first, second = _ids(a), _ids(b)
    both: CompoundSelect[int] = {
        "union": union(first, second),
        "overlap": intersect(first, second),
        "a_minus_b": except_(first, second),
        "b_minus_a": except_(second, first),
    }[how]
    return select(next(iter(both.subquery().c)))
