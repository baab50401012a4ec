"""What a process measures of itself, for Prometheus: the figures, and how they are noted.

Labels are names of endpoints, methods, classes of answers and kinds of trouble, all of them known
beforehand; never what anybody typed, stored or is called. With PROMETHEUS_MULTIPROC_DIR the
processes of one machine share a folder, and whichever is asked answers for all of them. What the
database knows anyway (jobs, rows) is not counted here but asked for (`metrics_page`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

from flask import has_request_context
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    multiprocess,
    values,
)
from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

from crmadmin.core import outside

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
STATEMENTS = (1, 2, 4, 8, 12, 16, 32, 64, 128, 256)
WAITS = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

NOT_COUNTED = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")
"""Statements that only frame others; on PostgreSQL the driver sends them unseen."""


class Metrics:
    """Everything that is counted here. Made when it is first needed, once a process."""

    def __init__(self) -> None:
        # The library looked at the environment when it was imported, and at nothing since.
        is_shared = values.ValueClass is not values.MutexValue
        self.registry = None if is_shared else CollectorRegistry()
        where: Any = {"registry": self.registry}
        self.requests = Histogram(
            "crm_request_seconds", "Time to answer, without sending the answer",
            ["endpoint", "method", "status"], buckets=SECONDS, **where,
        )  # fmt: skip
        self.statements = Histogram(
            "crm_request_statements", "SQL statements of one request",
            ["endpoint"], buckets=STATEMENTS, **where,
        )  # fmt: skip
        self.slow = Counter(
            "crm_slow_requests", "Requests that took longer than CRM_SLOW_MS", ["endpoint"], **where
        )
        self.writer_wait = Histogram(
            "crm_writer_wait_seconds", "Wait for SQLite's write lock",
            ["by"], buckets=WAITS, **where,
        )  # fmt: skip
        self.connections = Gauge(
            "crm_pool_connections_in_use", "Database connections taken from the pool",
            multiprocess_mode="livesum", **where,
        )  # fmt: skip
        self.troubles = Counter(
            "crm_database_troubles", "Requests that the database could not serve", ["kind"], **where
        )
        self.questions = Counter(
            "crm_questions", "Questions about records that the one who asks may not read",
            ["kind", "outcome"], **where,
        )  # fmt: skip
        if self.registry is not None:
            ProcessCollector(registry=self.registry)
            PlatformCollector(registry=self.registry)


@cache
def figures() -> Metrics:
    """The figures of this process."""
    return Metrics()


def share(folder: Path) -> None:
    """Make the folder that the processes of this machine share."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def forget_dead(folder: Path) -> None:
    """Forget what processes had in use that ended without a word."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        number = outside.whole(pid, 1)
        if number is not None and not _is_alive(number):
            forget_process(number, folder)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


def forget_process(pid: int, folder: Path) -> None:
    """A process has ended: what it had in use it no longer has."""
    multiprocess.mark_process_dead(pid, path=str(folder))  # type: ignore[no-untyped-call]  # prometheus_client


@dataclass(slots=True)
class Spent:
    """What one request has cost so far."""

    began: float = field(default_factory=perf_counter)
    statements: int = 0
    sql_seconds: float = 0.0
    writer_wait: float = 0.0


spent: ContextVar[Spent | None] = ContextVar("spent", default=None)
"""What the request of this context costs; None outside of requests."""


@contextmanager
def waiting_to_write() -> Iterator[None]:
    """Note how long the body took: the wait for SQLite's write lock."""
    began = perf_counter()
    try:
        yield
    finally:
        seconds = perf_counter() - began
        is_request = has_request_context()
        figures().writer_wait.labels("request" if is_request else "job").observe(seconds)
        cost = spent.get() if is_request else None
        if cost is not None:
            cost.writer_wait += seconds


@event.listens_for(Engine, "before_cursor_execute")
def _begin(
    _connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool
) -> None:
    cost = spent.get()
    if cost is not None and not statement.startswith(NOT_COUNTED):
        cost.statements += 1
        if context is not None:
            context.crm_began = perf_counter()


@event.listens_for(Engine, "after_cursor_execute")
def _end(
    _connection: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool
) -> None:
    _add_time(context)


@event.listens_for(Engine, "handle_error")
def _end_badly(failed: Any) -> None:
    _add_time(failed.execution_context)


def _add_time(context: Any) -> None:
    cost = spent.get()
    began = getattr(context, "crm_began", None)
    if cost is not None and began is not None:
        cost.sql_seconds += perf_counter() - began
        context.crm_began = None


@event.listens_for(Pool, "checkout")
def _taken(_connection: Any, _record: Any, _proxy: Any) -> None:
    figures().connections.inc()


@event.listens_for(Pool, "checkin")
def _given_back(_connection: Any, _record: Any) -> None:
    figures().connections.dec()
