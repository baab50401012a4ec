"""The picker of the group form: what can be searched for, in which words, and a page of matches.

The search itself is `following.Search`: what one searches by is what a group may follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement

from crmadmin.access import reach
from crmadmin.core import listing
from crmadmin.core.db import spec_of
from crmadmin.core.list_state import UNSET
from crmadmin.core.options import Option, chosen, options
from crmadmin.core.outside import record_ids
from crmadmin.core.paging import Page
from crmadmin.core.spec import FieldSpec, Words
from crmadmin.core.words import translated
from crmadmin.customers.models import Customer
from crmadmin.groups import following

PER_PAGE = 25
"""Rows of each half of the form: both together stay a page that a phone loads at once."""
FIRST = ("owner", "sales_group")
"""The filters that always show; the others stand behind Thêm bộ lọc."""

TYPED = ("code", "name", "phone", "email")
COLUMNS = ("code", "name", "owner", "sales_group")


@dataclass(frozen=True, slots=True)
class FilterChoice:
    """One filter as the picker's form shows it: (value, words, colour, is it chosen)."""

    name: str
    label: Words
    options: Sequence[tuple[str, Words, str, bool]]
    remote_url: str = ""

    @property
    def is_set(self) -> bool:
        """Whether something is chosen."""
        return any(selected for _value, _words, _color, selected in self.options)


def field(name: str) -> FieldSpec:
    """A field of customers."""
    return spec_of(Customer).field(name)


def page(
    search: following.Search,
    where: Sequence[ColumnElement[bool]],
    *,
    all_of_them: bool = False,
    sees_sensitive: bool,
) -> Page:
    """The customers that a search asks for, within `where`, with owner and sales group."""
    # By name, which has an index: no page of a million waits for a sort.
    by = search.state.sort or "name"
    state = replace(search.state, per_page=PER_PAGE, count_all=all_of_them, sort=by)
    shown = [field(name) for name in COLUMNS]
    return listing.page(spec_of(Customer), state, where, shown, sees_sensitive=sees_sensitive)


def choices(search: following.Search) -> list[FilterChoice]:
    """Every filter of customers with its options, those that always show first."""
    found = [_choice(f, search.state.filters.get(f.name, ())) for f in _filters()]
    return sorted(found, key=lambda c: FIRST.index(c.name) if c.name in FIRST else len(FIRST))


def in_words(search: following.Search) -> list[tuple[Words, str]]:
    """What a search asks for, as (field, value) in words: for a group that follows it."""
    spec = spec_of(Customer)
    sees = reach.sees_sensitive()
    said: list[tuple[Words, str]] = []
    if search.state.query:
        said.append((_("Search"), search.state.query))
    typed = [spec.field(n) for n in TYPED if n in search.words]
    said += [(_label(f), search.words[f.name]) for f in typed if sees or not f.sensitive]
    for f in _filters():
        if values := search.state.filters.get(f.name, ()):
            shown = _choice(f, values).options
            said.append((_label(f), ", ".join(str(t) for _v, t, _c, on in shown if on)))
    return [*said, *_ranges(search)]


def _ranges(search: following.Search) -> Iterator[tuple[Words, str]]:
    spec, sees = spec_of(Customer), reach.sees_sensitive()
    for name, ends in search.state.ranges.items():
        f = spec.field(name)
        if f.kind.span is None or (f.sensitive and not sees):
            continue
        first, last = ("…" if end is None else f.kind.span.show(end) for end in ends)
        yield _label(f), f"{first} – {last}"


def _filters() -> list[FieldSpec]:
    """Those that the current user sees in full: what one may search by, and read of a search."""
    sees = reach.sees_sensitive()
    fields = spec_of(Customer).having("filtered")
    return [f for f in fields if f.kind.span is None and (sees or not f.sensitive)]


def _label(f: FieldSpec) -> Words:
    return f.brief or f.label


def _choice(f: FieldSpec, selected: Sequence[str]) -> FilterChoice:
    offered, remote_url = _offered(f, selected)
    if f.may_be_unset:
        offered = [*offered, (UNSET, _("Not set"), "")]
    marked = [(value, words, color, value in selected) for value, words, color in offered]
    return FilterChoice(f.name, _label(f), marked, remote_url)


def _offered(f: FieldSpec, selected: Sequence[str]) -> tuple[list[tuple[str, Words, str]], str]:
    if not f.is_ref:
        return [(value.text, translated(value.words), "") for value in f.values], ""
    target: Any = getattr(Customer, f.name).property.mapper.class_
    ids = record_ids(selected)
    if not target.__record__.is_large:
        return [_option(o) for o in options(target, ids)], ""
    return [_option(o) for o in chosen(target, ids)], url_for(f"{target.__tablename__}.lookup")


def _option(option: Option) -> tuple[str, Words, str]:
    text = option.text if option.is_active else _("%(name)s (stopped)", name=option.text)
    return str(option.id), text, option.color
