"""starlette-admin as its documentation shows: a ModelView that names fields, search and sort."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import asking
from sqlalchemy import create_engine
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette_admin.contrib.sqla import Admin, ModelView
from tables import Base, Customer, User


class CustomerView(ModelView):
    """The list of customers."""

    fields = (*asking.COLUMNS, "province")
    searchable_fields = (*asking.SEARCHED, "province")
    fields_default_sort = (("updated_at", True),)
    page_size = asking.PAGE


class Plain(ModelView):
    """What customers refer to."""

    fields = ("id",)


def open_(url: str, _folder: str) -> asking.Ask:
    """The app on this database."""
    admin = Admin(create_engine(url), secret_key="b" * 40)
    admin.add_view(CustomerView(Customer))
    for mapper in Base.registry.mappers:
        if mapper.class_ not in (Customer, User):
            admin.add_view(Plain(mapper.class_))
    admin.add_view(Plain(User))
    app = Starlette()
    admin.mount_to(app)
    client = TestClient(app)

    def ask(request: dict[str, Any]) -> str:
        given: dict[str, Any] = {"page": request.get("page", 1), "page_size": asking.PAGE}
        if "search" in request:
            given["q"] = request["search"]
        if "province" in request:
            given["filter"] = f'province__eq="{request["province"]}"'
        answer = client.get("/admin/customer/list", params=given)
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        return answer.text

    return ask


if __name__ == "__main__":
    asking.main(open_, 'data-sa-hook="checkbox-cell"')
