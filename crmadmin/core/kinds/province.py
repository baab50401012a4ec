"""Provinces and cities."""

from __future__ import annotations

from crmadmin.core import text
from crmadmin.core.kinds.base import Control, FieldKind, Value
from crmadmin.core.kinds.base import marked as _
from crmadmin.core.text import Note


def _name(value: object, notes: list[Note] | None = None) -> str | None:
    found = text.province(value, notes)
    return None if found is None else found.name


PROVINCE = FieldKind(
    "province",
    "one of the 34 provinces and cities in force since 1 July 2025",
    _name,
    example="Hà Nội",
    defaults={"max_length": 64},
    control=Control.CHOICE,
    cell="province",
    width="w-l",
    searchable=True,
    hint=_("A province or city; names from before July 2025 are understood."),
    values=tuple(Value(p.name, p.name, p.name, p.name) for p in text.PROVINCES),
)
