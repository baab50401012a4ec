"""The screens of an import: upload, preview, result, and the list of all imports.

Each step has its own address. Screens read through `queries` and `report` and write through
`services`; whoever calls one must hold the import's permission and, for one import, be its owner.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from crmadmin.access import guard, policy
from crmadmin.access.permissions import Permission
from crmadmin.core import records
from crmadmin.core.db import spec_of
from crmadmin.core.paging import DEFAULT_PER_PAGE, positive
from crmadmin.core.spec import Words
from crmadmin.core.text import text
from crmadmin.groups.models import CustomerGroup
from crmadmin.imports import queries, report, services, template
from crmadmin.imports.kinds import CUSTOMER_KINDS, KINDS, Family, Kind
from crmadmin.imports.messages import (
    STATE_LABELS,
    STATE_MEANINGS,
    STATUS_LABELS,
    file_message,
)
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import Rules, State, Status

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
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

blueprint = Blueprint("imports", __name__, url_prefix="/admin/imports")

RULES: Mapping[str, Permission] = {
    "index": Permission.IMPORTS_READ,
    "new": Permission.IMPORTS_CREATE,
    "upload": Permission.IMPORTS_CREATE,
    "template": Permission.IMPORTS_CREATE,
    "show": Permission.IMPORTS_READ,
    "preview": Permission.IMPORTS_READ,
    "run": Permission.IMPORTS_EDIT,
    "result": Permission.IMPORTS_READ,
}


def init_app(app: Flask) -> None:
    """Add the screens, each with its rule."""
    app.register_blueprint(blueprint)
    for name, rule in RULES.items():
        policy.register(f"imports.{name}", rule)


@blueprint.get("/")
def index() -> str:
    """Every import that the user may see, the latest first (Lần nhập)."""
    owner = guard.limited_to(Permission.IMPORTS_READ)
    number = positive(request.args.get("page"), 1, most=100_000)
    found = queries.batches(owner, PER_PAGE + 1, (number - 1) * PER_PAGE)
    has_next = len(found) > PER_PAGE
    return render_template(
        "imports/index.html",
        title=_("Imports"),
        batches=[(b, url_for("imports.show", id=b.id), _kind_label(b)) for b in found[:PER_PAGE]],
        statuses=STATUS_LABELS,
        prev_url=url_for("imports.index", page=number - 1) if number > 1 else "",
        next_url=url_for("imports.index", page=number + 1) if has_next else "",
        begin=_beginnings(),
    )


def _beginnings() -> list[tuple[Words, str]]:
    """Where a new import can begin, for this user."""
    kinds = [k for k in KINDS.values() if guard.can(k.permission) and k.name != "customers"]
    return [
        (k.label, url_for("imports.new", kind=k.name))
        for k in kinds
        if guard.can(Permission.IMPORTS_CREATE)
    ]


def _kind_label(batch: ImportBatch) -> Words:
    kind = KINDS.get(batch.kind)
    return kind.label if kind else batch.kind


@blueprint.get("/template/<kind>", endpoint="template")
def template_file(kind: str) -> Response:
    """The template workbook of a kind (Tải file mẫu)."""
    chosen = _kind(kind)
    out = io.BytesIO()
    template.write(chosen, out)
    out.seek(0)
    return send_file(out, XLSX, as_attachment=True, download_name=f"{chosen.name}.xlsx")


def _kind(name: str) -> Kind:
    """The kind of an address, if there is such a one and the user may import it."""
    kind = KINDS.get(name)
    if kind is None:
        abort(404)
    guard.require(kind.permission)
    return kind


@blueprint.get("/new/<kind>")
def new(kind: str) -> str:
    """Choose the file and how duplicates are handled."""
    chosen = _kind(kind)
    return _upload_page(chosen, Rules(), _group(chosen, request.args.get("group")))


@blueprint.post("/new/<kind>")
def upload(kind: str) -> Any:
    """Keep the file, read it, plan it; nothing but the import itself is written."""
    chosen = _kind(request.form.get("kind") or kind)
    try:
        rules = Rules.from_mapping(request.form.to_dict())
    except ValueError:
        abort(400)
    group = _group(chosen, request.form.get("group"))
    group_name = _group_name(chosen)
    file = request.files.get("file")
    if file is None or not file.filename:
        return _upload_page(chosen, rules, group, [_("Choose a file first.")]), 422
    if chosen.family is Family.MEMBERS and group is None and not group_name:
        return _upload_page(chosen, rules, group, [_("Name the group to fill as well.")]), 422
    user = guard.current_user() or abort(403)
    try:
        batch = services.create_batch(
            file.stream, file.filename, chosen, rules, user, group=group, group_name=group_name
        )
    except services.FileTooLarge:
        abort(413)
    services.preview(batch)
    if batch.refusal is not None:
        why = file_message(batch.refusal["code"], batch.refusal.get("params") or {})
        return _upload_page(chosen, rules, group, [why]), 422
    return redirect(url_for("imports.preview", id=batch.id), 303)


def _group(kind: Kind, key: str | None) -> CustomerGroup | None:
    """The group whose page led here; 404 for one that is not there."""
    if not key:
        return None
    if not kind.takes_group:
        abort(400)
    guard.require(Permission.GROUPS_IMPORT)
    group: CustomerGroup | None = records.fetch(CustomerGroup, key)
    return group or abort(404)


def _group_name(kind: Kind) -> str | None:
    name = text(request.form.get("group_name")) if kind.takes_group else None
    if name:
        guard.require(Permission.GROUPS_IMPORT)
        if len(name) > (spec_of(CustomerGroup).field("name").max_length or 0):
            abort(400)
    return name


def _upload_page(
    kind: Kind, rules: Rules, group: CustomerGroup | None, errors: list[str] | None = None
) -> str:
    is_catalog = not kind.takes_group
    settings = current_app.config["SETTINGS"]
    return render_template(
        "imports/new.html",
        title=_title(kind),
        kind=kind,
        kinds=() if is_catalog else [k for k in CUSTOMER_KINDS if guard.can(k.permission)],
        is_catalog=is_catalog,
        rules=rules,
        group=group,
        can_fill_group=not is_catalog and guard.can(Permission.GROUPS_IMPORT),
        errors=errors or [],
        max_mb=settings.upload_max_mb,
        max_bytes=settings.upload_max_bytes,
        template_url=url_for("imports.template", kind=kind.name),
        here=url_for("imports.new", kind=kind.name, group=group.id if group else None),
        back_url=_back_url(kind, group),
        columns=[template.heading_of(c) for c in kind.columns],
    )


def _title(kind: Kind) -> str:
    if kind.takes_group:
        return str(_("Import customers"))
    return str(_("Import data: %(list)s", list=str(kind.label)))


def _back_url(kind: Kind, group: CustomerGroup | None) -> str:
    """The list that the import was opened from."""
    if group is not None:
        return url_for("customer_group.details_view", id=group.id)
    return url_for(f"{kind.spec.name}.index_view")


@blueprint.get("/<id>/")
def show(id: str) -> Response:
    """The step at which an import stands."""
    batch = _batch(id, Permission.IMPORTS_READ)
    is_over = batch.status in (Status.DONE, Status.RUNNING)
    return redirect(url_for("imports.result" if is_over else "imports.preview", id=batch.id))


def _batch(key: str, permission: Permission) -> ImportBatch:
    """One import within the user's scope; 404 for any other."""
    batch = queries.batch(key, guard.limited_to(permission))
    if batch is None or batch.kind not in KINDS:
        abort(404)
    return batch


