"""Generated migrations look at the rows before they change anything, and say what goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops

from crmadmin.core.migrating.renames import RenameColumn

MODULE = "crmadmin.core.migrating"


class CallFirst(ops.MigrateOperation):
    """A function of this package that is asked before the tables change."""

    def __init__(self, function: str, *arguments: object, **options: object) -> None:
        self.function, self.arguments, self.options = function, arguments, options


@renderers.dispatch_for(CallFirst)
def _render(context: AutogenContext, op: CallFirst) -> str:
    context.imports.add(f"from {MODULE} import {op.function}")
    given = [repr(a) for a in op.arguments] + [f"{k}={v!r}" for k, v in op.options.items()]
    return f"{op.function}(op.get_bind(), {', '.join(given)})"


def guard(operations: list[Any]) -> None:
    """Put what has to be asked before the operations that need it."""
    renamed = {(o.table, o.new): o.old for o in operations if isinstance(o, RenameColumn)}
    made = {o.table_name for o in operations if isinstance(o, ops.CreateTableOp)}
    there = [o for o in operations if getattr(o, "table_name", "") not in made]
    found = [call for op in there for call in _asked(op, renamed)]
    # Refusals before what is told: nothing goes when one of them stops the migration.
    found.sort(key=lambda call: call.function != "require_fitting")
    operations[:0] = found


def _asked(op: Any, renamed: dict[tuple[str, str], str]) -> Iterator[CallFirst]:
    if isinstance(op, ops.ModifyTableOps):
        added = {o.column.name for o in op.ops if isinstance(o, ops.AddColumnOp)}
        for inner in op.ops:
            yield from _of_column(inner, op.table_name, renamed, added)
    elif isinstance(op, ops.DropTableOp):
        yield CallFirst("tell_what_goes", op.table_name)


def _of_column(
    op: Any, table: str, renamed: dict[tuple[str, str], str], added: set[str]
) -> Iterator[CallFirst]:
    if isinstance(op, ops.DropColumnOp):
        yield CallFirst("tell_what_goes", table, op.column_name)
    elif isinstance(op, ops.AddColumnOp):
        if not op.column.nullable and op.column.server_default is None:
            yield CallFirst("require_fitting", table, op.column.name, is_new=True)
    elif isinstance(op, ops.AlterColumnOp):
        wanted = _narrower(op)
        if wanted:
            there = renamed.get((table, op.column_name), op.column_name)
            yield CallFirst("require_fitting", table, there, **wanted)
    else:
        for name in _alone(op):
            if name not in added:
                there = renamed.get((table, name), name)
                yield CallFirst("require_fitting", table, there, unique=True)


def _narrower(op: ops.AlterColumnOp) -> dict[str, object]:
    """What an altered column takes no longer."""
    wanted: dict[str, object] = {}
    before = getattr(op.existing_type, "length", None)
    after = getattr(op.modify_type, "length", None) if op.modify_type is not None else None
    is_shorter = after is not None and (before is None or after < before)
    if isinstance(op.modify_type, sa.String) and is_shorter:
        wanted["longest"] = after
    if op.modify_nullable is False:
        wanted["required"] = True
    return wanted


def _alone(op: Any) -> Sequence[str]:
    """The column that no two rows may share from now on, if the operation wants that of one."""
    is_index = isinstance(op, ops.CreateIndexOp) and op.unique and not op.kw
    if not is_index and not isinstance(op, ops.CreateUniqueConstraintOp):
        return ()
    names = [str(getattr(column, "name", column)) for column in op.columns]
    return names if len(names) == 1 else ()
