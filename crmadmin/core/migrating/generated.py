"""How a migration that Alembic generates becomes one of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData
from sqlalchemy.util import topological

from crmadmin.core.migrating.guards import guard
from crmadmin.core.migrating.portable import bring_back, portable
from crmadmin.core.migrating.renames import Answers, find_renames


class SeveralHeads(RuntimeError):
    """Two migrations come after the same one; the text names them, and the way out."""


def finish(
    context: MigrationContext,
    revision: Any,
    scripts: list[ops.MigrationScript],
    metadata: MetaData,
    arguments: Sequence[str],
) -> None:
    """Renames, words of both engines, and questions to the rows. Raises Unanswered.

    `arguments` are those of `-x`.
    """
    answers = Answers.read(arguments)
    for script in scripts:
        let_tables_go_last(script)
        if context.connection is not None:
            find_renames(script, metadata, context.connection, answers)
    portable(context, revision, scripts)
    for script in scripts:
        if script.upgrade_ops is not None and script.downgrade_ops is not None:
            bring_back(script.downgrade_ops.ops)
            guard(script.upgrade_ops.ops)
            guard(script.downgrade_ops.ops)


def is_nothing(scripts: Sequence[ops.MigrationScript]) -> bool:
    """Whether the models say what the database has: there is nothing to migrate."""
    return all(s.upgrade_ops is not None and s.upgrade_ops.is_empty() for s in scripts)


def let_tables_go_last(script: ops.MigrationScript) -> None:
    """A table goes after the links to it, and comes back before them: Alembic drops it first, which
    PostgreSQL refuses, and after which SQLite cannot make anew the table that has the link."""
    upgrade = script.upgrade_ops
    if upgrade is None:
        return
    going = {o.table_name: o for o in upgrade.ops if isinstance(o, ops.DropTableOp)}
    tables = {name: op.to_table() for name, op in going.items()}
    links = [
        (key.target_fullname.rpartition(".")[0], name)
        for name, table in tables.items() for key in table.foreign_keys
    ]  # fmt: skip
    among = [(to, name) for to, name in links if to in going and to != name]
    in_turn = list(topological.sort(among, list(going)))
    upgrade.ops[:] = [o for o in upgrade.ops if not isinstance(o, ops.DropTableOp)]
    upgrade.ops += [going[name] for name in reversed(in_turn)]
    script.downgrade_ops = upgrade.reverse()


def explain_heads(scripts: ScriptDirectory) -> str:
    """Which migrations are the last ones, where there are several, and what joins them."""
    heads = sorted(scripts.get_heads())
    named = " and ".join(f"{head} ({scripts.get_revision(head).doc})" for head in heads)
    return (
        f"{len(heads)} migrations claim to be the last: {named}. That happens when an update brings"
        ' one beside your own. Join them with `flask --app app db merge -m "join" heads`, then run'
        " this again. Nothing was changed."
    )
