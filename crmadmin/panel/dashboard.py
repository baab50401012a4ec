"""Tổng quan: few numbers, all of them links to the rows behind them."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask_admin import AdminIndexView, expose
from flask_babel import format_percent
from flask_babel import gettext as _

from crmadmin.access import guard, policy
from crmadmin.catalogs.models import all_catalogs
from crmadmin.core import listing
from crmadmin.core.db import spec_of
from crmadmin.core.list_state import UNSET
from crmadmin.customers import queries
from crmadmin.customers.models import Customer
from crmadmin.groups import queries as group_queries

BROKEN_DOWN = ("status", "source", "tier")
MOST_PARTS = 8


class Dashboard(AdminIndexView):
    """The start page. Each number keeps to what the user may see."""

    def __init__(self) -> None:
        super().__init__(name="overview", url="/admin")
        policy.register("admin.static", policy.PUBLIC)
        # The page holds only what each role may see; its tiles ask for themselves.
        policy.register("admin.index", policy.SIGNED_IN)

    @expose("/")
    def index(self) -> str:
        """The page."""
        owner = guard.limited_to("customers:read")
        where = [] if owner is None else [listing.owned_by(Customer, owner)]
        here = "customer.index_view"
        total = queries.count(where)
        silent = queries.count([*where, Customer.do_not_contact.is_(True)])
        kpis = [
            (_("Customers"), "building", total, url_for(here), ""),
            (_("Do not contact"), "bell-off", silent, url_for(here, do_not_contact="1"), ""),
            (_("Customer groups"), "users-group", group_queries.total(),
             url_for("customer_group.index_view"), ""),
        ]  # fmt: skip
        breakdowns = [
            (str(spec_of(Customer).field(name).label), *self.parts(where, name, total))
            for name in BROKEN_DOWN
        ]
        return render_template("admin/index.html", kpis=kpis, breakdowns=breakdowns)

    def parts(
        self, where: Any, name: str, total: int
    ) -> tuple[list[tuple[Any, str, int, str, str]], int]:
        """Customers by the records of a catalog, the most frequent first, and how many more records
        have customers; "not set" is a part, so they add up."""
        field = spec_of(Customer).field(name)
        target = {m.__name__: m for m in all_catalogs()}[field.target]
        rows = queries.by_catalog(where, getattr(Customer, field.column), target)
        most = sorted(rows, key=lambda row: -row[3])[:MOST_PARTS]
        parts = [
            (
                label or _("Not set"),
                color,
                count,
                format_percent(count / total if total else 0, "#,##0.#%"),
                _filtered(name, key),
            )
            for key, label, color, count in most
        ]
        return parts, len(rows) - len(parts)


def _filtered(name: str, key: int | None) -> str:
    """The customers that have a value, or none."""
    args: dict[str, Any] = {name: key or UNSET}
    return url_for("customer.index_view", **args)
