"""Real workers and servers. They may be killed, frozen and told to end, and nothing else may be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from crmadmin.core.db import db, reads_only
from crmadmin.jobs.models import Job

FOLDER = Path(__file__).parent
PROJECT = FOLDER.parents[1]


class Workers:
    """Workers of one app's database. `module` is where they find their app."""

    def __init__(self, app: Flask, module: str) -> None:
        settings = app.config["SETTINGS"]
        self.app = app
        self._module = module
        self._environment = {
            **os.environ,
            "TORTURE_DATABASE": settings.database_url,
            "TORTURE_FOLDER": str(settings.instance),
            "PYTHONPATH": f"{PROJECT}{os.pathsep}{FOLDER}",
            "PYTHONUNBUFFERED": "1",
        }
        self.log = settings.instance / "workers.log"
        """What all of them log."""
        self._running: dict[int, subprocess.Popen[str]] = {}

    def start(self, *options: str, command: str = "worker", **environment: str) -> int:
        """Start a worker or server; returns its process id at once (see `ready`)."""
        flask = [sys.executable, "-m", "flask", "--app", f"{self._module}:create_app"]
        with self.log.open("a") as log:
            process = subprocess.Popen(
                [*flask, "crm", command, *options],
                env={**self._environment, **environment}, cwd=PROJECT, text=True,
                stdout=subprocess.PIPE, stderr=log,
                # Whoever runs the tests in the background has Ctrl+C ignored, which is inherited.
                preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
            )  # fmt: skip
        self._running[process.pid] = process
        return process.pid

    def ready(self, pid: int) -> None:
        """Wait until a worker says that it works, or a server that it serves."""
        stdout = self._running[pid].stdout
        assert stdout is not None
        for line in stdout:
            if line.startswith(("Working jobs", "Serving on")):
                return
        raise AssertionError("it ended before it began")

    def said(self) -> list[dict[str, Any]]:
        """What they logged; text that is no log line is there as an event."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [json.loads(x) if x.startswith("{") else {"event": x} for x in lines]

    def send(self, pid: int, number: int) -> None:
        """Send a signal to a worker that was started here."""
        self._running[pid].send_signal(number)

    def kill(self, pid: int) -> None:
        """As the power or the kernel would: without a word."""
        self.send(pid, signal.SIGKILL)
        self.wait(pid)

    def wait(self, pid: int, seconds: float = 30) -> int:
        """The exit code of a worker that ends."""
        process = self._running.pop(pid)
        try:
            return process.wait(seconds)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def close(self) -> None:
        """End all that still run."""
        for pid in list(self._running):
            self.kill(pid)

    def holder(self, job_id: int) -> int | None:
        """The process that holds a job, if it is one that was started here."""
        row = self.job(job_id)
        pid = int(row.worker.split(":")[-2]) if row.state == "running" else 0
        return pid if pid in self._running else None

    def job(self, job_id: int) -> Any:
        """The job's row as committed."""
        with reading(self.app) as connection:
            return connection.execute(select(Job.__table__).where(Job.id == job_id)).one()

    def until(self, job_id: int, is_so: Callable[[Any], bool], seconds: float = 60) -> Any:
        """Wait for a job to be so; gives its row."""
        end = time.monotonic() + seconds
        while not is_so(row := self.job(job_id)):
            assert time.monotonic() < end, f"still {row}"
            time.sleep(0.02)
        return row


@contextmanager
def reading(app: Flask) -> Iterator[Any]:
    """A connection that only reads, and so waits for nobody."""
    token = reads_only.set(True)
    try:
        with app.app_context(), db.engine.connect() as connection:
            yield connection
    finally:
        reads_only.reset(token)
