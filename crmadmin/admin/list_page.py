"""What a list page shows beside its rows: columns, filters, links that keep the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from crmadmin.admin.view_models import FilterOption, FilterView, ListColumn
from crmadmin.core.list_state import UNSET, ListState, names_of
from crmadmin.core.options import Option
from crmadmin.core.spec import FieldSpec
from crmadmin.core.words import translated

FIRST_PAGE: dict[str, None] = dict.fromkeys(("page", "after", "before"))
"""Changes of a state's parameters that lead to the first page."""
WIDTHS: Mapping[str, str] = {"owner": "w-l", "active": "w-l", "name": ""}
"""Kind of cell → the class of its column, where that is not for its field's kind to say. Columns
without one, the name first of all, share what is left."""
PIXELS: Mapping[str, int] = {
    "w-chk": 44, "w-xs": 64, "w-s": 88, "w-sm": 93, "w-s2": 108, "w-m": 120, "w-l": 141,
    "w-xl": 210,
}  # fmt: skip
"""How wide they are in app-widths.css."""
LEAST_SHARE = 200
"""Pixels that a column without a width has at the least: a name is to be read."""
STEP, NARROWEST, WIDEST = 40, 640, 4000
"""The classes `least-…` of app-widths.css: a table so wide at the least scrolls in its frame."""


def columns(
    endpoint: str, state: ListState, fields: Sequence[FieldSpec], *, sees_sensitive: bool
) -> list[ListColumn]:
    """The columns of a list with their sort links; who sees a field masked cannot sort by it."""
    made = []
    for f in fields:
        direction = None
        if state.sort == f.name:
            direction = "descending" if state.descending else "ascending"
        sortable = f.sortable and (sees_sensitive or not f.sensitive)
        following = f"-{f.name}" if direction == "ascending" else f.name
        link = url_for(f"{endpoint}.index_view", **state.args(sort=following, **FIRST_PAGE))
        made.append(
            ListColumn(
                name=f.name,
                label=f.brief or f.label,
                kind=_cell_kind(f),
                field=f,
                sortable=sortable,
                sort_url=link if sortable else "",
                sorted=direction,
                width=f.width or WIDTHS.get(_cell_kind(f), f.kind.width),
                align=f.kind.align,
            )
        )
    return made


def least_width(columns: Sequence[ListColumn], beside: Sequence[str | bool | None] = ()) -> str:
    """The class of a table in which each of these columns can be read; `beside` are the classes of
    those without a field. A table of fixed layout would give its columns without a width nothing.
    """
    classes = [*(c.width for c in columns), *(name for name in beside if name)]
    needed = sum(PIXELS.get(str(name), LEAST_SHARE) for name in classes)
    steps = -(-needed // STEP) * STEP
    return f"least-{min(max(steps, NARROWEST), WIDEST)}"


def _cell_kind(f: FieldSpec) -> str:
    if f.is_ref and f.target == "User":
        return "owner"
    if f.name in ("name", "username"):
        return "name"
    return "active" if f.name == "is_active" else f.kind.cell


def filter_view(
    endpoint: str, f: FieldSpec, state: ListState, names: Sequence[Option], remote_url: str = ""
) -> FilterView:
    """A filter as the list shows it; `names` are the chosen records of a ref."""
    url = choices_url(endpoint, f.name)
    if span := f.kind.span:
        ends = dict(zip(names_of(f), state.ranges.get(f.name, (None, None)), strict=True))
        words = [span.show(end) for end in ends.values() if end is not None]
        first, last = ("" if end is None else str(end) for end in ends.values())
        return FilterView(
            f.name, f.label, span, selected_text=" – ".join(words), active=bool(words),
            first=first, last=last, clear_url=without(endpoint, state, *ends), url=url,
            pairs=[(name, str(end)) for name, end in ends.items() if end is not None],
        )  # fmt: skip
    known = {value: (label, color) for value, label, color in fixed(f) or map(_named, names)}
    known[UNSET] = (_("Not set"), "")
    chosen = [
        FilterOption(value, *known.get(value, (f"#{value}", "")), selected=True)
        for value in state.filters.get(f.name, ())
    ]
    return made_of(endpoint, f.name, f.label, state, chosen, remote_url)


def made_of(
    endpoint: str,
    name: str,
    label: object,
    state: ListState,
    chosen: Sequence[FilterOption],
    remote_url: str,
) -> FilterView:
    """A filter with these choices made."""
    words = [str(o.label) for o in chosen]
    text = words[0] + (f" +{len(words) - 1}" if len(words) > 1 else "") if words else ""
    return FilterView(
        name, label, None, chosen, text, bool(chosen), without(endpoint, state, name), remote_url,
        url=choices_url(endpoint, name), pairs=[(name, o.value) for o in chosen],
    )  # fmt: skip


def choices_url(endpoint: str, name: str) -> str:
    """Where the choices of a filter are; it is asked with what else the list is narrowed by."""
    return url_for(f"{endpoint}.filter_view", filter_name=name)


def without(endpoint: str, state: ListState, *names: str) -> str:
    """The list's address less these parameters, from its first page."""
    return url_for(f"{endpoint}.index_view", **state.args(**dict.fromkeys(names) | FIRST_PAGE))


def fixed(f: FieldSpec) -> list[tuple[str, Any, str]]:
    """(value, words, colour) of what a field can be chosen from; [] for records and free text."""
    return [(value.text, translated(value.words), "") for value in f.values]


def option_words(option: Option) -> str:
    """A record's name; one that is no longer in use says so."""
    return option.text if option.is_active else _("%(name)s (stopped)", name=option.text)


def _named(option: Option) -> tuple[str, str, str]:
    return str(option.id), option_words(option), option.color
