"""`flask crm worker`: works the jobs that the web process only asks for."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from crmadmin.cli.checks import refuse_unless_ready
from crmadmin.jobs import queue
from crmadmin.jobs.worker import Worker

MOST_THREADS = 16
ENDING = (signal.SIGTERM, signal.SIGINT)
"""What a supervisor and Ctrl+C send."""


@click.command("worker")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, MOST_THREADS))
@with_appcontext
def worker_command(threads: int) -> None:
    """Work jobs, such as imports, until interrupted; several workers share them."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # Werkzeug's LocalProxy
    if queue.of(app) is None:
        raise click.UsageError("CRM_QUEUE is “here”: jobs are worked where they are asked for.")
    refuse_unless_ready()
    with hearing_the_end() as until_told, working(app, threads):
        click.echo(f"Working jobs, {threads} at a time (Ctrl+C stops)")
        until_told()


@contextmanager
def hearing_the_end() -> Iterator[Callable[[], None]]:
    """For the body this process is ended by word only: what is given waits until it was told to,
    also where that was before. Of the main thread only.

    The signal is a byte in a socket, written by Python's own handler. A handler of ours that set an
    Event would wait for ever for the lock that the wait below it has in that moment, and one that
    only raised a flag would be missed just before the wait.
    """
    told, writes = socket.socketpair()
    with told, writes:
        writes.setblocking(False)
        descriptor = signal.set_wakeup_fd(writes.fileno(), warn_on_full_buffer=False)
        before = {number: signal.signal(number, _say_nothing) for number in ENDING}
        try:
            yield lambda: _wait_for_one_of(ENDING, told)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(descriptor)


def _say_nothing(*_: object) -> None:
    """Python must handle a signal for its byte to be written."""


def _wait_for_one_of(numbers: tuple[int, ...], told: socket.socket) -> None:
    while told.recv(1)[0] not in numbers:
        pass


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
