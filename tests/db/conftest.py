"""What database tests share: rows as files (see `importing`), and a queue of the app's database."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import importing
import pytest
from flask import Flask
from sqlalchemy import text

from crmadmin.core.db import db
from crmadmin.jobs import queue
from crmadmin.jobs.queue import Queue


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
