"""The filters of a list. Its page holds only what is chosen; what else there is to choose, counted
within all other filters, is loaded when a filter is opened, or is a page of its own where no script
runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import abort, render_template, url_for
from flask_admin import expose

from crmadmin.access import guard
from crmadmin.admin import extra_filters, filter_options, list_page
from crmadmin.admin.form import FormPages
from crmadmin.admin.view_models import FilterOption, FilterView
from crmadmin.core import facets
from crmadmin.core.list_state import ListState
from crmadmin.core.options import Option
from crmadmin.core.outside import record_ids
from crmadmin.core.paging import Page
from crmadmin.core.spec import FieldSpec


class ChoicePages(FormPages):
    """The filters above the list, and a page of each."""

    def filters(self, state: ListState) -> list[FilterView]:
        """The filters of the list, with what of them is on."""
        names = self.chosen_names(state)
        own = [
            list_page.filter_view(self.endpoint, f, state, names.get(f.name, ()), self.remote_of(f))
            for f in self.filter_fields()
        ]
        more = [
            extra_filters.view(self.endpoint, state, e, names.get(e.name, ()))
            for e in self.more_filters()
        ]
        return own + more

    def list_context(
        self, state: ListState, page: Page, fields: list[FieldSpec]
    ) -> dict[str, object]:
        """With the filters, and what the next search carries on beside words, filters and the size
        of a page."""
        context, filters = super().list_context(state, page, fields), self.filters(state)
        shown = {name for f in filters for name, _value in f.pairs}
        return {
            **context,
            "filters": filters,
            "is_filtered": bool(state.query or any(f.active for f in filters)),
            "carried": carried(state, {"q", "per_page", *shown}),
        }

    def filter_fields(self) -> list[FieldSpec]:
        """The fields that this user may filter by."""
        sees = guard.sees_sensitive()
        return [f for f in self.spec.having("filtered") if sees or not f.sensitive]

    def remote_of(self, f: FieldSpec) -> str:
        """Where the records of a large table are looked up; '' for other filters."""
        target = self.targets.get(f.target)
        is_large = target is not None and target.__record__.is_large
        return self.lookup_of(f) if is_large else ""

    def lookup_of(self, f: FieldSpec) -> str:
        """Where the records of a field are looked up; '' for users who may not, and for other
        fields."""
        target = self.targets.get(f.target)
        if target is None or not filter_options.may_look_up(target):
            return ""
        return url_for(f"{target.__tablename__}.lookup")

    def chosen_names(self, state: ListState) -> Mapping[str, Sequence[Option]]:
        """Filter → the records that are chosen in it. No statement for those that the page's rows
        name; one for all others."""
        targets = {f.name: self.targets[f.target] for f in self.filter_fields() if f.target}
        targets |= {e.name: e.model for e in self.more_filters() if e.model is not None}
        found: dict[str, list[Option]] = {}
        parts, missing = [], []
        for name, target in targets.items():
            ids = set(record_ids(state.filters.get(name, ())))
            ids = {key for key in ids if filter_options.may_name(target, key)}
            found[name] = facets.known(target, ids)
            if left := ids - {o.id for o in found[name]}:
                parts.append(facets.names_of(target, left))
                missing.append(name)
        for name, lines in zip(missing, self.short_lists(parts), strict=True):
            found[name] += map(facets.option, lines)
        return found

    def short_lists(self, parts: Sequence[Any]) -> list[list[facets.FacetLine]]:
        """What the page's head reads, in one statement."""
        return facets.short_lists(parts)

    @expose("/filter/<filter_name>/")
    def filter_view(self, filter_name: str) -> str:
        """What one filter has to choose from: for its panel, or as a page."""
        state = self.state()
        found = next((f for f in self.filters(state) if f.name == filter_name), None)
        if found is None:
            abort(404)
        choices = self.choices_of(found, state)
        f = self.spec.by_name.get(filter_name)
        if f is not None and len(choices) >= filter_options.MOST_SHOWN and not found.remote_url:
            # The others are not on the page: they are looked up, as those of a large table are.
            found = replace(found, remote_url=self.lookup_of(f))
        here, gone = f"{self.endpoint}.index_view", {filter_name, *(n for n, _v in found.pairs)}
        return render_template(
            "admin/model/filter.html",
            view=self,
            filter=found,
            choices=choices,
            title=found.label,
            action=url_for(here),
            rest=carried(state, gone),
            back_url=url_for(here, **state.args()),
        )

    def choices_of(self, found: FilterView, state: ListState) -> list[FilterOption]:
        """The choices of a filter, each with its rows among those that all other filters leave."""
        extra = next((e for e in self.more_filters() if e.name == found.name), None)
        if found.span is not None or (extra is not None and extra.remote_url):
            return []
        others = {name: v for name, v in state.filters.items() if name != found.name}
        chosen = frozenset(o.value for o in found.options)
        rows = filter_options.Rows(self.model, self.where(replace(state, filters=others)), chosen)
        if extra is not None:
            return filter_options.of_extra(rows, extra)
        f = self.spec.field(found.name)
        return filter_options.of_field(rows, f, self.targets.get(f.target))


def carried(state: ListState, gone: set[str]) -> list[tuple[str, str]]:
    """The parameters of a state but these, and from the first page, as hidden fields."""
    args = state.args(**dict.fromkeys(gone) | list_page.FIRST_PAGE)
    return [
        (name, str(value))
        for name, given in args.items()
        for value in (given if isinstance(given, list) else [given])
    ]
