"""Very many rows at once: with the indexes of a table away, which are made again afterwards.

A million rows that each go to random places of twenty indexes write the whole database over and
over. Sorting them once is several times as quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from crmadmin.core.db import db

Told = Callable[[str, int, int], None]


@contextmanager
def unindexed(tables: Sequence[Any], told: Told) -> Iterator[None]:
    """Take the indexes of the tables away, and make them again at the end.

    Nothing inside may commit: it is one transaction, so that the indexes are there for everybody
    else whatever happens. Nobody else can write meanwhile, nor read where readers see a table's
    locks. Unique indexes stay. `told` hears of every index that is made again.
    """
    connection = db.session.connection()
    gone = [
        index
        for table in tables
        for index in sorted(table.indexes, key=lambda index: str(index.name))
        if not index.unique
    ]
    for index in gone:
        index.drop(connection)
    yield
    for done, index in enumerate(gone, 1):
        index.create(connection)
        told(f"indexes of {', '.join(table.name for table in tables)}", done, len(gone))
