"""An app with a real queue, the table of the synthetic task, and real worker processes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from synthetic import WRITTEN
from workers import Workers

from crmadmin.core.db import db
from crmadmin.jobs import queue


@pytest.fixture
def workers(app: Flask) -> Iterator[Workers]:
    """Start and kill workers of the test's database."""
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], queue="")
    with app.app_context():
        WRITTEN.create(db.engine)
        db.engine.dispose()
    made = Workers(app, "synthetic")
    try:
        yield made
    finally:
        made.close()
        for line in made.said():
            if line.get("level") != "info":
                print(json.dumps(line, ensure_ascii=False))  # noqa: T201 - shown when a test fails
        made.log.unlink(missing_ok=True)
        bell = queue.of(app)
        assert bell is not None
        bell.close()
        app.extensions.pop("job_queue")
        with app.app_context(), db.engine.begin() as connection:
            WRITTEN.drop(connection)
            if connection.dialect.name == "postgresql":
                for table in ("kv", "schedule", "task", "counter"):
                    connection.execute(text(f"DROP TABLE IF EXISTS huey_{table}"))


TRIES = 5
"""How often the tables are emptied until no worker is in the way."""


@pytest.fixture
def empty(app: Flask, house: ModuleType) -> Callable[[], None]:
    """Empties every table, as before a test, while workers run."""

    def make_empty() -> None:
        for attempt in range(1, TRIES + 1):
            try:
                house._empty(app, is_alone=False)
            except OperationalError:
                # A worker brings the search index up to date: it has locked a table before us.
                if attempt == TRIES:
                    raise
                with app.app_context():
                    db.session.rollback()
            else:
                return

    return make_empty
