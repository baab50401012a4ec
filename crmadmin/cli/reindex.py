"""`flask crm reindex`: the search index made anew, and what else is missing beside the tables."""

from __future__ import annotations

import json
import time

import click
from flask.cli import with_appcontext

from crmadmin.core import migrating, search
from crmadmin.core.db import db


@click.command("reindex")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def reindex_command(*, as_json: bool) -> None:
    """Make the search index anew, with its triggers, and put back every index that is missing.

    SQLite takes no other writes until it is done.
    """
    told = {}
    for documents in search.declared():
        begun = time.monotonic()
        with db.engine.begin() as connection:
            many = search.rebuild(
                connection, documents, lambda done: click.echo(f"{done:,} …", err=True)
            )
        told[documents.model.__tablename__] = many
        if not as_json:
            seconds = time.monotonic() - begun
            click.echo(f"{documents.model.__tablename__}: {many:,} documents in {seconds:.1f} s")
    made = _put_back()
    if as_json:
        click.echo(json.dumps({"documents": told, "put_back": [lost.name for lost in made]}))
    elif made:
        click.echo(f"put back: {', '.join(map(str, made))}")


def _put_back() -> list[migrating.Lost]:
    """The rest of what must stand beside the tables."""
    try:
        with db.engine.begin() as connection:
            return migrating.put_back(connection).made
    except migrating.BesideMissing as wrong:
        raise click.ClickException(str(wrong)) from wrong
