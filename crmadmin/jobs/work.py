"""Working one job: who holds it, how it tells where it is, and how it ends.

A task is a function that is given its Lease. It works in blocks, each one transaction, and calls
`lease.mark` in that transaction: progress, checkpoint and the proof that the job is still ours are
committed with the data or not at all. Whoever holds a job has its token and renews the lease; when
the lease runs out, anybody may take the job up from its checkpoint. What the queue says is never
needed for that (see `worker`).
"""

from __future__ import annotations

import gc
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from contextvars import Context
from threading import Event, current_thread
from typing import Any

from flask import Flask
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import OperationalError

from crmadmin.core.db import actor, db, reads_only, rows_written, utcnow
from crmadmin.core.engine import long_work
from crmadmin.jobs import messages
from crmadmin.jobs.heartbeat import LEASE_TIME, beating, holds
from crmadmin.jobs.memory import give_back
from crmadmin.jobs.models import Job, JobState

ACTIVE = (JobState.QUEUED.value, JobState.RUNNING.value)
MOST_ATTEMPTS = 5
"""How often a job is taken up without getting any further; then it is what brings workers down."""
PAUSES = (0.5, 2.0)
"""Seconds before each new try after the database refused (a deadlock, a lock, a restart)."""
SELDOM = (50_000, 20, 100)
"""When working processes look for cycles (gc.set_threshold)."""
PROMPT = 0.3
"""Seconds within which an idle database answers."""

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The task ended at a checkpoint because `should_stop` said so. Raise it after the commit."""


class LostLease(Exception):
    """Somebody else holds the job by now: nothing of this transaction may stand."""


class Failed(Exception):
    """The task cannot go on. The text is shown to people; trying again would not help."""


class Lease:
    """One holding of a job by one worker. `checkpoint`, `done` and `total` are as last marked."""

    def __init__(self, job: Job, stopping: Event) -> None:
        self.job_id = job.id
        self.task = job.task
        self.subject_id = job.subject_id
        self.user_id = job.user_id
        self.token = job.token
        self.is_lost = False
        self.renewed_at = time.monotonic()
        self._stopping = stopping
        self._load(job)

    def _load(self, job: Job) -> None:
        self.checkpoint, self.done, self.total = job.checkpoint, job.done, job.total
        self.progress: dict[str, Any] = dict(job.progress)
        self.asked_to_stop = job.asked_to_stop
        self._reached = job.checkpoint

    @property
    def should_stop(self) -> bool:
        """Whether to raise Stopped after the next commit.

        The user asked (`asked_to_stop`), or this worker is to end: then another one goes on.
        """
        return self.asked_to_stop or self._stopping.is_set()

    def mark(
        self,
        checkpoint: int,
        done: int,
        progress: Mapping[str, Any] | None = None,
        total: int | None = None,
    ) -> None:
        """Write how far the job is into the caller's transaction; the caller commits.

        `progress` replaces what was there, None keeps it, and so does a `total` of None. Raises
        LostLease when the job is somebody else's, who may have written these very rows.
        """
        if self.is_lost:
            raise LostLease(self.job_id)
        now = utcnow()
        values: dict[str, Any] = {
            "checkpoint": checkpoint,
            "done": done,
            "heartbeat_at": now,
            "lease_until": now + LEASE_TIME,
        }
        if progress is not None:
            values["progress"] = dict(progress)
        if total is not None:
            values["total"] = total
        if checkpoint > self._reached:
            # It gets further: what killed the ones before was not the job.
            values["attempts"] = 1
        self._write(values)
        self.checkpoint, self.done = checkpoint, done
        self.total = self.total if total is None else total
        self.progress = self.progress if progress is None else dict(progress)
        asked = db.session.scalar(select(Job.asked_to_stop).where(Job.id == self.job_id))
        self.asked_to_stop = bool(asked)

    def require(self) -> None:
        """Make sure that the job is still ours when the transaction at hand is committed.

        For what is written beside the blocks, which `mark` covers. Raises LostLease.
        """
        self._write({"lease_until": utcnow() + LEASE_TIME})

    def _write(self, values: Mapping[str, Any]) -> None:
        written = db.session.execute(
            update(Job)
            .where(*held_by(self.job_id, self.token))
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        if rows_written(written) == 0:
            self.is_lost = True
            raise LostLease(self.job_id)
        self.renewed_at = time.monotonic()

    def end(self, state: JobState, error: str | None = None) -> None:
        """Give the job back in this state, in the transaction at hand. Raises LostLease."""
        values: dict[str, Any] = {"state": state.value, "token": "", "lease_until": None}
        values["error"] = error[:500] if error else None
        if state in (JobState.DONE, JobState.FAILED):
            values["finished_at"] = utcnow()
        if state is JobState.QUEUED:
            # Not the job's fault: it was this worker that had to end.
            values["attempts"] = Job.attempts - 1
        self._write(values)

    def wait(self, seconds: float) -> None:
        """Wait before a new try, unless this worker is to end."""
        self._stopping.wait(seconds)

    def take_up_again(self) -> None:
        """After a rollback: go on from what was committed. Raises LostLease."""
        job = db.session.scalar(select(Job).where(*held_by(self.job_id, self.token)))
        if job is None:
            raise LostLease(self.job_id)
        self._load(job)
        db.session.rollback()


Task = Callable[[Lease], None]
_TASKS: dict[str, Task] = {}
_WRITING_ROWS: set[str] = set()


def writing_rows() -> frozenset[str]:
    """The tasks whose units are rows that they write, as they said."""
    return frozenset(_WRITING_ROWS)


def task(name: str, *, writes_rows: bool = False) -> Callable[[Task], Task]:
    """Register the function that works jobs of this name; with `writes_rows` its units are rows
    that it writes, and figures count them.

    What it leaves uncommitted when it returns is committed together with the job's end.
    """

    def register(function: Task) -> Task:
        if _TASKS.setdefault(name, function) is not function:
            raise ValueError(f"there is a task named {name!r} already")
        if writes_rows:
            _WRITING_ROWS.add(name)
        return function

    return register


def held_by(job_id: int, token: str) -> tuple[ColumnElement[bool], ...]:
    """The job, as long as the holder of this token has it."""
    return Job.id == job_id, Job.token == token, Job.state == JobState.RUNNING.value


def siblings(job: Job) -> tuple[ColumnElement[bool], ...]:
    """Jobs of the same subject: those whose tasks' names begin alike, up to the point."""
    family = job.task.split(".")[0] + "."
    return Job.subject_id == job.subject_id, Job.task.startswith(family, autoescape=True)