@blueprint.get("/<id>/preview")
def preview(id: str) -> Any:
    """What was read, and what would happen."""
    batch = _batch(id, Permission.IMPORTS_READ)
    if batch.status in (Status.DONE, Status.RUNNING):
        return redirect(url_for("imports.result", id=batch.id))
    return render_template("imports/preview.html", **_ledger_page(batch, "imports.preview"))


@blueprint.post("/<id>/run")
def run(id: str) -> Response:
    """Carry the import out, once."""
    batch = _batch(id, Permission.IMPORTS_EDIT)
    guard.require(KINDS[batch.kind].permission)
    if batch.group_id is not None or batch.options.get("group_name"):
        guard.require(Permission.GROUPS_IMPORT)
    try:
        services.run(batch, strict=request.form.get("strict") == "1")
    except services.BadState:
        flash(_("This import was carried out already."), "warning")
    return redirect(url_for("imports.show", id=batch.id), 303)


@blueprint.get("/<id>/result")
def result(id: str) -> Any:
    """The ledger: what became of every row."""
    batch = _batch(id, Permission.IMPORTS_READ)
    if batch.status not in (Status.DONE, Status.RUNNING):
        return redirect(url_for("imports.preview", id=batch.id))
    return render_template("imports/result.html", **_ledger_page(batch, "imports.result"))


