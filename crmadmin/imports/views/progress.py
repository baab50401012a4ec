"""An import at work: how far, how fast, how long still, and what came out so far.

The page asks for its moving parts each second; without script the browser loads it again.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from crmadmin.access.permissions import Permission
from crmadmin.core import htmx
from crmadmin.core.spec import Words
from crmadmin.imports import progress as progress_of
from crmadmin.imports import standing
from crmadmin.imports.kinds import KINDS, ImportKind
from crmadmin.imports.messages import STATE_LABELS
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.progress import Progress
from crmadmin.imports.records import JOBS, RUN, UNDO, State
from crmadmin.imports.records import PREVIEW as PREVIEW_TASK
from crmadmin.imports.states import Action
from crmadmin.imports.views.base import (
    COLUMNS,
    IMPORT,
    PREVIEW,
    STATE_COLORS,
    back_url,
    batch_of,
    blueprint,
    may_change,
    may_undo,
    step_links,
)
from crmadmin.imports.views.steps import step_of
from crmadmin.jobs import services as jobs
from crmadmin.jobs.models import Job, JobState

PHASES = {
    PREVIEW_TASK: ("read", "check"),
    RUN: ("read", "write", "done"),
    UNDO: ("undo", "done"),
}
"""What each task does, step by step."""


@blueprint.get("/<id>/progress")
def progress(id: str) -> ResponseReturnValue:
    """The page, or for the page itself only what moves."""
    batch = batch_of(id, Permission.IMPORTS_READ)
    job = jobs.active(batch.id, JOBS)
    if htmx.is_asking():
        if job is None:
            where = url_for("imports.show", id=batch.id)
            return Response(status=204, headers={"HX-Redirect": where})
        return render_template("imports/_progress.html", **_moving(batch, job), is_part=True)
    if step_of(batch) != "imports.progress":
        return redirect(url_for("imports.show", id=batch.id))
    return render_template("imports/progress.html", **_page(batch, job))


def _page(batch: ImportBatch, active: Job | None) -> dict[str, object]:
    kind = KINDS[batch.kind]
    job = active or jobs.latest(JOBS, batch.id)
    task = job.task if job is not None else PREVIEW_TASK
    now = standing.of(batch)
    step = IMPORT if task == RUN else (PREVIEW if batch.mapping else COLUMNS)
    return {
        **_moving(batch, job),
        "title": _title(task, job),
        "is_part": False,
        "is_active": active is not None,
        "steps": [] if task == UNDO else step_links(kind, None, step),
        "step": step,
        "may_change": may_change(batch),
        "standing": now,
        "may_undo": now.allows(Action.UNDO) and may_undo(batch),
        "back_url": back_url(batch),
    }


def _moving(batch: ImportBatch, job: Job | None) -> dict[str, object]:
    """What changes from second to second."""
    found = progress_of.of(batch)
    task = job.task if job is not None else PREVIEW_TASK
    return {
        "batch": batch,
        "p": found,
        "task": task,
        "percent": found.percent or 0,
        "heading": _heading(task, found, KINDS[batch.kind]),
        "rate": round(found.rate) if found.rate else None,
        "left": spell(found.seconds_left) if found.seconds_left is not None else "",
        "run_for": spell(found.seconds_run or 0),
        "said": _said(found.percent or 0, found.seconds_left),
        "counts": [(STATE_LABELS[s], found.counts.get(s, 0), STATE_COLORS[s]) for s in State],
        "errors": found.counts.get(State.INVALID, 0),
        "errors_url": url_for("imports.result", id=batch.id, only=State.INVALID.value),
        "stages": list(_stages(task, found, KINDS[batch.kind])),
        "waits": job is not None and job.state == JobState.QUEUED,
    }


def _title(task: str, job: Job | None) -> str:
    if job is not None and job.state == JobState.FAILED:
        return str(_("The import could not go on"))
    if job is not None and job.state == JobState.STOPPED:
        return str(_("The import is stopped"))
    words = {RUN: _("Importing"), UNDO: _("Undoing the import")}
    return str(words.get(task) or _("Reading the file"))


def _heading(task: str, found: Progress, kind: ImportKind) -> str:
    words = _phase_words(kind)
    return str(words.get(found.phase) or words[PHASES[task][0]])


def _phase_words(kind: ImportKind) -> dict[str, Words]:
    writes = (
        _("Write customers and contacts")
        if kind.takes_group
        else _("Write: %(list)s", list=str(kind.label))
    )
    return {
        "read": _("Read the file"),
        "check": _("Check the rows"),
        "write": writes,
        "undo": _("Take back what the import wrote"),
        "done": _("Make the report"),
    }


def _stages(task: str, found: Progress, kind: ImportKind) -> Iterator[tuple[Words, str]]:
    """The steps of the job: (words, "done", "now" or "")."""
    phases = PHASES.get(task, PHASES[PREVIEW_TASK])
    words = _phase_words(kind)
    now = phases.index(found.phase) if found.phase in phases else 0
    for at, phase in enumerate(phases):
        yield words[phase], "done" if at < now else "now" if at == now else ""


def _said(percent: int, left: float | None) -> str:
    """What is spoken now and then."""
    if left is None:
        return str(_("%(percent)s %% done", percent=percent))
    return str(_("%(percent)s %% done, about %(time)s left", percent=percent, time=spell(left)))


def spell(seconds: float) -> str:
    """A length of time as people say it: the two largest units at most."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    parts = []
    if hours:
        parts.append(ngettext("%(num)s hour", "%(num)s hours", hours))
    if minutes:
        parts.append(ngettext("%(num)s minute", "%(num)s minutes", minutes))
    if (rest and not hours) or not parts:
        parts.append(ngettext("%(num)s second", "%(num)s seconds", rest))
    return " ".join(parts)
