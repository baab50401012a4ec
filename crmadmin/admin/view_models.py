"""What the templates of record pages are given: plain data, one class a thing on screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crmadmin.core.kinds.base import Span
from crmadmin.core.paging import Page
from crmadmin.core.spec import FieldSpec, Words


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column of a list. `sorted` is None, 'ascending' or 'descending'. Of a count of records, the
    label says what several are called, and `one` what one is."""

    name: str
    label: Words
    kind: str
    field: FieldSpec | None = None
    sortable: bool = False
    sort_url: str = ""
    sorted: str | None = None
    width: str = ""
    align: str = ""
    one: Words = ""


@dataclass(frozen=True, slots=True)
class FilterOption:
    """One value of a filter; `count` says how many rows of the list it would show, in words."""

    value: str
    label: Words
    color: str = ""
    selected: bool = False
    count: str = ""


@dataclass(frozen=True, slots=True)
class FilterView:
    """A filter of a list: its parameter is `name` (repeated), or `name_from` and `name_to`.

    `span` is that of a filter from one value to another, which has the ends `first` and `last`.
    `options` are those that are chosen; what else there is to choose is loaded from `url`. `pairs`
    are the parameters that it puts into the list's address.
    """

    name: str
    label: Words
    span: Span | None
    options: Sequence[FilterOption] = ()
    selected_text: str = ""
    active: bool = False
    clear_url: str = ""
    remote_url: str = ""
    first: str = ""
    last: str = ""
    url: str = ""
    pairs: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One act of a row's or a page's menu. `method` is get, post or sheet."""

    label: Words
    url: str
    icon: str = ""
    method: str = "get"
    danger: bool = False
    disabled_reason: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class BulkAction:
    """One act on the ticked rows; opens a sheet that says what it will do to how many."""

    name: str
    label: Words
    icon: str
    url: str
    danger: bool = False


@dataclass(frozen=True, slots=True)
class PageView:
    """A page of rows with its links; '' where a link leads nowhere."""

    rows: Sequence[Any]
    first: int
    last: int
    number: int
    per_page: int
    per_page_choices: Sequence[int]
    total: int
    exact: bool
    total_text: str
    first_url: str
    prev_url: str
    next_url: str
    last_url: str
    count_url: str

    @classmethod
    def of(
        cls, page: Page, *, total_text: str, count_url: str, first_url: str = "",
        prev_url: str = "", next_url: str = "", last_url: str = "",
    ) -> PageView:  # fmt: skip
        """A page of `core.paging` and where its neighbours are."""
        return cls(
            page.rows, page.first, page.last, page.number, page.per_page, page.per_page_choices,
            page.total, page.exact, total_text, first_url, prev_url, next_url, last_url, count_url,
        )  # fmt: skip


Tab = tuple[Words, str, int | None, bool]
"""A list beside this one: label, url, how many records it has, whether it is this one."""

Segment = tuple[Words, int | None, str, bool]
"""One value of the coarse filter above a table: label, how many rows, url, whether it is on."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """A line of the side navigation: a link, or a heading of its children."""

    label: Words
    url: str = ""
    icon: str = ""
    current: bool = False
    children: Sequence[NavItem] = ()


@dataclass(frozen=True, slots=True)
class NavSection:
    """A top-level word of the side navigation; '' for what stands above all sections."""

    label: Words
    items: Sequence[NavItem] = ()
