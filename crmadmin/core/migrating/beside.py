"""What must stand beside the tables: the search indexes, their triggers, every declared index.

None of it holds a record, so nobody sees at once that it is gone: a search no longer finds what was
saved since, a rule that no two may share a value no longer holds. SQLite changes a table by making
it anew, and what stood beside the old one goes with it. Every migration, every start, `crm check`
and `crm reindex` ask here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Index, Table, inspect
from sqlalchemy.exc import IntegrityError

from crmadmin.core import search
from crmadmin.core.db import Base, db

WAY_OUT = "run `flask --app app crm reindex`"


@dataclass(frozen=True, slots=True)
class MissingObject:
    """One thing that is not there, or not as it is declared."""

    kind: str
    """"index", "trigger" or "search index"."""
    name: str
    table: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} of {self.table}"


@dataclass(slots=True)
class PutBack:
    """What was missing and is there again, and how many documents of searches were behind."""

    made: list[MissingObject] = field(default_factory=list)
    behind: int = 0

    def __str__(self) -> str:
        names = ", ".join(map(str, self.made))
        late = f"; {self.behind:,} search documents were behind" if self.behind else ""
        return f"Put back beside the tables: {names}{late}."


class BesideMissing(RuntimeError):
    """Something that must stand beside the tables does not; the text is for whoever starts."""


def missing(connection: Connection, *, is_newest: bool = True) -> list[MissingObject]:
    """What is missing; quick, it reads no record.

    A database of an older schema (`is_newest` False) may have other indexes than the models say,
    and no search index; where it has one, the triggers belong to it.
    """
    found = [lost for documents in search.declared() for lost in _unsearched(connection, documents)]
    if not is_newest:
        return [lost for lost in found if lost.kind == "trigger" and _can_search(connection)]
    return found + [_lost(index) for index, _old in _indexes(connection)]


def require_beside() -> None:
    """For a start, in an app's context. Raises BesideMissing, which names what is missing."""
    with db.engine.connect() as connection:
        found = missing(connection)
    if found:
        names = ", ".join(map(str, found))
        raise BesideMissing(
            f"The database lacks what searches and lists need: {names}."
            f" Not started; {WAY_OUT}, then start again."
        )


def put_back(
    connection: Connection,
    *,
    is_newest: bool = True,
    told: Callable[[str], None] = lambda _text: None,
) -> PutBack:
    """Make what is missing, in the connection's transaction; `told` hears of what takes time.

    Searches find what was written meanwhile: where triggers were missing, every document is
    compared with its record. Raises BesideMissing for a unique index that the records do not allow.
    """
    done = PutBack()
    if not is_newest and not _can_search(connection):
        return done
    for documents in search.declared():
        lost = list(_unsearched(connection, documents))
        if lost:
            told(f"{documents.name}: comparing every document with its record …")
            done.behind += search.put_back(connection, documents)
            done.made += lost
    for index, old in _indexes(connection) if is_newest else ():
        _make_index(connection, index, old)
        done.made.append(_lost(index))
    return done


def _unsearched(connection: Connection, documents: search.Documents) -> Iterator[MissingObject]:
    for name, table in search.missing(connection, documents).items():
        kind = "trigger" if name.endswith(("_insert", "_update", "_delete")) else "search index"
        yield MissingObject(kind, name, table)


def _lost(index: Index) -> MissingObject:
    return MissingObject("index", str(index.name), str(_table_of(index)))


def _table_of(index: Index) -> Table:
    if index.table is None:
        raise ValueError(f"{index.name} is declared on no table")
    return index.table


def _can_search(connection: Connection) -> bool:
    """Whether this schema has the search that the triggers belong to."""
    present = set(inspect(connection).get_table_names())
    names = {n for d in search.declared() for n in (d.name, d.pending.name)}
    return names <= present


def _indexes(connection: Connection) -> list[tuple[Index, bool]]:
    """Declared indexes that are not there as declared; True: one of another kind has the name.

    Tables and columns that are not there are a migration's to make, with their indexes.
    """
    look = inspect(connection)
    present = set(look.get_table_names())
    found = []
    for table in Base.metadata.sorted_tables:
        if table.name not in present or not table.indexes:
            continue
        columns = {c["name"] for c in look.get_columns(table.name)}
        there = {str(i["name"]): _as_found(i) for i in look.get_indexes(table.name)}
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            if not {c.name for c in index.columns} <= columns:
                continue
            seen = there.get(str(index.name))
            if seen != _as_declared(index, connection.dialect.name):
                found.append((index, seen is not None))
    return found


def _as_found(index: Any) -> tuple[Any, ...]:
    options = {k.split("_", 1)[1]: v for k, v in index.get("dialect_options", {}).items()}
    return (
        tuple(index["column_names"]), bool(index["unique"]), bool(options.get("where") is not None),
        tuple(options.get("include") or ()),
    )  # fmt: skip


def _as_declared(index: Index, dialect: str) -> tuple[Any, ...]:
    options = index.dialect_options[dialect]
    include: Sequence[str] = (options["include"] or ()) if dialect == "postgresql" else ()
    return (
        tuple(c.name for c in index.columns), bool(index.unique), options["where"] is not None,
        tuple(include),
    )  # fmt: skip


def _make_index(connection: Connection, index: Index, old: bool) -> None:
    if old:
        index.drop(connection)
    try:
        index.create(connection)
    except IntegrityError as error:
        names = ", ".join(c.name for c in index.columns)
        raise BesideMissing(
            f"The unique index {index.name} of {_table_of(index)} ({names}) cannot be put back:"
            " some records share what no two may. Change or delete one of each, then run this again"
            f" ({error.orig})."
        ) from error
