"""The steps of a draft: making them, taking them back, and counting what they do.

Every write locks the draft first, so that two tabs, or a form and a running import, go one after
the other. Nothing commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, literal, select, update

from crmadmin.core.bulk import among
from crmadmin.core.db import db, rows_written, utcnow
from crmadmin.customers.models import Customer
from crmadmin.groups.members import Sets, of
from crmadmin.groups.models import CustomerGroup, GroupChange, GroupDraft, GroupStep, Membership
from crmadmin.groups.shapes import Outcome, StepKind

Where = Sequence[ColumnElement[bool]]


class Closed(RuntimeError):
    """The draft was saved or thrown away meanwhile, in another tab."""


class Follows(RuntimeError):
    """The members of a group that follows a filter cannot be picked or taken out."""


def lock(draft: GroupDraft) -> GroupDraft:
    """The draft as it is now, this transaction's alone until it ends. Raises Closed."""
    db.session.flush()  # what the caller changed already is not to be lost
    found = db.session.scalar(
        select(GroupDraft)
        .where(GroupDraft.id == draft.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None or found.saved_at is not None:
        raise Closed
    return found


def group_of(draft: GroupDraft) -> CustomerGroup | None:
    """The group that the draft changes, if it is there."""
    group = db.session.get(CustomerGroup, draft.group_id) if draft.group_id else None
    # SQLite gives the number of a deleted group to the next one.
    return group if group is None or group.created_at <= draft.created_at else None


def add_step(
    draft: GroupDraft, kind: str, *, adds: bool, params: Mapping[str, object] | None = None
) -> GroupStep:
    """A step of nobody yet, flushed."""
    step = GroupStep(draft_id=draft.id, kind=str(kind), adds=adds, params=dict(params or {}))
    db.session.add(step)
    db.session.flush()
    return step


def fill(step: GroupStep, customers: Select[int]) -> int:
    """Put the selected customers into a step's set; says how many. One statement."""
    rows = customers.add_columns(literal(step.id))
    step.rows = run(insert(GroupChange).from_select(["customer_id", "step_id"], rows))
    return step.rows


def of_customers(where: Where) -> Select[int]:
    """The ids of the customers that meet the conditions."""
    return select(Customer.id).where(*where)


def of_ids(ids: Iterable[int], scope: Where) -> Select[int]:
    """Those of these customers that are there and within reach."""
    return of_customers([among(Customer.id, list(dict.fromkeys(ids))), *scope])


def take(
    draft: GroupDraft,
    customers: Select[int],
    kind: str,
    *,
    adds: bool,
    params: Mapping[str, object] | None = None,
    asked: int | None = None,
) -> Outcome:
    """One step of a draft: these customers come in, or go. Raises Closed, Follows.

    The set is kept whole, also those it changes nothing for, so that taking back any step leaves
    what the others say.
    """
    draft = lock(draft)
    group = group_of(draft)
    if of(draft, group).follows:
        raise Follows
    count_anew(draft, group)
    before = draft.added - draft.removed
    step = add_step(draft, kind, adds=adds, params=params)
    found = fill(step, customers)
    asked = found if asked is None else asked
    if not found:
        db.session.delete(step)
        db.session.flush()
        return Outcome(None, asked, 0, 0, asked)
    count(draft, group)
    changed = abs(draft.added - draft.removed - before)
    return Outcome(step, asked, found, found - changed, asked - found)


def take_back(draft: GroupDraft, step_id: int) -> bool:
    """Undo one step; False when it is not one of the draft's (any more). Raises Closed."""
    draft = lock(draft)
    gone = db.session.execute(
        delete(GroupStep)
        .where(GroupStep.id == step_id, GroupStep.draft_id == draft.id)
        .execution_options(synchronize_session="fetch")
    )
    count(draft, group_of(draft))
    return rows_written(gone) > 0


def take_back_customer(draft: GroupDraft, customer_id: int) -> bool:
    """Undo what all steps say of one customer. Raises Closed."""
    draft = lock(draft)
    steps = list(
        db.session.scalars(
            select(GroupStep.id)
            .join(GroupChange, GroupChange.step_id == GroupStep.id)
            .where(GroupStep.draft_id == draft.id, GroupChange.customer_id == customer_id)
        )
    )
    here = (GroupChange.step_id.in_(steps), GroupChange.customer_id == customer_id)
    run(delete(GroupChange).where(*here))
    run(update(GroupStep).where(GroupStep.id.in_(steps)).values(rows=GroupStep.rows - 1))
    # One that an import fills may be about to get more.
    emptied = (
        GroupStep.id.in_(steps),
        GroupStep.rows <= 0,
        GroupStep.kind != StepKind.IMPORT.value,
    )
    run(delete(GroupStep).where(*emptied))
    db.session.expire_all()
    count(draft, group_of(draft))
    return bool(steps)


def take_back_all(draft: GroupDraft) -> None:
    """Undo every step, and following a filter; what was typed stays. Raises Closed."""
    draft = lock(draft)
    run(delete(GroupStep).where(GroupStep.draft_id == draft.id))
    db.session.expire_all()
    draft.filter = None
    count(draft, group_of(draft))


def run(statement: Any) -> int:
    """Carry out a statement on many rows; says how many it wrote."""
    options = {"synchronize_session": False, "preserve_rowcount": True}
    result = db.session.execute(statement.execution_options(**options))
    return rows_written(result)


# How many come in and go


def count(draft: GroupDraft, group: CustomerGroup | None) -> None:
    """Count anew what saving would add and take out, and keep it on the draft."""
    draft.added, draft.removed = counted(of(draft, group))
    draft.counted_version = group.version if group is not None else 0
    draft.updated_at = utcnow()
    db.session.flush()


def count_anew(draft: GroupDraft, group: CustomerGroup | None) -> None:
    """The same where what was counted is no longer so."""
    if not is_counted(draft, group):
        _tell_sizes(draft)
        count(draft, group)


def counts_of(draft: GroupDraft | None, group: CustomerGroup | None) -> tuple[int, int]:
    """How many customers saving would add and take out. Reads only."""
    if draft is None:
        return 0, 0
    sets = of(draft, group)
    if not sets.follows and is_counted(draft, group):
        return draft.added, draft.removed
    return counted(sets)


def is_counted(draft: GroupDraft, group: CustomerGroup | None) -> bool:
    """Whether the counts on the draft still hold: the group was not written since, and none of the
    customers was deleted, which takes them out of the steps."""
    if draft.counted_version != (group.version if group is not None else 0):
        return False
    said, there = sizes(draft.id)
    return said == there


def sizes(draft_id: int) -> tuple[int, int]:
    """How many customers the steps of a draft had when they were made, and have now."""
    steps = select(GroupStep.id).where(GroupStep.draft_id == draft_id)
    said = select(func.coalesce(func.sum(GroupStep.rows), 0)).where(GroupStep.draft_id == draft_id)
    there = select(func.count()).select_from(GroupChange).where(GroupChange.step_id.in_(steps))
    found = db.session.execute(select(said.scalar_subquery(), there.scalar_subquery())).one()
    return int(found[0]), int(found[1])


def _tell_sizes(draft: GroupDraft) -> None:
    """Steps that lost customers who were deleted say so."""
    there = (
        select(func.count())
        .select_from(GroupChange)
        .where(GroupChange.step_id == GroupStep.id)
        .scalar_subquery()
    )
    run(update(GroupStep).where(GroupStep.draft_id == draft.id).values(rows=there))
    db.session.expire_all()
    db.session.refresh(draft)


def counted(sets: Sets) -> tuple[int, int]:
    """How many customers the steps bring in and take out."""
    if sets.follows or not sets.steps:
        return 0, 0
    has_members = bool(sets.group_id) and bool(
        db.session.scalar(select(Membership.customer_id).where(
            Membership.group_id == sets.group_id).limit(1))
    )  # fmt: skip
    plain = sets if has_members else Sets(0, sets.steps)
    return (_how_many(plain, adds=True), _how_many(plain, adds=False) if has_members else 0)


def _how_many(sets: Sets, *, adds: bool) -> int:
    if adds not in sets.steps.values():
        return 0
    rows = sets.effect(adds=adds).subquery()
    return db.session.scalar(select(func.count()).select_from(rows)) or 0
