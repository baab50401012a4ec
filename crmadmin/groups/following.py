"""Nhóm động: the search that a group follows, as text and as conditions on customers.

The text is a query string: the customer list's own parameters, and the picker's `code`, `name`,
`phone` and `email`. A group may follow a search for a phone number, made by people who see it;
whoever sees such values masked finds nobody in it, for to be in it would tell the number.

What was stored may be unreadable tomorrow: a field is removed, a value of a catalog deleted. A
group that follows such a text has no members until somebody mends it: by a search with a condition
less, more would be members than anybody chose. Its own page says what cannot be read; all others
go on without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from flask import current_app
from sqlalchemy import ColumnElement, false, or_, select
from werkzeug.datastructures import MultiDict

from crmadmin.access import reach
from crmadmin.core import outside
from crmadmin.core.db import db, spec_of
from crmadmin.core.list_state import ListState, Unread, UnreadSearch, read_state, unknown
from crmadmin.core.listing import clauses
from crmadmin.core.text import as_typed, code_key, dialled, email_key, fold
from crmadmin.customers.models import Customer

WORDS = ("code", "name", "phone", "email")
"""Fields that are searched by a word of their own, sensitive ones only for users who see them."""

EVERYBODY = "q="
"""The text of a search without conditions: an empty text would mean an ordinary group."""

_LISTING = ("sort", "per_page", "page")


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for customers asks for: the list's state, and words for single fields."""

    state: ListState = field(default_factory=ListState)
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def unread(self) -> tuple[Unread, ...]:
        """The parts of it that cannot be read."""
        return self.state.unread

    def where(self, *, sees_sensitive: bool = True) -> list[ColumnElement[bool]]:
        """The conditions on customers."""
        zone = current_app.config["SETTINGS"].timezone
        spec = spec_of(Customer)
        found = clauses(spec, self.state, sees_sensitive=sees_sensitive, zone=zone)
        for name, text in self.words.items():
            if sees_sensitive or not _is_private(name):
                found += _contains(name, text)
        return found

    @property
    def is_private(self) -> bool:
        """Whether it asks for a value that some roles see masked."""
        asked = (*self.words, *self.state.filters, *self.state.ranges)
        return any(_is_private(name) for name in asked)

    @property
    def text(self) -> str:
        """The query string of it, for `drafts.follow`; nothing about order or pages."""
        args = {k: v for k, v in self.state.args().items() if k not in _LISTING}
        return urlencode({**args, **self.words}, doseq=True) or EVERYBODY


def read(given: MultiDict[str, str], *, sees_sensitive: bool = True) -> Search:
    """The search of an address's parameters."""
    state = read_state(spec_of(Customer), given, sees_sensitive=sees_sensitive)
    names = [name for name in WORDS if sees_sensitive or not _is_private(name)]
    said = {n: outside.words(given.get(n)) for n in names}
    return Search(replace(state, count_all=False), {n: text for n, text in said.items() if text})


def kept(text: str) -> Search:
    """The search of a text that was stored, or sent to be; also names that mean nothing (any more)
    are unread."""
    given = outside.parameters(text)
    if given is None:
        return Search(ListState(unread=(Unread("text", text),)))
    found = read(given)
    strange = unknown(spec_of(Customer), given, WORDS)
    is_nothing = found.text == EVERYBODY and text not in ("", EVERYBODY)
    if is_nothing and not strange and not found.unread:
        strange = [Unread("text", text)]  # it must have meant something
    return replace(found, state=replace(found.state, unread=(*found.unread, *strange)))


def asked(text: str) -> Search:
    """A search that something is to be done with. Raises UnreadSearch."""
    search = kept(text)
    if search.unread:
        raise UnreadSearch(search.unread)
    return search


def where_of(text: str) -> list[ColumnElement[bool]]:
    """The conditions of the text that a group follows, as far as the current user may ask them;
    nobody meets one that cannot be read.

    Left out, a condition on a value they see masked would make everybody a member: nobody is one.
    The words of the general search look only at what they see.
    """
    search, sees = kept(text), reach.sees_sensitive()
    if search.unread or (search.is_private and not sees):
        return [false()]
    return search.where(sees_sensitive=sees)


def is_hidden(text: str | None) -> bool:
    """Whether who is in a group that follows this is not said to the current user."""
    return bool(text) and not reach.sees_sensitive() and kept(text or "").is_private


def _is_private(name: str) -> bool:
    field = spec_of(Customer).by_name.get(name)
    return field is not None and bool(field.sensitive)


def is_readable(text: str | None) -> bool:
    """Whether a group that follows this text (None: none at all) has the members it should have."""
    return text is None or not kept(text).unread


def trouble(text: str) -> list[Unread]:
    """Everything that is wrong with a stored text: what cannot be read, and records that were
    deleted, which nobody can have any more. One statement for each filter of records."""
    search, spec = kept(text), spec_of(Customer)
    found = list(search.unread)
    for name, values in search.state.filters.items():
        f = spec.field(name)
        if not f.is_ref:
            continue
        target: Any = getattr(Customer, f.name).property.mapper.class_
        ids = outside.record_ids(values)
        there = set(db.session.scalars(select(target.id).where(target.id.in_(ids))))
        found += [Unread("gone", str(key), f.label) for key in ids if key not in there]
    return found


def _contains(name: str, text: str) -> Sequence[ColumnElement[bool]]:
    if name == "code":
        return [_has(Customer.code_key, code_key(text))]
    if name == "email":
        return [_has(Customer.email_key, email_key(text))]
    if name == "phone":
        return [_phone(text)]
    return [_has(Customer.name_text, word) for word in fold(text).split()]


def _has(column: Any, text: str) -> ColumnElement[bool]:
    return or_(*(column.contains(word, autoescape=True) for word in as_typed(text)))


def _phone(text: str) -> ColumnElement[bool]:
    """As dialled at home or from abroad, whatever stands between the figures; a whole number is
    that number."""
    if (number := dialled(text)) is not None:
        return Customer.phone == number
    figures = "".join(c for c in as_typed(text)[-1] if c.isascii() and c.isdecimal())
    if not figures:
        return _has(Customer.phone, text)
    home = figures[1:] if figures.startswith("0") else figures
    found = [Customer.phone.contains(figures, autoescape=True)]
    if home and home != figures:
        found.append(Customer.phone.startswith(f"+84{home}", autoescape=True))
    return or_(*found)
