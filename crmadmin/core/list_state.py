"""What the URL of a list asks for: search, filters, order and page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from crmadmin.core import outside
from crmadmin.core.paging import DEFAULT_PER_PAGE, PER_PAGE
from crmadmin.core.spec import FieldKind, FieldSpec, RecordSpec

UNSET = "-"  # the filter value for "not set"
MAX_QUERY = 200
MAX_VALUES = 100
RANGES = (FieldKind.DATE, FieldKind.DATETIME)


@dataclass(frozen=True, slots=True)
class ListState:
    """What a list URL asks for; unknown or malformed parts are left out, never an error."""

    query: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[date | None, date | None]] = field(default_factory=dict)
    sort: str = ""
    descending: bool = False
    page: int = 1
    per_page: int = DEFAULT_PER_PAGE
    count_all: bool = False
    after: int = 0
    """The id of the row that the page begins behind; the page's number is then only shown."""
    before: int = 0
    is_last: bool = False

    @property
    def behind(self) -> int:
        """The row that the page is next to, 0 for none."""
        return self.after or self.before

    def args(self, **changes: Any) -> dict[str, Any]:
        """The URL parameters of this state; `changes` replace parameters, None drops one."""
        given: dict[str, Any] = {
            "q": self.query or None,
            **{name: list(values) for name, values in self.filters.items()},
            "sort": (f"-{self.sort}" if self.descending else self.sort) or None,
            "per_page": self.per_page if self.per_page != DEFAULT_PER_PAGE else None,
            "page": self.page if self.page > 1 else None,
        }
        for name, (first, last) in self.ranges.items():
            given[f"{name}_from"] = first.isoformat() if first else None
            given[f"{name}_to"] = last.isoformat() if last else None
        return {k: v for k, v in {**given, **changes}.items() if v not in (None, [])}


def read_state(
    spec: RecordSpec, args: MultiDict[str, str], *, sees_sensitive: bool = True
) -> ListState:
    """The state that a query string asks for.

    Who sees a field masked cannot filter or sort by it: the order of the rows would tell it.
    """
    filters: dict[str, tuple[str, ...]] = {}
    ranges: dict[str, tuple[date | None, date | None]] = {}
    for f in spec.having("filtered"):
        if f.sensitive and not sees_sensitive:
            continue
        if f.kind in RANGES:
            span = (outside.day(args.get(f"{f.name}_from")), outside.day(args.get(f"{f.name}_to")))
            if any(span):
                ranges[f.name] = span
        elif values := tuple(v for v in args.getlist(f.name)[:MAX_VALUES] if _fits(f, v)):
            filters[f.name] = tuple(dict.fromkeys(values))
    sort = args.get("sort", "")
    name = sort.removeprefix("-")
    by = spec.by_name.get(name)
    sortable = by is not None and by.sortable and (sees_sensitive or not by.sensitive)
    return ListState(
        query=outside.words(args.get("q"), MAX_QUERY),
        filters=filters,
        ranges=ranges,
        sort=name if sortable else "",
        descending=sortable and sort.startswith("-"),
        page=outside.page_number(args.get("page")),
        per_page=outside.page_size(args.get("per_page"), PER_PAGE, DEFAULT_PER_PAGE),
        count_all=args.get("count") == "all",
        after=outside.record_id(args.get("after")) or 0,
        before=0 if "after" in args else outside.record_id(args.get("before")) or 0,
        is_last=args.get("last") == "1",
    )


def _fits(f: FieldSpec, value: str) -> bool:
    if value == UNSET:
        return not f.required and f.kind is not FieldKind.BOOLEAN
    if f.kind is FieldKind.REF:
        return outside.record_id(value) is not None
    if f.kind is FieldKind.BOOLEAN:
        return value in ("0", "1")
    if f.choices:
        return value in [c.value for c in f.choices]
    return 0 < len(value) <= (f.max_length or MAX_QUERY) and "\0" not in value
