"""The product as it is measured: its app on a given database, the people, catalogs and customers
that are there before, and one import after another."""

from __future__ import annotations

import io
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select

import config
from app import create_app
from bench import child, words, workbook
from crmadmin.access import guard, services
from crmadmin.access.models import User
from crmadmin.catalogs.models import all_catalogs
from crmadmin.core import search
from crmadmin.core.db import acting_as, db, reads_only
from crmadmin.imports import services as imports
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import OnDuplicate, Rules

PASSWORD = "một mật khẩu chỉ để đo"  # noqa: S105 - of a database that lives for a minute
ADMIN = "an"
RULES = Rules(on_duplicate=OnDuplicate.OVERWRITE)
LARGEST_MB = 2048
LARGEST_READER_MB = 4096
"""What the customers that are there before may cost, however many: they are not measured."""


def make_app(url: str, folder: str, **settings: Any) -> Flask:
    """The app on this database, with its own folder for uploads and the queue."""
    settings.setdefault("upload_max_mb", LARGEST_MB)
    app = create_app(
        config.Settings(
            database_url=url, secret_key="b" * 40, instance=Path(folder), **settings
        )
    )  # fmt: skip
    logging.getLogger().setLevel(logging.WARNING)
    return app


def served() -> Flask:
    """What `flask --app bench.product:served` serves: the app that the environment names."""
    port = int(os.environ.get("PORT", "8000"))
    return make_app(os.environ["BENCH_DATABASE"], os.environ["BENCH_FOLDER"], port=port)


def prepare(url: str, folder: str, old: str) -> dict[str, Any]:
    """Make the tables, people and catalogs, and import the customers of the old edition."""
    app = make_app(url, folder, reader_max_mb=LARGEST_READER_MB)
    with app.app_context():
        upgrade()
        admin = services.create_user(ADMIN, "admin", password=PASSWORD, full_name="Trần Văn An")
        for name in words.OWNERS:
            services.create_user(name, "sales", full_name=name)
        with acting_as(admin.id):
            for model in all_catalogs():
                names = words.CATALOGS.get(model.__name__, ())
                for place, name in enumerate(names, 1):
                    db.session.add(model(code=f"M{place:02d}", name=name, position=place))
            db.session.commit()
        with guard.acting(admin):
            report = imports.run(upload(Path(old), group="Khách cũ"))
        bring_index()
        return {"customers": report.batch.counts["rows"]}


def bring_index() -> None:
    """Make the search index of what was written, as workers do in time."""
    db.session.commit()
    for documents in search.declared():
        with db.engine.begin() as connection:
            search.rebuild(connection, documents)


def upload(path: Path, group: str = "Khách mời") -> ImportBatch:
    """The file as an uploaded import of the administrator, which fills a group."""
    admin = db.session.scalars(select(User).where(User.username == ADMIN)).one()
    with path.open("rb") as stream:
        return imports.create_batch(
            stream, path.name, KINDS["customers-contacts"], RULES, admin, group_name=group
        )


def measure(
    url: str, folder: str, path: str, steps: list[str], reader_mb: int = 1024
) -> dict[str, Any]:
    """Import a file in this process, step by step (`preview`, `run`, `errors`, `undo`).

    Gives seconds (by the clock, and those that processors worked, the reader's included) and peak
    memory of each step, the counts, and the memory of the reader's process.
    """
    app = make_app(url, folder, reader_max_mb=reader_mb)
    with app.app_context():
        _warm_up(Path(folder))
        batch = upload(Path(path))
        acts: dict[str, Callable[[], Any]] = {
            "preview": lambda: imports.preview(batch),
            "run": lambda: imports.run(batch),
            "undo": lambda: imports.undo(batch),
            "errors": lambda: _write_errors(batch),
        }
        told: dict[str, Any] = {"seconds": {}, "worked": {}, "peak": {}}
        with guard.acting(db.session.get_one(User, batch.user_id)):
            for step in steps:
                child.forget_peak()
                began, worked = time.perf_counter(), child.seconds_worked()
                acts[step]()
                told["seconds"][step] = time.perf_counter() - began
                told["worked"][step] = child.seconds_worked() - worked
                told["peak"][step] = child.peak()
        told["status"], told["counts"] = batch.status, batch.counts
        told["reader"] = child.peak_of_children()
        return told


def _warm_up(folder: Path) -> None:
    """Look at a small file first, as a worker that has been running has: modules are loaded."""
    batch = upload(workbook.write(folder / "small.xlsx", 20))
    with guard.acting(db.session.get_one(User, batch.user_id)):
        imports.preview(batch)
    imports.abandon(batch)


def _write_errors(batch: ImportBatch) -> None:
    from crmadmin.imports import error_workbook

    error_workbook.write_errors(batch, io.BytesIO())


def state_of(job_id: int) -> str:
    """How a job stands, asked without taking SQLite's write lock."""
    from crmadmin.jobs.models import Job

    token = reads_only.set(True)
    try:
        with db.engine.connect() as connection:
            return str(connection.scalar(select(Job.state).where(Job.id == job_id)))
    finally:
        reads_only.reset(token)
