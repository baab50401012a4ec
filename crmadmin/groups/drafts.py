"""Drafts of groups: every change to a group, its texts and its members, until it is saved.

A draft is a list of steps, each a set of customers that come in or go; the latest step that names
a customer decides. Nothing here commits: the view does, once, at its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups import following, sources, steps
from crmadmin.groups.conflicts import Conflict, Gone
from crmadmin.groups.members import Sets, of
from crmadmin.groups.models import (
    NEW,
    CustomerGroup,
    GroupChange,
    GroupDraft,
    GroupStep,
)
from crmadmin.groups.ordered import memberships
from crmadmin.groups.saving import (
    Importing,
    InstantStep,
    apply_now,
    save,
)
from crmadmin.groups.shapes import TEXTS, DraftState, DraftStep, Outcome, StepKind
from crmadmin.groups.steps import (
    Closed,
    Follows,
    Where,
    take_back,
    take_back_all,
    take_back_customer,
)
from crmadmin.groups.wording import step_words

__all__ = [
    "NEW",
    "Closed",
    "Conflict",
    "Follows",
    "Gone",
    "Importing",
    "InstantStep",
    "StepKind",
    "apply_now",
    "begin",
    "discard",
    "find",
    "follow",
    "freeze",
    "import_step",
    "of_deleted",
    "pick",
    "pick_matching",
    "remove",
    "remove_matching",
    "save",
    "state",
    "take_back",
    "take_back_all",
    "take_back_customer",
    "type_text",
]

MOST_TYPED = 10_000
"""Characters of a text that is typed into a draft: more than any field holds, to say so."""


def find(user_id: int, group_id: int) -> GroupDraft | None:
    """The open draft of a user in a group (or of the group to be made: NEW), if there is one."""
    draft = _open(user_id, group_id)
    if draft is None or group_id == NEW or steps.group_of(draft) is not None:
        return draft
    # Of a group that is gone; but not of another one that has its number now.
    return draft if db.session.get(CustomerGroup, group_id) is None else None


def of_deleted(user_id: int, group_id: int) -> GroupDraft | None:
    """The open draft of a user in a group that was deleted, whoever has its number now."""
    draft = _open(user_id, group_id)
    return draft if draft is not None and steps.group_of(draft) is None else None


def begin(user_id: int, group: CustomerGroup | None) -> GroupDraft:
    """The open draft of a user in a group (None: in one to be made), a new one if there is none."""
    key = group.id if group is not None else NEW
    draft = _open(user_id, key)
    if draft is not None and group is not None and steps.group_of(draft) is None:
        db.session.delete(draft)  # of a deleted group whose number SQLite gave away again
        db.session.flush()
        draft = None
    if draft is not None:
        return draft
    made = GroupDraft(user_id=user_id, group_id=key)
    if group is not None:
        made.base_version = made.counted_version = group.version
        made.before = {name: getattr(group, name) for name in TEXTS}
    try:
        with db.session.begin_nested():
            db.session.add(made)
            db.session.flush()
    except IntegrityError:
        # The same user's other tab was quicker.
        found = _open(user_id, key)
        if found is None:
            raise
        return found
    return made


def _open(user_id: int, group_id: int) -> GroupDraft | None:
    return db.session.scalar(
        select(GroupDraft).where(
            GroupDraft.user_id == user_id,
            GroupDraft.group_id == group_id,
            GroupDraft.saved_at.is_(None),
        )
    )


# What is typed and followed


def type_text(
    draft: GroupDraft, *, name: str | None = None, description: str | None = None
) -> None:
    """Keep what stands in the form's fields, right or wrong; None leaves a field alone.

    A text that is the group's own is no change. Raises Closed.
    """
    draft = steps.lock(draft)
    group = steps.group_of(draft)
    for column, typed in (("name", name), ("description", description)):
        if typed is None:
            continue
        text = typed.replace("\0", "").replace("\r\n", "\n")[:MOST_TYPED]
        same = getattr(group, column).replace("\r\n", "\n") if group is not None else ""
        setattr(draft, column, None if text == same else text)
    db.session.flush()


def follow(draft: GroupDraft, filter_query: str | None) -> None:
    """Make the group follow a search (a query string, see `following`); None takes that back.

    The steps stay in the draft, without effect while a filter is followed. Raises Closed, and
    UnreadSearch for a search of which a part cannot be read.
    """
    search = following.asked(filter_query) if filter_query is not None else None
    draft = steps.lock(draft)
    group = steps.group_of(draft)
    text = None if search is None else search.text
    draft.filter = None if group is not None and text == group.filter else text
    steps.count(draft, group)


def freeze(draft: GroupDraft, where: Where | None = None) -> Outcome:
    """Make a group that follows a filter an ordinary one, of those who match now: one step.

    `where` (else what the group or draft follows) says who they are. Raises Closed.
    """
    draft = steps.lock(draft)
    group = steps.group_of(draft)
    sets = of(draft, group)
    wanted = [sets.contains()] if where is None else list(where)
    kept = group.filter if group is not None else None
    draft.filter = None if kept is None else ""
    db.session.flush()
    if sets.filter is not None:
        # What was picked before the filter was followed is not to come back with it.
        db.session.execute(_delete_steps(draft))
        db.session.expire_all()
    params = {"filter": sets.filter} if sets.filter is not None else {}
    if group is not None and kept is None:
        members = Sets(group.id).members()
        leave = members.except_(steps.of_customers(wanted)).subquery()
        steps.take(draft, select(next(iter(leave.c))), StepKind.FREEZE, adds=False, params=params)
    return steps.take(draft, steps.of_customers(wanted), StepKind.FREEZE, adds=True, params=params)


def _delete_steps(draft: GroupDraft) -> Any:
    statement = delete(GroupStep).where(
        GroupStep.draft_id == draft.id, GroupStep.kind != StepKind.IMPORT.value
    )
    return statement.execution_options(synchronize_session=False)


# Steps


def pick(
    draft: GroupDraft,
    ids: Iterable[int],
    scope_where: Where = (),
    kind: str = StepKind.PICK,
    params: Mapping[str, Any] | None = None,
) -> Outcome:
    """Bring these customers in, as one step: those within `scope_where`. Raises Closed, Follows."""
    asked = list(dict.fromkeys(ids))
    rows = steps.of_ids(asked, scope_where)
    return steps.take(draft, rows, kind, adds=True, params=params, asked=len(asked))


def pick_matching(
    draft: GroupDraft, where: Where, params: Mapping[str, object] | None = None
) -> Outcome:
    """Bring in every customer that meets the conditions. Raises Closed, Follows."""
    rows = steps.of_customers(where)
    return steps.take(draft, rows, StepKind.MATCHING, adds=True, params=params)


def remove(draft: GroupDraft, ids: Iterable[int], scope_where: Where = ()) -> Outcome:
    """Take these customers out, as one step. Raises Closed, Follows."""
    asked = list(dict.fromkeys(ids))
    rows = steps.of_ids(asked, scope_where)
    return steps.take(draft, rows, StepKind.PICK, adds=False, asked=len(asked))


def remove_matching(
    draft: GroupDraft, where: Where, params: Mapping[str, object] | None = None
) -> Outcome:
    """Take out every member, as the draft has them, that meets the conditions.

    Raises Closed, Follows.
    """
    here = of(draft, steps.group_of(draft)).contains()
    rows = steps.of_customers([here, *where])
    return steps.take(draft, rows, StepKind.MATCHING, adds=False, params=params)


def import_step(draft: GroupDraft, file_name: str) -> GroupStep:
    """The step that an import is going to fill. Raises Closed, Follows."""
    draft = steps.lock(draft)
    if of(draft, steps.group_of(draft)).follows:
        raise Follows
    return steps.add_step(draft, StepKind.IMPORT, adds=True, params={"file": file_name})


def discard(draft: GroupDraft) -> None:
    """Throw the draft away; the customers that its imports brought stay. Raises Closed."""
    draft = steps.lock(draft)
    db.session.delete(draft)
    db.session.flush()


# How it stands


def state(draft: GroupDraft | None, group: CustomerGroup | None) -> DraftState:
    """What the draft does to the group as things stand now. Reads only."""
    sets = of(draft, group)
    before = _members(group)
    added, removed = steps.counts_of(draft, group)
    if sets.follows:
        same = group is not None and sets.filter == group.filter
        after = before if same else _matching(sets)
    elif group is not None and group.filter is not None:
        after = added
    else:
        after = before + added - removed
    texts = {name: _text(draft, group, name) for name in ("name", "description")}
    return DraftState(
        members_before=before, added=added, removed=removed, members_after=after,
        steps=step_list(draft) if draft is not None else (),
        changed_texts=_changed(draft, group), filter=sets.filter, draft=draft, group=group, **texts,
    )  # fmt: skip


def _members(group: CustomerGroup | None) -> int:
    if group is None:
        return 0
    if group.filter is not None:
        return _matching(Sets(0, {}, group.filter))
    return memberships(group.id)


def _matching(sets: Sets) -> int:
    found = select(func.count()).select_from(Customer).where(sets.contains())
    return db.session.scalar(found) or 0


def _text(draft: GroupDraft | None, group: CustomerGroup | None, name: str) -> str:
    typed = getattr(draft, name) if draft is not None else None
    return str(typed if typed is not None else getattr(group, name) if group is not None else "")


def _changed(draft: GroupDraft | None, group: CustomerGroup | None) -> tuple[str, ...]:
    if draft is None:
        return ()
    typed = {name: getattr(draft, name) for name in TEXTS}
    if group is None:
        return tuple(name for name, text in typed.items() if text)
    now = {name: getattr(group, name) or "" for name in TEXTS}
    return tuple(n for n, text in typed.items() if text is not None and text != now[n])


def step_list(draft: GroupDraft) -> Sequence[DraftStep]:
    """The steps, the earliest first. An import that has not run yet is none.

    Rows are as they are now: a customer who was deleted is in no step any more.
    """
    filled = sources.source().filled().subquery().c
    size = (
        select(func.count())
        .select_from(GroupChange)
        .where(GroupChange.step_id == GroupStep.id)
        .scalar_subquery()
    )
    found = db.session.execute(
        select(GroupStep, size, filled.id, filled.is_writing)
        .outerjoin(filled.id.table, filled.step_id == GroupStep.id)
        .where(GroupStep.draft_id == draft.id)
        .order_by(GroupStep.id)
    )
    return [
        DraftStep(
            s.id, s.kind, s.adds, rows, step_words(s.kind, s.adds, rows, s.params), s.created_at,
            s.params, import_id, bool(is_writing),
        )
        for s, rows, import_id, is_writing in found
        if rows or is_writing
    ]  # fmt: skip
