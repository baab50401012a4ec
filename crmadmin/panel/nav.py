"""The side navigation, exactly as the guides walk it, and the path of the current page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from crmadmin.access import guard
from crmadmin.admin.view_models import NavItem, NavSection
from crmadmin.catalogs.models import Collaborator, CollaboratorGroup, all_catalogs
from crmadmin.core.spec import Words


def customer_catalogs() -> list[type[Any]]:
    """The catalogs of the menu: all but the collaborators' groups, which hang on collaborators."""
    return [m for m in all_catalogs() if m is not CollaboratorGroup]


def navigation() -> list[NavSection]:
    """What this user may open, in the guides' order."""
    catalogs = [_records(m.__tablename__, m.__record__.plural) for m in customer_catalogs()]
    tree = NavItem(
        _("CRM+ administration"), icon="adjustments-horizontal",
        children=[NavItem(_("Catalogs"), children=[NavItem(_("Customers"), children=catalogs)])],
    )  # fmt: skip
    sections = [
        NavSection("", [_link("admin.index", _("Overview"), "layout-dashboard")]),
        NavSection(
            "CRM",
            [
                _link("customer.index_view", _("Customers"), "building"),
                _link("imports.index", _("Imports"), "table-import"),
                tree,
            ],
        ),
        NavSection(
            "Marketing", [_link("customer_group.index_view", _("Customer groups"), "users-group")]
        ),
        NavSection(
            _("System"),
            [
                _link("user.index_view", _("Users and roles"), "users"),
                _link("settings.index", _("Settings"), "settings"),
            ],
        ),
    ]
    return [kept for s in sections if (kept := _allowed(s)).items]


def _records(table: str, label: Words) -> NavItem:
    item = _link(f"{table}.index_view", label)
    here = (request.blueprint or "") == table
    group = table == Collaborator.__tablename__ and request.blueprint == "collaborator_group"
    return NavItem(label, item.url, current=here or group)


def _link(endpoint: str, label: Words, icon: str = "") -> NavItem:
    current = request.endpoint == endpoint or (
        endpoint.endswith((".index_view", "imports.index"))
        and request.blueprint == endpoint.split(".")[0]
    )
    url = url_for(endpoint) if guard.reaches(endpoint) else ""
    return NavItem(label, url, icon, current)


def _allowed(section: NavSection) -> NavSection:
    return NavSection(section.label, [i for i in section.items if i.url or i.children])


def crumbs(sections: Sequence[NavSection], title: Words | None = None) -> list[tuple[Words, str]]:
    """The path to the current page: (label, url or '')."""
    for section in sections:
        trail: list[tuple[Words, str]] = [(section.label, "")] if section.label else []
        found = _walk(section.items, trail)
        if found is not None:
            return [*found, (title, "")] if title is not None else found
    return [(title, "")] if title is not None else []


def _walk(
    items: Sequence[NavItem], trail: list[tuple[Words, str]]
) -> list[tuple[Words, str]] | None:
    for item in items:
        if item.current and not item.children:
            return [*trail, (item.label, item.url)]
        found = _walk(item.children, [*trail, (item.label, item.url)])
        if found is not None:
            return found
    return None
