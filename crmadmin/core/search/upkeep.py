"""The index on its way after the records: settled a little at a time, rebuilt, compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text

from crmadmin.core.search.documents import Documents
from crmadmin.core.search.engines import Engine, engine_of, select_documents

CHUNK = 1000
"""Writes that are settled in one transaction: some tens of milliseconds."""
BLOCK = 20_000
"""Ids that a rebuild goes through at a time."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How many documents are not as the records say; those of records that wait do not count."""

    missing: int
    left_over: int
    different: int
    pending: int
    unwatched: int = 0
    """What is missing beside the tables, such as triggers: the index will not follow all writes."""

    @property
    def is_right(self) -> bool:
        """Whether a search finds what it should."""
        return not (self.missing or self.left_over or self.different or self.unwatched)


def pending(connection: Connection, documents: Documents) -> int:
    """How many writes wait; a record that was written twice counts twice."""
    return connection.scalar(select(func.count()).select_from(documents.pending)) or 0


def settle(connection: Connection, documents: Documents, most: int = CHUNK) -> int:
    """Bring the index up to date with up to `most` writes, in the connection's transaction.

    Gives how many: fewer than `most` means that nothing is left, or that another process does it.
    """
    engine = engine_of(connection)
    if not engine.take_turn(connection, documents):
        return 0
    late = documents.pending.c
    found = connection.execute(select(late.id, late.record_id).order_by(late.id).limit(most)).all()
    if found:
        engine.replace(connection, documents, sorted({row.record_id for row in found}))
        # By id: on PostgreSQL an older write may become visible after a newer one.
        done = engine.among("id", [row.id for row in found])
        connection.execute(text(f"DELETE FROM {documents.pending.name} WHERE {done}"))
    return len(found)


def rebuild(
    connection: Connection, documents: Documents, told: Callable[[int], None] = lambda _n: None
) -> int:
    """Make the index anew from the records, in the connection's transaction; gives how many.

    `told` hears now and then how many are done. Tables and triggers that are missing are made.
    """
    engine = engine_of(connection)
    documents.pending.create(connection, checkfirst=True)
    engine.empty(connection, documents)
    connection.execute(documents.pending.delete())
    records = documents.model.__tablename__
    first, last = connection.execute(text(f"SELECT min(id), max(id) FROM {records}")).one()
    if first is not None:
        for start in range(first, last + 1, BLOCK):
            end = min(start + BLOCK, last + 1)
            engine.add(connection, documents, f"r.id >= {start} AND r.id < {end}")
            told(end - first)
    engine.finish(connection, documents)
    return connection.scalar(text(f"SELECT count(*) FROM {records}")) or 0


def clear(connection: Connection, documents: Documents) -> None:
    """Forget all documents: the records are gone."""
    connection.execute(documents.pending.delete())
    connection.execute(text(f"DELETE FROM {documents.name}"))


def missing(connection: Connection, documents: Documents) -> dict[str, str]:
    """Parts of the index and its triggers that are missing or wrong, with their table."""
    engine = engine_of(connection)
    there = engine.there(connection, documents)
    return {n: table for n, table in engine.wanted(documents).items() if n not in there}


def put_back(connection: Connection, documents: Documents) -> int:
    """Make what `missing` names, and give how many documents were behind.

    These are noted, so that searches find them at once and workers settle them; where they are
    very many, or the index itself was gone, it is made anew. In the connection's transaction; it
    reads every record.
    """
    if documents.name in missing(connection, documents):
        return rebuild(connection, documents)
    engine = engine_of(connection)
    documents.pending.create(connection, checkfirst=True)
    engine.create(connection, documents)
    behind = _behind(engine, documents)
    late = connection.scalar(text(f"SELECT count(*) FROM ({behind}) b")) or 0
    if late > BLOCK:
        rebuild(connection, documents)
    elif late:
        note = f"INSERT INTO {documents.pending.name} (record_id)"
        connection.execute(text(f"{note} SELECT id FROM ({behind}) b"))
    return late


def _behind(engine: Engine, documents: Documents) -> str:
    """SELECT id of the records whose document is not as it should be, and that do not wait."""
    held = engine.held(documents)
    records = documents.model.__tablename__
    settled = f"NOT IN (SELECT record_id FROM {documents.pending.name})"
    wanted = select_documents(documents, engine.joined, f"r.id {settled}")
    return (
        f"SELECT w.id FROM ({wanted}) w LEFT JOIN {held} h ON h.rowid = w.id"
        " WHERE h.rowid IS NULL OR h.public <> w.public OR h.private <> w.private"
        f" UNION ALL SELECT rowid FROM {held} h"
        f" WHERE rowid {settled} AND rowid NOT IN (SELECT id FROM {records})"
    )


def compare(connection: Connection, documents: Documents) -> Compared:
    """Compare every document with what it should be."""
    engine = engine_of(connection)
    held = engine.held(documents)
    records = documents.model.__tablename__
    settled = f"NOT IN (SELECT record_id FROM {documents.pending.name})"
    wanted = select_documents(documents, engine.joined, f"r.id {settled}")

    def count(statement: str) -> int:
        return connection.scalar(text(f"SELECT count(*) FROM {statement}")) or 0

    return Compared(
        missing=count(f"{records} WHERE id {settled} AND id NOT IN (SELECT rowid FROM {held} h)"),
        left_over=count(
            f"{held} h WHERE rowid {settled} AND rowid NOT IN (SELECT id FROM {records})"
        ),
        different=count(
            f"({wanted}) w JOIN {held} h ON h.rowid = w.id"
            " WHERE h.public <> w.public OR h.private <> w.private"
        ),
        pending=pending(connection, documents),
        unwatched=len(missing(connection, documents)),
    )
