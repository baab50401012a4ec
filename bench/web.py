"""What visitors feel of an import: a list page while a worker imports, and without one.

A server and a worker in processes of their own, as in production; one visitor who looks at a page,
reads for a moment, and looks again.
"""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

from bench import child, product
from crmadmin.imports import services as imports

PAGE = "/admin/customers/"
READING = 0.05
"""Seconds between two requests."""
IDLE = 100
"""Requests before the import, and as many after it."""
SECONDS_TO_START = 60
ACTIVE = ("queued", "running")
TOKEN = re.compile(rb'name="csrf_token"[^>]*?value="([^"]+)"')


def measure(url: str, folder: str, path: str) -> dict[str, Any]:
    """Milliseconds of the list page, 95 in 100 of which are quicker: idle, and while importing."""
    app = product.make_app(url, folder)
    with _serving(url, folder) as port, app.app_context():
        client = Client(port)
        client.sign_in()
        idle = client.look(IDLE)
        job_id = imports.start_run(product.upload(Path(path))).id
        during = client.look_while(lambda: product.state_of(job_id) in ACTIVE)
        state = product.state_of(job_id)
        idle += client.look(IDLE)
    return {
        "idle": _p95(idle), "during": _p95(during), "requests": len(during), "state": state,
        "idle_median": _median(idle), "during_median": _median(during),
    }  # fmt: skip


class Client:
    """One browser with one connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: SimpleCookie = SimpleCookie()

    def sign_in(self) -> None:
        token = TOKEN.search(self._ask("GET", "/login")[1])
        form = {"username": product.ADMIN, "password": product.PASSWORD}
        if token is not None:
            form["csrf_token"] = token[1].decode()
        self._ask("POST", "/login", urlencode(form))

    def look(self, times: int) -> list[float]:
        """Seconds of each of so many looks at the page."""
        return [self._look() for _ in range(times)]

    def look_while(self, is_so: Callable[[], bool]) -> list[float]:
        seconds = []
        while is_so():
            seconds.append(self._look())
        return seconds

    def _look(self) -> float:
        time.sleep(READING)
        began = time.perf_counter()
        status, page = self._ask("GET", PAGE)
        seconds = time.perf_counter() - began
        if status != 200 or b"</html>" not in page:
            raise AssertionError(f"{PAGE} answered {status}")
        return seconds

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        headers = {"Cookie": "; ".join(f"{c.key}={c.value}" for c in self._cookies.values())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self._cookies.load(value)
        return answer.status, answer.read()


@contextmanager
def _serving(url: str, folder: str) -> Iterator[int]:
    """A server that only asks for jobs and a worker that works them; gives the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        **os.environ, "BENCH_DATABASE": url, "BENCH_FOLDER": folder, "PORT": str(port)
    }  # fmt: skip
    flask = [sys.executable, "-m", "flask", "--app", "bench.product:served", "crm"]
    started = [
        subprocess.Popen(
            [*flask, *command], env=environment, cwd=child.ROOT,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for command in (("serve", "--no-worker"), ("worker",))
    ]  # fmt: skip
    try:
        _wait_for(port)
        yield port
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def _wait_for(port: int) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1] * 1000 if len(seconds) > 1 else float("nan")


def _median(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) // 2] * 1000 if seconds else float("nan")
