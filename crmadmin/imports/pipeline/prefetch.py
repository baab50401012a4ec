"""Prefetching: the next block is read and checked while the database writes the one before.

Both database drivers let other threads run while they work, so reading and checking, which need
no database, cost little time of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, Generic, TypeVar

T = TypeVar("T")

ROOM = 1
"""Blocks that wait, ready, beside the one at hand and the one in the making: memory is bounded."""

_PATIENCE = 0.1


@dataclass
class Readiness:
    """Whether the next item can be had at once. Whoever makes the items says how to tell."""

    is_near: Callable[[], bool] = lambda: False


class Prefetched(Generic[T]):
    """The same items; the next one can be fetched while there is time, before it is asked for.

    What goes wrong in fetching is raised when the item is asked for. Close it to close `items`.
    """

    def __init__(self, items: Generator[T, None, Any], readiness: Readiness) -> None:
        self._items = items
        self._readiness = readiness
        self._ready: list[T] = []
        self._end: Exception | None = None

    def fetch(self) -> None:
        """Have the next item ready."""
        if self._ready or self._end:
            return
        try:
            self._ready.append(next(self._items))
        except Exception as end:
            self._end = end  # the usual one, StopIteration, too

    @property
    def is_ready(self) -> bool:
        """Whether nobody has to wait for the next item, or for the end."""
        return bool(self._ready or self._end) or self._readiness.is_near()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        self.fetch()
        if self._end is not None:
            raise self._end
        return self._ready.pop()

    def close(self) -> None:
        """No more items are wanted."""
        self._items.close()


class _End:
    """What ends the queue: the error that ended the items, if there was one."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def prefetch(items: Iterator[T], readiness: Readiness | None = None) -> Generator[T, None, None]:
    """The same items, made by a thread that is ahead of the caller by ROOM of them.

    `readiness` learns how to see whether one is ready. Whatever ends the items is raised here, in
    its turn. Close the iterator to end the thread.
    """
    queue: Queue[T | _End] = Queue(ROOM)
    if readiness is not None:
        readiness.is_near = queue.full
    is_over = Event()
    # With the caller's context: choices are read in its language, too.
    work = partial(copy_context().run, _make, items, queue, is_over)
    thread = Thread(target=work, daemon=True, name="prefetch")
    thread.start()
    try:
        while not isinstance(item := queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        is_over.set()
        while thread.is_alive():
            # It may wait for room.
            try:
                queue.get(timeout=_PATIENCE)
            except Empty:
                continue
        thread.join()


def _make(items: Iterator[T], queue: Queue[T | _End], is_over: Event) -> None:
    end = _End()
    try:
        for item in items:
            if not _put(queue, item, is_over):
                return
    except BaseException as error:
        # Raised again where the items are taken.
        end = _End(error)
    _put(queue, end, is_over)


def _put(queue: Queue[T | _End], item: T | _End, is_over: Event) -> bool:
    """Wait for room; False when nobody takes items any more."""
    while not is_over.is_set():
        try:
            queue.put(item, timeout=_PATIENCE)
        except Full:
            continue
        return True
    return False
