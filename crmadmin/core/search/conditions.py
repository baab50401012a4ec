"""A query as conditions: words in any order, parts of words and of numbers, nothing special.

A phone number is one word, however it is spelt, and finds that number only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    false,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import Grouping

from crmadmin.core.db import db, dialect_name
from crmadmin.core.search.documents import Documents, find
from crmadmin.core.text import as_typed, dialled, fold, without_marks, without_word

SHORT = 2
"""Letters of the longest word that has no trigram of its own: it must begin a word."""
MOST_WORDS = 12
_FIGURES = re.compile(r"[+0-9.()\[\]\-\u2010-\u2015\u2212\uff08-\uff0e\uff10-\uff19]+")
"""What a phone number is spelt with, besides blanks; also in the full width of Asian keyboards."""
_LEAST_FIGURES = 4
"""Figures of the shortest part of a number whose dots and brackets are looked over."""

Word = tuple[str, ...]
"""Ways to find one word: any of them, literally."""


class Listed(Grouping[bool]):
    """The condition that a record's id is among those that a statement selects, each of them once.

    `ids` is that statement: to count them one need not look for each record. `plain` is the same
    condition asked of the record at hand: for a walk through records that mostly meet it, which
    would be slower if all ids were gathered first.
    """

    inherit_cache = True

    def __init__(self, id: Any, ids: Any, plain: ColumnElement[bool]) -> None:
        super().__init__(id.in_(ids))
        self.ids = ids
        self.plain = plain


class Found(Listed):
    """The condition of a query on a model with an index, which finds the ids."""

    inherit_cache = True


def as_found(where: Sequence[ColumnElement[bool]]) -> Found | None:
    """The one condition of a query among others, if there is one."""
    return next((clause for clause in where if isinstance(clause, Found)), None)


def patterns(query: str, *, indexed: bool) -> list[Word]:
    """What each word of a query must be found by.

    With an index a word of one letter must be a word, one of two must begin one: documents have
    blanks around every word, and with them such words have a trigram as well.
    """
    words = _distinct(_parts(query))[:MOST_WORDS]
    if not indexed:
        return words
    return [
        tuple(f" {w}{' ' * (len(w) < SHORT)}" for w in word) if len(word[0]) <= SHORT else word
        for word in words
    ]


def is_cut(query: str) -> bool:
    """Whether a query has more words than are searched for."""
    parts = _parts(query)
    return len(parts) > 2 * MOST_WORDS or len(_distinct(parts)) > MOST_WORDS


def _parts(query: str) -> list[str]:
    return [_without_marks(part) for part in fold(query).split()]


def _distinct(parts: Sequence[str]) -> list[Word]:
    return list(dict.fromkeys(_words(parts)))


def _without_marks(part: str) -> str:
    """Figures without the signs that were copied along with them; other words as they are."""
    inner = without_marks(part)
    return inner if _FIGURES.fullmatch(inner) else part


def _words(parts: Sequence[str]) -> Iterator[Word]:
    """The words between the blanks; parts that together are a phone number are one word."""
    at = 0
    while at < len(parts) and at < 2 * MOST_WORDS:
        ahead = parts[at : at + MOST_WORDS]
        number, taken = _number(ahead)
        if not number:
            number, taken = _named_number(ahead)
        yield number or _part(parts[at])
        at += taken


def _number(parts: Sequence[str]) -> tuple[Word, int]:
    """The longest phone number that the parts begin with, and of how many; () and 1 for none."""
    long = next((n for n, part in enumerate(parts) if not _FIGURES.fullmatch(part)), len(parts))
    for taken in range(long, 0, -1):
        written = " ".join(parts[:taken])
        number = dialled(written)
        if number is not None:
            # As a phone field keeps it; as the beginning of a code; as somebody typed it in a text.
            spelt = () if written.lstrip("+").isdecimal() else (written,)
            return (f" {number} ", f" {_figures(written)}", *spelt), taken
    return (), 1


def _named_number(parts: Sequence[str]) -> tuple[Word, int]:
    """The same of parts that begin with a word for “phone”, which then says nothing more."""
    rest = without_word(" ".join(parts)).split(" ")
    number, taken = _number([_without_marks(part) for part in rest])
    return (number, taken + len(parts) - len(rest)) if number else ((), 1)


def _part(part: str) -> Word:
    """One word; of a part of a number also the figures alone, as numbers are kept."""
    figures = _figures(part) if _FIGURES.fullmatch(part) else part
    if figures == part or len(figures) < _LEAST_FIGURES:
        return as_typed(part)
    return part, figures


def _figures(written: str) -> str:
    return "".join(str(int(c)) for c in written if c.isdecimal())


def conditions(model: type[Any], query: str, *, sees_sensitive: bool) -> list[ColumnElement[bool]]:
    """The conditions of a query on a model; none for a blank query.

    Users who see sensitive values masked cannot search by them either: the hits would reveal them.
    """
    documents = find(model)
    wanted = patterns(query, indexed=documents is not None)
    if not wanted:
        return []
    if documents is None:
        return _read(model, (), wanted, sees_sensitive)
    ids = _ids(documents, wanted, sees_sensitive)
    plain = and_(*_read(model, documents.parts, wanted, sees_sensitive))
    return [Found(model.id, ids, plain)]


def _read(
    entity: Any, parts: Sequence[Any], wanted: Sequence[Word], sees_sensitive: bool
) -> list[ColumnElement[bool]]:
    """One condition a word, on the record's own columns and those of its parts."""
    own = _columns(entity, sees_sensitive)
    if not own:
        return [false()]
    return [
        or_(
            *_holds(own, word),
            *(
                exists().where(
                    part == entity.id, or_(*_holds(_columns(part.class_, sees_sensitive), word))
                )
                for part in parts
            ),
        )
        for word in wanted
    ]


def _columns(entity: Any, sees_sensitive: bool) -> list[Any]:
    found = [entity.search_text] if hasattr(entity, "search_text") else []
    if sees_sensitive and hasattr(entity, "search_private"):
        found.append(entity.search_private)
    return found


def _holds(columns: Sequence[Any], word: Word) -> list[ColumnElement[bool]]:
    return [c.contains(text, autoescape=True) for c in columns for text in word]


def _ids(documents: Documents, wanted: Sequence[Word], sees_sensitive: bool) -> Any:
    index, pending = documents.index.c, documents.pending.c
    late: Select[Any] = select(pending.record_id)
    record = aliased(documents.model)
    fresh = select(record.id).where(
        record.id.in_(late), *_read(record, documents.parts, wanted, sees_sensitive)
    )
    settled = select(index.rowid.label("id")).where(
        _match(documents, wanted, sees_sensitive), index.rowid.not_in(late)
    )
    return union_all(settled, fresh)


def _match(
    documents: Documents, wanted: Sequence[Word], sees_sensitive: bool
) -> ColumnElement[bool]:
    if dialect_name(db.session) == "sqlite":
        said = " AND ".join(f"({' OR '.join(map(_quoted, word))})" for word in wanted)
        query = said if sees_sensitive else f"{{public}} : ({said})"
        return literal_column(documents.name).op("MATCH", is_comparison=True)(query)
    columns = [documents.index.c.public]
    if sees_sensitive:
        columns.append(documents.index.c.private)
    return and_(*(or_(*_holds(columns, word)) for word in wanted))


def _quoted(text: str) -> str:
    """A phrase of FTS5, in which nothing means anything."""
    return '"' + text.replace('"', '""') + '"'
