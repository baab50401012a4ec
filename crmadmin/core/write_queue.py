"""A queue before SQLite's one write lock: writers get it in the order in which they came.

SQLite keeps no queue. Whoever finds the lock taken looks again every so often, and a writer that
gives it back and takes it again at once, as an import does between two blocks, is always there
first: a form could wait for the whole import. So a writer first takes the queue's lock, one of the
operating system on a file beside the database, and lets it go as soon as it has the write lock. An
import that comes back for its next block stands behind everybody who came meanwhile.

The queue makes it fair, never right: right is what SQLite's own lock makes it. Where there is
no such lock (Windows, some network drives, a folder that cannot be written) writers just compete.
The lock goes with the process, however that ends; the empty file stays.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread

SUFFIX = "-queue"
"""What the file is called beside the database's own name, as SQLite's are: crm.db-queue."""

OF_JOBS = "-jobs"
"""Added to a queue's name: the one in which jobs wait, each for as long as it writes.

So there is at most one of them among the others, and a form never waits for two blocks."""

if sys.platform != "win32":
    import fcntl

    IS_POSSIBLE = True
else:
    IS_POSSIBLE = False


def beside(database: str) -> str | None:
    """The queue of a database file; None where there can be none, or for one in memory."""
    if not database or not IS_POSSIBLE:
        return None
    # Never the database itself: closing any descriptor of it would drop SQLite's own locks.
    path = database + SUFFIX
    with suppress(OSError):
        gate = _open(path)
        try:
            fcntl.flock(gate, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return path  # it works: somebody else has it
        finally:
            os.close(gate)
        return path
    return None


@contextmanager
def turn(path: str | None, patience: float) -> Iterator[bool]:
    """Wait for one's turn, at most `patience` seconds; it ends with the body.

    Gives whether it came: the body runs either way, and must be short. With no patience at all
    nobody is waited for.
    """
    gate = take(path, patience) if path is not None else None
    try:
        yield gate is not None
    finally:
        if gate is not None:
            leave(gate)


def take(path: str, patience: float) -> int | None:
    """The open file whose lock is held until `leave`, or None when it did not come."""
    try:
        gate = _open(path)
    except OSError:
        return None
    try:
        fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if patience > 0:
            return _Waiting(gate).come(patience)
        os.close(gate)
        return None
    except OSError:
        os.close(gate)
        return None
    return gate


def is_taken(path: str) -> bool:
    """Whether somebody waits for SQLite's lock: whoever does so has the queue's lock."""
    with suppress(OSError):
        gate = _open(path)
        try:
            fcntl.flock(gate, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(gate)
    return False


def _open(path: str) -> int:
    # Beside the database, and like it nobody else's.
    return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)


def leave(gate: int) -> None:
    """End a turn that was taken."""
    # By word, because a process that was forked meanwhile has the same open file.
    fcntl.flock(gate, fcntl.LOCK_UN)
    os.close(gate)


class _Waiting:
    """One wait. The kernel queues those who block, in order, but knows no time-out.

    So a thread blocks, and whoever asked may give up; the thread then gives its turn away.
    """

    def __init__(self, gate: int) -> None:
        self._gate = gate
        self._came = Event()
        self._deciding = Lock()
        self._has_given_up = False
        Thread(target=self._block, name="write queue", daemon=True).start()

    def come(self, patience: float) -> int | None:
        """The file when its lock is ours, None after so many seconds."""
        try:
            self._came.wait(patience)
        except BaseException:  # Ctrl+C: nobody may hold it then
            gate = self._decide()
            if gate is not None:
                leave(gate)
            raise
        return self._decide()

    def _decide(self) -> int | None:
        with self._deciding:
            self._has_given_up = not self._came.is_set()
        return None if self._has_given_up else self._gate

    def _block(self) -> None:
        with suppress(OSError):  # whoever waits then goes on without
            fcntl.flock(self._gate, fcntl.LOCK_EX)
        with self._deciding:
            if self._has_given_up:
                os.close(self._gate)
            else:
                self._came.set()