def _ledger_page(batch: ImportBatch, endpoint: str) -> dict[str, Any]:
    """What the preview and the result have in common."""
    kind = KINDS[batch.kind]
    found = report.build(batch)
    only = _chosen_filter(found)
    number = positive(request.args.get("page"), 1, most=10_000_000)
    page = report.lines(batch, only, number, PER_PAGE)

    def at(**args: Any) -> str:
        return url_for(endpoint, id=batch.id, **args)

    return {
        "title": _title(kind),
        "batch": batch,
        "kind": kind,
        "is_catalog": not kind.takes_group,
        "report": found,
        "only": only,
        "only_label": STATE_LABELS.get(State(only)) if only in set(State) else "",
        "tiles": [
            (STATE_LABELS[s], found.rows[s], STATE_COLORS[s], at(only=s.value), only == s)
            for s in State
        ],
        "parts": [(STATE_LABELS[s], found.rows[s], STATE_COLORS[s]) for s in State],
        "states": [
            (s, STATE_LABELS[s], STATE_MEANINGS[s], found.rows[s], STATE_COLORS[s]) for s in State
        ],
        "labels": STATE_LABELS,
        "colors": STATE_COLORS,
        "status_label": STATUS_LABELS[Status(batch.status)],
        "refusal": _refusal(batch),
        "page": page,
        "prev_url": at(only=only, page=page.number - 1) if page.number > 1 else "",
        "next_url": at(only=only, page=page.number + 1) if page.has_next else "",
        "warnings_url": at(only=report.WITH_WARNINGS),
        "changed_url": at(only=report.CHANGED),
        "all_url": at(only="all"),
        "record_url": lambda line: _record_url(kind, line),
        "again_url": url_for("imports.new", kind=kind.name, group=batch.group_id),
        "back_url": _back_url(kind, batch.group if guard.can("groups:read") else None),
        "may_run": guard.can(kind.permission) and guard.can(Permission.IMPORTS_EDIT),
    }


def _chosen_filter(found: report.Report) -> str:
    """What the rows are narrowed to: the errors first, if there are any."""
    asked = request.args.get("only", "")
    if asked == "all" or asked in {str(f) for f in report.FILTERS}:
        return asked
    return State.INVALID.value if found.rows[State.INVALID] else "all"


def _refusal(batch: ImportBatch) -> str:
    if batch.refusal is None:
        return ""
    return file_message(batch.refusal["code"], batch.refusal.get("params") or {})


def _record_url(kind: Kind, line: report.Line) -> str:
    """The record that a row became or met, where the user may open it."""
    endpoint = f"{kind.spec.name}.{'details_view' if kind.takes_group else 'edit_view'}"
    if line.record_id is None or not guard.reaches(endpoint):
        return ""
    return url_for(endpoint, id=line.record_id)
