"""What the engines do differently: how documents are kept, noted and found again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, text

from crmadmin.core.search.documents import Documents, DocumentSource

COLUMNS = ("public", "private")
TEXTS = ("search_text", "search_private")
EVENTS = ("INSERT", "UPDATE", "DELETE")
NAMED_ROWS = {
    "INSERT": "NEW TABLE AS fresh",
    "DELETE": "OLD TABLE AS stale",
    "UPDATE": "NEW TABLE AS fresh OLD TABLE AS stale",
}
"""What PostgreSQL's triggers call the rows that a statement wrote."""


def _tables(documents: Documents) -> dict[str, str]:
    own = documents.model.__tablename__
    return {documents.name: own, documents.pending.name: own}


def _trigger_name(documents: Documents, source: DocumentSource, event: str) -> str:
    return f"{documents.name}_{source.table}_{event.lower()}"


def _trigger_names(documents: Documents) -> dict[str, str]:
    """Every trigger, and the table that it stands beside."""
    return {_trigger_name(documents, s, e): s.table for s in documents.sources for e in EVENTS}


class Sqlite:
    """FTS5 with trigrams. It keeps the documents itself, so that old ones can be taken out."""

    key = "rowid"
    joined = "group_concat({text}, '')"

    def take_turn(self, connection: Connection, documents: Documents) -> bool:
        """Whether nobody else settles: SQLite has one writer."""
        return True

    def among(self, column: str, ids: Sequence[int]) -> str:
        """`column` is one of these, as SQL."""
        return f"{column} IN (SELECT value FROM json_each('{json.dumps(list(ids))}'))"

    def create(self, connection: Connection, documents: Documents) -> None:
        """The empty index and the triggers that note what is written, where they are missing."""
        name = documents.name
        connection.execute(
            text(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {name}"
                " USING fts5(public, private, tokenize='trigram')"
            )
        )
        there = self.there(connection, documents)
        for trigger, statement in self._triggers(documents).items():
            if trigger not in there:
                connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
                connection.execute(text(statement))

    def wanted(self, documents: Documents) -> dict[str, str]:
        """What must be there, and beside which table it stands."""
        return {**_tables(documents), **_trigger_names(documents)}

    def there(self, connection: Connection, documents: Documents) -> set[str]:
        """Which parts of it exist and are as declared."""
        found = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE name = :name OR name GLOB :begins"),
            {"name": documents.name, "begins": f"{documents.name}_*"},
        )
        triggers = self._triggers(documents)
        return {name for name, sql in found if sql == triggers.get(name, sql)}

    def _triggers(self, documents: Documents) -> dict[str, str]:
        """The statement of each trigger, by its name; SQLite keeps them to the letter."""
        return {
            _trigger_name(documents, source, event): self._trigger(documents, source, event)
            for source in documents.sources
            for event in EVENTS
        }

    def _trigger(self, documents: Documents, source: DocumentSource, event: str) -> str:
        name = _trigger_name(documents, source, event)
        note = f"INSERT INTO {documents.pending.name} (record_id) VALUES ({{}}.{source.key});"
        when, notes = "", note.format("old" if event == "DELETE" else "new")
        if event == "UPDATE":
            event = f"UPDATE OF {', '.join(TEXTS)}, {source.key}"
            changed = " OR ".join(f"old.{c} IS NOT new.{c}" for c in (*TEXTS, source.key))
            when = f" WHEN {changed}"
            notes += f" {note.format('old')}"
        return f"CREATE TRIGGER {name} AFTER {event} ON {source.table}{when} BEGIN {notes} END"

    def empty(self, connection: Connection, documents: Documents) -> None:
        """Throw all documents away: much quicker than to take each out."""
        connection.execute(text(f"DROP TABLE IF EXISTS {documents.name}"))
        self.create(connection, documents)

    def replace(self, connection: Connection, documents: Documents, ids: Sequence[int]) -> None:
        """Take the documents of these records out and in again, as they are now."""
        where = self.among("rowid", ids)
        connection.execute(text(f"DELETE FROM {documents.name} WHERE {where}"))
        self.add(connection, documents, self.among("r.id", ids))

    def add(self, connection: Connection, documents: Documents, where: str) -> None:
        """Put the documents of records in that have none."""
        made = select_documents(documents, self.joined, where)
        connection.execute(text(f"INSERT INTO {documents.name} (rowid, public, private) {made}"))

    def finish(self, connection: Connection, documents: Documents) -> None:
        """After the last document of a rebuild: fewer, larger parts of the index."""
        connection.execute(
            text(f"INSERT INTO {documents.name} ({documents.name}) VALUES ('optimize')")
        )

    def held(self, documents: Documents) -> str:
        """The documents as a table (rowid, public, private) that can be joined quickly."""
        return f"(SELECT id AS rowid, c0 AS public, c1 AS private FROM {documents.name}_content)"


