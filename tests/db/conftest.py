"""What database tests share: a database of a test's own, rows as files (see `importing`), and a
queue of the app's database."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import factories
import importing
import pytest
from flask import Flask
from flask_migrate import upgrade
from jobbing import Register
from sqlalchemy import text

from app import create_app
from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.jobs import queue, work
from crmadmin.jobs.models import Job
from crmadmin.jobs.queue import Queue
from crmadmin.jobs.work import Lease


@pytest.fixture
def an(context: Flask) -> User:
    """An, an administrator."""
    made = factories.user("an", full_name="Trần Văn An")
    db.session.commit()
    return made


@pytest.fixture
def mai(context: Flask) -> User:
    """Mai of marketing, not committed yet."""
    return factories.user("mai", "marketing")


@pytest.fixture
def fresh(database: str, tmp_path: Path, house: ModuleType) -> Iterator[Flask]:
    """A migrated database of the test's own, which it may change the tables of."""
    url = house.new_database(database, tmp_path, "fresh")
    app = create_app(house.make_settings(url, tmp_path))
    with app.app_context():
        upgrade()
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(autouse=True)
def rows_as_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files made by `importing.staged` are read from memory, all others by the reader."""
    monkeypatch.setattr("crmadmin.imports.source.open_sheet", importing.open_sheet)


@pytest.fixture
def rung(app: Flask) -> Iterator[Queue]:
    """The queue that follows the app's database, empty; without it jobs are worked at once."""
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = dataclasses.replace(settings, queue="")
    made = queue.of(app)
    assert made is not None
    yield made
    made.close()
    app.extensions.pop("job_queue")
    with app.app_context(), db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            for table in ("kv", "schedule", "task", "counter"):
                connection.execute(text(f"DROP TABLE IF EXISTS huey_{table}"))
    for file in settings.instance.glob("queue.db*"):
        file.unlink()


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Makes a function the task `import.test` for the length of a test."""
    monkeypatch.setattr(work, "_TASKS", {})
    monkeypatch.setattr(work, "PAUSES", (0.0, 0.0))

    def put(function: Callable[[Lease], None]) -> None:
        work.task("import.test")(function)

    return put


@pytest.fixture
def waiting(context: Flask) -> Job:
    """A job that nobody has been told of."""
    job = Job(task="import.test", subject_id=7, progress={})
    db.session.add(job)
    db.session.commit()
    return job
