"""The trusting side of reading: starts the child, chooses the sheet, takes its rows.

Nothing here looks into the file itself. A child that dies, stalls or talks nonsense becomes a
`FileRefused`; it never becomes a fault of the process that serves people.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import crmadmin
from crmadmin.imports.reader import frames
from crmadmin.imports.reader.limits import Limits
from crmadmin.imports.records import FileRefused, Row

_ROOT = Path(crmadmin.__file__).resolve().parents[1]
_READ_BYTES = 1024 * 1024
_OUT_OF_MEMORY = (-signal.SIGABRT, -signal.SIGKILL, -signal.SIGSEGV)
"""How the child ends when an allocation fails in Rust, or when the system stops it."""


class Head(NamedTuple):
    """The first rows of one visible sheet that hold a value, for finding the header."""

    sheet: str
    rows: Sequence[Row]


ChooseHeader = Callable[[Head], int | None]
"""Gives the header's row number, or None to look at the next sheet."""


@dataclass
class Reading:
    """One opened sheet: its name, its header row, and the rows below that hold a value."""

    sheet: str
    header: Row
    rows: Iterator[Row]
    last: int = field(default=0)
    """Excel's number of the last row with a value; right once `rows` is exhausted."""


class _Child:
    """The child process and what it has said so far."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable, "-E", "-s", "-B", "-m", "crmadmin.imports.reader.child",
                str(path.resolve()), json.dumps(limits.to_dict()),
            ],
            cwd=_ROOT,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "RUST_BACKTRACE": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            close_fds=True,
        )  # fmt: skip
        self._left = float(limits.wait)
        self._buffer = bytearray()

    def frame(self) -> dict[str, Any]:
        """The next frame; FileRefused when the child refuses, dies, stalls or babbles."""
        line = self._line()
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
            raise self._death() from None

    def close(self) -> None:
        """End the child if it still runs, and free its pipes."""
        if self._process.poll() is None:
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        self._process.wait()

    def finish(self) -> None:
        """Require that the child ends by itself with status 0; FileRefused otherwise."""
        try:
            status = self._process.wait(timeout=max(self._left, 1.0))
        except subprocess.TimeoutExpired:
            raise FileRefused("file_too_slow") from None
        if status:
            raise self._death()

    def _line(self) -> bytes:
        """One line of the child's output. Only time spent waiting for it is counted."""
        if self._process.stdout is None:
            raise RuntimeError("the child was started without an output")
        out = self._process.stdout.fileno()
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
                raise self._death()
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _death(self) -> FileRefused:
        """What the way in which the child ended says about the file."""
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return FileRefused("file_too_slow")
        if status == -signal.SIGXCPU:
            return FileRefused("file_too_slow")
        return FileRefused("file_too_large" if status in _OUT_OF_MEMORY else "file_damaged")


@contextmanager
def open_sheet(path: Path, choose: ChooseHeader, limits: Limits | None = None) -> Iterator[Reading]:
    """Open the first visible sheet in which `choose` finds a header.

    Raises FileRefused, on entry or while the rows are taken: `no_header` when no sheet has one,
    else what is wrong with the file. Rows come in file order; those without a value are left out,
    so a gap in the numbers is a run of blank rows.
    """
    child = _Child(path, limits or Limits())
    try:
        while True:
            frame = child.frame()
            if "head" not in frame:
                child.finish()
                raise FileRefused("no_header")
            head = _head(frame)
            header = choose(head)
            child.answer(header or 0)
            if header:
                row = next(row for row in head.rows if row.number == header)
                reading = Reading(sheet=head.sheet, header=row, rows=iter(()), last=header)
                reading.rows = _rows(child, reading)
                yield reading
                return
    finally:
        child.close()


def _head(frame: dict[str, Any]) -> Head:
    try:
        return Head(str(frame["sheet"]), [_row(value) for value in frame["head"]])
    except (KeyError, TypeError, ValueError) as error:
        raise FileRefused("file_damaged") from error


def _row(value: Any) -> Row:
    number, cells = value
    if not isinstance(number, int) or not isinstance(cells, list):
        raise ValueError("not a row")
    return Row(number, frames.decode_cells(cells))


def _rows(child: _Child, reading: Reading) -> Iterator[Row]:
    while True:
        frame = child.frame()
        if frame.get("end") is True:
            child.finish()
            return
        try:
            rows = [_row(value) for value in frame["rows"]]
        except (KeyError, TypeError, ValueError) as error:
            raise FileRefused("file_damaged") from error
        for row in rows:
            if row.number <= reading.last:
                raise FileRefused("file_damaged")
            reading.last = row.number
            yield row
