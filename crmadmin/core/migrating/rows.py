"""The rows that a migration meets: those in its way are counted and named before anything changes.

Generated migrations call these functions; so can those that are written by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from sqlalchemy import Connection, inspect, text

NAMED = 5
"""Rows that a message names."""
LONGEST = 40
"""Characters of a value that a message shows."""


class RowsInTheWay(RuntimeError):
    """Rows do not fit what a migration wants; the text names some, and the way out."""


def require_fitting(
    connection: Connection,
    table: str,
    column: str,
    *,
    longest: int | None = None,
    required: bool = False,
    unique: bool = False,
    is_new: bool = False,
) -> None:
    """Raises RowsInTheWay unless all rows fit what the column is to become, or there are none.

    `longest`: characters. `required`: no row may be without a value; `is_new`: the column is not
    there yet, so that every row would be without one.
    """
    held = f'"{column}"'
    if is_new:
        _refuse(connection, table, column, "1 = 1", "would have no value", ADD_FIRST)
    if required and not is_new:
        _refuse(connection, table, column, f"{held} IS NULL", "have no value", FILL_FIRST)
    if longest is not None:
        where = f"length({held}) > {int(longest)}"
        _refuse(connection, table, column, where, f"hold more than {longest} characters", CUT_FIRST)
    if unique:
        twice = f'SELECT {held} FROM "{table}" GROUP BY {held} HAVING count(*) > 1'  # noqa: S608 - names of declared tables and columns
        where = f"{held} IN ({twice})"
        _refuse(connection, table, column, where, "share their value with another", PART_FIRST)


ADD_FIRST = (
    "Give the field a default, or add it without `required`, fill it, then make it required."
)
FILL_FIRST = (
    "Fill them first (the list finds them by the filter of the field, an import fills many)."
)
CUT_FIRST = "Shorten them first, or leave the length as it is."
PART_FIRST = "Change or merge them first."


def _refuse(
    connection: Connection, table: str, column: str, where: str, what: str, way_out: str
) -> None:
    many = _count(connection, table, where)
    if not many:
        return
    there = [c["name"] for c in inspect(connection).get_columns(table)]
    shown = [name for name in dict.fromkeys(("id", "code", "name", column)) if name in there]
    listed = ", ".join(f'"{name}"' for name in shown)
    some = connection.execute(
        text(f'SELECT {listed} FROM "{table}" WHERE {where} ORDER BY {listed} LIMIT {NAMED}')  # noqa: S608 - names of declared tables and columns
    ).all()
    named = "; ".join(_named(shown, row) for row in some) + (" …" if many > len(some) else "")
    raise RowsInTheWay(
        f"{table}.{column}: {many:,} {'record' if many == 1 else 'records'} {what}: {named}."
        f" {way_out} Nothing was changed."
    )


def _named(names: Sequence[str], row: Any) -> str:
    parts = []
    for name, value in zip(names, row, strict=True):
        if value is not None:
            said = str(value)
            parts.append(f"{name} {said if len(said) <= LONGEST else said[:LONGEST] + '…'}")
    return ", ".join(parts)


def _count(connection: Connection, table: str, where: str) -> int:
    return connection.scalar(text(f'SELECT count(*) FROM "{table}" WHERE {where}')) or 0  # noqa: S608 - names of declared tables and columns


def held(connection: Connection, table: str, column: str | None = None) -> int:
    """How many rows hold a value in a column; of a table, how many there are."""
    return _count(connection, table, "1 = 1" if column is None else f'"{column}" IS NOT NULL')


def tell_what_goes(connection: Connection, table: str, column: str | None = None) -> None:
    """Say on standard error how many values or records a migration is about to take away."""
    many = held(connection, table, column)
    if many:
        what = table if column is None else f"{table}.{column}"
        click.echo(
            f"{what}: what {many:,} {'record holds' if many == 1 else 'records hold'} goes with it;"
            " a downgrade does not bring it back.",
            err=True,
        )
