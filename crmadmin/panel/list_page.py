"""What a list page shows beside its rows: columns, filters, links that keep the state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from crmadmin.core.listing import RANGES, UNSET, ListState
from crmadmin.core.lookups import Option, chosen, options
from crmadmin.core.spec import FieldKind, FieldSpec, RecordSpec
from crmadmin.core.text import PROVINCES
from crmadmin.panel.shapes import Column, FilterOption, FilterView

END_ALIGNED = {FieldKind.NUMBER, FieldKind.DATE, FieldKind.DATETIME}


def columns(
    endpoint: str, state: ListState, fields: Sequence[FieldSpec], *, sees_sensitive: bool
) -> list[Column]:
    """The columns of a list with their sort links; who sees a field masked cannot sort by it."""
    made = []
    for f in fields:
        direction = None
        if state.sort == f.name:
            direction = "descending" if state.descending else "ascending"
        sortable = f.sortable and (sees_sensitive or not f.sensitive)
        following = f"-{f.name}" if direction == "ascending" else f.name
        link = url_for(f"{endpoint}.index_view", **state.args(sort=following, page=None))
        made.append(
            Column(
                name=f.name,
                label=f.brief or f.label,
                kind=_cell_kind(f),
                field=f,
                sortable=sortable,
                sort_url=link if sortable else "",
                sorted=direction,
                width=f.width,
                align="end" if f.kind in END_ALIGNED else "",
            )
        )
    return made


def _cell_kind(f: FieldSpec) -> str:
    if f.kind is FieldKind.REF and f.target == "User":
        return "owner"
    if f.name in ("name", "username"):
        return "name"
    return "active" if f.name == "is_active" else f.kind.value


def filters(
    endpoint: str, spec: RecordSpec, state: ListState, targets: dict[str, type[Any]]
) -> list[FilterView]:
    """Every filter of a record with its options; large tables are looked up by the browser."""
    return [_filter(endpoint, f, state, targets) for f in spec.having("filtered")]


def _filter(
    endpoint: str, f: FieldSpec, state: ListState, targets: dict[str, type[Any]]
) -> FilterView:
    if f.kind in RANGES:
        first, last = state.ranges.get(f.name, (None, None))
        parts = [d.strftime("%d/%m/%Y") for d in (first, last) if d]
        return FilterView(
            f.name, f.label, "date", selected_text=" – ".join(parts), active=bool(parts),
            first=first.isoformat() if first else "", last=last.isoformat() if last else "",
            clear_url=without(endpoint, state, f"{f.name}_from", f"{f.name}_to"),
        )  # fmt: skip
    selected = state.filters.get(f.name, ())
    offered, remote_url = _options(f, selected, targets)
    words = [str(o.label) for o in offered if o.selected]
    kind = "ref" if f.kind is FieldKind.REF else f.kind.value
    text = words[0] + (f" +{len(words) - 1}" if len(words) > 1 else "") if words else ""
    return FilterView(
        f.name, f.label, "boolean" if f.kind is FieldKind.BOOLEAN else kind, offered, text,
        bool(selected), without(endpoint, state, f.name), remote_url,
    )  # fmt: skip


def without(endpoint: str, state: ListState, *names: str) -> str:
    """The list's address less these parameters, from its first page."""
    return url_for(f"{endpoint}.index_view", **state.args(**dict.fromkeys(names), page=None))


def _options(
    f: FieldSpec, selected: Sequence[str], targets: dict[str, type[Any]]
) -> tuple[list[FilterOption], str]:
    if f.kind is FieldKind.BOOLEAN:
        pairs: list[tuple[str, Any, str]] = [("1", _("Yes"), ""), ("0", _("No"), "")]
    elif f.kind is FieldKind.PROVINCE:
        pairs = [(p.name, p.name, "") for p in PROVINCES]
    elif f.choices:
        pairs = [(c.value, c.label, "") for c in f.choices]
    else:
        target = targets[f.target]
        ids = [int(v) for v in selected if v != UNSET]
        large = bool(target.__record__.is_large)
        found = chosen(target, ids) if large else options(target, ids)
        pairs = [(str(o.id), _option_words(o), o.color) for o in found]
        remote = url_for(f"{target.__tablename__}.lookup") if large else ""
        return _marked(f, pairs, selected), remote
    return _marked(f, pairs, selected), ""


def _option_words(option: Option) -> str:
    return option.text if option.is_active else _("%(name)s (stopped)", name=option.text)


def _marked(
    f: FieldSpec, pairs: list[tuple[str, Any, str]], selected: Sequence[str]
) -> list[FilterOption]:
    unset = [] if f.required or f.kind is FieldKind.BOOLEAN else [(UNSET, _("Not set"), "")]
    return [FilterOption(v, label, color, v in selected) for v, label, color in pairs + unset]
