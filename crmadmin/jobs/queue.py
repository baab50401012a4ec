"""What wakes workers: a queue of job numbers in huey's storages.

It only notifies. The `Job` row is the truth: a second notice finds the job taken, and a worker that
has nothing to do finds jobs of which no notice came. So only huey's storages are
used, with plain numbers in them, and neither its consumer nor its pickled messages.

CRM_QUEUE says where it is: empty follows the database (a file `queue.db` in the instance folder, or
the PostgreSQL database itself), `here` means that there is none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import make_url

from crmadmin.core.outside import record_id

HERE = "here"
EVERY = 0.2
"""Seconds between two looks into a file, which cannot call."""
WAIT = 0.5
"""Seconds that one call of `next` waits for PostgreSQL to call."""
SECONDS_TO_CONNECT = 3

T = TypeVar("T")


class Down(RuntimeError):
    """The queue does not answer."""


class Queue:
    """The queue of one database. Opened when it is first needed; safe in several threads."""

    def __init__(self, url: str, name: str, folder: Path) -> None:
        self._url = make_url(url)
        self._name = name
        self._folder = folder
        self._lock = Lock()
        self._storage: Any = None

    @property
    def _is_file(self) -> bool:
        return self._url.drivername == "sqlite"

    def notify(self, job_id: int) -> None:
        """Say that this job waits. Raises Down."""
        self._ask(lambda storage: storage.enqueue(str(job_id).encode()))

    def next(self, stopping: Event) -> int | None:
        """The job that was told of first; None when none was after a moment. Raises Down."""
        data = self._ask(lambda storage: storage.dequeue())
        if data is not None:
            return record_id(bytes(data).decode("ascii", "replace"))
        if self._is_file:
            stopping.wait(EVERY)
        return None

    def check(self) -> None:
        """Raises Down unless the queue answers."""
        self._ask(lambda storage: storage.queue_size())

    def close(self) -> None:
        """Give back this thread's connections; the next call opens them again."""
        with self._lock:
            if self._storage is not None:
                self._storage.close()

    def _ask(self, question: Callable[[Any], T]) -> T:
        try:
            try:
                return question(self._opened())
            except Exception:
                if self._is_file:
                    raise
                # A server that was restarted has cut the old connection; a new one will do.
                return question(self._opened())
        except Exception as error:  # whatever the driver below calls it
            raise Down(str(error)) from error

    def _opened(self) -> Any:
        with self._lock:
            if self._storage is None:
                self._storage = self._open()
            return self._storage

    def _open(self) -> Any:
        # Only here, so that commands without a queue neither load it nor make its file.
        from huey.storage import PostgresStorage, SqliteStorage

        if self._is_file:
            path = self._folder / str(self._url.database)
            return SqliteStorage(self._name, filename=str(path))
        dsn = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        return PostgresStorage(
            self._name, dsn=dsn, read_timeout=WAIT, connect_timeout=SECONDS_TO_CONNECT
        )


def of(app: Flask) -> Queue | None:
    """The queue of an app; None when jobs are worked where they are asked for."""
    settings = app.config["SETTINGS"]
    if settings.queue == HERE:
        return None
    made: Queue | None = app.extensions.get("job_queue")
    if made is None:
        url = settings.queue or _beside(settings.database_url)
        fresh = Queue(url, _name(settings.database_url, settings.instance), settings.instance)
        made = app.extensions.setdefault("job_queue", fresh)
    return made


def _beside(database_url: str) -> str:
    """Where the queue of a database is unless a setting says otherwise."""
    return "sqlite:///queue.db" if database_url.startswith("sqlite") else database_url


def _name(database_url: str, folder: Path) -> str:
    """One queue a database: two that share a file must not hear each other's notices."""
    url = make_url(database_url)
    what = str(url.database)
    if url.drivername == "sqlite":
        what = str((folder / what).resolve())
    return "crm-" + hashlib.sha256(what.encode()).hexdigest()[:12]
