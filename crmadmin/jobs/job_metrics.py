"""What the job table says about the work in progress, for `/metrics`. Reads only."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import func, select

from crmadmin.core.db import db, utcnow
from crmadmin.jobs.models import Job, JobState
from crmadmin.jobs.work import ACTIVE, writing_rows


def collect() -> Iterator[Metric]:
    """Jobs that wait and run, how long the oldest has waited, and rows of imports."""
    yield _jobs()
    yield _oldest()
    rows = CounterMetricFamily("crm_import_rows", "Rows that imports have worked through")
    rows.add_metric([], _sum_of_rows())
    yield rows
    speed = GaugeMetricFamily("crm_import_rows_per_second", "Speed of the imports that run now")
    speed.add_metric([], _speed())
    yield speed


def _jobs() -> Metric:
    found = GaugeMetricFamily("crm_jobs", "Jobs that wait or run", labels=["task", "state"])
    counted = (
        select(Job.task, Job.state, func.count())
        .where(Job.state.in_(ACTIVE))
        .group_by(Job.task, Job.state)
    )
    for task, state, how_many in db.session.execute(counted):
        found.add_metric([task, state], how_many)
    return found


def _oldest() -> Metric:
    oldest = db.session.scalar(
        select(func.min(Job.created_at)).where(Job.state == JobState.QUEUED.value)
    )
    seconds = (utcnow() - oldest).total_seconds() if oldest is not None else 0.0
    return GaugeMetricFamily(
        "crm_job_oldest_waiting_seconds", "Age of the job that waits longest", value=max(0, seconds)
    )


def _sum_of_rows() -> int:
    return db.session.scalar(select(func.sum(Job.done)).where(Job.task.in_(writing_rows()))) or 0


def _speed() -> float:
    """Rows a second since each of them was begun, together."""
    running = select(Job.done, Job.started_at).where(
        Job.task.in_(writing_rows()), Job.state == JobState.RUNNING.value
    )
    now, speed = utcnow(), 0.0
    for done, began in db.session.execute(running):
        if began is not None:
            speed += done / max(0.001, (now - began).total_seconds())
    return speed
