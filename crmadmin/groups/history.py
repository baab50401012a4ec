"""Lịch sử: the saved drafts of a group, and the imports straight into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, null, select, union_all

from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.core.paging import Page, clamp
from crmadmin.groups import sources
from crmadmin.groups.models import CustomerGroup, GroupChange, GroupDraft, GroupStep
from crmadmin.groups.shapes import TEXTS, DraftStep, ImportedInto, Saved
from crmadmin.groups.wording import step_words

PER_PAGE = 25


def saved_since(group: CustomerGroup, version: int) -> list[GroupDraft]:
    """The drafts that were saved after the group had this version, the earliest first."""
    return list(
        db.session.scalars(
            saved(group).where(GroupDraft.saved_version > version).order_by(GroupDraft.id)
        )
    )


def saved(group: CustomerGroup) -> Select[Any]:
    """The saved drafts of a group; not those of a deleted one that had its number."""
    return select(GroupDraft).where(
        GroupDraft.group_id == group.id,
        GroupDraft.saved_at.is_not(None),
        GroupDraft.saved_at >= group.created_at,
    )


def page(group_id: int, number: int, per_page: int = PER_PAGE) -> Page:
    """A page of what was done to a group, the latest first: Saved and ImportedInto."""
    group = db.session.get(CustomerGroup, group_id)
    if group is None:
        return Page([], 1, per_page, 0)
    drafts = saved(group).with_only_columns(
        GroupDraft.saved_at.label("at"), GroupDraft.id.label("draft"), null().label("batch")
    )
    both = union_all(drafts, sources.source().straight(group_id)).subquery()
    # A history is some hundred entries: counted and cut in one go.
    rows = db.session.execute(select(both).order_by(both.c.at.desc(), both.c.draft.desc())).all()
    number = clamp(number, len(rows), per_page)
    shown = rows[(number - 1) * per_page : number * per_page]
    found = {("d", s.id): s for s in entries(_drafts([r.draft for r in shown if r.draft]))}
    told: dict[tuple[str, int], Any] = {**found, **_imports([r.batch for r in shown if r.batch])}
    keys = [("d", r.draft) if r.draft else ("i", r.batch) for r in shown]
    return Page([told[k] for k in keys], number, per_page, len(rows))


def _drafts(ids: Sequence[int]) -> list[GroupDraft]:
    found = select(GroupDraft).where(GroupDraft.id.in_(ids))
    return list(db.session.scalars(found.order_by(GroupDraft.id)))


def entries(drafts: Sequence[GroupDraft]) -> list[Saved]:
    """Saved drafts as people read them, with their steps and who saved them."""
    users = _users(draft.user_id for draft in drafts)
    steps: dict[int, list[DraftStep]] = {draft.id: [] for draft in drafts}
    for step in db.session.scalars(
        select(GroupStep).where(GroupStep.draft_id.in_(steps)).order_by(GroupStep.id)
    ):
        if step.rows:
            words = step_words(step.kind, step.adds, step.rows, step.params)
            steps[step.draft_id].append(
                DraftStep(step.id, step.kind, step.adds, step.rows, words, step.created_at,
                          step.params)
            )  # fmt: skip
    return [
        Saved(
            d.id, users.get(d.user_id), d.saved_at or d.updated_at, d.added, d.removed, _texts(d),
            steps[d.id], is_new=not d.before, deleted=bool(d.before.get("deleted")),
        )
        for d in drafts
    ]  # fmt: skip


def _texts(draft: GroupDraft) -> Mapping[str, tuple[str | None, str | None]]:
    after = {"name": draft.name, "description": draft.description}
    found: dict[str, tuple[str | None, str | None]] = {
        name: (draft.before.get(name), text) for name, text in after.items() if text is not None
    }
    if draft.filter is not None:
        found["filter"] = (draft.before.get("filter"), draft.filter or None)
    return {n: found[n] for n in TEXTS if n in found and found[n][0] != found[n][1]}


def _users(ids: Iterable[int | None]) -> dict[int | None, User]:
    wanted = {i for i in ids if i is not None}
    return {u.id: u for u in db.session.scalars(select(User).where(User.id.in_(wanted)))}


def _imports(ids: Sequence[int]) -> dict[tuple[str, int], ImportedInto]:
    rows = sources.source().brought(ids)
    users = _users(row.user_id for row in rows)
    return {
        ("i", row.id): ImportedInto(row.id, users.get(row.user_id), row.at, row.added, row.name)
        for row in rows
    }


def last_kinds(group: CustomerGroup, customer_ids: Sequence[int]) -> dict[int, str]:
    """Customer id → the kind of the latest saved step that brought it into the group."""
    rows = db.session.execute(
        select(GroupChange.customer_id, GroupStep.kind)
        .join(GroupStep, GroupStep.id == GroupChange.step_id)
        .join(GroupDraft, GroupDraft.id == GroupStep.draft_id)
        .where(
            GroupChange.customer_id.in_(customer_ids),
            GroupStep.adds,
            GroupDraft.group_id == group.id,
            GroupDraft.saved_at >= group.created_at,
        )
        .order_by(GroupStep.id)
    )
    return dict(rows.all())
