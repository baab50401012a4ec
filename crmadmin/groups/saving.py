"""From a draft to its group: one transaction, in a handful of statements.

A draft that is saved stays as the group's history; of its steps only the customers are kept for
whom it made a difference. Acts outside the form are drafts that are made and saved at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Integer, and_, case, delete, func, literal, null, or_, select, update
from sqlalchemy.exc import IntegrityError

from crmadmin.core import records
from crmadmin.core.bulk import among
from crmadmin.core.db import (
    acting_as,
    db,
    dialect_name,
    insert_or_nothing,
    spec_of,
    utcnow,
)
from crmadmin.core.messages import message
from crmadmin.core.normalise import normaliser
from crmadmin.core.text import Refusal
from crmadmin.groups import sources, steps
from crmadmin.groups.conflicts import Gone, as_new, conflict, ended, others, settle
from crmadmin.groups.members import Sets, of
from crmadmin.groups.models import (
    NEW,
    CustomerGroup,
    GroupChange,
    GroupDraft,
    GroupStep,
    Membership,
)
from crmadmin.groups.shapes import TEXTS, Applied, StepKind
from crmadmin.groups.steps import Follows, Where

ATTEMPTS = 3
"""How often members are written again because a customer was deleted at that very moment."""


FEW = 1000
"""So many that leave are looked up one by one; of more, every member is asked about."""


class Importing(RuntimeError):
    """An import is filling a step of the draft right now: wait for it, or stop it."""

    def __init__(self, file_name: str, import_id: int) -> None:
        super().__init__(file_name)
        self.file_name, self.import_id = file_name, import_id


@dataclass(frozen=True, slots=True)
class InstantStep:
    """One step of `apply_now`: the customers that meet the conditions come in, or go."""

    adds: bool
    where: Where
    kind: str = StepKind.PICK
    params: Mapping[str, object] = field(default_factory=dict)


def save(
    draft: GroupDraft,
    group: CustomerGroup | None,
    *,
    merge: bool = False,
    seen_version: int | None = None,
    picks: Mapping[str, str] | None = None,
) -> CustomerGroup:
    """Write a draft to its group, or make the group; gives it. Raises, with nothing written:

    records.Invalid (a text is missing or too long, the name is taken), Conflict, Gone, Importing,
    Closed. With `merge` conflicts are accepted: those up to `seen_version`, if that is given. Then
    `picks` tell what of both is kept ("pick-name" and so on → mine or theirs); without them mine.
    """
    draft = steps.lock(draft)
    if draft.group_id != NEW:
        group = _locked(draft)
    with acting_as(draft.user_id):
        _require_no_import(draft)
        if draft.group_id == NEW:
            return _make(draft)
        if group is None:
            by = ended(draft.group_id, draft.created_at)
            raise Gone(as_new(draft), by)
        theirs = others(draft, group)
        if theirs and not (merge and seen_version in (None, group.version)):
            _texts(draft, group)  # what cannot be right is said first
            raise conflict(draft, group, theirs)
        if theirs and picks is not None:
            settle(draft, group, theirs, picks)
        return _change(draft, group, _texts(draft, group))


def _locked(draft: GroupDraft) -> CustomerGroup | None:
    found = lock_groups([draft.group_id])
    return next((g for g in found if g.created_at <= draft.created_at), None)


def lock_groups(ids: Sequence[int]) -> list[CustomerGroup]:
    """The groups with these ids as they are now, locked in the order of their ids: against others
    who change or delete them, not against rows that name them. Whoever adds such a row may wait for
    a draft that is held here."""
    db.session.flush()
    return list(
        db.session.scalars(
            select(CustomerGroup)
            .where(among(CustomerGroup.id, ids))
            .order_by(CustomerGroup.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    )


def _require_no_import(draft: GroupDraft) -> None:
    running = sources.writing(select(GroupStep.id).where(GroupStep.draft_id == draft.id))
    if running is not None:
        raise Importing(*running)


# Texts


def _texts(draft: GroupDraft, group: CustomerGroup | None) -> dict[str, object]:
    """The values to write of what was typed. Raises records.Invalid."""
    spec = spec_of(CustomerGroup)
    values: dict[str, object] = {}
    problems: dict[str, str] = {}
    for name in ("name", "description"):
        typed = getattr(draft, name)
        if typed is None and group is not None:
            continue
        f = spec.field(name)
        try:
            values[name] = normaliser(f)(typed, None)
        except Refusal as refusal:
            problems[name] = message(refusal.code, {"label": str(f.label), **refusal.params})
        else:
            if values[name] is None:
                problems[name] = message("required", {"label": str(f.label)})
    if problems:
        raise records.Invalid(problems)
    if draft.filter is not None:
        values["filter"] = draft.filter or None
    return values


# A new group


def _make(draft: GroupDraft) -> CustomerGroup:
    group: CustomerGroup = records.create(CustomerGroup, _texts(draft, None))
    draft.before = {}
    draft.group_id = group.id
    _write_members(draft, group, of(draft, group))
    _close(draft, group)
    return group


def create_now(
    user_id: int, values: Mapping[str, object], act: InstantStep | None
) -> CustomerGroup:
    """A group made and filled at once. Raises records.Invalid."""
    draft = GroupDraft(user_id=user_id, saved_at=utcnow(), **values)
    db.session.add(draft)
    db.session.flush()
    if act is not None:
        step = steps.add_step(draft, act.kind, adds=True, params=act.params)
        steps.fill(step, steps.of_customers(act.where))
    with acting_as(user_id):
        return _make(draft)


# A group that is there


def _change(draft: GroupDraft, group: CustomerGroup, values: Mapping[str, object]) -> CustomerGroup:
    before = {name: getattr(group, name) for name in TEXTS}
    sets = of(draft, group)
    has_texts = records.change(group, values)  # first: it is what may be refused
    has_members = _write_members(draft, group, sets)
    if has_members and not has_texts:
        # The version tells everybody who looks at the group that it is not the same any more.
        touch(group)
    if not has_texts and not has_members:
        db.session.delete(draft)
        db.session.flush()
        return group
    draft.before = before
    _close(draft, group)
    return group


def touch(group: CustomerGroup) -> None:
    """Move a group's version on: its members changed."""
    group.updated_at = utcnow()
    db.session.flush()


