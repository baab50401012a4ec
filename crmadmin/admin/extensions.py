"""What one feature adds to the pages of another's records: filters, acts, cards, pages, addresses.

A feature names what stands below it and nothing above. What customer groups add to customers, or
imports to whatever can be imported, is registered here by the higher feature, under the name of the
record; the record's pages ask for it. Nothing is asked for before the application is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_admin import helpers

from crmadmin.access import policy
from crmadmin.access.permissions import Permission
from crmadmin.core.records import AnyRecord

if TYPE_CHECKING:
    from crmadmin.admin.extra_filters import ExtraFilter
    from crmadmin.admin.view import RecordView
    from crmadmin.admin.view_models import BulkAction


class Card(NamedTuple):
    """A box beside a record: `template` is included, and reads `context` as `card`."""

    template: str
    context: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ExtensionPage:
    """A page beneath the address of a record's pages.

    `rule` is its address behind theirs (`/leave-group/`), `name` the last part of its endpoint,
    `show` what answers, given the view. Whoever asks must hold `permission`.
    """

    name: str
    rule: str
    show: Callable[[RecordView], ResponseReturnValue]
    permission: Permission
    methods: tuple[str, ...] = ("GET",)


Urls = Callable[["RecordView"], Mapping[str, str]]
"""Addresses that a list leads to, by the word of its templates: "import_", "template"."""


@dataclass(frozen=True, slots=True)
class Extension:
    """What the feature `by` adds to the record called `record` (the name of its table).

    Every function is called while a page is answered, so it may look at who asks.
    """

    by: str
    record: str
    filters: Callable[[], Sequence[ExtraFilter]] = tuple
    bulk_actions: Callable[[RecordView], Sequence[BulkAction]] = lambda _view: ()
    cards: Callable[[RecordView, AnyRecord], Sequence[Card]] = lambda _view, _record: ()
    """On the page of a record."""
    form_cards: Callable[[RecordView, AnyRecord], Sequence[Card]] = lambda _view, _record: ()
    """Beside its form."""
    consequences: Callable[[AnyRecord], Sequence[str]] = lambda _record: ()
    """What a delete of the record does to what the feature keeps, in words."""
    urls: Urls = lambda _view: {}
    answers: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """What the record's own pages ask of the feature, by a word: see `ask`."""
    pages: tuple[ExtensionPage, ...] = ()


_EXTENSIONS: dict[tuple[str, str], Extension] = {}


def register(extension: Extension) -> None:
    """Add what a feature adds to a record; said again, it takes the place of what was said."""
    _EXTENSIONS[extension.record, extension.by] = extension


def of(record: str) -> tuple[Extension, ...]:
    """Everything that features add to a record, in the order in which they registered it."""
    return tuple(e for (name, _by), e in _EXTENSIONS.items() if name == record)


def ask(record: str, word: str, *args: object, **kwargs: object) -> Any:
    """What a feature answers to a record's pages; "" where none knows the word."""
    for extension in of(record):
        if word in extension.answers:
            return extension.answers[word](*args, **kwargs)
    return ""


def add_pages(view: RecordView, blueprint: Blueprint) -> None:
    """Give the added pages their addresses among those of the view, each with its rule."""
    for extension in of(view.spec.name):
        for page in extension.pages:
            policy.register(f"{view.endpoint}.{page.name}", page.permission)
            blueprint.add_url_rule(
                page.rule, page.name, _answering(view, page), methods=list(page.methods)
            )


def _answering(view: RecordView, page: ExtensionPage) -> Callable[[], ResponseReturnValue]:
    """The page as Flask-Admin runs those of the view itself."""

    def answer() -> ResponseReturnValue:
        helpers.set_current_view(view)
        view._handle_view(page.name)
        return page.show(view)

    return answer
