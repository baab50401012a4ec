"""What Alembic forgets when it makes a table of SQLite anew: that ids are never given out again."""

from __future__ import annotations

from typing import Any

from alembic.ddl.sqlite import SQLiteImpl
from sqlalchemy import Table, text

OPTION = "sqlite_autoincrement"


class RebuildingSqlite(SQLiteImpl):
    """Alembic's own, for tables with AUTOINCREMENT; it takes the place of theirs by being named."""

    __dialect__ = "sqlite"

    def prep_table_for_batch(self, batch_impl: Any, table: Table) -> None:
        """The new table numbers as the old one did, and goes on where that was.

        A migration that says `table_kwargs={"sqlite_autoincrement": …}` has the last word.
        """
        super().prep_table_for_batch(batch_impl, table)
        new, connection = batch_impl.new_table, self.connection
        if connection is None or OPTION in batch_impl.table_kwargs:
            return
        made = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"
        sql = connection.scalar(text(made), {"name": table.name}) or ""
        if "AUTOINCREMENT" not in sql.upper():
            return
        new.dialect_options["sqlite"]["autoincrement"] = True
        # Renaming a table takes its line along; the line of the one that is dropped goes.
        connection.execute(
            text(
                "INSERT INTO sqlite_sequence (name, seq)"
                " SELECT :new, seq FROM sqlite_sequence WHERE name = :old"
            ),
            {"new": new.name, "old": table.name},
        )
