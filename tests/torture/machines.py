"""Web processes and workers as docs/deploy.md starts them, on this machine. They may be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Machines:
    """Every process is a group of its own, so that one kill takes its children with it."""

    def __init__(self, url: str, key: str, instance: Path) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CRM_", "GUNICORN"))}
        self._environment = {
            **kept, "DATABASE_URL": url, "SECRET_KEY": key, "CRM_INSTANCE": str(instance),
            "PROMETHEUS_MULTIPROC_DIR": str(instance / "metrics"), "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        self.log = instance / "machines.log"
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    def web(self, port: int) -> int:
        """A gunicorn with one process of several threads."""
        options = ("--config", "deploy/gunicorn.conf.py", "--workers", "1")
        return self._start(str(BIN / "gunicorn"), *options, PORT=str(port))

    def worker(self) -> int:
        """A worker with one thread."""
        return self._start(str(BIN / "flask"), "--app", "app", "crm", "worker", "--threads", "1")

    def ready(self, port: int, seconds: float = 30) -> None:
        """Wait until a web process answers, with its database and its queue."""
        end = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                    return
            except (OSError, urllib.error.URLError):
                assert time.monotonic() < end, self.log.read_text()
                time.sleep(0.1)

    def kill(self, pid: int) -> None:
        """As the power would, with all its children."""
        process = self._running.pop(pid)
        os.killpg(pid, signal.SIGKILL)
        process.wait()

    def end(self, pid: int) -> int:
        """As a supervisor would; gives the exit code."""
        process = self._running.pop(pid)
        process.terminate()
        try:
            return process.wait(30)
        finally:
            if process.poll() is None:
                os.killpg(pid, signal.SIGKILL)

    def close(self) -> None:
        for pid in list(self._running):
            self.kill(pid)

    def _start(self, *command: str, **environment: str) -> int:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command, cwd=PROJECT, env={**self._environment, **environment},
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._running[process.pid] = process
        return process.pid
