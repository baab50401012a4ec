"""The end of an import: its ledger, what it made, what it could not take, and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from crmadmin.access import guard
from crmadmin.access.permissions import Permission
from crmadmin.core import retention
from crmadmin.core.retention import Keep
from crmadmin.core.spec import Words
from crmadmin.groups import queries as groups
from crmadmin.imports import report, services, standing, states, undo
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline.target import fills_draft
from crmadmin.imports.records import JOBS, RUN, OnBlank, OnDuplicate, Rules, State
from crmadmin.imports.states import Action, Is
from crmadmin.imports.views import lines
from crmadmin.imports.views.base import (
    again_url,
    back_url,
    batch_of,
    blueprint,
    changing,
    draft_key,
    may_undo,
    title_of,
)
from crmadmin.imports.views.progress import spell
from crmadmin.imports.views.steps import move_on
from crmadmin.jobs import services as jobs
from crmadmin.jobs.models import JobState

REASONS = 8


@blueprint.get("/<id>/result")
def result(id: str) -> ResponseReturnValue:
    """The ledger: what became of every row."""
    batch = batch_of(id, Permission.IMPORTS_READ)
    now = standing.of(batch)
    if not now.allows(Action.RESULT):
        return redirect(url_for("imports.show", id=batch.id))
    kind = KINDS[batch.kind]
    context = lines.ledger(batch, "imports.result")
    found = context["report"]
    return render_template(
        "imports/result.html",
        **context,
        title=title_of(kind),
        standing=now,
        is_over=now.is_(Is.OVER),
        is_undone=now.is_(Is.UNDONE),
        most_reasons=REASONS,
        members_now=_members(batch.group_id),
        drafted=_drafted(batch),
        effects=_effects(found),
        facts=_facts(batch),
        took=_length(batch),
        goes_at=_goes_at(batch),
        undo_until=_undo_until(batch),
        may_undo=now.allows(Action.UNDO) and may_undo(batch),
        failed=_failure(batch),
        **_undone(batch),
        again_url=again_url(batch),
        back_url=back_url(batch),
    )


def _effects(found: report.Report) -> list[str]:
    """What undoing would do, counted by the ledger."""
    return _outcome(
        {
            "created": found.rows[State.CREATED],
            "restored": found.rows[State.UPDATED],
            "members": found.members["added"],
            "contacts": found.contacts["created"],
        }
    )


def _members(group_id: int | None) -> int:
    """How many customers the group has now."""
    if group_id is None or not guard.can(Permission.GROUPS_READ):
        return 0
    return groups.member_counts([group_id]).get(group_id, 0)


def _drafted(batch: ImportBatch) -> str:
    """What became of the memberships of an import that was begun on a group's form."""
    if not fills_draft(batch) or states.is_(batch.status, Is.UNDONE):
        return ""
    if batch.group_id is not None:
        return str(_("The group was saved; the customers are in it."))
    if draft_key(batch):
        return str(_("The customers join the group when you save it on its form."))
    return str(
        _(
            "The group's form was left, or this step was undone: the customers stay in the system, "
            "and they joined no group."
        )
    )


def _outcome(gave: Mapping[str, Any]) -> list[str]:
    """What undoing gave."""
    return [
        str(words(gave[name], format_decimal(gave[name])))
        for name, words in GIVEN
        if gave.get(name)
    ]


def _undone(batch: ImportBatch) -> dict[str, Any]:
    """What the page tells of an import that was taken back; nothing of any other."""
    if not states.is_(batch.status, Is.UNDONE):
        return {"outcome": [], "kept": [], "kept_count": 0, "lost": []}
    gave = batch.undone or {}
    kept = _stays(undo.kept_lines(batch)) if gave.get("kept") else []
    lost = [lost_words(item["field"], item["rows"]) for item in gave.get("lost") or ()]
    return {
        "outcome": _outcome(gave),
        "kept": kept,
        "kept_count": gave.get("kept", 0),
        "lost": lost,
    }


def _stays(lines: Sequence[undo.KeptLine]) -> list[tuple[int, str, Words]]:
    """Records that stay as they are: (row, or 0 for one beside the rows; what; why)."""
    return [(line.number, line.label, undo.REASONS.get(line.reason, "")) for line in lines]


def _failure(batch: ImportBatch) -> str:
    """Why the last job of the import failed; "" when it did not."""
    job = jobs.latest(JOBS, batch.id)
    return (job.error or "") if job is not None and job.state == JobState.FAILED else ""


def lost_words(field: str, rows: int) -> str:
    """An old value that cannot come back, and of how many records."""
    return str(
        ngettext(
            "“%(field)s”: %(count)s record", "“%(field)s”: %(count)s records", rows,
            field=field, count=format_decimal(rows),
        )
    )  # fmt: skip


def _deletes(number: int, shown: str) -> str:
    return str(
        ngettext(
            "%(count)s record that it made is deleted",
            "%(count)s records that it made are deleted", number, count=shown,
        )
    )  # fmt: skip


