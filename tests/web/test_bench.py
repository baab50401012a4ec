"""The benchmark follows the links of the customer list; here it is held that it finds them."""

from __future__ import annotations

import pytest
from flask import Flask

from bench import product
from bench.client import LIST, Client, Links
from bench.lists import measure_paths
from crmadmin.access import services
from crmadmin.core.db import acting_as, spec_of
from crmadmin.core.kinds import KINDS
from crmadmin.customers.models import Customer
from crmadmin.seeding import services as seeding

MANY = 420


@pytest.fixture
def client(app: Flask) -> Client:
    with app.app_context():
        admin = services.create_user(product.ADMIN, "admin", password=product.PASSWORD, locale="en")
        services.create_user("son", "sales")
        with acting_as(admin.id):
            seeding.seed(MANY, 4)
    return Client(app)


def test_every_kind_of_page_is_found_and_answers(app: Flask, client: Client) -> None:
    paths = measure_paths(app, client)
    assert {"first page", "next page", "next page but one", "page 200", "last page"} <= set(paths)
    sorted_ = {name.removeprefix("sort ") for name in paths if name.startswith("sort ")}
    fields = {f.name for f in spec_of(Customer).listed if f.sortable}
    assert sorted_ == fields | {f"-{name}" for name in fields}
    filtered = {name.split()[1].rstrip(",") for name in paths if name.startswith("filter ")}
    assert {f.name for f in spec_of(Customer).having("filtered")} - filtered <= {"collaborator"}
    assert "group" in filtered
    assert any(f.kind is KINDS["datetime"] for f in spec_of(Customer).having("filtered"))
    for name in ("next page", "last page", "sort name", "filter status, common", "details 1"):
        look = client.look(paths[name])
        assert 0 < look.statements < 40
        assert look.kb > 5


def test_filters_on_the_rare_value_still_fill_a_page(app: Flask, client: Client) -> None:
    paths = measure_paths(app, client)
    rare = [path for name, path in paths.items() if name.endswith(", rare")]
    assert rare
    for path in rare:
        assert client.look(path).html.count("data-id=") >= 50, path


def test_the_links_of_a_page_are_read_with_their_labels() -> None:
    html = (
        f'<a href="{LIST}?page=2">Next <i></i></a><a href="/x" aria-label="Last page"><i>»</i></a>'
        f'<a href="{LIST}?sort=-name">Name</a><a href="{LIST}?sort=code&amp;page=2">Code</a>'
    )
    links = Links(html)
    assert links.called("Next") == f"{LIST}?page=2"
    assert links.called("Last page") == "/x"
    assert links.called("First page") is None
    assert links.sorts() == {"-name": f"{LIST}?sort=-name"}
