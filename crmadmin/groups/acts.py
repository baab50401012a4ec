"""What is done to many members at once, and to many groups: with a plan, and back. See `core.acts`.

Members come and go through a saved draft, so that the group's history tells of it; also of undoing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, delete, exists, insert, literal, select

from crmadmin.core import acts, images
from crmadmin.core.acts import (
    BACK,
    DELETE,
    MAKE,
    ROWS,
    SAME,
    SEEN,
    STAYS,
    TAKEN,
    WRITTEN,
    ActKind,
    BulkAct,
)
from crmadmin.core.db import acting_id, db
from crmadmin.core.facets import Condition
from crmadmin.customers.models import Customer
from crmadmin.groups import services
from crmadmin.groups.members import of_group
from crmadmin.groups.models import CustomerGroup, GroupDraft, Membership
from crmadmin.groups.saving import InstantStep, apply_now, lock_groups
from crmadmin.groups.shapes import StepKind as Step

ADD, REMOVE, MOVE, COPY = "members.add", "members.remove", "members.move", "members.copy"
DELETE_GROUPS = "groups.delete"

MEMBERS: Any = Membership.__table__


def add(act: BulkAct, group: CustomerGroup) -> BulkAct:
    """Bring the customers of a plan into a group, as they were seen. Raises Follows."""
    return _bring(act, group, Step.PICK, {})


def copy(act: BulkAct, source: CustomerGroup, target: CustomerGroup) -> BulkAct:
    """Bring members of one group into another, too. Raises Follows."""
    source, target = _both(source, target)
    return _bring(act, target, Step.COPY, {"group": source.name}, of_group(source).contains())


def remove(act: BulkAct, group: CustomerGroup) -> BulkAct:
    """Take the customers of a plan out of a group, as they were seen. Raises Follows."""
    _settle(act, [of_group(group).contains()])
    _keep_leaving(act, group)
    apply_now(acting_id(), group, [InstantStep(False, _written(act))])
    return acts.finish(act)


def move(act: BulkAct, source: CustomerGroup, target: CustomerGroup) -> BulkAct:
    """Out of one group and into another. Raises Follows where either follows a filter."""
    source, target = _both(source, target)
    _settle(act, [of_group(source).contains()])
    _keep_leaving(act, source)
    _keep_coming(act, target)
    where = _written(act)
    apply_now(acting_id(), target, [InstantStep(True, where, Step.MOVE, {"group": source.name})])
    apply_now(acting_id(), source, [InstantStep(False, where, Step.MOVE, {"group": target.name})])
    _keep_come(act)
    return acts.finish(act)


def _both(source: CustomerGroup, target: CustomerGroup) -> tuple[CustomerGroup, CustomerGroup]:
    """Both locked, always in the same order."""
    if source.id == target.id:
        raise ValueError("a group is not moved into itself")
    found = {group.id: group for group in lock_groups([source.id, target.id])}
    return found[source.id], found[target.id]


def _bring(
    act: BulkAct, group: CustomerGroup, step: Step, params: dict[str, object], *where: Condition
) -> BulkAct:
    _settle(act, where)
    there = of_group(group).has_member(ROWS.c.record_id)
    acts.mark(act, SAME, ROWS.c.fate == WRITTEN, there)
    _keep_coming(act, group)
    apply_now(acting_id(), group, [InstantStep(True, _written(act), step, params)])
    _keep_come(act)
    return acts.finish(act)


def _settle(act: BulkAct, where: Sequence[ColumnElement[bool]]) -> None:
    """The plan's customers that are as they were seen, and meet the conditions still."""
    acts.lock(act, Customer)
    still = select(Customer.id).where(Customer.id.in_(acts.ids(act, SEEN)), *where)
    acts.mark(act, WRITTEN, ROWS.c.fate == SEEN, *acts.unchanged(Customer), Customer.id.in_(still))


def _written(act: BulkAct) -> list[ColumnElement[bool]]:
    return [Customer.id.in_(acts.ids(act, WRITTEN))]


def _keep_leaving(act: BulkAct, group: CustomerGroup) -> None:
    where = [MEMBERS.c.group_id == group.id, MEMBERS.c.customer_id.in_(acts.ids(act, WRITTEN))]
    images.keep_rows(act, MEMBERS, where, DELETE)


def _keep_coming(act: BulkAct, group: CustomerGroup) -> None:
    """Note who is going to come in; what the membership is like is kept when it is there."""
    coming = select(
        literal(act.id), literal(MEMBERS.name), Customer.id, literal(group.id), literal(WRITTEN),
        literal(MAKE), literal(""),
    ).where(*_written(act), ~of_group(group).has_member(Customer.id))  # fmt: skip
    columns = ["act_id", "target", "record_id", "other_id", "fate", "how", "label"]
    db.session.execute(insert(ROWS).from_select(columns, coming))