def apply_now(user_id: int, group: CustomerGroup, acts: Iterable[InstantStep]) -> Applied:
    """Change the members of a group at once, as a draft that is made and saved. Raises Follows.

    Drafts that are open are not touched; whoever saves one of another user hears of it.
    """
    [group] = lock_groups([group.id])
    if group.filter is not None:
        raise Follows
    draft = GroupDraft(
        user_id=user_id, group_id=group.id, base_version=group.version, saved_at=utcnow()
    )
    db.session.add(draft)
    db.session.flush()
    asked = 0
    for act in acts:
        step = steps.add_step(draft, act.kind, adds=act.adds, params=act.params)
        asked += steps.fill(step, steps.of_customers(act.where))
    with acting_as(user_id):
        _change(draft, group, {})
    return Applied(asked, draft.added, draft.removed)


# Members


def _write_members(draft: GroupDraft, group: CustomerGroup, sets: Sets) -> bool:
    """Make the memberships what the draft says; whether any changed. Counts on the draft."""
    if sets.follows:
        draft.added = draft.removed = 0
        steps.run(delete(GroupChange).where(GroupChange.step_id.in_(list(sets.steps))))
        gone = steps.run(delete(Membership).where(Membership.group_id == group.id))
        return gone > 0
    if not sets.steps:
        draft.added = draft.removed = 0
        return False
    _prune(draft, sets)
    draft.removed = _leave(group, [step for step, adds in sets.steps.items() if not adds])
    draft.added = _join(draft, group, [step for step, adds in sets.steps.items() if adds])
    return bool(draft.added or draft.removed)


def _prune(draft: GroupDraft, sets: Sets) -> None:
    """Leave in the steps only the customers for whom they make a difference, each once."""
    added, removed = steps.counted(sets)
    _said, there = steps.sizes(draft.id)
    if there == added + removed:
        return
    ids = GroupChange.step_id.in_(list(sets.steps))
    if len(sets.steps) > 1:
        deciding = or_(*(sets.decides(GroupChange, adds=sign) for sign in (True, False)))
        steps.run(delete(GroupChange).where(ids, ~deciding))
    is_member = sets.has_member(GroupChange.customer_id)
    adding = [step for step, adds in sets.steps.items() if adds]
    idle = or_(
        and_(GroupChange.step_id.in_(adding), is_member),
        and_(GroupChange.step_id.not_in(adding), ~is_member),
    )
    steps.run(delete(GroupChange).where(ids, idle))


def _leave(group: CustomerGroup, leaving: Sequence[int]) -> int:
    """End the memberships of the customers of these steps."""
    if not leaving:
        return 0
    named = select(GroupChange.customer_id).where(GroupChange.step_id.in_(leaving))
    few = db.session.scalars(named.limit(FEW + 1)).all()
    gone = (
        among(Membership.customer_id, few)
        if len(few) <= FEW
        else Sets(0, dict.fromkeys(leaving, False)).says(Membership.customer_id, adds=False)
    )
    return steps.run(delete(Membership).where(Membership.group_id == group.id, gone))


def _join(draft: GroupDraft, group: CustomerGroup, adding: Sequence[int]) -> int:
    """Memberships for the customers of these steps; who was deleted meanwhile is left out."""
    if not adding:
        return 0
    imports = sources.of_steps(adding)
    batch = (
        case(imports, value=GroupChange.step_id, else_=null())
        if imports
        else literal(None, Integer())
    )
    columns = ["group_id", "customer_id", "added_at", "added_by_id", "import_id"]
    rows = select(
        literal(group.id), GroupChange.customer_id, literal(utcnow(), Membership.added_at.type),
        literal(draft.user_id, Integer()), batch,
    ).where(GroupChange.step_id.in_(adding))  # fmt: skip
    into: Any = insert_or_nothing(Membership.__table__, dialect_name(db.session))
    for attempt in range(ATTEMPTS):
        try:
            with db.session.begin_nested():
                return steps.run(into.from_select(columns, rows))
        except IntegrityError:
            # PostgreSQL: a customer went between being read and being referred to.
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _close(draft: GroupDraft, group: CustomerGroup) -> None:
    """The draft becomes history: steps without a customer go, but those that imports name."""
    now = utcnow()
    draft.saved_at, draft.updated_at, draft.saved_version = now, now, group.version
    draft.counted_version = group.version
    db.session.flush()
    mine = GroupStep.draft_id == draft.id
    size = (
        select(func.count())
        .select_from(GroupChange)
        .where(GroupChange.step_id == GroupStep.id)
        .scalar_subquery()
    )
    steps.run(update(GroupStep).where(mine).values(rows=size))
    steps.run(
        delete(GroupStep).where(mine, GroupStep.rows == 0, GroupStep.kind != StepKind.IMPORT.value)
    )
    ids = select(GroupStep.id).where(mine, GroupStep.kind == StepKind.IMPORT.value)
    sources.source().saved(ids, group.id)
    db.session.expire_all()
