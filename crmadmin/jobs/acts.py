"""Long acts on many records as jobs: what is done to a hundred thousand no request waits for."""

from __future__ import annotations

from crmadmin.core import acts, many
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import acting_as, actor, db
from crmadmin.jobs import services
from crmadmin.jobs.models import Job, JobState
from crmadmin.jobs.work import Lease, Stopped, task

TASK = "acts.work"


def start(act: BulkAct) -> None:
    """Let workers do the act, or take back what was done; commits."""
    total = many.begin(act)
    services.enqueue(TASK, act.id, actor.get(), total=total, is_news=False)


def job_of(act: BulkAct) -> Job | None:
    """The job that does an unfinished act, or takes it back."""
    return services.latest(TASK, act.id) if acts.is_unfinished(act) else None


def is_halted(job: Job | None) -> bool:
    """Whether it goes on only when somebody says so."""
    return job is None or job.state in (JobState.FAILED, JobState.STOPPED)


def go_on(act: BulkAct) -> None:
    """Go on with an act whose job failed, as often as somebody asks; commits."""
    job = job_of(act)
    if job is not None and services.resume(job):
        return
    if job is None or job.state == JobState.DONE:
        services.enqueue(TASK, act.id, actor.get(), total=act.picked, is_news=False)


@task(TASK)
def work(lease: Lease) -> None:
    """Block by block to the end; what ends the act is committed with the job."""
    act = db.session.get(BulkAct, lease.subject_id)
    if act is None:
        return
    with acting_as(lease.user_id):
        for rows in many.go_on(act):
            done = lease.done + rows
            lease.mark(done, done if lease.total is None else min(done, lease.total))
            db.session.commit()
            if lease.should_stop:
                raise Stopped
