"""All imports, the latest first; and the bell, which tells what has finished since one looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from crmadmin.access import guard
from crmadmin.access.permissions import Permission
from crmadmin.core import htmx, outside
from crmadmin.core.spec import Words
from crmadmin.imports import listed, queries, standing, states
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.messages import file_message
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import JOBS, PREVIEW, UNDO, State
from crmadmin.imports.states import Status
from crmadmin.imports.views.base import PER_PAGE, blueprint, label_of
from crmadmin.jobs import services as jobs
from crmadmin.jobs.models import Job, JobState

MOST_NEWS = 9


@blueprint.get("/")
def index() -> str:
    """Every import that the user may see, the latest first (Lần nhập)."""
    owner = guard.limited_to(Permission.IMPORTS_READ)
    status = request.args.get("status", "")
    status = status if status in set(Status) else ""
    number = outside.page_number(request.args.get("page"), most=100_000)
    found = listed.batches(owner, status, PER_PAGE + 1, (number - 1) * PER_PAGE)

    def at(**args: Any) -> str:
        return url_for("imports.index", **{k: v for k, v in args.items() if v})

    return render_template(
        "imports/index.html",
        title=_("Imports"),
        batches=[(b, url_for("imports.show", id=b.id), label_of(b)) for b in found[:PER_PAGE]],
        statuses=states.LABELS,
        status_colors=states.HUES,
        unknown_status=states.UNKNOWN.label,
        segments=_segments(owner, status),
        status=status,
        prev_url=at(status=status, page=number - 1) if number > 1 else "",
        next_url=at(status=status, page=number + 1) if len(found) > PER_PAGE else "",
        begin=_beginnings(),
    )


def _segments(owner: int | None, chosen: str) -> list[tuple[Words, int, str, bool]]:
    """The states that there are, each with its number of imports."""
    counts = listed.counts(owner)
    made: list[tuple[Words, int, str, bool]] = [
        (_("All"), sum(counts.values()), url_for("imports.index"), not chosen)
    ]
    for status in Status:
        if counts.get(status) or status == chosen:
            url = url_for("imports.index", status=status.value)
            made.append((states.LABELS[status], counts.get(status, 0), url, status == chosen))
    return made


def _beginnings() -> list[tuple[Words, str]]:
    """Where a new import can begin, for this user."""
    if not guard.can(Permission.IMPORTS_CREATE):
        return []
    return [
        (kind.label, url_for("imports.new", kind=kind.name))
        for kind in KINDS.values()
        if guard.can(kind.permission) and kind.name != "customers"
    ]


@dataclass(frozen=True, slots=True)
class News:
    """One thing that finished: what, how it ended, where to look."""

    batch_id: int
    file_name: str
    words: str
    url: str
    kind: str
    when: datetime | None


def bell() -> list[News] | None:
    """What finished and was not looked at yet; None for who imports nothing."""
    user = guard.current_user()
    if user is None or not guard.can(Permission.IMPORTS_READ):
        return None
    found = []
    for job in jobs.news(user.id)[:MOST_NEWS]:
        batch = queries.batch_of_job(job, guard.limited_to(Permission.IMPORTS_READ))
        if batch is not None:
            url = url_for("imports.show", id=batch.id)
            words, kind = _told(job, batch)
            found.append(News(batch.id, batch.file_name, words, url, kind, job.finished_at))
    return found


def _told(job: Job, batch: ImportBatch) -> tuple[str, str]:
    """How a job ended, and whether that is good, bad, or asks for something (warn)."""
    if job.state == JobState.FAILED:
        return str(_("could not be finished")), "bad"
    if standing.unreadable(batch):
        return str(_("cannot be read")), "bad"
    if job.task == UNDO:
        return str(_("was undone")), "good"
    if batch.refusal is not None:
        return file_message(batch.refusal["code"], batch.refusal.get("params") or {}), "bad"
    if job.task == PREVIEW:
        return str(_("is ready to be looked at")), "warn"
    rows = batch.counts.get("rows") or {}
    bad, blank = rows.get(State.INVALID, 0), rows.get(State.BLANK, 0)
    good = rows.get("total", 0) - bad - blank
    words = str(
        ngettext(
            "%(count)s row went in", "%(count)s rows went in", good, count=format_decimal(good)
        )
    )
    if bad:
        words += ", " + str(
            ngettext("%(count)s error", "%(count)s errors", bad, count=format_decimal(bad))
        )
    return words, "warn" if bad else "good"


@blueprint.post("/seen")
def seen() -> ResponseReturnValue:
    """The news was looked at: all of it, or that of one import."""
    user = guard.current_user()
    subject = outside.record_id(request.form.get("import"))
    if user is not None and subject is not None:
        jobs.mark_subject_seen(user.id, subject, JOBS)
    elif user is not None:
        jobs.mark_seen(user.id)
    if htmx.is_asking() or request.headers.get("X-Requested-With") == "fetch":
        return Response(status=204)
    return redirect(url_for("imports.index"), 303)
