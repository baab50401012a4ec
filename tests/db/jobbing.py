"""What tests of jobs share: a task of their own, and looks behind the back of whoever works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select, update

from crmadmin.core.db import db, reads_only
from crmadmin.groups.models import CustomerGroup
from crmadmin.jobs.models import Job
from crmadmin.jobs.work import Lease, Stopped

Register = Callable[[Callable[[Lease], None]], None]


def change(job: Job, **values: Any) -> None:
    """Write behind the back of whoever holds the job."""
    with db.engine.begin() as connection:
        connection.execute(update(Job).where(Job.id == job.id).values(**values))


def now(job: Job) -> Any:
    """The job's row as others see it, whatever session the test or the task is in."""
    token = reads_only.set(True)
    with db.engine.connect() as connection:
        row = connection.execute(select(Job.__table__).where(Job.id == job.id)).one()
    reads_only.reset(token)
    return row


def count(lease: Lease, upto: int = 3) -> None:
    for n in range(lease.checkpoint + 1, upto + 1):
        lease.mark(n, n, {"n": n}, total=upto)
        db.session.commit()
        if lease.should_stop:
            raise Stopped


def add_group(name: str) -> None:
    db.session.add(CustomerGroup(name=name, description="Thử"))
    db.session.flush()


def groups() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(CustomerGroup.name).order_by(CustomerGroup.id)))


def pair(**second: Any) -> tuple[Job, Job]:
    """Two jobs of one subject, asked for one after the other."""
    jobs = [Job(task=f"import.{t}", subject_id=7, progress={}) for t in ("test", "other")]
    db.session.add_all(jobs)
    db.session.commit()
    if second:
        change(jobs[1], **second)
    return jobs[0], jobs[1]