def work(app: Flask, job_id: int, stopping: Event | None = None) -> bool:
    """Take a job up, if it is free, and work it to its end; False when it was not to be had.

    Raises only what ends a process. Nothing of the caller's context (request, user, session)
    reaches the task, nor the other way.
    """
    return Context().run(_work, app, job_id, stopping or Event())


def _work(app: Flask, job_id: int, stopping: Event) -> bool:
    with app.app_context():
        actor.set(None)
        reads_only.set(False)
        long_work.set(True)
        _collect_seldom()
        try:
            lease = _claim(job_id, stopping)
            if lease is None:
                return False
            with beating(db.engine, lease):
                _carry_out(lease)
        except Exception:
            # The job stays as it is; its lease runs out, and it is found again.
            log.exception("what became of a job was not written", extra={"job": job_id})
        finally:
            db.session.remove()
        give_back(db.engine)
    return True


def _collect_seldom() -> None:
    """Long work makes many objects and hardly a cycle: looking for cycles less often saves a
    tenth of its time."""
    if gc.get_threshold() != SELDOM:
        gc.freeze()
        gc.set_threshold(*SELDOM)


def _claim(job_id: int, stopping: Event) -> Lease | None:
    """Hold the job, or None when it is not to be had now or has brought down too many."""
    began = time.monotonic()
    job = _free(job_id)
    if job is not None and job.state == JobState.RUNNING and time.monotonic() - began > PROMPT:
        # A lock was waited for, and maybe whoever holds the job waits for it too, to say so.
        db.session.rollback()
        stopping.wait(PROMPT)
        job = _free(job_id)
    if job is None:
        db.session.rollback()
        return None
    now = utcnow()
    if job.attempts >= MOST_ATTEMPTS:
        job.state = JobState.FAILED.value
        job.error = messages.reason("gave_up", job.user_id)
        job.token, job.lease_until, job.finished_at = "", None, now
        log.error("job given up", extra={"job": job.id, "task": job.task})
    else:
        job.state = JobState.RUNNING.value
        job.token = secrets.token_hex(16)
        job.worker = f"{socket.gethostname()}:{os.getpid()}:{current_thread().name}"[:80]
        job.attempts += 1
        job.started_at = job.started_at or now
        job.heartbeat_at, job.lease_until = now, now + LEASE_TIME
    lease = Lease(job, stopping)
    db.session.commit()
    if not lease.token:
        return None
    log.info("job begun", extra={"job": job.id, "task": job.task, "attempt": job.attempts})
    return lease


