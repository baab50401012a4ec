"""`flask crm worker`: works the jobs that the web process only asks for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from crmadmin.cli.checks import refuse_unless_beside
from crmadmin.jobs import queue
from crmadmin.jobs.worker import Worker

MOST_THREADS = 16


@click.command("worker")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, MOST_THREADS))
@with_appcontext
def worker_command(threads: int) -> None:
    """Work jobs, such as imports, until interrupted; several workers share them."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # a LocalProxy
    if queue.of(app) is None:
        raise click.UsageError("CRM_QUEUE is “here”: jobs are worked where they are asked for.")
    refuse_unless_beside()
    told = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with working(app, threads):
        click.echo(f"Working jobs, {threads} at a time (Ctrl+C stops)")
        told.wait()


@contextmanager
def working(app: Flask, threads: int) -> Iterator[None]:
    """A worker for as long as the body runs; none where there is no queue."""
    worker = Worker(app, threads) if queue.of(app) is not None else None
    if worker is not None:
        worker.start()
    try:
        yield
    finally:
        if worker is not None and not worker.stop():
            click.echo("A job did not come to a checkpoint; the next worker goes on with it.")
