"""Words to the query planners, where they would choose the longer way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, UnaryExpression
from sqlalchemy.sql.operators import custom_op

from crmadmin.core.db import db, dialect_name


def aside(where: Sequence[ColumnElement[bool]]) -> list[ColumnElement[bool]]:
    """Conditions that are looked at on the way, and must not choose another way.

    SQLite would take the index of any equality and sort all that it finds; PostgreSQL knows how
    many these are.
    """
    if dialect_name(db.session) != "sqlite":
        return list(where)
    return [UnaryExpression(c.self_group(), operator=custom_op("+")) for c in where]


def first_all(statement: Select[Any], name: str) -> Any:
    """A subquery that is answered whole before anything is sorted or left out."""
    made = statement.cte(name)
    for dialect in ("sqlite", "postgresql"):
        made = made.prefix_with("MATERIALIZED", dialect=dialect)
    return made


def refresh_statistics(connection: Connection) -> None:
    """Let SQLite look again what its tables hold, where much has changed; PostgreSQL does so."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA analysis_limit=1000")
        connection.exec_driver_sql("PRAGMA optimize")