def _restores(number: int, shown: str) -> str:
    return str(
        ngettext(
            "%(count)s record gets its old values back",
            "%(count)s records get their old values back", number, count=shown,
        )
    )  # fmt: skip


def _removes(number: int, shown: str) -> str:
    return str(
        ngettext(
            "%(count)s member leaves the group",
            "%(count)s members leave the group", number, count=shown,
        )
    )  # fmt: skip


def _drops(number: int, shown: str) -> str:
    return str(ngettext("%(count)s contact goes", "%(count)s contacts go", number, count=shown))


def _unmakes(number: int, shown: str) -> str:
    return str(
        ngettext(
            "%(count)s list value or group that it added goes, where nothing else uses it",
            "%(count)s list values or groups that it added go, where nothing else uses them",
            number, count=shown,
        )
    )  # fmt: skip


def _changes_back(number: int, shown: str) -> str:
    return str(
        ngettext(
            "%(count)s record beside the rows gets its old values back",
            "%(count)s records beside the rows get their old values back", number, count=shown,
        )
    )  # fmt: skip


def _misses(number: int, shown: str) -> str:
    return str(
        ngettext(
            "%(count)s record was deleted by somebody before",
            "%(count)s records were deleted by somebody before", number, count=shown,
        )
    )  # fmt: skip


GIVEN: tuple[tuple[str, Callable[[int, str], str]], ...] = (
    ("created", _deletes),
    ("restored", _restores),
    ("members", _removes),
    ("contacts", _drops),
    ("made", _unmakes),
    ("changed", _changes_back),
    ("gone", _misses),
)
"""What undoing does, in the order in which it is told."""


@blueprint.get("/<id>/undo", endpoint="undo")
def undo_page(id: str) -> ResponseReturnValue:
    """The question before an import is taken back, with exactly what that does."""
    batch = changing(id, Permission.IMPORTS_UNDO)
    if not standing.of(batch).allows(Action.UNDO):
        return redirect(url_for("imports.show", id=batch.id))
    found = undo.preview(batch)
    return render_template(
        "imports/undo.html",
        title=_("Undo the import"),
        batch=batch,
        kind=KINDS[batch.kind],
        kept=_stays(found.kept),
        kept_count=found.kept_count,
        effects=_outcome({name: getattr(found, name) for name, _words in GIVEN}),
        lost=[lost_words(item.field, item.rows) for item in found.lost],
        lost_token=undo.token(found.lost),
        back_url=url_for("imports.result", id=batch.id),
    )


@blueprint.post("/<id>/undo")
def start_undo(id: str) -> Response:
    """Take the import back (Hoàn tác)."""
    batch = changing(id, Permission.IMPORTS_UNDO)
    if not standing.of(batch).allows(Action.UNDO):
        return _not_undone(batch)
    try:
        user = guard.current_user()
        seen = request.form.get("lost", "")
        services.start_undo(batch, user.id if user else None, accepts=seen)
    except services.BadState:
        return _not_undone(batch)
    except services.ValuesLost:
        flash(_("Nothing was undone. Look at what cannot come back, then decide."), "warning")
        return redirect(url_for("imports.undo", id=batch.id), 303)
    return move_on(batch)


def _not_undone(batch: ImportBatch) -> Response:
    if batch.history_gone_at is not None:
        words = _("The old values of this import are no longer kept, so it cannot be undone.")
    else:
        words = _("This import cannot be undone where it stands.")
    flash(words, "warning")
    return redirect(url_for("imports.show", id=batch.id), 303)


def _facts(batch: ImportBatch) -> list[tuple[str, Any]]:
    """The box of facts: file, who, when, what kind, which rules, how long the file stays."""
    kind = KINDS[batch.kind]
    return [
        (_("Sheet"), batch.sheet),
        (_("Imported by"), batch.user.full_name or batch.user.username if batch.user else None),
        (_("Import type"), kind.label),
        (_("Duplicates"), _rules(Rules.from_mapping(batch.options))),
        (_("Status"), states.LABELS[batch.status]),
    ]


def _rules(rules: Rules) -> str:
    if rules.on_duplicate is OnDuplicate.SKIP:
        return str(_("Skip"))
    if rules.blank is OnBlank.CLEAR:
        return str(_("Overwrite, blank cells clear the old value"))
    return str(_("Overwrite, blank cells keep the old value"))


def _length(batch: ImportBatch) -> str:
    """How long the run took, pauses included."""
    job = jobs.latest(RUN, batch.id)
    if job is None or job.started_at is None or job.finished_at is None:
        return ""
    return spell((job.finished_at - job.started_at).total_seconds())


def _goes_at(batch: ImportBatch) -> datetime | None:
    """When the uploaded file is deleted; None when it is gone."""
    return retention.goes_at(Keep.FILES, batch.created_at) if batch.file_path else None


def _undo_until(batch: ImportBatch) -> datetime | None:
    """Until when the import can be undone; None when it cannot be any more."""
    if batch.history_gone_at is not None or not states.allows(batch.status, Action.UNDO):
        return None
    return retention.goes_at(Keep.HISTORY, batch.created_at)
