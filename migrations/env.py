"""Alembic's entry: runs inside `flask db …`, on the app's own engine, for both databases."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa
from alembic import context
from alembic.util import CommandError
from flask import current_app

from crmadmin.core import migrating
from crmadmin.core.db import rebuilding_tables
from crmadmin.core.search import declared

config = context.config
database = current_app.extensions["migrate"].db


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Tables that no model declares and that are none of autogenerate's to drop.

    The queue's own in a PostgreSQL database, and the search indexes, which FTS5 keeps in several.
    """
    if kind != "table" or name in database.metadata.tables:
        return True
    return not str(name).startswith(("huey_", *(d.name for d in declared())))


def finish(script_context: Any, revision: Any, scripts: Any) -> None:
    """What Alembic generated, as our migrations are (`core.migrating.generated`)."""
    migrating.finish(script_context, revision, scripts, database.metadata, context.get_x_argument())
    if getattr(config.cmd_opts, "autogenerate", False) and migrating.is_nothing(scripts):
        scripts.clear()  # which is how Alembic is told to write no file
        say("No changes in schema detected.")


def put_back_beside(connection: sa.Connection) -> None:
    """What stands beside the tables stands there again, however the migrations left it.

    Not for a command that only looks, or writes a migration. Also when there was nothing to
    migrate: `flask db upgrade` mends a database that lost its triggers long ago.
    """
    try:
        context.get_revision_argument()
    except KeyError:
        return
    heads = set(context.get_context().get_current_heads())
    done = migrating.put_back(
        connection, is_newest=heads == set(context.script.get_heads()), told=say
    )
    if done.made:
        say(str(done))


def migrate() -> None:
    """Alembic's own, with a way out where two migrations claim to be the last."""
    try:
        context.run_migrations()
    except CommandError as error:
        if len(context.script.get_heads()) > 1:
            raise migrating.SeveralHeads(migrating.explain_heads(context.script)) from error
        raise


def say(words: str) -> None:
    """On standard error, as Alembic's own lines are."""
    click.echo(words, err=True)


def run() -> None:
    """One transaction for all migrations: SQLite and PostgreSQL both roll back their DDL."""
    # `crm move-to` and `crm restore` migrate another database than the app's own.
    engine = config.attributes.get("engine") or database.engine
    with engine.connect() as connection, rebuilding_tables(connection):
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=True,  # whichever engine it is generated on: SQLite needs it
            compare_type=True,
            transaction_per_migration=False,
            include_name=include_name,
            render_item=migrating.render_item,
            process_revision_directives=finish,
        )
        with context.begin_transaction():
            migrate()
            put_back_beside(connection)


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database: flask --app app db upgrade")
try:
    run()
except migrating.REFUSALS as refused:
    # One sentence for whoever typed the command.
    raise click.ClickException(str(refused)) from refused
