"""What stands in the way of saving a draft: others saved the group meanwhile, or deleted it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import CompoundSelect, delete, func, intersect, select, union_all, update

from crmadmin.core.db import db
from crmadmin.core.merging import MINE, THEIRS, Difference, picked, unsettled
from crmadmin.customers.models import Customer
from crmadmin.groups import history, steps
from crmadmin.groups.members import Sets, signs
from crmadmin.groups.models import NEW, CustomerGroup, GroupChange, GroupDraft, GroupStep
from crmadmin.groups.shapes import TEXTS, Both, Saved

FIRST_NAMES = 5


class Conflict(RuntimeError):
    """Others saved the group since the draft was begun; nothing was written.

    `theirs` are their saved drafts, the earliest first. `both` are customers whom the two sides
    touch contrarily, `texts` the fields that both changed (name → (theirs, mine)). `lost` is true
    when the group follows a filter now, so that steps can have no effect. Saving with `merge` puts
    the draft on top of the group as it is; `lines` are what can be chosen for that (see
    core.merging): texts by name, and MEMBERS for `both`.
    """

    def __init__(
        self,
        group: CustomerGroup,
        theirs: Sequence[Saved],
        both: Both,
        texts: Mapping[str, tuple[str, str]],
        *,
        lost: bool = False,
        lines: Sequence[Difference] = (),
    ) -> None:
        super().__init__(f"group {group.id} is at version {group.version}")
        self.group, self.theirs, self.both, self.texts = group, list(theirs), both, dict(texts)
        self.version, self.lost, self.lines = group.version, lost, list(lines)


class Gone(RuntimeError):
    """The group was deleted. `draft` is the user's draft of a new group now, with the same steps;
    the view commits it. `by` says who deleted the group and when, if that is known."""

    def __init__(self, draft: GroupDraft, by: Saved | None) -> None:
        super().__init__(f"the group of draft {draft.id} is gone")
        self.draft, self.by = draft, by


# When others saved meanwhile


def others(draft: GroupDraft, group: CustomerGroup) -> list[GroupDraft]:
    """What other users saved since the draft was begun; one's own other acts are no conflict."""
    if group.version == draft.base_version:
        return []
    since = history.saved_since(group, draft.base_version)
    return [saved for saved in since if saved.user_id != draft.user_id]


def conflict(draft: GroupDraft, group: CustomerGroup, theirs: Sequence[GroupDraft]) -> Conflict:
    mine, others = signs([draft.id]), signs([saved.id for saved in theirs])
    both = _contrary(Sets(group.id, mine), Sets(group.id, others))
    texts = {
        name: (getattr(group, name) or "", getattr(draft, name))
        for name in TEXTS
        if getattr(draft, name) is not None
        and any(getattr(saved, name) is not None for saved in theirs)
        and (getattr(group, name) or "") != getattr(draft, name)
    }
    lost = group.filter is not None and draft.filter is None and bool(mine)
    lines = _lines(draft, group, theirs)
    if both.count:
        lines.append(Difference(MEMBERS, "", "", "", ""))
    return Conflict(group, history.entries(theirs), both, texts, lost=lost, lines=lines)


MEMBERS = "members"


def _lines(
    draft: GroupDraft, group: CustomerGroup, theirs: Sequence[GroupDraft]
) -> list[Difference]:
    """The texts that differ, each with whose it is."""
    # What the group had when the others began: a page may be older than its draft.
    before = theirs[0].before or draft.before
    found = []
    for name in TEXTS:
        was, now = before.get(name) or "", getattr(group, name) or ""
        typed = getattr(draft, name)
        mine = was if typed is None else typed
        if mine != now:
            chosen = THEIRS if mine == was else MINE if now == was else ""
            # The members that a group had before it followed a filter are not kept.
            fixed = name == "filter" and chosen == THEIRS
            found.append(Difference(name, "", mine, now, chosen, fixed=fixed))
    return found


def settle(
    draft: GroupDraft, group: CustomerGroup, theirs: Sequence[GroupDraft], given: Mapping[str, str]
) -> None:
    """Make the draft what was chosen. Raises Conflict when something is still to be chosen."""
    found = conflict(draft, group, theirs)
    picks = picked(found.lines, given)
    if unsettled(found.lines, picks, given):
        raise found
    for line in found.lines:
        if line.key != MEMBERS:
            own = line.mine if picks[line.key] == MINE else None
            setattr(draft, line.key, own)
    if picks.get(MEMBERS) == THEIRS:
        own_steps, their_steps = signs([draft.id]), signs([saved.id for saved in theirs])
        both = _both_touched(Sets(group.id, own_steps), Sets(group.id, their_steps)).subquery()
        mine = GroupChange.step_id.in_(list(own_steps))
        named = GroupChange.customer_id.in_(select(next(iter(both.c))))
        steps.run(delete(GroupChange).where(mine, named))
        steps.count_anew(draft, group)
    db.session.flush()


def _both_touched(mine: Sets, theirs: Sets) -> CompoundSelect[int]:
    sides = [
        intersect(mine.named(adds=adds), theirs.named(adds=not adds)).subquery()
        for adds in (True, False)
    ]
    return union_all(*(select(next(iter(side.c))) for side in sides))


def _contrary(mine: Sets, theirs: Sets) -> Both:
    """Customers whom one side brings in and the other takes out."""
    both = _both_touched(mine, theirs).subquery()
    number = db.session.scalar(select(func.count()).select_from(both)) or 0
    named = select(Customer.name).join(both, next(iter(both.c)) == Customer.id)
    named = named.order_by(Customer.sort_key).limit(FIRST_NAMES)
    return Both(number, list(db.session.scalars(named)) if number else [])


# When the group is gone


def as_new(draft: GroupDraft) -> GroupDraft:
    """The same changes as the user's draft of a new group; texts as the group had them."""
    texts = {name: getattr(draft, name) for name in TEXTS}
    for name, text in texts.items():
        texts[name] = draft.before.get(name) if text is None else text or None
    into = db.session.scalar(
        select(GroupDraft).where(
            GroupDraft.user_id == draft.user_id,
            GroupDraft.group_id == NEW,
            GroupDraft.saved_at.is_(None),
        )
    )
    if into is None:
        into = draft
        into.group_id, into.base_version, into.before = NEW, 0, {}
    else:
        steps.run(update(GroupStep).where(GroupStep.draft_id == draft.id).values(draft_id=into.id))
        texts = {n: text for n, text in texts.items() if getattr(into, n) is None}
        steps.run(delete(GroupDraft).where(GroupDraft.id == draft.id))
        db.session.expunge(draft)
    for name, text in texts.items():
        setattr(into, name, text)
    db.session.flush()
    steps.count(into, None)
    return into


def ended(group_id: int, after: datetime) -> Saved | None:
    """The note of the group's deletion, if there is one."""
    last = db.session.scalars(
        select(GroupDraft)
        .where(
            GroupDraft.group_id == group_id,
            GroupDraft.saved_at > after,
        )
        .order_by(GroupDraft.id.desc())
    )
    found = history.entries(list(last))
    return next((entry for entry in found if entry.deleted), None)
