"""Which column of the file is which field, and which row is the header. Pure.

Headings are compared by `core.text.heading_key`, so case, accents, punctuation and a trailing
`*` do not matter. What a column's values must look like is `check`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmadmin.core.spec import FieldSpec
from crmadmin.core.text import cell_text, heading_key
from crmadmin.imports.records import Cell, Row
from crmadmin.spreadsheets.parts import column_letters

CONTACT_PREFIX = "contact_"

OUR_HEADINGS = frozenset(map(heading_key, ("Lý do", "Reason")))
"""Columns that our own workbooks of refused rows add: left out without a word."""


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """One column that an import kind knows.

    `name` is unique within the kind: the field's name, with `contact_` before it when the field
    is the contact's. `headings` are the ways to write it, the template's own first.
    """

    name: str
    spec: FieldSpec
    headings: tuple[str, ...]

    @property
    def is_contact(self) -> bool:
        return self.name.startswith(CONTACT_PREFIX)

    @property
    def keys(self) -> frozenset[str]:
        """The heading keys that mean this column."""
        return frozenset(filter(None, map(heading_key, (*self.headings, self.name))))


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What each column of the file was taken for.

    `fields` maps an import column's name to the index of its cells in a row (0 is column A);
    `headings` gives the words that the file used for it; `ignored` names the columns of the file
    that go nowhere, in file order, and `unnamed` the letters of those that have values but no
    heading.
    """

    fields: dict[str, int]
    headings: dict[str, str]
    ignored: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        return {
            "fields": self.fields,
            "headings": self.headings,
            "ignored": list(self.ignored),
            "unnamed": list(self.unnamed),
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> ColumnMap:
        return cls(
            fields=dict(stored.get("fields") or {}),
            headings=dict(stored.get("headings") or {}),
            ignored=tuple(stored.get("ignored") or ()),
            unnamed=tuple(stored.get("unnamed") or ()),
        )


def heading_words(cell: Cell) -> str:
    """A heading as people say it: on one line, without the star that marks a required column."""
    return " ".join(cell_text(cell).split()).rstrip("* ").strip()


def match(header: Sequence[Cell], columns: Iterable[ImportColumn]) -> ColumnMap:
    """Take each heading for the import column that it names.

    Of two headings that name the same column the first one is used; the other is ignored, and
    named.
    """
    by_key: dict[str, str] = {}
    for column in columns:
        for key in column.keys:
            by_key.setdefault(key, column.name)
    fields: dict[str, int] = {}
    headings: dict[str, str] = {}
    ignored: list[str] = []
    for index, cell in enumerate(header):
        words = heading_words(cell)
        if not words:
            continue
        key = heading_key(words)
        name = by_key.get(key)
        if name is None and key in OUR_HEADINGS:
            continue
        if name is None or name in fields:
            ignored.append(words)
        else:
            fields[name] = index
            headings[name] = words
    return ColumnMap(fields, headings, tuple(ignored))


def by_hand(header: Sequence[Cell], fields: Mapping[str, int]) -> ColumnMap:
    """The map that a user chose: import column → index of the file's column."""
    used = {index: name for name, index in fields.items()}
    headings: dict[str, str] = {}
    ignored: list[str] = []
    for index, cell in enumerate(header):
        words = heading_words(cell)
        if index not in used and words and heading_key(words) not in OUR_HEADINGS:
            ignored.append(words)
    for index, name in used.items():
        words = heading_words(header[index]) if index < len(header) else ""
        headings[name] = words or column_letters(index)
    return ColumnMap(dict(fields), headings, tuple(ignored))


def find_header(
    rows: Sequence[Row], columns: Sequence[ImportColumn], keys: frozenset[str]
) -> int | None:
    """The number of the row that matches the most columns, the first of those that do.

    A header must have one of `keys`, the columns by which a record is known: a note that happens
    to say "Email" is none.
    """
    best, most = None, 0
    for row in rows:
        found = match(row.cells, columns).fields
        if len(found) > most and not keys.isdisjoint(found):
            best, most = row.number, len(found)
    return best
