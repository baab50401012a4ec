"""`flask crm reindex`: the search index made anew from the records."""

from __future__ import annotations

import json
import time

import click
from flask.cli import with_appcontext

from crmadmin.core import search
from crmadmin.core.db import db


@click.command("reindex")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def reindex_command(*, as_json: bool) -> None:
    """Make the search index anew. SQLite takes no other writes until it is done."""
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
    if as_json:
        click.echo(json.dumps({"documents": told}))
