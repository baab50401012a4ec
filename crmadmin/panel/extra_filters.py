"""Filters of a list that are no fields of its records: the groups of a customer, say.

They ride in the state of the list like any other filter, so that links, chips, exports and bulk
actions keep them; only their conditions are made elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from crmadmin.core.listing import MAX_VALUES, ListState
from crmadmin.core.spec import Words
from crmadmin.panel.list_page import without
from crmadmin.panel.shapes import FilterOption, FilterView

Options = Callable[[Sequence[str]], Sequence[tuple[str, Any, str]]]


@dataclass(frozen=True, slots=True)
class ExtraFilter:
    """`clause` makes the condition of the chosen values; `options` offers (value, label, colour)
    and gets what is chosen; with `remote_url` it offers only that and the browser looks up more."""

    name: str
    label: Words
    fits: Callable[[str], bool]
    clause: Callable[[Sequence[str]], Any]
    options: Options
    remote_url: str = ""


def is_id(value: str) -> bool:
    """Whether a filter's value can be the id of a record."""
    return value.isascii() and value.isdecimal() and len(value) < 10


def read(state: ListState, extras: Sequence[ExtraFilter], args: MultiDict[str, str]) -> ListState:
    """The state with what the address says for these filters."""
    found = dict(state.filters)
    for extra in extras:
        values = tuple(v for v in args.getlist(extra.name)[:MAX_VALUES] if extra.fits(v))
        if values:
            found[extra.name] = tuple(dict.fromkeys(values))
    return replace(state, filters=found)


def split(state: ListState, extras: Sequence[ExtraFilter]) -> tuple[ListState, list[Any]]:
    """The state of the record's own filters, and the conditions of these."""
    names = {extra.name for extra in extras}
    own = {name: values for name, values in state.filters.items() if name not in names}
    made = [e.clause(state.filters[e.name]) for e in extras if e.name in state.filters]
    return replace(state, filters=own), made


def view(endpoint: str, state: ListState, extra: ExtraFilter) -> FilterView:
    """The filter as the list shows it."""
    chosen = state.filters.get(extra.name, ())
    offered = [
        FilterOption(value, label, color, value in chosen)
        for value, label, color in extra.options(chosen)
    ]
    words = [str(o.label) for o in offered if o.selected]
    text = words[0] + (f" +{len(words) - 1}" if len(words) > 1 else "") if words else ""
    return FilterView(
        extra.name, extra.label, "ref", offered, text, bool(chosen),
        without(endpoint, state, extra.name), extra.remote_url,
    )  # fmt: skip
