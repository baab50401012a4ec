"""What the rest of the product does with jobs: ask for one, look at it, stop it, go on with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask import Flask, current_app
from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from crmadmin.core.db import db, rows_written, utcnow
from crmadmin.jobs import queue
from crmadmin.jobs.heartbeat import has_run_out
from crmadmin.jobs.models import Job, JobState
from crmadmin.jobs.work import ACTIVE, siblings, work

LOOK_EVERY = 0.2
MOST_NEWS = 20

_here: ContextVar[bool] = ContextVar("here", default=False)

log = logging.getLogger(__name__)


def enqueue(
    task: str,
    subject_id: int,
    user_id: int | None,
    *,
    total: int | None = None,
    is_news: bool = True,
) -> Job:
    """Ask for a job; commits, the caller's pending writes too, before any worker can hear of it.

    Its end is news for the user's bell unless somebody waits for it.

    Where no queue is (`CRM_QUEUE=here`, or inside `worked_here`) it has ended on return, and what
    the session holds is read again when it is next asked for.
    """
    seen_at = None if is_news else utcnow()
    job = Job(
        task=task, subject_id=subject_id, user_id=user_id, total=total, progress={},
        seen_at=seen_at,
    )  # fmt: skip
    db.session.add(job)
    db.session.commit()
    _tell(job)
    return job


@contextmanager
def worked_here() -> Iterator[None]:
    """Jobs asked for inside are worked by this process, at once: for the command line."""
    token = _here.set(True)
    try:
        yield
    finally:
        _here.reset(token)


def _tell(job: Job) -> None:
    if _here.get() or queue.of(_app()) is None:
        run_here(job)
    else:
        notify(_app(), job.id)


def notify(app: Flask, job_id: int) -> None:
    """Tell the workers. A queue that is down fails nobody: the sweeper finds the job."""
    job_queue = queue.of(app)
    try:
        if job_queue is not None:
            job_queue.notify(job_id)
    except queue.Down:
        log.warning("the queue did not answer", exc_info=True, extra={"job": job_id})


def notify_next(app: Flask, job_id: int) -> None:
    """Tell of the job that waited for this one to end, if there is one."""
    try:
        with app.app_context():
            job = db.session.get(Job, job_id)
            waiting = job and db.session.scalar(
                select(Job.id)
                .where(*siblings(job), Job.state == JobState.QUEUED.value)
                .order_by(Job.id)
                .limit(1)
            )
            db.session.remove()
    except SQLAlchemyError:
        return  # a worker finds it when the database is back
    if waiting:
        notify(app, waiting)


def forget(subject_id: int, task_prefix: str) -> None:
    """Delete the jobs of a subject that is deleted, of the tasks that begin so, in the same
    transaction; does not commit.

    Whoever works one of them has lost it, and writes nothing more.
    """
    gone = delete(Job).where(Job.subject_id == subject_id)
    gone = gone.where(Job.task.startswith(task_prefix, autoescape=True))
    db.session.execute(gone.execution_options(synchronize_session=False))


def run_here(job: Job) -> None:
    """Work the job in this process, by the same code as a worker; `job` then says how it ended.

    Jobs of the same subject that were asked for before are worked first. What a worker took up
    already is waited for, and taken over if that worker dies.
    """
    own = job.id
    waiting = select(Job.id).where(*siblings(job), Job.state.in_(ACTIVE)).order_by(Job.id)
    while True:
        ids = list(db.session.scalars(waiting))
        db.session.commit()
        was_worked = any(work(_app(), job_id) for job_id in ids)
        db.session.expire_all()
        if db.session.scalar(select(Job.id).where(Job.id == own)) is None:
            return  # forgotten meanwhile
        db.session.refresh(job)
        db.session.commit()
        if job.state not in ACTIVE:
            return
        if not was_worked:
            time.sleep(LOOK_EVERY)


def latest(task_prefix: str | None, subject_id: int) -> Job | None:
    """The job asked for last for this subject, of the tasks that begin so (None: of any)."""
    found = select(Job).where(Job.subject_id == subject_id).order_by(Job.id.desc()).limit(1)
    if task_prefix:
        found = found.where(Job.task.startswith(task_prefix, autoescape=True))
    job: Job | None = db.session.scalar(found.execution_options(populate_existing=True))
    return job


def active(subject_id: int, task_prefix: str) -> Job | None:
    """The job of this subject that waits or runs, of the tasks that begin so, if there is one."""
    found = (
        select(Job)
        .where(Job.subject_id == subject_id, Job.state.in_(ACTIVE))
        .where(Job.task.startswith(task_prefix, autoescape=True))
        .order_by(Job.id.desc())
        .limit(1)
    )
    job: Job | None = db.session.scalar(found.execution_options(populate_existing=True))
    return job


def ask_to_stop(job: Job) -> None:
    """Ask for a stop at the next checkpoint. One that only waits is stopped at once.

    `job` says which: its state is then `stopped`, or still `running`. Commits.
    """
    waits = Job.state == JobState.QUEUED.value
    _write(
        update(Job)
        .where(Job.id == job.id, Job.state.in_(ACTIVE))
        .values(
            asked_to_stop=True,
            state=case((waits, JobState.STOPPED.value), else_=Job.state),
        ),
        job,
    )


def resume(job: Job) -> bool:
    """Go on with a stopped or failed job from its checkpoint; False when it is neither. Commits.

    So is one whose worker is dead, where there is no sweeper to find that out.
    """
    is_dead = and_(
        Job.state == JobState.RUNNING.value,
        or_(Job.lease_until.is_(None), has_run_out(utcnow())),
    )
    ended = Job.state.in_((JobState.STOPPED.value, JobState.FAILED.value))
    is_ours = _write(
        update(Job)
        .where(Job.id == job.id, or_(ended, is_dead))
        .values(
            state=JobState.QUEUED.value, asked_to_stop=False, attempts=0, error=None, token="",
            lease_until=None, finished_at=None, seen_at=None,
        ),
        job,
    )  # fmt: skip
    if is_ours:
        _tell(job)
    return is_ours


def news(user_id: int) -> list[Job]:
    """What ended for this user and was not seen yet, the latest first: for the bell.

    Of each subject only what ended last: what came before it is no news any more.
    """
    ended = (JobState.DONE.value, JobState.FAILED.value)
    unseen = (Job.user_id == user_id, Job.seen_at.is_(None), Job.state.in_(ended))
    last = select(func.max(Job.id)).where(*unseen).group_by(Job.subject_id)
    found = (
        select(Job)
        .where(Job.id.in_(last))
        .order_by(Job.finished_at.desc(), Job.id.desc())
        .limit(MOST_NEWS)
    )
    return list(db.session.scalars(found))


def mark_seen(user_id: int) -> None:
    """The user has seen all the news. Commits."""
    _see(user_id)


def mark_subject_seen(user_id: int, subject_id: int, task_prefix: str) -> None:
    """The user has seen what became of this subject, by the tasks that begin so. Commits."""
    of_it = Job.task.startswith(task_prefix, autoescape=True)
    _see(user_id, Job.subject_id == subject_id, of_it)


def _see(user_id: int, *which: ColumnElement[bool]) -> None:
    ended = (JobState.DONE.value, JobState.FAILED.value)
    seen = (
        update(Job)
        .where(Job.user_id == user_id, Job.seen_at.is_(None), Job.state.in_(ended), *which)
        .values(seen_at=utcnow())
    )
    _write(seen)


def _write(statement: Any, job: Job | None = None) -> bool:
    """Commit a change; `job` then says what became of it. Leaves no transaction open."""
    written = db.session.execute(statement.execution_options(synchronize_session=False))
    if job is not None:
        db.session.refresh(job)
    db.session.commit()
    return rows_written(written) > 0


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]  # Werkzeug's LocalProxy
