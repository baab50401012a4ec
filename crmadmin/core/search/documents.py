"""Which models have indexed documents, and what these hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Index, Integer, Table, column, table

_DECLARED: dict[type[Any], Documents] = {}


class Documents:
    """The indexed documents of a model: its own search texts, and those of its `parts`.

    A part is the column by which the rows of another table name their record; both tables have
    `search_text` and `search_private`. `index` is the engine's: an FTS5 table on SQLite, a table
    with trigram indexes on PostgreSQL, in both with `rowid` (the record's id), `public` and
    `private`. `pending` names the records that were written since; a record may stand there twice.
    """

    def __init__(self, model: type[Any], *parts: Any) -> None:
        self.model = model
        self.parts = parts
        self.name = f"{model.__tablename__}_search"
        self.index = table(self.name, column("rowid", Integer), column("public"), column("private"))
        self.pending = Table(
            f"{self.name}_pending",
            model.metadata,
            Column("id", Integer, primary_key=True),
            Column("record_id", Integer, nullable=False),
            Index(f"ix_{self.name}_pending_record", "record_id"),
        )
        _DECLARED[model] = self

    @property
    def sources(self) -> tuple[DocumentSource, ...]:
        """The tables that documents are made of, and the column of each that names the record."""
        own = DocumentSource(self.model.__tablename__, "id")
        return (own, *(DocumentSource(part.class_.__tablename__, part.key) for part in self.parts))


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """A table that documents are made of."""

    table: str
    key: str


def find(model: type[Any]) -> Documents | None:
    """The documents of a model, None when a search reads the model itself."""
    return _DECLARED.get(model)


def declared() -> tuple[Documents, ...]:
    """All documents, in the order of declaration."""
    return tuple(_DECLARED.values())
