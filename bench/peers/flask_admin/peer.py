"""Flask-Admin as its documentation shows: a ModelView that names columns, search and filters."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import asking
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy
from tables import Customer


class CustomerView(ModelView):
    """The list of customers, read-only."""

    can_create = can_edit = can_delete = False
    page_size = asking.PAGE
    column_list = asking.COLUMNS
    column_searchable_list = asking.SEARCHED
    column_filters = ("province", "kind")
    column_default_sort = ("updated_at", True)
    named_filter_urls = True


def open_(url: str, _folder: str) -> asking.Ask:
    """The app on this database."""
    app = Flask("peer", static_folder=None)
    app.secret_key = "b" * 40
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    Admin(app).add_view(CustomerView(Customer, SQLAlchemy(app), endpoint="customer"))
    client = app.test_client()

    def ask(request: dict[str, Any]) -> str:
        given: dict[str, Any] = {}
        if "page" in request:
            given["page"] = request["page"] - 1
        if "search" in request:
            given["search"] = request["search"]
        if "province" in request:
            given["flt0_province_equals"] = request["province"]
        answer = client.get("/admin/customer/", query_string=given)
        if answer.status_code != 200:
            raise RuntimeError(answer.status)
        return answer.text

    return ask


if __name__ == "__main__":
    asking.main(open_, 'class="col-code"')
