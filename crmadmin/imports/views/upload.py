"""Step 1: the file, what its rows are, and what happens to duplicates. And the template to fill."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crmadmin.access import guard
from crmadmin.access.permissions import Permission, find
from crmadmin.core import marks, records
from crmadmin.core.db import spec_of
from crmadmin.core.exports import TYPES
from crmadmin.core.text import text
from crmadmin.groups import drafts
from crmadmin.groups.models import CustomerGroup, GroupStep
from crmadmin.imports import report, services, standing, states, template, uploads
from crmadmin.imports.kinds import CUSTOMER_KINDS, KINDS, Family, ImportKind
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline import corrections
from crmadmin.imports.pipeline.mapping import ColumnMap
from crmadmin.imports.records import Rules
from crmadmin.imports.states import Action, Is
from crmadmin.imports.views.base import (
    FILE,
    NEW_GROUP,
    blueprint,
    changing,
    draft_key,
    form_url,
    kind_of,
    list_url,
    refusal_of,
    step_links,
    title_of,
)
from crmadmin.imports.views.steps import move_on, settle


@dataclass(frozen=True, slots=True)
class Aim:
    """What the customers are to fill: a group; or the draft of one on whose form the import was
    begun (`draft` is "new" or the group's id)."""

    group: CustomerGroup | None = None
    draft: str = ""

    def __bool__(self) -> bool:
        return self.group is not None or bool(self.draft)

    def args(self) -> dict[str, Any]:
        """The address's parameters that say so."""
        if self.draft:
            return {"draft": self.draft}
        return {"group": self.group.id} if self.group is not None else {}

    def step(self, user_id: int, file_name: str) -> GroupStep | None:
        """The step of the draft that the file is to fill. Raises drafts.Follows."""
        if not self.draft:
            return None
        return drafts.import_step(drafts.begin(user_id, self.group), file_name)


def aim_of(batch: ImportBatch) -> Aim:
    """The same of an import that was begun."""
    key = draft_key(batch)
    if not key:
        return Aim(batch.group)
    group = None if key == NEW_GROUP else records.fetch(CustomerGroup, key)
    return Aim(group, key)


MEBIBYTE = 1024 * 1024
EXAMPLES = ("code", "name", "phone")
"""Columns of the template that the page shows with their examples, where the kind has them."""


@blueprint.get("/template/<kind>", endpoint="template")
def template_file(kind: str) -> Response:
    """The template workbook of a kind (Tải file mẫu); `?data=1` fills it with what there is."""
    chosen = kind_of(kind)
    with_data = request.args.get("data") == "1"
    owner_id = guard.limited_to(_export_of(chosen) or abort(404)) if with_data else None
    out = io.BytesIO()
    masked = not guard.sees_sensitive()
    template.write(chosen, out, with_data=with_data, owner_id=owner_id, masked=masked)
    out.seek(0)
    name = f"{chosen.name}-data.xlsx" if with_data else f"{chosen.name}.xlsx"
    return send_file(out, TYPES["xlsx"], as_attachment=True, download_name=name)


def _export_of(kind: ImportKind) -> Permission | None:
    """What one must hold to take the records of a kind out."""
    return find(kind.spec.options.resource, "export")


@blueprint.get("/new/<kind>")
def new(kind: str) -> str:
    """Choose the file and how duplicates are handled."""
    chosen = kind_of(kind)
    return _page(chosen, Rules(), _aim(chosen, request.args))


@blueprint.post("/new/<kind>")
def upload(kind: str) -> ResponseReturnValue:
    """Keep the file and preview it; nothing but the import itself is written."""
    chosen = kind_of(request.form.get("kind") or kind)
    return _take(chosen, _rules(), _aim(chosen, request.form), _group_name(chosen))


def _take(
    kind: ImportKind,
    rules: Rules,
    aim: Aim,
    group_name: str | None,
    batch: ImportBatch | None = None,
) -> ResponseReturnValue:
    """Begin an import with the file of this request, in the place of `batch` if there is one."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page(kind, rules, aim, [_("Choose a file first.")], batch), 422
    if kind.family is Family.MEMBERS and not aim and not group_name:
        return _page(kind, rules, aim, [_("Name the group to fill as well.")], batch), 422
    user = guard.current_user() or abort(403)
    try:
        step = aim.step(user.id, file.filename)
    except drafts.Follows:
        words = _("The group follows a filter: freeze its list first, then import into it.")
        return _page(kind, rules, aim, [words], batch), 422
    group = None if step is not None else aim.group
    try:
        made = services.create_batch(
            file.stream, file.filename, kind, rules, user,
            group=group, group_name=group_name, step=step,
        )  # fmt: skip
    except uploads.FileTooLarge:
        abort(413)
    if batch is not None and not states.is_(batch.status, Is.REFUSED):
        _tell_of_corrections(batch)
        services.abandon(batch)
    services.start_preview(made)
    settle(made)
    if states.is_(made.status, Is.REFUSED):
        return _page(kind, rules, aim, [refusal_of(made)]), 422
    return redirect(url_for("imports.show", id=made.id), 303)


def _tell_of_corrections(batch: ImportBatch) -> None:
    """What was corrected were cells of the file that another one takes the place of."""
    rows = len(corrections.of(batch.id))
    if rows:
        flash(
            ngettext(
                "%(num)s row was corrected in the file before; that does not count for this one.",
                "%(num)s rows were corrected in the file before; that does not count for this one.",
                rows,
            ),
            "warning",
        )


@blueprint.get("/<id>/settings")
def settings(id: str) -> ResponseReturnValue:
    """The same step of an import that has its file: its settings can still be changed."""
    batch = changing(id)
    if not _is_open(batch):
        return redirect(url_for("imports.show", id=batch.id))
    errors = [refusal_of(batch)] if states.is_(batch.status, Is.REFUSED) else []
    return _page(KINDS[batch.kind], Rules.from_mapping(batch.options), aim_of(batch), errors, batch)


@blueprint.post("/<id>/settings")
def change(id: str) -> ResponseReturnValue:
    """Take the changed settings, or another file in the place of this one."""
    batch = changing(id)
    if not _is_open(batch):
        return redirect(url_for("imports.show", id=batch.id), 303)
    kind = kind_of(request.form.get("kind") or batch.kind)
    rules = _rules(strict=bool(batch.options.get("strict")))
    if request.files.get("file") or states.is_(batch.status, Is.REFUSED):
        return _take(kind, rules, aim_of(batch), batch.options.get("group_name"), batch)
    if kind.name != batch.kind:
        words = _("Choose the file again to import it as another type.")
        return _page(kind, rules, aim_of(batch), [words], batch), 422
    if rules != Rules.from_mapping(batch.options):
        services.choose_rules(batch, rules)
    return move_on(batch)


def _is_open(batch: ImportBatch) -> bool:
    return standing.of(batch).allows(Action.SETTINGS)


def _rules(*, strict: bool = False) -> Rules:
    try:
        return Rules.from_mapping({**request.form.to_dict(), "strict": strict})
    except ValueError:
        abort(400)


def _aim(kind: ImportKind, given: MultiDict[str, str]) -> Aim:
    """The group, or the form of a group, that led here; 404 for one that is not there."""
    key, draft = given.get("group"), given.get("draft", "")
    if not key and not draft:
        return Aim()
    if not kind.takes_group:
        abort(400)
    guard.require(Permission.GROUPS_IMPORT)
    if draft == NEW_GROUP:
        return Aim(draft=draft)
    group: CustomerGroup | None = records.fetch(CustomerGroup, draft or key)
    if group is None:
        abort(404)
    marks.require(group)
    return Aim(group, str(group.id) if draft else "")


def _group_name(kind: ImportKind) -> str | None:
    name = text(request.form.get("group_name")) if kind.takes_group else None
    if name:
        guard.require(Permission.GROUPS_IMPORT)
        if len(name) > (spec_of(CustomerGroup).field("name").max_length or 0):
            abort(400)
    return name


def _page(
    kind: ImportKind,
    rules: Rules,
    aim: Aim,
    errors: Sequence[str] = (),
    batch: ImportBatch | None = None,
) -> str:
    is_catalog = not kind.takes_group
    settings = current_app.config["SETTINGS"]
    shown = [c for c in kind.columns if c.name in EXAMPLES]
    export = _export_of(kind)
    return render_template(
        "imports/new.html",
        title=title_of(kind),
        kind=kind,
        kinds=() if is_catalog else [k for k in CUSTOMER_KINDS if guard.can(k.permission)],
        is_catalog=is_catalog,
        rules=rules,
        group=aim.group,
        draft=aim.draft,
        batch=batch,
        is_kept=batch is not None and not states.is_(batch.status, Is.REFUSED),
        facts=_facts(batch) if batch else [],
        steps=step_links(kind, None, FILE),
        can_fill_group=batch is None and not is_catalog and guard.can(Permission.GROUPS_IMPORT),
        errors=list(errors),
        max_mb=settings.upload_max_mb,
        max_bytes=settings.upload_max_bytes,
        template_url=url_for("imports.template", kind=kind.name),
        data_url=(
            url_for("imports.template", kind=kind.name, data=1)
            if export and guard.can(export)
            else ""
        ),
        here=url_for("imports.new", kind=kind.name, **aim.args()),
        back_url=form_url(aim.draft) if aim.draft else list_url(kind, aim.group),
        examples=[(template.heading_of(c), c.spec.example) for c in shown],
        column_count=len(kind.columns),
    )


def _facts(batch: ImportBatch) -> list[str]:
    """What is known of an uploaded file: size, sheet, rows, columns."""
    is_refused = states.is_(batch.status, Is.REFUSED)
    found = [_size(batch.file_size), _("refused") if is_refused else _("uploaded")]
    if batch.sheet:
        found.append(_("sheet “%(name)s”", name=batch.sheet))
    rows = report.build(batch).rows
    if rows["total"]:
        found.append(_("%(count)s rows", count=format_decimal(rows["total"])))
    columns = ColumnMap.from_dict(batch.columns)
    count = len(columns.fields) + len(columns.ignored) + len(columns.unnamed)
    if count:
        found.append(_("%(count)s columns", count=count))
    return found


def _size(octets: int) -> str:
    if octets < MEBIBYTE:
        return f"{format_decimal(max(1, round(octets / 1024)))} KB"
    return f"{format_decimal(round(octets / MEBIBYTE, 1))} MB"
