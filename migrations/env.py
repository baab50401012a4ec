"""Alembic's entry: runs inside `flask db …`, on the app's own engine, for both databases."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.rewriter import Rewriter
from alembic.operations import ops
from flask import current_app

from crmadmin.core.db import rebuilding_tables
from crmadmin.core.migrating import put_back
from crmadmin.core.search import declared

config = context.config
database = current_app.extensions["migrate"].db


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Migrations stand on their own: they name SQLAlchemy's types, not ours."""
    if kind == "type" and type(item).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Tables that no model declares and that are none of autogenerate's to drop.

    The queue's own in a PostgreSQL database, and the search indexes, which FTS5 keeps in several.
    """
    if kind != "table" or name in database.metadata.tables:
        return True
    return not str(name).startswith(("huey_", *(d.name for d in declared())))


writer = Rewriter()


@writer.rewrites(ops.AddColumnOp)
def fill_existing_rows(_context: object, _revision: object, op: ops.AddColumnOp) -> ops.AddColumnOp:
    """A new column that takes no NULL fills the rows that are there with the field's default."""
    column = op.column
    if not column.nullable and column.server_default is None and column.default is not None:
        column.server_default = sa.DefaultClause(as_sql(column.default.arg))
    return op


def as_sql(value: Any) -> Any:
    """A plain default as both databases write it."""
    if isinstance(value, bool):
        return sa.true() if value else sa.false()
    return str(value)


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
    done = put_back(connection, is_newest=heads == set(context.script.get_heads()), told=say)
    if done.made:
        say(str(done))


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
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            transaction_per_migration=False,
            include_name=include_name,
            render_item=render_item,
            process_revision_directives=writer,
        )
        with context.begin_transaction():
            context.run_migrations()
            put_back_beside(connection)


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database: flask --app app db upgrade")
run()
