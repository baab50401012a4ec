"""Work in progress: one row a job, which is the truth about it; the queue only wakes workers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from crmadmin.access.models import User  # noqa: F401 - the foreign key below names its table
from crmadmin.core.db import Kept, Model, UtcDateTime, utcnow
from crmadmin.core.field_names import NO_NAMES
from crmadmin.core.stored import ANY


class JobState(StrEnum):
    """Where a job stands. `stopped`: the user asked; it goes on from its checkpoint when told."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"


COUNTS = {str: int}
PROGRESS = {
    "phase?": str, "rows?": COUNTS, "contacts?": COUNTS, "members?": COUNTS,
    "recent?": [{"row": int, "code": str, "column": str, "params?": {str: (str, int)}}],
    "undone?": {str: ANY},
}  # fmt: skip
"""What tasks tell of how far they are; those of imports are read on screens."""


class Job(Model):
    """One long piece of work: what, for whom, how far, and who holds it.

    `task` names the registered function and `subject_id` what it works on. `token` is new for each
    holder: whoever writes progress must still have it, so a worker that was taken for dead can
    write nothing more. `checkpoint` is the task's own; `done` and `total` count its units (rows).
    """

    __table_args__ = (
        Index("ix_job_state", "state", "lease_until"),
        Index("ix_job_subject", "task", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(Integer)
    user_id: Mapped[int | None] = mapped_column(
        Integer, ForeignKey("user.id", ondelete="SET NULL"), index=True
    )
    state: Mapped[str] = mapped_column(String(16), default=JobState.QUEUED.value)
    asked_to_stop: Mapped[bool] = mapped_column(Boolean, default=False)
    checkpoint: Mapped[int] = mapped_column(Integer, default=0)
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int | None] = mapped_column(Integer)
    progress: Mapped[dict[str, Any]] = mapped_column(Kept(PROGRESS), default=dict)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    token: Mapped[str] = mapped_column(String(32), default="")
    worker: Mapped[str] = mapped_column(String(80), default="")
    error: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utcnow)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime())
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class PeriodicRun(Model):
    """When a piece of work that comes round by the clock was begun and ended last, by its name."""

    name: Mapped[str] = mapped_column(String(64), primary_key=True, info=NO_NAMES)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
