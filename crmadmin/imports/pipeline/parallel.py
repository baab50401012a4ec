"""The worker process: items are made by a forked process while this one uses those before.

Reading and checking cells is Python's work, and one process does one thing at a time, however many
threads it has. The fork sees everything as it is here at that moment, so nothing has to be told to
it; its items come back through a pipe. It must not touch a database connection, and it lives no
longer than the pipe.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import struct
import traceback
import warnings
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

from crmadmin.imports.pipeline.prefetch import Readiness
from crmadmin.imports.records import FileRefused

IS_POSSIBLE = hasattr(os, "fork")

_LENGTH = struct.Struct("!Q")
_ITEM, _LAST, _REFUSED, _FAILED = "item", "last", "refused", "failed"
_PIPE_BYTES = 1024 * 1024
_PATIENCE = 300.0
"""So many seconds of silence mean that the process hangs: reading has limits of its own."""


class WorkerLost(RuntimeError):
    """The process that makes the items ended or hangs."""


def forked(
    make: Callable[[], Iterable[object]],
    last: Callable[[], Any],
    keep: Iterable[int] = (),
    readiness: Readiness | None = None,
) -> Generator[Any, None, Any]:
    """The items that `make` gives, made by a forked process; returns what `last` says there then.

    `keep` are the files (descriptors) that the process reads. FileRefused is raised here as it was
    there; whatever else goes wrong there is a WorkerLost with its traceback. `readiness` learns how
    to see whether the next item is ready.
    """
    out, into = os.pipe()
    if readiness is not None:
        readiness.is_near = partial(_has_begun, out)
    with warnings.catch_warnings():
        # Newer Pythons warn of threads that a fork lacks; this one needs none of them.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        _work(make, last, into, {into, *keep})
    os.close(into)
    _widen(out)
    try:
        while True:
            kind, value = _receive(out)
            if kind == _LAST:
                return value
            if kind == _REFUSED:
                raise FileRefused(value[0], **value[1])
            if kind == _FAILED:
                raise WorkerLost(value)
            yield value
    finally:
        os.close(out)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _work(
    make: Callable[[], Iterable[object]], last: Callable[[], Any], into: int, keep: set[int]
) -> NoReturn:
    """The life of the fork: it must never return into the code that it was copied from."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent
        signal.set_wakeup_fd(-1)  # and so is every other: that number will be another file here
        _close_others(keep)
        try:
            for item in make():
                _send(into, _ITEM, item)
            _send(into, _LAST, last())
        except FileRefused as refusal:
            _send(into, _REFUSED, (refusal.code, refusal.params))
    except BrokenPipeError:
        pass  # nobody wants more
    except BaseException:
        with suppress(OSError):
            _send(into, _FAILED, traceback.format_exc())
    finally:
        os._exit(0)


def _close_others(keep: set[int]) -> None:
    """Give up the parent's files, or what it closes would stay open here."""
    start = 3
    for descriptor in sorted(keep):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, os.sysconf("SC_OPEN_MAX"))


def _send(into: int, kind: str, value: object) -> None:
    data = memoryview(pickle.dumps((kind, value), 5))
    for part in (memoryview(_LENGTH.pack(len(data))), data):
        while part:
            part = part[os.write(into, part) :]


def _has_begun(out: int) -> bool:
    """Whether there is something in the pipe: an item is sent when it is made."""
    return bool(select.select([out], [], [], 0)[0])


def _receive(out: int) -> Any:
    length = _LENGTH.unpack(_read(out, _LENGTH.size))[0]
    return pickle.loads(_read(out, length))  # noqa: S301 - our own fork wrote it


def _read(out: int, length: int) -> bytearray:
    found = bytearray(length)
    view, at = memoryview(found), 0
    while at < length:
        ready, _, _ = select.select([out], [], [], _PATIENCE)
        got = os.readv(out, [view[at:]]) if ready else 0
        if not got:
            raise WorkerLost("it ended" if ready else f"it said nothing for {_PATIENCE:.0f} s")
        at += got
    return found


def _widen(pipe: int) -> None:
    """A whole block should fit, so that its maker can begin the next one."""
    import fcntl  # not where there is no fork

    with suppress(AttributeError, OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