class Postgresql:
    """A table with a trigram index for each column."""

    key = "rowid"
    joined = "string_agg({text}, '' ORDER BY p.id)"

    def take_turn(self, connection: Connection, documents: Documents) -> bool:
        """Whether nobody else settles at this moment; until the transaction ends."""
        lock = text("SELECT pg_try_advisory_xact_lock(hashtext(:name))")
        return bool(connection.scalar(lock, {"name": documents.name}))

    def among(self, column: str, ids: Sequence[int]) -> str:
        """`column` is one of these, as SQL."""
        return f"{column} = ANY('{{{','.join(map(str, ids))}}}'::integer[])"

    def create(self, connection: Connection, documents: Documents) -> None:
        """The empty index and the triggers that note what is written, where they are missing."""
        name = documents.name
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
        connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS {name}"
                " (rowid integer PRIMARY KEY, public text NOT NULL, private text NOT NULL)"
            )
        )
        self._create_indexes(connection, documents)
        for source in documents.sources:
            for event in EVENTS:
                self._create_trigger(connection, documents, source, event)

    def _create_indexes(self, connection: Connection, documents: Documents) -> None:
        for column in COLUMNS:
            connection.execute(
                text(
                    f"CREATE INDEX IF NOT EXISTS ix_{documents.name}_{column}"
                    f" ON {documents.name} USING gin ({column} gin_trgm_ops)"
                )
            )

    def _create_trigger(
        self, connection: Connection, documents: Documents, source: DocumentSource, event: str
    ) -> None:
        # Once a statement, with all rows that it wrote: nothing is done for each row.
        name = _trigger_name(documents, source, event)
        for statement in (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $${self._body(documents, source, event)}$$",
            f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {source.table}"
            f" REFERENCING {NAMED_ROWS[event]} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
        ):
            connection.execute(text(statement))

    def _body(self, documents: Documents, source: DocumentSource, event: str) -> str:
        rows = {
            "INSERT": f"SELECT {source.key} FROM fresh",
            "DELETE": f"SELECT {source.key} FROM stale",
            "UPDATE": (
                f"SELECT unnest(ARRAY[f.{source.key}, s.{source.key}])"
                " FROM fresh f JOIN stale s ON s.id = f.id WHERE "
                + " OR ".join(f"s.{c} IS DISTINCT FROM f.{c}" for c in (*TEXTS, source.key))
            ),
        }[event]
        return (
            f" BEGIN INSERT INTO {documents.pending.name} (record_id)"
            f" SELECT DISTINCT * FROM ({rows}) r; RETURN NULL; END "
        )

    def wanted(self, documents: Documents) -> dict[str, str]:
        """What must be there, and beside which table it stands."""
        indexes = {f"ix_{documents.name}_{column}": documents.name for column in COLUMNS}
        return {**_tables(documents), **indexes, **_trigger_names(documents)}

    def there(self, connection: Connection, documents: Documents) -> set[str]:
        """Which parts of it exist and are as declared; a disabled trigger does not count."""
        tables = connection.scalars(
            text(
                "SELECT c.relname FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid"
                " WHERE pg_table_is_visible(c.oid) AND coalesce(i.indisvalid, true)"
                " AND (c.relname IN (:name, :pending) OR starts_with(c.relname, :begins))"
            ),
            {
                "name": documents.name,
                "pending": documents.pending.name,
                "begins": f"ix_{documents.name}_",
            },
        )
        triggers = connection.execute(
            text(
                "SELECT t.tgname, c.relname, p.prosrc FROM pg_trigger t"
                " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
                " WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND pg_table_is_visible(c.oid)"
                " AND starts_with(t.tgname, :begins)"
            ),
            {"begins": f"{documents.name}_"},
        ).all()
        right = {
            (_trigger_name(documents, s, e), s.table, self._body(documents, s, e))
            for s in documents.sources
            for e in EVENTS
        }
        return {*tables, *(row.tgname for row in triggers if tuple(row) in right)}

    def empty(self, connection: Connection, documents: Documents) -> None:
        """Throw all documents away, and the indexes: they are made quicker at the end."""
        self.create(connection, documents)
        connection.execute(text(f"TRUNCATE {documents.name}"))
        for column in COLUMNS:
            connection.execute(text(f"DROP INDEX IF EXISTS ix_{documents.name}_{column}"))

    def replace(self, connection: Connection, documents: Documents, ids: Sequence[int]) -> None:
        """Bring the documents of these records up to date; those of deleted records go."""
        where = self.among("rowid", ids)
        gone = f"NOT EXISTS (SELECT 1 FROM {documents.model.__tablename__} r WHERE r.id = rowid)"
        connection.execute(text(f"DELETE FROM {documents.name} WHERE {where} AND {gone}"))
        self.add(connection, documents, self.among("r.id", ids))

    def add(self, connection: Connection, documents: Documents, where: str) -> None:
        """Put the documents of records in, instead of those that are there."""
        made = select_documents(documents, self.joined, where)
        connection.execute(
            text(
                f"INSERT INTO {documents.name} (rowid, public, private) {made}"
                " ON CONFLICT (rowid) DO UPDATE"
                " SET public = excluded.public, private = excluded.private"
            )
        )

    def finish(self, connection: Connection, documents: Documents) -> None:
        """After the last document of a rebuild: the indexes."""
        self._create_indexes(connection, documents)

    def held(self, documents: Documents) -> str:
        """The documents as a table (rowid, public, private) that can be joined quickly."""
        return documents.name


Engine = Sqlite | Postgresql


def engine_of(connection: Connection) -> Engine:
    """The engine of a connection's database."""
    return Sqlite() if connection.dialect.name == "sqlite" else Postgresql()


def select_documents(documents: Documents, joined: str, where: str) -> str:
    """SELECT id, public, private of the records that meet `where` (on `r`), parts included."""
    own, *parts = documents.sources

    def made(column: str) -> str:
        found = [f"r.{column}"]
        for part in parts:
            one = joined.format(text=f"' ' || p.{column}")
            found.append(
                f"coalesce((SELECT {one} FROM {part.table} p WHERE p.{part.key} = r.id), '')"
            )
        return " || ".join(found)

    public, private = (f"{made(c)} AS {name}" for c, name in zip(TEXTS, COLUMNS, strict=True))
    return f"SELECT r.id AS id, {public}, {private} FROM {own.table} r WHERE {where}"