def _free(job_id: int) -> Job | None:
    """The job, locked, if nobody works it and it is the next of its subject.

    The jobs of one subject are worked one at a time, in the order in which they were asked for.
    """
    job = db.session.get(Job, job_id)
    if job is None or job.state not in ACTIVE:
        return None
    active = select(Job).where(*siblings(job), Job.state.in_(ACTIVE)).order_by(Job.id)
    how_many = db.session.scalar(select(func.count()).select_from(active.subquery()))
    locked = active.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    found = list(db.session.scalars(locked))
    if len(found) != how_many or job not in found:
        return None  # one of them is being claimed or written right now
    running = [j for j in found if j.state == JobState.RUNNING]
    now = utcnow()
    if any(holds(j.lease_until, now) for j in running):
        return None
    # What was begun comes before what only waits.
    return job if job is (running or found)[0] else None


def _carry_out(lease: Lease) -> None:
    """Work the job until it ends, one way or another."""
    try:
        _try(lease)
    except LostLease:
        db.session.rollback()
        log.warning("job lost to another worker", extra={"job": lease.job_id})
    except Stopped:
        _end(lease, JobState.STOPPED if lease.asked_to_stop else JobState.QUEUED)
    except Failed as failure:
        told = str(failure)
        _end(lease, JobState.FAILED, lambda: told)
    except OperationalError:
        log.exception("job failed: the database refused", extra={"job": lease.job_id})
        _end(lease, JobState.FAILED, lambda: messages.reason("database", lease.user_id))
    except Exception:
        log.exception("job failed", extra={"job": lease.job_id, "task": lease.task})
        _end(lease, JobState.FAILED, lambda: messages.reason("unexpected", lease.user_id))
    except BaseException:
        # Ctrl+C in the middle of a command: the person stopped it, and may tell it to go on.
        _end(lease, JobState.STOPPED)
        raise


def _try(lease: Lease) -> None:
    """Run the task; again, from its checkpoint, when the database refused for the moment."""
    function = _TASKS.get(lease.task)
    if function is None:
        raise LookupError(f"no task is named {lease.task!r}")
    for pause in (*PAUSES, None):
        try:
            function(lease)
            lease.end(JobState.DONE)
            db.session.commit()
        except OperationalError:
            if pause is None:
                raise
            log.warning("job tried again", exc_info=True, extra={"job": lease.job_id})
            db.session.rollback()
            lease.wait(pause)
            lease.take_up_again()
        else:
            log.info("job done", extra={"job": lease.job_id, "task": lease.task})
            return


def _end(lease: Lease, state: JobState, why: Callable[[], str] | None = None) -> None:
    """Give the job back. `why` may ask the database, which only answers after the rollback."""
    db.session.rollback()
    try:
        lease.end(state, why() if why else None)
        db.session.commit()
    except LostLease:
        db.session.rollback()
    log.info("job ended", extra={"job": lease.job_id, "state": state.value})
