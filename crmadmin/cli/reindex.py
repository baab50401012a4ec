"""`flask crm reindex`: search texts and their index made anew, and what else is missing beside the
tables."""

from __future__ import annotations

import json
import time

import click
from flask.cli import with_appcontext

from crmadmin.core import migrating, search
from crmadmin.core.db import all_records, db


@click.command("reindex")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@with_appcontext
def reindex_command(*, as_json: bool) -> None:
    """Make search texts and the search index anew, and put back every index that is missing.

    SQLite takes no other writes while it makes the index.
    """
    texts = _remake_texts(quiet=as_json)
    told = {}
    for documents in search.declared():
        begun = time.monotonic()
        with db.engine.begin() as connection:
            many = search.rebuild(connection, documents, _tell)
        told[documents.model.__tablename__] = many
        if not as_json:
            seconds = time.monotonic() - begun
            click.echo(f"{documents.model.__tablename__}: {many:,} documents in {seconds:.1f} s")
    made = _put_back()
    if as_json:
        put_back = [lost.name for lost in made]
        click.echo(json.dumps({"texts": texts, "documents": told, "put_back": put_back}))
    elif made:
        click.echo(f"put back: {', '.join(map(str, made))}")


def _tell(done: int) -> None:
    click.echo(f"{done:,} …", err=True)


def _remake_texts(*, quiet: bool) -> dict[str, int]:
    """Table → records whose search text was not what their fields say; others are left out."""
    found = {m.__tablename__: search.remake_texts(m, _tell) for m in all_records()}
    changed = {name: many for name, many in found.items() if many}
    if not quiet:
        for name, many in changed.items():
            click.echo(f"{name}: {many:,} search texts were not what the fields say")
    return changed


def _put_back() -> list[migrating.MissingObject]:
    """The rest of what must stand beside the tables."""
    try:
        with db.engine.begin() as connection:
            return migrating.put_back(connection).made
    except migrating.BesideMissing as wrong:
        raise click.ClickException(str(wrong)) from wrong
