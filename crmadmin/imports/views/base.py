"""What the screens of an import share: the scoped import, its kind, its steps, where it began."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, url_for
from flask_babel import gettext as _

from crmadmin.access import guard
from crmadmin.access.permissions import Permission
from crmadmin.core import marks, records
from crmadmin.core.paging import DEFAULT_PER_PAGE
from crmadmin.core.spec import Words
from crmadmin.groups.models import CustomerGroup
from crmadmin.imports import queries, standing
from crmadmin.imports.kinds import KINDS, ImportKind
from crmadmin.imports.messages import file_message
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline.target import DRAFT, fills, fills_draft
from crmadmin.imports.records import State

PER_PAGE = DEFAULT_PER_PAGE

STATE_COLORS: Mapping[State, str] = {
    State.CREATED: "green",
    State.UPDATED: "blue",
    State.UNCHANGED: "gray",
    State.SKIPPED: "gray",
    State.MERGED: "purple",
    State.INVALID: "red",
    State.BLANK: "gray",
}

NEW_GROUP = "new"
"""What stands for the id of a group that is not there yet."""

FILE, COLUMNS, PREVIEW, IMPORT = 1, 2, 3, 4
"""The four steps of the wizard."""

blueprint = Blueprint("imports", __name__, url_prefix="/admin/imports")


class UnreadableImport(RuntimeError):
    """Something that this import keeps cannot be read (any more); its own page says so."""

    def __init__(self, batch: ImportBatch) -> None:
        super().__init__(batch.id)
        self.batch = batch


def batch_of(key: str, permission: Permission) -> ImportBatch:
    """One import within the user's scope; 404 for any other. Raises UnreadableImport."""
    batch = any_batch(key, permission)
    if standing.unreadable(batch):
        raise UnreadableImport(batch)
    return batch


def any_batch(key: str, permission: Permission) -> ImportBatch:
    """The same, readable or not; of a kind that there is. Raises UnreadableImport."""
    batch = queries.batch(key, guard.limited_to(permission))
    if batch is None:
        abort(404)
    if batch.kind not in KINDS:
        raise UnreadableImport(batch)
    return batch


def changing(key: str, permission: Permission = Permission.IMPORTS_EDIT) -> ImportBatch:
    """The same, for what leads to writing records of its kind: asks for that right as well.

    What moves the import on must say which file it saw. Raises marks.NotTheSame.
    """
    return changeable(batch_of(key, permission))


def changeable(batch: ImportBatch) -> ImportBatch:
    """The import, for users who may write records of its kind. Raises marks.NotTheSame."""
    guard.require(KINDS[batch.kind].permission)
    if fills(batch) or fills_draft(batch):
        guard.require(Permission.GROUPS_IMPORT)
    marks.require(batch)
    return batch


def may_change(batch: ImportBatch) -> bool:
    """Whether the user may decide about this import, which they may read."""
    if batch.kind not in KINDS:
        return False
    fills_group = fills(batch) or fills_draft(batch)
    return (
        guard.owns(Permission.IMPORTS_EDIT, batch.user_id)
        and guard.can(KINDS[batch.kind].permission)
        and (not fills_group or guard.can(Permission.GROUPS_IMPORT))
    )


def may_undo(batch: ImportBatch) -> bool:
    """Whether the user may take back what this import wrote."""
    return guard.owns(Permission.IMPORTS_UNDO, batch.user_id) and may_change(batch)


def kind_of(name: str) -> ImportKind:
    """The kind of an address, if there is such a one and the user may import it."""
    kind = KINDS.get(name)
    if kind is None:
        abort(404)
    guard.require(kind.permission)
    return kind


def label_of(batch: ImportBatch) -> Words:
    """The words for an import's kind, also for one that is no longer offered."""
    kind = KINDS.get(batch.kind)
    return kind.label if kind else batch.kind


def title_of(kind: ImportKind) -> str:
    """The heading of an import that has not begun."""
    if kind.takes_group:
        return str(_("Import customers"))
    return str(_("Import data: %(list)s", list=str(kind.label)))


def list_url(kind: ImportKind, group: CustomerGroup | None) -> str:
    """The list that the import was opened from."""
    if group is not None and guard.can(Permission.GROUPS_READ):
        return url_for("customer_group.details_view", id=group.id)
    return url_for(f"{kind.spec.name}.index_view")


def form_url(key: str) -> str:
    """The form of a group to be made ("new") or of one that is there."""
    if key == NEW_GROUP:
        return url_for("customer_group.create_view")
    return url_for("customer_group.edit_view", id=key)


def draft_key(batch: ImportBatch) -> str:
    """On which group's form the import was begun, while it fills the draft there; else ""."""
    if batch.step_id is None or batch.group_id is not None or not fills_draft(batch):
        return ""
    group = records.fetch(CustomerGroup, batch.options[DRAFT])
    # A group that was made after the import began has the number of one that was deleted.
    return str(group.id) if group and group.created_at <= batch.created_at else NEW_GROUP


def back_url(batch: ImportBatch) -> str:
    """Where the import was begun: a group's form, a group's page, or the list."""
    key = draft_key(batch)
    return form_url(key) if key else list_url(KINDS[batch.kind], batch.group)


def again_url(batch: ImportBatch) -> str:
    """Where another file of the same kind is chosen; '' for users who may not."""
    if not guard.reaches("imports.new"):
        return ""
    draft = draft_key(batch) or None
    return url_for("imports.new", kind=batch.kind, group=batch.group_id, draft=draft)


def step_links(
    kind: ImportKind, batch: ImportBatch | None, current: int
) -> list[tuple[str, str | None]]:
    """The steps of the wizard in the guides' words; those that are done lead back."""
    words = (
        (_("Choose a file"), _("Match columns"), _("Preview"), _("Import"))
        if kind.takes_group
        else (_("Choose file"), _("Match columns"), _("Preview"), _("Import data"))
    )
    endpoints = ("imports.settings", "imports.mapping", "imports.preview", "")
    return [
        (word, url_for(endpoint, id=batch.id) if batch and step < min(current, IMPORT) else None)
        for step, (word, endpoint) in enumerate(zip(words, endpoints, strict=True), 1)
    ]


def refusal_of(batch: ImportBatch) -> str:
    """Why the file was refused and the way out; "" when it was not."""
    if batch.refusal is None:
        return ""
    return file_message(batch.refusal.get("code", ""), batch.refusal.get("params") or {})
