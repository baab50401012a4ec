"""A generated migration says the same on both engines: types, defaults, indexes.

What was read from the database speaks its dialect (a removed column, which the downgrade brings
back): here it is said in SQLAlchemy's own words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.rewriter import Rewriter
from alembic.operations import ops
from sqlalchemy.types import TypeEngine

portable = Rewriter()

_CAST = re.compile(r"::[a-z ]+(\(\d+\))?$")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_TRUE, _FALSE = ("true", "1"), ("false", "0")
_NEUTRAL: tuple[tuple[type[TypeEngine[Any]], Any], ...] = (
    (sa.Boolean, sa.false()), (sa.Integer, "0"), (sa.JSON, "{}"), (sa.String, ""),
)  # fmt: skip
"""What fills rows that are there when a removed column comes back that takes no NULL."""


def render_item(kind: str, item: Any, _context: object) -> str | bool:
    """How types and defaults are written. Migrations name SQLAlchemy's types, not ours."""
    if kind == "type" and isinstance(item, TypeEngine):
        return render_type(item)
    arg = item.arg if kind == "server_default" and isinstance(item, sa.DefaultClause) else None
    return f"sa.{str(arg).lower()}()" if isinstance(arg, sa.False_ | sa.True_) else False


def render_type(kind: TypeEngine[Any]) -> str | bool:
    """A type in words of both engines; False where Alembic's own words do."""
    if isinstance(kind, sa.DateTime) or type(kind).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    if isinstance(kind, sa.JSON):
        return "sa.JSON()"
    try:
        generic = kind.as_generic()
    except NotImplementedError:
        return False
    is_ours = type(generic).__module__.startswith("sqlalchemy.")
    return f"sa.{generic!r}" if is_ours else False


@portable.rewrites(ops.AddColumnOp)
def _add_column(_context: object, _revision: object, op: ops.AddColumnOp) -> ops.AddColumnOp:
    """A new column that takes no NULL fills the rows that are there with the field's default."""
    column, default = op.column, op.column.default
    if column.server_default is not None:
        column.server_default = _default(column)
    elif not column.nullable and isinstance(default, sa.ColumnDefault) and default.is_scalar:
        column.server_default = sa.DefaultClause(_as_sql(default.arg))
    return op


@portable.rewrites(ops.CreateTableOp)
def _create_table(_context: object, _revision: object, op: ops.CreateTableOp) -> ops.CreateTableOp:
    columns = [item for item in op.columns if isinstance(item, sa.Column)]
    for column in columns:
        if column.server_default is not None:
            column.server_default = _default(column)
    keys = [column for column in columns if column.primary_key]
    if len(keys) == 1 and isinstance(keys[0].type, sa.Integer):
        op.kw.setdefault("sqlite_autoincrement", True)
    return op


@portable.rewrites(ops.CreateIndexOp)
def _create_index(_context: object, _revision: object, op: ops.CreateIndexOp) -> ops.CreateIndexOp:
    """A partial index is one on either engine."""
    for one, other in (("sqlite", "postgresql"), ("postgresql", "sqlite")):
        where = op.kw.get(f"{one}_where")
        if where is not None:
            op.kw[f"{one}_where"] = where = sa.text(str(where))
            op.kw.setdefault(f"{other}_where", where)
    return op


def bring_back(operations: Sequence[Any]) -> None:
    """For a downgrade: columns that come back without their values fill the rows that are there."""
    for op in operations:
        if isinstance(op, ops.ModifyTableOps):
            bring_back(op.ops)
        elif isinstance(op, ops.AddColumnOp) and not op.column.nullable:
            _fill(op.column)


def _fill(column: sa.Column[Any]) -> None:
    if column.server_default is not None:
        return
    neutral = next((value for kind, value in _NEUTRAL if isinstance(column.type, kind)), None)
    if neutral is None or column.foreign_keys:
        column.nullable = True
    else:
        column.server_default = sa.DefaultClause(neutral)


def _default(column: sa.Column[Any]) -> sa.DefaultClause | None:
    """A default that was read from a database, without its dialect; None for an engine's own."""
    default: Any = column.server_default
    words = _CAST.sub("", str(getattr(default, "arg", default)).strip().strip("()"))
    if isinstance(column.type, sa.Boolean) and words.lower() in (*_TRUE, *_FALSE):
        return sa.DefaultClause(sa.true() if words.lower() in _TRUE else sa.false())
    if "nextval" in words:
        return None
    if quoted := _QUOTED.fullmatch(words):
        return sa.DefaultClause(quoted[1].replace("''", "'"))
    return sa.DefaultClause(sa.text(words))


def _as_sql(value: Any) -> Any:
    """A plain default as both databases write it."""
    if isinstance(value, bool):
        return sa.true() if value else sa.false()
    return str(value)
