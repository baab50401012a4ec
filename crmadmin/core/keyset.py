"""Keyset paging of a list: the page after a row, before one, the first and the last.

A list is a row of key ranges, each read by one key and the id: a column without its NULLs, the
NULLs behind them, one range for every record that a ref can name, in their order. A page is taken
from as many ranges as it needs, by one statement that reads no more than a page of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, literal_column, null, select, union_all

from crmadmin.core.db import db
from crmadmin.core.search import aside

AT_ONCE = 60
"""Key ranges that one statement looks into."""

Clauses = tuple[ColumnElement[bool], ...]


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Rows that meet `where`, in the order of `key` (None: of the id alone).

    `is_far`: its first rows may be a long way off, so it is read only when a page is not full.
    """

    where: Clauses = ()
    key: Any = None
    is_far: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row that a page begins after: the number of its range, its key there, its id."""

    key_range: int
    key: Any
    id: int


@dataclass(frozen=True, slots=True)
class Keyset:
    """A list of a model's rows that meet `where`, range after range.

    `descending` says whether keys and ids go down within the ranges; these stand as they are.
    """

    model: Any
    where: Sequence[ColumnElement[bool]]
    key_ranges: Sequence[KeyRange]
    descending: bool = False

    def page(
        self, size: int, *, after: Cursor | None = None, backwards: bool = False, skip: int = 0
    ) -> list[int]:
        """Up to `size` ids: the first, those after `skip` rows, or those after a cursor.

        `backwards` looks from the cursor to the beginning, without one from the end; the ids come
        in the order of the list all the same.
        """
        parts = self._parts(after, backwards)
        goes_down = self.descending != backwards
        found: list[int] = []
        for together in _by_statement(parts):
            found += self._read(together, skip + size - len(found), goes_down)
            if len(found) == skip + size:
                break
        ids = found[skip:]
        return ids[::-1] if backwards else ids

    def _parts(self, after: Cursor | None, backwards: bool) -> list[KeyRange]:
        """What is read, in this order: the ranges, from what is left of the cursor's on."""
        if after is None:
            return [*reversed(self.key_ranges)] if backwards else [*self.key_ranges]
        at = after.key_range
        others = self.key_ranges[:at][::-1] if backwards else self.key_ranges[at + 1 :]
        key_range, goes_down = self.key_ranges[at], self.descending != backwards
        ids = self.model.id < after.id if goes_down else self.model.id > after.id
        if key_range.key is None:
            return [KeyRange((*key_range.where, ids)), *others]
        # Rows of the very same key first: each part is one piece of an index.
        later = key_range.key < after.key if goes_down else key_range.key > after.key
        same = KeyRange((*key_range.where, key_range.key == after.key, ids))
        return [same, KeyRange((*key_range.where, later), key_range.key), *others]

    def _read(self, parts: Sequence[KeyRange], size: int, goes_down: bool) -> list[int]:
        key = next((part.key for part in parts if part.key is not None), None)
        selects = [
            self._select(rank, part, key, goes_down).limit(size) for rank, part in enumerate(parts)
        ]
        if len(selects) == 1:
            return [row.id for row in db.session.execute(selects[0])]
        c = union_all(*(select(s.subquery()) for s in selects)).subquery().c
        terms = [t.desc() if goes_down else t for t in (c.key, c.id)]
        return list(db.session.scalars(select(c.id).order_by(c.rank, *terms).limit(size)))

    def _select(self, rank: int, part: KeyRange, key: Any, goes_down: bool) -> Select[Any]:
        terms = [self.model.id] if part.key is None else [part.key, self.model.id]
        shown = part.key
        if shown is None:
            shown = null() if key is None else literal(None, key.type)
        return (
            select(
                literal_column(str(rank)).label("rank"),
                shown.label("key"),
                self.model.id.label("id"),
            )
            .where(*part.where, *aside(self.where))
            .order_by(*(t.desc() if goes_down else t.asc() for t in terms))
        )


def _by_statement(parts: Sequence[KeyRange]) -> Iterator[list[KeyRange]]:
    """The parts that are read by one statement each time."""
    together: list[KeyRange] = []
    for part in parts:
        if together and (part.is_far or len(together) == AT_ONCE):
            yield together
            together = []
        together.append(part)
    yield together
