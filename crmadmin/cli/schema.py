"""The schema of a database: which migration it stands at, and the way to the newest."""

from __future__ import annotations

from typing import Any

import click
from alembic import command
from flask import current_app
from sqlalchemy import Connection, Engine

from crmadmin.core import copy_database, migrating


def newest() -> str:
    """The revision that this code needs. Raises CannotMove where two claim to be that."""
    try:
        return migrating.newest()
    except migrating.SeveralHeads as several:
        raise copy_database.CannotCopy(str(several)) from several


def require_newest(connection: Connection) -> None:
    """Raises CannotMove unless the app's own database has the schema of this code."""
    newest()
    if fault := migrating.another_schema(connection):
        raise copy_database.CannotCopy(fault)


def prepare(engine: Engine, which: str) -> None:
    """Bring an empty database to the newest schema. Raises CannotMove when it holds anything."""
    require_empty(engine, which)
    config = _config()
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


def require_empty(engine: Engine, which: str) -> None:
    """Raises CannotMove when one of the tables has a row."""
    with copy_database.reading(engine, alone=False) as connection:
        refuse_rows(connection, which)


def refuse_rows(connection: Connection, which: str) -> None:
    """The same, inside a transaction that is to fill them."""
    found = copy_database.occupied(connection)
    if found:
        raise copy_database.CannotCopy(f"{which} is not empty; rows are in: {', '.join(found)}")


def progress(table: str, done: int, total: int) -> None:
    """Tells whoever waits; on standard error, because the result may be read by a program."""
    if done == total or done % (10 * copy_database.BLOCK) == 0:
        click.echo(f"{table}: {done:,} of {total:,}", err=True)


def as_json(made: dict[str, copy_database.Content]) -> dict[str, Any]:
    """What each table holds."""
    return {name: {"rows": c.rows, "checksum": c.checksum} for name, c in made.items()}


def _config() -> Any:
    return current_app.extensions["migrate"].migrate.get_config()
