"""Other admin panels that show the same customers, asked one request after another."""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.peers.environment import FOLDER, NoPeer, python_of

PANELS = {
    "flask_admin": "stock Flask-Admin",
    "django_admin": "Django admin",
    "starlette_admin": "starlette-admin",
}
"""Folder → its name for people."""
SECONDS_TO_START = 90
MOST_SECONDS = 60
"""After so long a panel is not waited for."""
ENOUGH = 5.0
"""A request that takes longer is asked once, not `LOOKS` times."""
LOOKS = 3


class Panel:
    """One panel on one database, in a process of its own; started anew when it did not answer."""

    def __init__(self, peer: str, url: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._command = [
            str(python_of(peer)), "-W", "ignore", str(FOLDER / peer / "peer.py"), url,
            self._folder.name,
        ]  # fmt: skip
        self._process: Any = None
        self._said = Path(self._folder.name) / "said"
        self._read = b""

    def __enter__(self) -> Panel:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._end()
        self._folder.cleanup()

    def ask(self, **request: Any) -> dict[str, Any] | None:
        """Seconds, rows and bytes of an answer, the best of some; None when none came in time.

        Raises NoPeer when the panel failed.
        """
        best: dict[str, Any] | None = None
        for _look in range(LOOKS):
            told = self._once(request)
            if told is None:
                return best
            if best is None or told["seconds"] < best["seconds"]:
                best = told
            if told["seconds"] > ENOUGH:
                break
        return best

    def _once(self, request: dict[str, Any]) -> dict[str, Any] | None:
        process = self._process or self._start()
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        line = self._line(process, MOST_SECONDS)
        return None if line is None else dict(json.loads(line))

    def _start(self) -> Any:
        with self._said.open("wb") as said:
            started = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
            )
        self._process, self._read = started, b""
        if self._line(started, SECONDS_TO_START) is None:
            raise NoPeer(f"{self._command[3]} does not start")
        return started

    def _line(self, process: Any, seconds: float) -> bytes | None:
        """The next line that the panel says; None, and the panel is ended, when none comes."""
        end = time.monotonic() + seconds
        while b"\n" not in self._read:
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                self._end()
                return None
            more = os.read(process.stdout.fileno(), 65536)
            if not more:
                self._end()
                raise NoPeer(self._said.read_text()[-2000:] or "the panel ended")
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        return line

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
