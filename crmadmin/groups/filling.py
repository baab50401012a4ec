"""What an import does to a draft: one step that it fills block by block, and empties when undone.

The block's transaction holds the draft's lock, so that saving, undoing a step and throwing the
draft away come before or after a block, never into it. Nothing commits.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, delete, func, select, update

from crmadmin.core import bulk
from crmadmin.core.db import db
from crmadmin.groups.models import GroupChange, GroupDraft, GroupStep
from crmadmin.groups.queries import in_group
from crmadmin.groups.steps import group_of, run


def open_step(step_id: int) -> bool:
    """Lock the draft of a step; whether it is still open, with the step in it."""
    draft_id = db.session.scalar(select(GroupStep.draft_id).where(GroupStep.id == step_id))
    if draft_id is None:
        return False
    # By value: the session may remember the row as it was before the lock was had.
    saved = db.session.execute(
        select(GroupDraft.id, GroupDraft.saved_at)
        .where(GroupDraft.id == draft_id)
        .with_for_update()
    ).first()
    if saved is None or saved.saved_at is not None:
        return False
    there = select(GroupStep.id).where(GroupStep.id == step_id, GroupStep.draft_id == draft_id)
    return db.session.scalar(there) is not None


def members_among(step_id: int, customer_ids: Sequence[int]) -> set[int]:
    """Which of these customers are in the group as the step's draft has it."""
    draft = db.session.scalar(
        select(GroupDraft).join(GroupStep, GroupStep.draft_id == GroupDraft.id).where(
            GroupStep.id == step_id
        )
    )  # fmt: skip
    if draft is None:
        return set()
    marks = in_group(draft, group_of(draft), customer_ids)
    return {key for key, mark in marks.items() if mark != "removed"}


def put_in(step_id: int, customer_ids: Sequence[int]) -> None:
    """Put customers into the step's set, those that are there already included."""
    there = set(
        db.session.scalars(
            select(GroupChange.customer_id).where(
                GroupChange.step_id == step_id, bulk.among(GroupChange.customer_id, customer_ids)
            )
        )
    )
    new = [key for key in dict.fromkeys(customer_ids) if key not in there]
    if new:
        columns: dict[str, bulk.ColumnValues] = {"step_id": bulk.Same(step_id), "customer_id": new}
        bulk.insert(GroupChange.__table__, columns)
        _grown(step_id)


def take_out(step_id: int, customers: Select[int]) -> int:
    """Take customers, those of one block, out of the step's set; says how many."""
    ids = list(db.session.scalars(customers))
    gone = run(
        delete(GroupChange).where(
            GroupChange.step_id == step_id, bulk.among(GroupChange.customer_id, ids)
        )
    )
    _grown(step_id)
    return gone


def _grown(step_id: int) -> None:
    """The step has another size, and the draft is to be counted anew."""
    size = select(func.count()).select_from(GroupChange).where(GroupChange.step_id == step_id)
    run(update(GroupStep).where(GroupStep.id == step_id).values(rows=size.scalar_subquery()))
    drafts = select(GroupStep.draft_id).where(GroupStep.id == step_id)
    run(update(GroupDraft).where(GroupDraft.id.in_(drafts)).values(counted_version=-1))


def size_of(step_id: int) -> int:
    """How many customers an open draft's step has; 0 once it was saved."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(GroupChange)
            .join(GroupStep, GroupStep.id == GroupChange.step_id)
            .join(GroupDraft, GroupDraft.id == GroupStep.draft_id)
            .where(GroupStep.id == step_id, GroupDraft.saved_at.is_(None))
        )
        or 0
    )


def forget(step_id: int) -> None:
    """Drop the step of an import that is left before it ran, unless its draft was saved."""
    if open_step(step_id):
        run(delete(GroupStep).where(GroupStep.id == step_id))


def count_anew(group_id: int) -> None:
    """Members of the group changed without a draft: what open drafts counted holds no more."""
    run(
        update(GroupDraft)
        .where(GroupDraft.group_id == group_id, GroupDraft.saved_at.is_(None))
        .values(counted_version=-1)
    )
