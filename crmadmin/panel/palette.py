"""Ctrl K: one box that finds customers, groups, records of catalogs, pages and commands.

Everything in it is asked of the permission table, and customers keep to the user's scope. Without
scripts the same answers are a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask_admin import BaseView, expose
from flask_babel import gettext as _

from crmadmin.access import guard, policy
from crmadmin.access.models import User
from crmadmin.access.permissions import find
from crmadmin.admin.view_models import NavItem
from crmadmin.catalogs.models import all_catalogs
from crmadmin.core import facets, listing, outside
from crmadmin.core.db import spec_of
from crmadmin.core.list_state import ListState
from crmadmin.core.search import conditions
from crmadmin.core.text import as_typed, fold
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup
from crmadmin.panel import nav

MOST_CUSTOMERS = 6
MOST_OF_ONE = 3
MOST_RECORDS = 8
MOST_PAGES = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer: words, a quieter word, where it leads, an icon."""

    text: str
    hint: str
    url: str
    icon: str


HitSection = tuple[str, Sequence[Hit]]


class PaletteView(BaseView):
    """One address; each section asks for itself what the user may see."""

    def __init__(self) -> None:
        super().__init__(name="palette", endpoint="palette", url="/admin/search")
        policy.register("palette.index", policy.SIGNED_IN)

    @expose("/")
    def index(self) -> str:
        """What `q` finds; without it every page and command."""
        query = outside.words(request.args.get("q"))
        found = [section for section in sections(query) if section[1]]
        return render_template("admin/search.html", q=query, sections=found, title=_("Search"))


def sections(query: str) -> Iterator[HitSection]:
    """The answers by kind: at most two statements for customers, one for all records."""
    if not fold(query):
        yield _("Pages"), list(pages(query))
        yield _("Commands"), list(commands(query))
        return
    yield _("Pages and commands"), [*pages(query), *commands(query)][:MOST_PAGES]
    yield _("Customers"), customers(query)
    groups, records = records_of(query)
    yield _("Customer groups"), groups
    yield _("Catalogs and users"), records[:MOST_RECORDS]


def pages(query: str) -> Iterator[Hit]:
    """Pages of the side navigation whose name has words that begin so."""
    for section in nav.navigation():
        trail = [str(section.label)] if section.label else []
        for item, path in _leaves(section.items, trail):
            if _fits(query, str(item.label)):
                yield Hit(str(item.label), " › ".join(path), item.url, item.icon or "arrow-right")
    if _fits(query, _("Profile")):
        yield Hit(_("Profile"), "", url_for("access.profile"), "user")


def _leaves(items: Sequence[NavItem], trail: list[str]) -> Iterator[tuple[NavItem, list[str]]]:
    for item in items:
        if item.children:
            yield from _leaves(item.children, [*trail, str(item.label)])
        else:
            yield item, trail


def commands(query: str) -> Iterator[Hit]:
    """What the user may begin: add a record of any kind, import customers."""
    models: tuple[type[Any], ...] = (Customer, CustomerGroup, *nav.customer_catalogs(), User)
    for model in models:
        endpoint = f"{model.__tablename__}.create_view"
        words = _("Add: %(what)s", what=str(spec_of(model).label).lower())
        if guard.reaches(endpoint) and _fits(query, words):
            yield Hit(words, "", url_for(endpoint), "plus")
    words = _("Import customers from Excel")
    if guard.reaches("imports.new") and _fits(query, words):
        yield Hit(words, "", url_for("imports.new", kind="customers-contacts"), "table-import")


def _fits(query: str, words: str) -> bool:
    known = fold(words).split()
    wanted = [as_typed(word) for word in fold(query).split()]
    return all(any(k.startswith(word) for k in known) for word in wanted)


def customers(query: str) -> list[Hit]:
    """The customers that match best, within what the user may see; then all of them."""
    if not guard.can("customers:read"):
        return []
    owner, sees = guard.limited_to("customers:read"), guard.sees_sensitive()
    mine = [] if owner is None else [listing.owned_by(Customer, owner)]
    spec = spec_of(Customer)
    state = ListState(query=query, per_page=MOST_CUSTOMERS)
    where = [*mine, *conditions(Customer, query, sees_sensitive=sees)]
    rows = listing.page(spec, state, where, [], sees_sensitive=sees).rows
    hits = [
        Hit(c.name, c.code, url_for("customer.details_view", id=c.id),
            "user" if c.kind == "person" else "building")
        for c in rows
    ]  # fmt: skip
    if not hits:
        return []
    words = _("Find “%(words)s” in the list of customers", words=query)
    return [*hits, Hit(words, "", url_for("customer.index_view", q=query), "search")]


def records_of(query: str) -> tuple[list[Hit], list[Hit]]:
    """Groups, and records of catalogs and users, that match: one statement for all of them."""
    sees = guard.sees_sensitive()
    every: tuple[type[Any], ...] = (CustomerGroup, *all_catalogs(), User)
    models = [m for m in every if _may_read(m)]
    parts = [facets.matching(m, query, MOST_OF_ONE, sees_sensitive=sees) for m in models]
    groups: list[Hit] = []
    records: list[Hit] = []
    for model, found in zip(models, facets.short_lists(parts), strict=True):
        is_group = model is CustomerGroup
        hint = "" if is_group else str(spec_of(model).label)
        icon = "users-group" if is_group else ("user" if model is User else "tag")
        hits = [Hit(line.text, hint, _url_of(model, line.id), icon) for line in found]
        (groups if is_group else records).extend(hits)
    return groups, records


def _may_read(model: type[Any]) -> bool:
    permission = find(spec_of(model).options.resource, "read")
    return permission is not None and guard.can(permission)


def _url_of(model: type[Any], key: int) -> str:
    table = str(model.__tablename__)
    details, edit = f"{table}.details_view", f"{table}.edit_view"
    is_plain = model is not CustomerGroup and guard.reaches(edit)
    return url_for(edit if is_plain else details, id=key)
