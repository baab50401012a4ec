"""What the URL of a list asks for: search, filters, order, page; and what of it is unreadable."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from werkzeug.datastructures import MultiDict

from crmadmin.core import outside
from crmadmin.core.kinds.base import Span
from crmadmin.core.messages import message
from crmadmin.core.paging import DEFAULT_PER_PAGE, PER_PAGE
from crmadmin.core.search.conditions import MOST_WORDS, is_cut
from crmadmin.core.spec import FieldSpec, RecordSpec, Words
from crmadmin.core.text import shorten, show_date

UNSET = "-"  # the filter value for "not set"
MAX_QUERY = 200
MAX_VALUES = 100
PARAMETERS = frozenset({"q", "sort", "page", "per_page", "count", "after", "before", "last"})
"""What a list reads beside its filters."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of an address or of a stored search that cannot be read (any more).

    `why` is a reason of the message `unread`; `label` the words for the field, `value` what stands
    there.
    """

    why: str
    value: str
    label: Words = ""

    @property
    def words(self) -> str:
        """The sentence for it, in the user's language."""
        params = {"reason": self.why, "value": shorten(self.value), "label": str(self.label)}
        bounds = {"first": show_date(outside.FIRST_DAY), "last": show_date(outside.LAST_DAY)}
        most = {"many": MAX_VALUES, "words": MOST_WORDS}.get(self.why, MAX_QUERY)
        return message("unread", {**params, **bounds, "most": str(most)})


class UnreadSearch(ValueError):
    """Something is to be done to all that a search matches, and a part of it cannot be read: more
    would match than anybody chose. Nothing was done."""

    def __init__(self, unread: Sequence[Unread]) -> None:
        super().__init__(*(part.why for part in unread))
        self.unread = tuple(unread)


@dataclass(frozen=True, slots=True)
class ListState:
    """What a list URL asks for. What cannot be read is left out and named in `unread`: a page says
    so, an act refuses it."""

    query: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    sort: str = ""
    descending: bool = False
    page: int = 1
    per_page: int = DEFAULT_PER_PAGE
    count_all: bool = False
    after: int = 0
    """The id of the row that the page begins behind; the page's number is then only shown."""
    before: int = 0
    is_last: bool = False
    unread: tuple[Unread, ...] = ()

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
            given[f"{name}_from"] = None if first is None else str(first)
            given[f"{name}_to"] = None if last is None else str(last)
        return {k: v for k, v in {**given, **changes}.items() if v not in (None, [])}


def read_state(
    spec: RecordSpec, args: MultiDict[str, str], *, sees_sensitive: bool = True
) -> ListState:
    """The state that a query string asks for.

    Users who see a field masked cannot filter or sort by it: the order of the rows would reveal it.
    """
    filters: dict[str, tuple[str, ...]] = {}
    ranges: dict[str, tuple[Any, Any]] = {}
    unread: list[Unread] = []
    for f in spec.having("filtered"):
        if f.sensitive and not sees_sensitive:
            given = next((v for name in names_of(f) for v in args.getlist(name) if v), None)
            unread += [] if given is None else [Unread("masked", given, f.label)]
        elif span := f.kind.span:
            ends = [_end(f, span, args.get(name, ""), unread) for name in names_of(f)]
            if any(end is not None for end in ends):
                ranges[f.name] = (ends[0], ends[1])
        elif values := readable(args.getlist(f.name), partial(_fits, f), f.label, unread):
            filters[f.name] = values
    sort, sortable = args.get("sort", ""), _is_sortable(spec, args, sees_sensitive=sees_sensitive)
    if sort and not sortable:
        unread.append(Unread("sort", sort))
    unread += _unread_words(args.get("q", ""))
    return ListState(
        query=outside.words(args.get("q"), MAX_QUERY),
        filters=filters,
        ranges=ranges,
        sort=sort.removeprefix("-") if sortable else "",
        descending=sortable and sort.startswith("-"),
        page=outside.page_number(args.get("page")),
        per_page=outside.page_size(args.get("per_page"), PER_PAGE, DEFAULT_PER_PAGE),
        count_all=args.get("count") == "all",
        after=outside.record_id(args.get("after")) or 0,
        before=0 if "after" in args else outside.record_id(args.get("before")) or 0,
        is_last=args.get("last") == "1",
        unread=tuple(unread),
    )


def _unread_words(query: str) -> list[Unread]:
    """What of the searched words is not searched for."""
    if len(query) > MAX_QUERY:
        return [Unread("long", query)]
    return [Unread("words", "")] if is_cut(query) else []


def names_of(f: FieldSpec) -> tuple[str, ...]:
    """The parameters of a filter: its name, or for a span from and to."""
    return (f"{f.name}_from", f"{f.name}_to") if f.kind.span else (f.name,)


def unknown(spec: RecordSpec, args: MultiDict[str, str], known: Collection[str]) -> list[Unread]:
    """The parameters with a value that are none of a list's, nor `known`: of a field that was
    removed, say."""
    own = {name for f in spec.having("filtered") for name in names_of(f)}
    others = {name: args[name] for name in args if name not in own | PARAMETERS | {*known}}
    return [Unread("name", name) for name, value in others.items() if value]


def readable(
    given: Sequence[str], fits: Callable[[str], bool], label: Words, unread: list[Unread]
) -> tuple[str, ...]:
    """The values that fit, each once; the others are added to `unread`. A blank says nothing."""
    values = [value for value in dict.fromkeys(given) if value]
    if len(values) > MAX_VALUES:
        unread.append(Unread("many", "", label))
    values = values[:MAX_VALUES]
    unread += [Unread("", value, label) for value in values if not fits(value)]
    return tuple(value for value in values if fits(value))


def _end(f: FieldSpec, span: Span, text: str, unread: list[Unread]) -> Any:
    """One end of a span."""
    found = span.read(text)
    if found is None and text.strip():
        unread.append(Unread(span.unreadable, text, f.label))
    return found


def _is_sortable(spec: RecordSpec, args: MultiDict[str, str], *, sees_sensitive: bool) -> bool:
    by = spec.by_name.get(args.get("sort", "").removeprefix("-"))
    return by is not None and by.sortable and (sees_sensitive or not by.sensitive)


def _fits(f: FieldSpec, value: str) -> bool:
    return f.may_be_unset if value == UNSET else chosen_value(f, value) is not None


def chosen_value(f: FieldSpec, text: str) -> Any:
    """What a column has where a filter's text is chosen; None for what cannot be."""
    if f.kind.read_choice is not None:
        return f.kind.read_choice(text)
    if f.choices:
        fits = text in [c.value for c in f.choices]
    else:
        fits = 0 < len(text) <= (f.max_length or MAX_QUERY) and "\0" not in text
    return text if fits else None
