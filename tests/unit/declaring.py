"""Throw-away models for tests of declarations: classes with a table of their own metadata, which no
mapper of the project ever sees."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.orm import MappedColumn

from crmadmin.core.spec import RecordOptions, RecordSpec, derive

PLAIN = RecordOptions("Thing", "Things", resource="catalogs", display="id")


def model(
    title: str = "Thing", /, options: RecordOptions = PLAIN, **columns: MappedColumn[Any]
) -> type[Any]:
    """A class as `derive` and `check` read it: a table with an id and these columns, in order."""
    made: list[Column[Any]] = [Column("id", Integer, primary_key=True)]
    for key, declared in columns.items():
        column = declared.column
        column.name = column.key = key
        made.append(column)
    table = Table(title.lower(), MetaData(), *made)
    return type(title, (), {"__table__": table, "__record__": options})


def record(
    title: str = "Thing", /, options: RecordOptions = PLAIN, **columns: MappedColumn[Any]
) -> RecordSpec:
    """The spec of such a class."""
    return derive(model(title, options, **columns))
