"""How far the work on an import is, as the page that is watching it shows it. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from crmadmin.core import outside
from crmadmin.core.db import utcnow
from crmadmin.imports import report
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import JOBS, PREVIEW, RUN, UNDO, State
from crmadmin.jobs import services as jobs
from crmadmin.jobs.models import Job, JobState

PHASES = {PREVIEW: "check", RUN: "write", UNDO: "undo"}
LEAST_SECONDS = 0.5
"""Before so long nothing is said about speed: it would be a guess."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One look at the job of an import. `phase`: read, check, write, undo or done.

    `done` and `total` count rows, `total` None while nobody knows; `rate` is rows a second.
    `recent` are the latest problems, the newest first, as in reports.
    """

    state: str
    phase: str
    done: int = 0
    total: int | None = None
    rate: float | None = None
    seconds_left: float | None = None
    seconds_run: float = 0.0
    started_at: datetime | None = None
    counts: Mapping[State, int] = field(default_factory=dict)
    recent: list[dict[str, object]] = field(default_factory=list)
    error: str = ""

    @property
    def percent(self) -> int | None:
        """How much is done, 0 to 100; None while nobody knows."""
        return min(100, self.done * 100 // self.total) if self.total else None


def of(batch: ImportBatch) -> Progress:
    """How far the latest job of an import is."""
    job = jobs.latest(JOBS, batch.id)
    if job is None:
        return Progress("done", "done")
    found = job.progress or {}
    rows = found.get("rows") or {}
    run = (job.finished_at or utcnow()) - job.started_at if job.started_at else None
    seconds = run.total_seconds() if run else 0.0
    rate = job.done / seconds if seconds > LEAST_SECONDS and job.done else None
    left = (job.total - job.done) / rate if rate and job.total and job.total >= job.done else None
    return Progress(
        state=job.state,
        phase=_phase(job),
        done=job.done,
        total=job.total,
        rate=rate if job.state == JobState.RUNNING else None,
        seconds_left=left if job.state == JobState.RUNNING else None,
        seconds_run=seconds,
        started_at=job.started_at,
        counts={state: outside.whole(rows.get(state.value)) or 0 for state in State},
        recent=report.spoken(batch, found.get("recent") or []),
        error=job.error or "",
    )


def _phase(job: Job) -> str:
    if job.state == JobState.DONE:
        return "done"
    if job.task != UNDO and not job.done:
        return "read"
    return PHASES.get(job.task, "check")
