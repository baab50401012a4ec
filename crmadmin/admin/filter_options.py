"""What a filter has to choose from, each choice with how many rows of the list it would show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _

from crmadmin.access import guard
from crmadmin.access.permissions import find
from crmadmin.admin.extra_filters import ExtraFilter
from crmadmin.admin.list_page import fixed, option_words
from crmadmin.admin.view_models import FilterOption
from crmadmin.core import facets
from crmadmin.core.facets import Condition
from crmadmin.core.list_state import UNSET
from crmadmin.core.options import Option
from crmadmin.core.outside import record_ids
from crmadmin.core.paging import COUNT_CAP
from crmadmin.core.spec import FieldSpec

MOST_SHOWN = 200
"""Choices of one filter; of more, those with the most rows."""
MOST_COMMON = 10
"""Choices of a filter whose records are looked up: those with the most rows."""
MOST_READ = 5000


@dataclass(frozen=True, slots=True)
class Rows:
    """The list a filter belongs to, within all its other filters; `chosen` is what is on."""

    model: type[Any]
    where: Sequence[Condition]
    chosen: frozenset[str]

    def option(self, value: str, label: object, color: str, count: str) -> FilterOption:
        """One choice with its count in words."""
        return FilterOption(value, label, color, value in self.chosen, count)


def of_extra(rows: Rows, extra: ExtraFilter) -> list[FilterOption]:
    """The choices of a filter that is no field."""
    pairs = extra.offered()
    counted = {value: extra.clause([value]) for value, _label in pairs[: facets.MOST_PARTS]}
    counts = facets.counts_by(rows.model, rows.where, counted)
    return [
        rows.option(value, label, "", said(counts[value]) if value in counts else "")
        for value, label in pairs
    ]


def of_field(rows: Rows, f: FieldSpec, target: type[Any] | None) -> list[FilterOption]:
    """The choices of a field: its fixed values, or the records of `target`; then "not set"."""
    column = getattr(rows.model, f.column)
    blank = [None] if f.may_be_unset else []
    pairs = fixed(f)
    if target is None:
        values = [value.stored for value in f.values]
        counts = facets.counts_of(column, rows.where, [*values, *blank])
        made = [
            rows.option(value, label, color, said(counts.of(key), counts.complete))
            for key, (value, label, color) in zip(values, pairs, strict=True)
        ]
    elif target.__record__.is_large:
        counts = facets.counts_of(column, rows.where)
        made = _records(rows, target, _most_common(rows, target, counts), counts)
    else:
        every = facets.every(target, MOST_READ)
        counts = facets.counts_of(column, rows.where, [*(o.id for o in every), *blank])
        made = _records(rows, target, every, counts)
    if f.may_be_unset:
        words = said(counts.of(None), counts.complete)
        made.append(rows.option(UNSET, _("Not set"), "", words))
    return made


def _most_common(rows: Rows, target: type[Any], counts: facets.FacetCounts) -> list[Option]:
    known = [key for key in counts.rows if key is not None]
    most = sorted(known, key=lambda key: -counts.of(key))
    wanted = {*most[:MOST_COMMON], *record_ids(rows.chosen)}
    (found,) = facets.short_lists([facets.names_of(target, wanted)])
    return sorted(map(facets.option, found), key=lambda o: -counts.of(o.id))


def _records(
    rows: Rows, target: type[Any], options: Sequence[Option], counts: facets.FacetCounts
) -> list[FilterOption]:
    """Records that are in use; others only where rows have them or they are chosen, and so for
    names that this user may not look up."""
    looks_up = may_look_up(target)
    kept = [
        o
        for o in options
        if (o.is_active and looks_up) or counts.of(o.id) or str(o.id) in rows.chosen
        if may_name(target, o.id) or counts.of(o.id)
    ]
    if len(kept) > MOST_SHOWN:
        ranked = sorted(kept, key=lambda o: (str(o.id) not in rows.chosen, -counts.of(o.id)))
        shown = {o.id for o in ranked[:MOST_SHOWN]}
        kept = [o for o in kept if o.id in shown]
    return [
        rows.option(str(o.id), option_words(o), o.color, said(counts.of(o.id), counts.complete))
        for o in kept
    ]


def may_look_up(target: type[Any]) -> bool:
    """Whether this user may find the names of such records."""
    resource = target.__record__.resource
    permission = find(resource, "lookup") or find(resource, "read")
    return permission is not None and guard.can(permission)


def may_name(target: type[Any], key: int) -> bool:
    """Whether a filter may say the name of a record: not those of other people to users who may not
    look people up."""
    user = guard.current_user()
    return may_look_up(target) or (isinstance(user, target) and user.id == key)


def said(count: int, complete: bool = True) -> str:
    """A count in words; '' for none where not all rows were looked at."""
    if count > COUNT_CAP:
        return _("%(count)s+", count=format_decimal(COUNT_CAP))
    if complete:
        return str(format_decimal(count))
    return _("%(count)s+", count=format_decimal(count)) if count else ""
