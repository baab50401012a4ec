"""Nhóm động: the search that a group follows, as text and as conditions on customers.

The text is a query string: the customer list's own parameters, and the picker's `code`, `name`,
`phone` and `email`. Parts that mean nothing (any more) are left out, never an error. Only people
who see phones and emails can make a group follow a search for one, so it is always carried out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from flask import current_app
from sqlalchemy import ColumnElement, or_
from werkzeug.datastructures import MultiDict

from crmadmin.core import outside
from crmadmin.core.db import spec_of
from crmadmin.core.list_state import ListState, read_state
from crmadmin.core.listing import clauses
from crmadmin.core.text import code_key, dialled, email_key, fold
from crmadmin.customers.models import Customer

WORDS = ("code", "name")
PRIVATE = ("phone", "email")
"""Searched only for those who see them in full."""

EVERYBODY = "q="
"""The text of a search without conditions: an empty text would mean an ordinary group."""

_LISTING = ("sort", "per_page", "page")


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for customers asks for: the list's state, and words for single fields."""

    state: ListState = field(default_factory=ListState)
    words: Mapping[str, str] = field(default_factory=dict)

    def where(self, *, sees_sensitive: bool = True) -> list[ColumnElement[bool]]:
        """The conditions on customers."""
        zone = current_app.config["SETTINGS"].timezone
        spec = spec_of(Customer)
        found = clauses(spec, self.state, sees_sensitive=sees_sensitive, zone=zone)
        for name, text in self.words.items():
            if sees_sensitive or name not in PRIVATE:
                found += _contains(name, text)
        return found

    @property
    def text(self) -> str:
        """The query string of it, for `drafts.follow`; nothing about order or pages."""
        args = {k: v for k, v in self.state.args().items() if k not in _LISTING}
        return urlencode({**args, **self.words}, doseq=True) or EVERYBODY


def read(args: MultiDict[str, str] | str | None, *, sees_sensitive: bool = True) -> Search:
    """The search of an address's parameters, or of the text that a group follows."""
    given = _parsed(args) if isinstance(args, str | None) else args
    state = read_state(spec_of(Customer), given, sees_sensitive=sees_sensitive)
    names = (*WORDS, *PRIVATE) if sees_sensitive else WORDS
    said = {n: outside.words(given.get(n)) for n in names}
    return Search(replace(state, count_all=False), {n: text for n, text in said.items() if text})


def where_of(text: str) -> list[ColumnElement[bool]]:
    """The conditions of the text that a group follows."""
    return read(text).where()


def _parsed(text: str | None) -> MultiDict[str, str]:
    return outside.parameters(text or "") or MultiDict()


def _contains(name: str, text: str) -> Sequence[ColumnElement[bool]]:
    if name == "code":
        return [_has(Customer.code_key, code_key(text))]
    if name == "email":
        return [_has(Customer.email_key, email_key(text))]
    if name == "phone":
        return [_phone(text)]
    return [_has(Customer.name_text, word) for word in fold(text).split()]


def _has(column: Any, text: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.contains(text, autoescape=True)
    return found


def _phone(text: str) -> ColumnElement[bool]:
    """As dialled at home or from abroad, whatever stands between the figures; a whole number is
    that number."""
    if (number := dialled(text)) is not None:
        return Customer.phone == number
    figures = "".join(c for c in text if c.isascii() and c.isdecimal())
    if not figures:
        return _has(Customer.phone, text)
    home = figures[1:] if figures.startswith("0") else figures
    found = [Customer.phone.contains(figures, autoescape=True)]
    if home and home != figures:
        found.append(Customer.phone.startswith(f"+84{home}", autoescape=True))
    return or_(*found)
