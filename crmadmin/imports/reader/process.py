"""The child process as its parent sees it.

A child that dies, stalls or talks nonsense becomes a `FileRefused`; it never becomes a fault of
the process that serves people.
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import crmadmin
from crmadmin.imports.reader import frames
from crmadmin.imports.reader.limits import MEBIBYTE, Limits, needs_memory
from crmadmin.imports.records import FileRefused

DIED = "reader_died"
"""What a fork of the parent says of a child that ended too early. Nobody but the parent sees it."""
_ROOT = Path(crmadmin.__file__).resolve().parents[1]
_READ_BYTES = 1024 * 1024
_OUT_OF_MEMORY = (-signal.SIGABRT, -signal.SIGKILL, -signal.SIGSEGV)
"""How the child ends when an allocation fails in Rust, or when the system stops it."""
_ALLOCATION = re.compile(rb"memory allocation of ([0-9]{1,20}) bytes failed")
_HONEST_ALLOCATION = 4 * 1024 * MEBIBYTE
_HONEST_GROWTH = 4096
"""A request for more memory at once, or for more in relation to the file (deflate makes at most
1032 bytes of one), comes not from what a sheet holds but from how far apart its cells are."""
_ENVIRONMENT = {
    "PATH": os.defpath,
    "LC_ALL": "C.UTF-8",
    "RUST_BACKTRACE": "0",
    # An arena for each thread would take address space that is counted, and hold nothing.
    "MALLOC_ARENA_MAX": "1",
}


class Child:
    """The child process and what it has said so far."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable, "-E", "-s", "-B", "-m", "crmadmin.imports.reader.child",
                str(path.resolve()), json.dumps(limits.to_dict()),
            ],
            cwd=_ROOT,
            env=_ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            close_fds=True,
            start_new_session=True,  # Ctrl+C is for the parent: it stops at a checkpoint
        )  # fmt: skip
        self._owner = os.getpid()
        self._limits = limits
        size = path.stat().st_size
        self._honest_allocation = min(_HONEST_ALLOCATION, size * _HONEST_GROWTH)
        self._left = float(limits.wait)
        self._buffer = bytearray()
        self.frame_bytes = 0
        """The length of the frame that came last."""

    def frame(self) -> dict[str, Any]:
        """The next frame; FileRefused when the child refuses, dies, stalls or babbles."""
        line = self._line()
        self.frame_bytes = len(line)
        try:
            frame = frames.decode(line)
        except ValueError as error:
            raise FileRefused("file_damaged") from error
        if "refused" in frame:
            params = {str(k): str(v) for k, v in dict(frame.get("params") or {}).items()}
            raise FileRefused(str(frame["refused"]), **params)
        return frame

    def answer(self, header: int) -> None:
        """Tell the child which row is the header; 0 for the next sheet."""
        if self._process.stdin is None:
            raise RuntimeError("the child was started without an input")
        try:
            self._process.stdin.write(f"{header}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self.death() from None

    def close(self) -> None:
        """End the child if it still runs, and free its pipes."""
        if self._process.poll() is None:
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        self._process.wait()

    @property
    def output(self) -> int:
        """The descriptor of the pipe that the child writes to."""
        if self._process.stdout is None:
            raise RuntimeError("the child was started without an output")
        return self._process.stdout.fileno()

    def finish(self) -> None:
        """Require that the child ends by itself with status 0; FileRefused otherwise.

        A fork of its parent cannot know how it ended; it leaves that to the parent.
        """
        if os.getpid() != self._owner:
            return
        try:
            status = self._process.wait(timeout=max(self._left, 1.0))
        except subprocess.TimeoutExpired:
            raise FileRefused("file_too_slow") from None
        if status:
            raise self.death()

    def _line(self) -> bytes:
        """One line of the child's output. Only time spent waiting for it is counted."""
        out = self.output
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > frames.MAX_FRAME_BYTES:
                raise FileRefused("file_unsafe")
            started = time.monotonic()
            ready, _, _ = select.select([out], [], [], max(self._left, 0.0))
            self._left -= time.monotonic() - started
            if not ready:
                raise FileRefused("file_too_slow")
            data = os.read(out, _READ_BYTES)
            if not data:
                raise self.death()
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def death(self) -> FileRefused:
        """What the way in which the child ended says about the file; only its parent can tell."""
        if os.getpid() != self._owner:
            return FileRefused(DIED)
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return FileRefused("file_too_slow")
        if status == -signal.SIGXCPU:
            return FileRefused("file_too_slow")
        if status not in _OUT_OF_MEMORY:
            return FileRefused("file_damaged")
        allocation = _ALLOCATION.search(self._last_words())
        if allocation and int(allocation[1]) > self._honest_allocation:
            return FileRefused("file_too_large")
        return needs_memory(self._limits.memory)

    def _last_words(self) -> bytes:
        """What the dead child wrote to its standard error, as far as a pipe holds it."""
        if self._process.stderr is None:
            return b""
        os.set_blocking(self._process.stderr.fileno(), False)
        return self._process.stderr.read(_READ_BYTES) or b""
