"""Checks the declarations, registers a view for each record, gives templates what they read."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_admin import Admin
from flask_admin.theme import Theme
from flask_babel import format_decimal, get_locale
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from sqlalchemy.orm import configure_mappers

from crmadmin.access import guard
from crmadmin.access.models import User
from crmadmin.access.permissions import Permission
from crmadmin.admin.acts_view import ActsView
from crmadmin.catalogs.models import Collaborator, CollaboratorGroup, all_catalogs
from crmadmin.catalogs.views import CatalogView, CollaboratorView
from crmadmin.core import marks
from crmadmin.core.checks import require_valid
from crmadmin.core.db import read_again, spec_of
from crmadmin.customers.models import Contact, Customer
from crmadmin.customers.views.pages import CustomerView
from crmadmin.groups import views as groups_views
from crmadmin.groups.models import CustomerGroup
from crmadmin.groups.views.view import GroupView
from crmadmin.imports import models as _import_tables  # noqa: F401 - declares its tables
from crmadmin.imports import views as imports_views
from crmadmin.panel import errors, nav
from crmadmin.panel.dashboard import Dashboard
from crmadmin.panel.palette import PaletteView
from crmadmin.panel.settings_view import SettingsView
from crmadmin.panel.user_view import UserView


def declared() -> tuple[type[Any], ...]:
    """Every model that declares itself a record."""
    return (*all_catalogs(), Customer, Contact, CustomerGroup, User)


def init_app(app: Flask) -> None:
    """Everything under /admin. Raises DeclarationsWrong for a declaration that cannot be right."""
    for model in declared():
        read_again(model)
    configure_mappers()
    require_valid([spec_of(m) for m in declared()], {p.resource for p in Permission})
    targets: dict[str, type[Any]] = {m.__name__: m for m in declared()}
    admin = Admin(
        app, name="CRM+", theme=Theme(folder="crm", base_template="admin/base.html"),
        index_view=Dashboard(),
    )  # fmt: skip
    groups_views.extend()
    imports_views.extend()
    siblings = nav.customer_catalogs()
    for model in all_catalogs():
        kind = CollaboratorView if model is Collaborator else CatalogView
        view = kind(model, targets, f"/admin/catalogs/{spec_of(model).name}")
        belongs = model in (Collaborator, CollaboratorGroup)
        view.siblings = [*siblings, CollaboratorGroup] if belongs else siblings
        admin.add_view(view)
    admin.add_view(CustomerView(Customer, targets, "/admin/customers"))
    admin.add_view(GroupView(CustomerGroup, targets, "/admin/groups"))
    admin.add_view(UserView(User, targets, "/admin/users"))
    admin.add_view(SettingsView())
    admin.add_view(PaletteView())
    admin.add_view(ActsView())
    groups_views.init_app(app)
    imports_views.init_app(app)
    errors.init_app(app)
    _templates(app)


def _templates(app: Flask) -> None:
    app.jinja_env.globals.update(
        asset=asset, import_map=import_map, carried_marks=marks.carried, record_key=marks.key
    )
    app.jinja_env.filters.update(numberformat=format_decimal)
    app.context_processor(page_context)


class Me:
    """The signed-in user as pages show them."""

    def __init__(self, user: User) -> None:
        self.id = user.id
        self.display_name = user.full_name or user.username
        self.role_label = spec_of(User).field("role").choice_label(user.role)
        self.initials = "".join(part[0] for part in self.display_name.split()[-2:]).upper()
        self.theme = user.theme
        self.locale = user.locale


def page_context() -> dict[str, Any]:
    """What base.html reads on every page."""
    user = guard.current_user()
    if user is None:
        return {"me": None, "nav": [], "crumbs": [], "locale": get_locale()}
    sections = nav.navigation()
    return {
        "me": Me(user),
        "nav": sections,
        "bell": imports_views.bell,
        "crumbs": nav.crumbs(sections),
        "locale": get_locale(),
        "home_url": url_for("admin.index"),
        "account_paths": {
            "profile": url_for("access.profile"),
            "choose": url_for("access.choose"),
            "logout": url_for("access.logout"),
        },
        "search_url": url_for("palette.index"),
    }


def asset(path: str) -> str:
    """The address of a static file; it changes when the file does, so browsers may keep it."""
    return _address(*_place(), path)


def import_map() -> Markup:
    """Plain address → versioned address of every script module, as an import map."""
    return _import_map(*_place())


def _place() -> tuple[str, str]:
    """Where static files lie, and what their addresses begin with: all that these depend on."""
    return str(current_app.static_folder), request.script_root


# A page names some eighty files; making their addresses anew took a tenth of its time.
@lru_cache(maxsize=512)
def _address(folder: str, _root: str, path: str) -> str:
    digest = hashlib.sha256((Path(folder) / path).read_bytes()).hexdigest()[:8]
    return url_for("static", filename=path, v=digest)


@lru_cache(maxsize=16)
def _import_map(folder: str, root: str) -> Markup:
    names = sorted(f"js/{path.name}" for path in (Path(folder) / "js").glob("*.js"))
    found = {url_for("static", filename=name): _address(folder, root, name) for name in names}
    return htmlsafe_json_dumps({"imports": found}, separators=(",", ":"))
