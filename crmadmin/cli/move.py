"""`flask crm move-to`: everything into an empty database, mostly from SQLite to PostgreSQL."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import Connection, Engine, create_engine, func, make_url, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

import config
from crmadmin.cli import schema
from crmadmin.core import copy_database
from crmadmin.core.db import db
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.source import uploads_folder
from crmadmin.jobs.models import Job, JobState


@click.command("move-to")
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def move_command(url: str, *, as_json: bool) -> None:
    """Copy everything into the empty database at URL, and check that all of it arrived.

    All or nothing: the new database stays empty unless everything is right. This one stays as it
    is, and takes no writes meanwhile; stop the servers and workers first.
    """
    began = time.monotonic()
    with refusals(), opened(url) as engine:
        made = _move(engine)
    uploads, missing = _uploads()
    if as_json:
        seconds = round(time.monotonic() - began, 1)
        told = {"tables": schema.as_json(made), "rows": _rows(made), "seconds": seconds}
        files = {"files": uploads, "missing": missing}
        click.echo(json.dumps({**told, "uploads": files}))
        return
    click.echo(f"{_rows(made):,} rows in {len(made)} tables arrived; counts and checksums agree.")
    click.echo(f"Now set DATABASE_URL and start again. {uploads} uploaded files belong to it:")
    click.echo(f"{uploads_folder()} (elsewhere: copy this folder; {missing} were gone before)")


def _move(engine: Engine) -> dict[str, copy_database.Content]:
    with copy_database.reading(db.engine, alone=True) as source:
        schema.require_newest(source)
        _refuse_jobs(source)
        schema.prepare(engine, "the new database")
        with copy_database.writing(engine) as target:
            schema.refuse_rows(target, "the new database")
            with copy_database.indexes_last(target):
                made = copy_database.copy(source, target, schema.progress)
            copy_database.finish(source, target, schema.progress)
    return made


@contextmanager
def refusals() -> Iterator[None]:
    """What cannot be done is said in a sentence, and the exit code is 1."""
    try:
        yield
    except copy_database.CannotCopy as refused:
        raise click.ClickException(str(refused)) from refused
    except OperationalError as error:
        # The driver's words name host and database, never the password.
        raise click.ClickException(f"a database does not answer: {error.orig}") from error


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """Another database than the app's own. Raises UsageError, which exits with 2."""
    try:
        address = make_url(config.database_address("URL", url))
    except config.SettingError as error:
        raise click.UsageError(str(error)) from error
    if address.drivername == "sqlite":
        # From the instance folder on, as DATABASE_URL is.
        path = Path(current_app.instance_path) / str(address.database)
        address = address.set(database=str(path.resolve()))
    if address.render_as_string() == db.engine.url.render_as_string():
        raise click.UsageError("URL is the database that the app uses already.")
    engine = create_engine(address, poolclass=NullPool)
    try:
        yield engine
    finally:
        engine.dispose()


def _refuse_jobs(source: Connection) -> None:
    """A job that is worked would go on writing here; what a person stopped can be gone on there."""
    active = (JobState.QUEUED.value, JobState.RUNNING.value)
    number = source.scalar(select(func.count()).select_from(Job).where(Job.state.in_(active)))
    if number:
        raise copy_database.CannotCopy(
            f"{number} jobs are waiting or being worked: let a worker end them, or stop them"
        )


def _uploads() -> tuple[int, int]:
    """How many uploaded files the imports name, and how many of them are not there."""
    named = db.session.scalars(
        select(ImportBatch.file_path).where(ImportBatch.file_path.is_not(None))
    ).all()
    db.session.rollback()
    folder = uploads_folder()
    present = sum((folder / Path(str(name)).name).exists() for name in named)
    return len(named), len(named) - present


def _rows(made: dict[str, copy_database.Content]) -> int:
    return sum(content.rows for content in made.values())
