"""`flask crm check`: declarations, the policy table, the database's tables and settings."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from crmadmin.access import policy
from crmadmin.core import migrating, search
from crmadmin.core.db import db, missing_tables, storage_faults


@click.command("check")
@click.option("--database", is_flag=True, help="Also look into the database.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def check_command(*, database: bool, as_json: bool) -> None:
    """Say what is wrong with this installation. The app refuses wrong declarations at start."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # Werkzeug's LocalProxy
    faults = [
        f"P001 endpoint {e} has no rule in the policy table" for e in policy.unclassified(app)
    ]
    faults += [f"P002 the policy table names {e}, which does not exist" for e in policy.stale(app)]
    weak_key = app.config["SETTINGS"].weak_key
    faults += [f"S001 {weak_key}"] if weak_key else []
    if database:
        missing = missing_tables(db)
        faults += [f"D001 table {t} is missing: run flask db upgrade" for t in missing]
        faults += [f"D002 {fault}" for fault in storage_faults(db)]
        faults += schema_faults() or ([] if missing else beside_faults() or search_faults())
    elif is_there():
        faults += schema_faults() or beside_faults()
    if as_json:
        click.echo(json.dumps({"faults": faults}, ensure_ascii=False))
    else:
        click.echo("\n".join(faults) or "Everything checked is right.")
    sys.exit(1 if faults else 0)


def is_there() -> bool:
    """Whether there is a database to be looked into: a check makes none, and needs none."""
    if db.engine.dialect.name == "sqlite":
        return Path(str(db.engine.url.database)).exists()
    try:
        db.engine.connect().close()
    except SQLAlchemyError:
        return False
    return True


def refuse_weak_key() -> None:
    """Before a server starts, which signs with it. Raises ClickException, which says what to do."""
    if fault := current_app.config["SETTINGS"].weak_key:
        raise click.ClickException(fault)


def refuse_unless_ready() -> None:
    """Before a server or a worker starts. Raises ClickException, which says what is missing."""
    with _in_a_sentence():
        migrating.require_ready()


def at_newest(callback: Callable[..., Any]) -> Callable[..., Any]:
    """The callback of a command that works with records: only at the migration of this code."""

    @with_appcontext
    def asked(*args: Any, **given: Any) -> Any:
        with _in_a_sentence():
            migrating.require_newest()
        return callback(*args, **given)

    return update_wrapper(asked, callback)


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    try:
        yield
    except migrating.NOT_READY as found:
        raise click.ClickException(str(found)) from found
    except OperationalError as error:
        raise click.ClickException(f"the database does not answer: {error.orig}") from error


def schema_faults() -> list[str]:
    """Whether the database is behind or ahead of the migrations of this code."""
    try:
        with db.engine.connect() as connection:
            fault = migrating.another_schema(connection)
    except migrating.SeveralHeads as several:
        fault = str(several)
    return [f"D005 {fault}"] if fault else []


def beside_faults() -> list[str]:
    """What must stand beside the tables and does not. Quick: no record is read."""
    with db.engine.connect() as connection:
        return [
            f"D004 {lost} is missing: {migrating.WAY_OUT}" for lost in migrating.missing(connection)
        ]


def search_faults() -> list[str]:
    """What searches would not find, or find wrongly."""
    found = []
    for documents in search.declared():
        with db.engine.connect() as connection:
            told = search.compare(connection, documents)
        if not told.is_right:
            found.append(
                f"D003 the search index {documents.name} differs from its records:"
                f" {told.missing} missing, {told.different} different, {told.left_over} left over,"
                f" {told.unwatched} kinds of writes not noted;"
                " run flask crm reindex"
            )
    return found
