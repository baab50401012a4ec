"""Filters of a list that are no fields of its records: the groups of a customer, say.

They ride in the state of the list like any other filter, so that links, chips, exports and bulk
actions keep them; only their conditions are made elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from crmadmin.admin.list_page import made_of, option_words
from crmadmin.admin.view_models import FilterOption, FilterView
from crmadmin.core.facets import Condition
from crmadmin.core.list_state import ListState, Unread, readable
from crmadmin.core.options import Option
from crmadmin.core.outside import record_id
from crmadmin.core.spec import Words


@dataclass(frozen=True, slots=True)
class ExtraFilter:
    """`clause` makes the condition of the chosen values.

    What can be chosen is `fixed` (value, words), or records of `model`: those that `options` gives
    as (value, words), or with `remote_url` whatever the browser looks up there.
    """

    name: str
    label: Words
    fits: Callable[[str], bool]
    clause: Callable[[Sequence[str]], Any]
    fixed: Sequence[tuple[str, Words]] = ()
    model: type[Any] | None = None
    options: Callable[[], Sequence[tuple[str, Words]]] = tuple
    remote_url: str = ""
    trouble: Callable[[Sequence[str]], Sequence[Unread]] = lambda _values: ()
    """The chosen values that cannot be read, such as a group whose own filter is unreadable."""

    def offered(self) -> Sequence[tuple[str, Words]]:
        """What can be chosen, but for what the browser looks up."""
        return self.fixed or self.options()


def is_id(value: str) -> bool:
    """Whether a filter's value can be the id of a record."""
    return record_id(value) is not None


def read(state: ListState, extras: Sequence[ExtraFilter], args: MultiDict[str, str]) -> ListState:
    """The state with what the address says for these filters."""
    found, unread = dict(state.filters), list(state.unread)
    for extra in extras:
        if values := readable(args.getlist(extra.name), extra.fits, extra.label, unread):
            found[extra.name] = values
            unread += extra.trouble(values)
    return replace(state, filters=found, unread=tuple(unread))


def split(state: ListState, extras: Sequence[ExtraFilter]) -> tuple[ListState, list[Condition]]:
    """The state of the record's own filters, and the conditions of these."""
    names = {extra.name for extra in extras}
    own = {name: values for name, values in state.filters.items() if name not in names}
    made = [e.clause(state.filters[e.name]) for e in extras if e.name in state.filters]
    return replace(state, filters=own), made


def view(
    endpoint: str, state: ListState, extra: ExtraFilter, names: Sequence[Option]
) -> FilterView:
    """The filter as the list shows it; `names` are the chosen records."""
    known = dict(extra.fixed) | {str(o.id): option_words(o) for o in names}
    chosen = [
        FilterOption(value, known.get(value, f"#{value}"), selected=True)
        for value in state.filters.get(extra.name, ())
    ]
    return made_of(endpoint, extra.name, extra.label, state, chosen, extra.remote_url)
