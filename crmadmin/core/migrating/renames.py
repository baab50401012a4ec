"""What autogenerate takes for a column that goes and another that comes, and may be one renamed.

It is asked on a terminal, and answered by `-x` elsewhere: dropping loses what people wrote.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

import click
import sqlalchemy as sa
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import _repr_type
from alembic.operations import ops
from sqlalchemy import Connection

from crmadmin.core.migrating.rows import held
from crmadmin.core.spec import DerivedSpec

COMMAND = "flask --app app db migrate"
ALIKE = 0.7
"""Of the columns of two tables, that one may be the other renamed."""


class Unanswered(RuntimeError):
    """Nobody said whether something was renamed; the text says how to."""


class Answers(NamedTuple):
    """What was said by `-x rename=TABLE.OLD:NEW` and `-x drop=TABLE.OLD` (or `drop=TABLE`)."""

    renamed: dict[str, str]
    dropped: frozenset[str]

    @classmethod
    def read(cls, arguments: Sequence[str]) -> Answers:
        """Raises Unanswered for one that says neither."""
        renamed: dict[str, str] = {}
        dropped: set[str] = set()
        for argument in arguments:
            word, _, value = argument.partition("=")
            old, _, new = value.partition(":")
            if word == "rename" and "." in old and new:
                renamed[old] = new.rpartition(".")[2]
            elif word == "drop" and value:
                dropped.add(value)
            else:
                raise Unanswered(
                    f"-x {argument} says nothing: write -x rename=TABLE.OLD:NEW"
                    " or -x drop=TABLE.OLD."
                )
        return cls(renamed, frozenset(dropped))


class RenameColumn(ops.MigrateOperation):
    """A column gets another name."""

    def __init__(self, table: str, old: str, new: str, column: sa.Column[Any]) -> None:
        self.table, self.old, self.new, self.column = table, old, new, column

    def reverse(self) -> RenameColumn:
        """The way back."""
        return RenameColumn(self.table, self.new, self.old, self.column)


class CarryNames(ops.MigrateOperation):
    """What names a renamed field in rows follows. Asked while the column has its foreign key, by
    which the names of links are known."""

    def __init__(self, table: str, old: str, new: str) -> None:
        self.table, self.old, self.new = table, old, new

    def reverse(self) -> CarryNames:
        """The way back."""
        return CarryNames(self.table, self.new, self.old)


@renderers.dispatch_for(CarryNames)
def _render_carry(context: AutogenContext, op: CarryNames) -> str:
    context.imports.add("from crmadmin.core.field_names import carry_renamed_field")
    return f"carry_renamed_field(op.get_bind(), {op.table!r}, {op.old!r}, {op.new!r})"


@renderers.dispatch_for(RenameColumn)
def _render_rename(context: AutogenContext, op: RenameColumn) -> list[str]:
    kind = _repr_type(op.column.type, context)
    return [
        f"with op.batch_alter_table({op.table!r}, schema=None) as batch_op:",
        f"batch_op.alter_column({op.old!r}, new_column_name={op.new!r},"
        f" existing_type={kind}, existing_nullable={op.column.nullable!r})",
        "",
    ]


def find_renames(
    script: ops.MigrationScript, metadata: sa.MetaData, connection: Connection, answers: Answers
) -> None:
    """Put renames where the script drops and adds the same thing. Raises Unanswered."""
    upgrade = script.upgrade_ops
    if upgrade is None:
        return
    _refuse_answers_to_nothing(upgrade.ops, metadata, answers)
    _refuse_renamed_tables(upgrade.ops, connection, answers)
    made: list[Any] = []
    for op in upgrade.ops:
        if isinstance(op, ops.ModifyTableOps):
            made += _renamed_within(op, metadata, connection, answers)
        else:
            made.append(op)
    if made != upgrade.ops:
        upgrade.ops[:] = made
        script.downgrade_ops = upgrade.reverse()


def _renamed_within(
    op: ops.ModifyTableOps, metadata: sa.MetaData, connection: Connection, answers: Answers
) -> list[Any]:
    drops, adds = _drops(op), _adds(op)
    pairs = sorted(_pairs(op, metadata), key=lambda pair: -SequenceMatcher(None, *pair).ratio())
    renamed = _decide(op.table_name, pairs, connection, answers)
    if not renamed:
        return [op]
    first = [o for o in op.ops if isinstance(o, ops.DropIndexOp | ops.DropConstraintOp)]
    last = [
        o for o in op.ops
        if o not in first
        and o not in [drops[old] for old in renamed]
        and o not in [adds[new] for new in renamed.values()]
    ]  # fmt: skip
    named = [
        RenameColumn(op.table_name, old, new, drops[old].to_column())
        for old, new in renamed.items()
    ]
    altered = [
        _altered(op.table_name, drops[old].to_column(), adds[new].column)
        for old, new in renamed.items()
    ]
    last = [*(a for a in altered if a.has_changes()), *last]
    return [
        *(CarryNames(op.table_name, old, new) for old, new in renamed.items()),
        *([ops.ModifyTableOps(op.table_name, first)] if first else []),
        *named,
        *([ops.ModifyTableOps(op.table_name, last)] if last else []),
    ]


def _drops(op: ops.ModifyTableOps) -> dict[str, ops.DropColumnOp]:
    return {o.column_name: o for o in op.ops if isinstance(o, ops.DropColumnOp)}


def _adds(op: ops.ModifyTableOps) -> dict[str, ops.AddColumnOp]:
    return {o.column.name: o for o in op.ops if isinstance(o, ops.AddColumnOp)}


def _pairs(op: ops.ModifyTableOps, metadata: sa.MetaData) -> list[tuple[str, str]]:
    """(old, new) of what goes and what comes, that may be one column."""
    drops, adds, declared = _drops(op), _adds(op), metadata.tables.get(op.table_name)
    return [
        (old, new) for old in drops for new in adds
        if _are_alike(drops[old].to_column(), adds[new].column, declared)
    ]  # fmt: skip


def _refuse_answers_to_nothing(
    operations: Sequence[Any], metadata: sa.MetaData, answers: Answers
) -> None:
    """A slip of the pen in an answer would drop what it was to keep. Raises Unanswered."""
    tables = [op for op in operations if isinstance(op, ops.ModifyTableOps)]
    going = {f"{op.table_name}.{old}" for op in tables for old in _drops(op)}
    going |= {op.table_name for op in operations if isinstance(op, ops.DropTableOp)}
    pairs = {(f"{op.table_name}.{old}", new) for op in tables for old, new in _pairs(op, metadata)}
    wrong = [f"rename={old}:{new}" for old, new in answers.renamed.items()
             if (old, new) not in pairs]  # fmt: skip
    wrong += [f"drop={name}" for name in sorted(answers.dropped - going)]
    if wrong:
        could = [f"-x rename={old}:{new}" for old, new in sorted(pairs)]
        could += [f"-x drop={name}" for name in sorted(going)]
        raise Unanswered(
            f"-x {wrong[0]} answers nothing: no such column or table goes, or none comes that can"
            " hold the same kind of value. Nothing was written. What can be said here: "
            + (", ".join(could) or "nothing")
            + "."
        )


def _are_alike(old: sa.Column[Any], new: sa.Column[Any], table: sa.Table | None) -> bool:
    """Whether the one may hold what the other holds. What is computed is no field."""
    declared = table.columns.get(new.name) if table is not None else None
    if declared is not None and isinstance(declared.info.get("spec"), DerivedSpec):
        return False
    if old.type._type_affinity is not new.type._type_affinity:
        return False
    return {k.target_fullname for k in old.foreign_keys} == {
        k.target_fullname for k in new.foreign_keys
    }


def _decide(
    table: str, pairs: Sequence[tuple[str, str]], connection: Connection, answers: Answers
) -> dict[str, str]:
    """Old → new, of the pairs that are one column."""
    said: dict[str, str] = {}
    for old, new in pairs:
        key = f"{table}.{old}"
        if old in said or new in said.values() or key in answers.dropped:
            continue
        if key in answers.renamed:
            if answers.renamed[key] == new:
                said[old] = new
        elif new not in answers.renamed.values() and _is_renamed(table, old, new, connection):
            said[old] = new
    return said


def _is_renamed(table: str, old: str, new: str, connection: Connection) -> bool:
    if sys.stdin.isatty():
        return click.confirm(f"Did you rename {table}.{old} to {new}?", default=False, err=True)
    many = held(connection, table, old)
    raise Unanswered(
        f"{table}.{old} goes and {new} comes: is it the same field with another name?"
        f" {many:,} {'record holds' if many == 1 else 'records hold'} a value, lost by dropping."
        f" Say `{COMMAND} -x rename={table}.{old}:{new}`, or `-x drop={table}.{old}` if it is not."
    )


def _altered(table: str, old: sa.Column[Any], new: sa.Column[Any]) -> ops.AlterColumnOp:
    """What changes of a column beside its name."""
    longer = getattr(old.type, "length", None), getattr(new.type, "length", None)
    return ops.AlterColumnOp(
        table,
        new.name,
        existing_type=old.type,
        existing_nullable=old.nullable,
        modify_type=new.type if longer[0] != longer[1] else None,
        modify_nullable=new.nullable if new.nullable != old.nullable else None,
    )


def _refuse_renamed_tables(
    operations: Sequence[Any], connection: Connection, answers: Answers
) -> None:
    """A class keeps its name: imports, undo and saved views know its records by it."""
    made = [op for op in operations if isinstance(op, ops.CreateTableOp)]
    for op in operations:
        if not isinstance(op, ops.DropTableOp) or op.table_name in answers.dropped:
            continue
        old = {column.name for column in op.to_table().columns}
        for other in made:
            new = {c.name for c in other.columns if isinstance(c, sa.Column)}
            if len(old & new) < ALIKE * len(old | new):
                continue
            many = held(connection, op.table_name)
            raise Unanswered(
                f"The table {op.table_name} goes and {other.table_name} comes, with the same"
                f" columns: its {many:,} {'record' if many == 1 else 'records'} would be lost."
                " To call it something else, keep the name of the class and change its labels."
                f" If they are two things, say `{COMMAND} -x drop={op.table_name}`."
            )