def _keep_come(act: BulkAct) -> None:
    images.keep_made(act, MEMBERS)


# Undoing


def undo_members(act: BulkAct) -> None:
    """Who came in goes out again, and who went comes back, but where somebody changed that since.

    A group that is gone, or follows a filter now, takes nobody.
    """
    for group in _groups(act):
        if group.filter is None:
            _take_out(act, group)
            _bring_back(act, group)
    beside = {"target": MEMBERS.name}
    acts.mark(act, TAKEN, ROWS.c.fate == WRITTEN, **beside)
    other = ROWS.alias("member")
    stayed = select(other.c.record_id).where(
        other.c.act_id == act.id, other.c.target == MEMBERS.name, other.c.fate != BACK
    )
    acts.mark(act, STAYS, ROWS.c.fate == WRITTEN, ROWS.c.record_id.in_(stayed))
    acts.mark(act, BACK, ROWS.c.fate == WRITTEN)


def _groups(act: BulkAct) -> list[CustomerGroup]:
    named = select(ROWS.c.other_id).where(*acts.rows(act, target=MEMBERS.name)).distinct()
    return lock_groups(list(db.session.scalars(named)))


def _of(act: BulkAct, group: CustomerGroup, how: str) -> list[ColumnElement[bool]]:
    return [*acts.rows(act, WRITTEN, target=MEMBERS.name, how=how), ROWS.c.other_id == group.id]


def _take_out(act: BulkAct, group: CustomerGroup) -> None:
    mine = _of(act, group, MAKE)
    same = images.is_as_kept(MEMBERS, "added_at")
    acts.mark(act, STAYS, *mine, ~exists().where(same), target=MEMBERS.name)
    going = [Customer.id.in_(select(ROWS.c.record_id).where(*mine))]
    apply_now(acting_id(), group, [InstantStep(False, going)])
    acts.mark(act, BACK, *mine, target=MEMBERS.name)


def _bring_back(act: BulkAct, group: CustomerGroup) -> None:
    mine = _of(act, group, DELETE)
    there = exists().where(images.is_row(MEMBERS))
    acts.mark(act, STAYS, *mine, there, target=MEMBERS.name)
    acts.mark(act, TAKEN, *mine, ~exists().where(Customer.id == ROWS.c.record_id),
              target=MEMBERS.name)  # fmt: skip
    coming = [Customer.id.in_(select(ROWS.c.record_id).where(*mine))]
    apply_now(acting_id(), group, [InstantStep(True, coming)])
    images.put_values(MEMBERS, mine, ["added_at", "added_by_id", "import_id"])
    acts.mark(act, BACK, *mine, target=MEMBERS.name)


# Whole groups


def delete_groups(act: BulkAct) -> BulkAct:
    """Delete the groups of a plan that are as they were seen; their customers stay."""
    images.keep_deleting(act, CustomerGroup)
    services.delete_many(list(db.session.scalars(acts.ids(act, WRITTEN))))
    return acts.finish(act)


def undo_delete(act: BulkAct) -> None:
    """The groups are there again with their members; their history does not end any more."""
    images.undo(act)
    back = list(db.session.scalars(acts.ids(act, BACK, acts.PARTLY)))
    notes = db.session.scalars(
        select(GroupDraft).where(
            GroupDraft.group_id.in_(back), GroupDraft.saved_at >= act.created_at
        )
    )
    ended = [note.id for note in notes if note.before.get("deleted")]
    db.session.execute(delete(GroupDraft).where(GroupDraft.id.in_(ended)))


def _about_customers() -> tuple[type[Any], ...]:
    return (Customer,)


def _about_groups() -> tuple[type[Any], ...]:
    return (CustomerGroup,)


acts.register(ActKind(
    ADD, _about_customers, "edit", undo_members, resource="groups",
    title=_l("Add to “%(group)s”"), label=_l("Add to group"), icon="users-plus",
))  # fmt: skip
acts.register(ActKind(
    COPY, _about_customers, "edit", undo_members, resource="groups",
    title=_l("Copy from “%(group)s” to “%(into)s”"), label=_l("Copy to another group"), icon="copy",
))  # fmt: skip
acts.register(ActKind(
    MOVE, _about_customers, "edit", undo_members, resource="groups",
    title=_l("Move from “%(group)s” to “%(into)s”"), label=_l("Move to another group"),
    icon="arrow-right",
))  # fmt: skip
acts.register(ActKind(
    REMOVE, _about_customers, "edit", undo_members, resource="groups", danger=True,
    title=_l("Remove from “%(group)s”"), label=_l("Remove from the group"), icon="user-minus",
))  # fmt: skip
acts.register(ActKind(
    DELETE_GROUPS, _about_groups, "delete", undo_delete, danger=True,
    title=_l("Delete groups"), label=_l("Delete"), icon="trash",
))  # fmt: skip
