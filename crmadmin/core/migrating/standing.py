"""Which migration a database stands at, and which one this code needs.

Behind or ahead of its code a database seems to work until a page asks for a column that is not
there: whatever works with records asks here before it begins.
"""

from __future__ import annotations

from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection, column, inspect, select, table

from crmadmin.core.db import db
from crmadmin.core.engine import reads_only
from crmadmin.core.migrating.generated import SeveralHeads, explain_heads

UPGRADE = "run `flask --app app db upgrade`"
_STANDING = table("alembic_version", column("version_num"))


class AnotherSchema(RuntimeError):
    """The database is not at the migration of this code; the text says the way out."""


def newest() -> str:
    """The revision that this code needs. Raises SeveralHeads where two claim to be that."""
    scripts = _scripts()
    if len(scripts.get_heads()) > 1:
        raise SeveralHeads(explain_heads(scripts))
    return str(scripts.get_current_head())


def revisions(connection: Connection) -> tuple[str, ...]:
    """Where a database stands: none without tables of ours, several where two lines were run."""
    # Asked plainly: Alembic's own way writes a line of log at every start.
    if not inspect(connection).has_table(_STANDING.name):
        return ()
    return tuple(sorted(connection.scalars(select(_STANDING.c.version_num))))


def another_schema(connection: Connection) -> str | None:
    """What is wrong with where the database stands, and the way out; None when it is right.

    Raises SeveralHeads.
    """
    needed, there = newest(), revisions(connection)
    if there == (needed,):
        return None
    if not there:
        return f"the database has no tables yet: {UPGRADE}"
    known = {script.revision for script in _scripts().walk_revisions()}
    named = " and ".join(there)
    if strange := [one for one in there if one not in known]:
        return (
            f"the database stands at migration {named}, and this version does not know"
            f" {' and '.join(strange)}: a newer version, or one with migrations of its own,"
            " upgraded it. Start that version, or restore the backup from before its upgrade"
        )
    return f"the database stands at migration {named}, this version needs {needed}: {UPGRADE}"


def require_newest() -> None:
    """Of what works with records, in an app's context. Raises AnotherSchema and SeveralHeads."""
    token = reads_only.set(True)  # nobody who starts waits for whoever writes just now
    try:
        with db.engine.connect() as connection:
            fault = another_schema(connection)
    finally:
        reads_only.reset(token)
    if fault:
        raise AnotherSchema(f"Not started: {fault}.")


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
