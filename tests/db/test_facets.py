"""Counts of the choices of a filter, and names of several tables in one statement."""

from __future__ import annotations

from typing import Any

import pytest
from factories import catalog, customer, user
from flask import Flask

from crmadmin.access.models import User
from crmadmin.catalogs.models import CustomerStatus, Industry
from crmadmin.core import facets
from crmadmin.core.db import db
from crmadmin.customers.models import Customer


@pytest.fixture
def stock(context: Flask) -> dict[str, Any]:
    """Two industries and three, one and two customers of the first, the second and none."""
    owner = user()
    first, second = catalog(Industry, "Xây dựng", color="blue"), catalog(Industry, "Thủy sản")
    for place in (first, first, first, second, None, None):
        person = place is second
        customer(
            owner, industry_id=place.id if place else None, do_not_contact=person,
            kind="person" if person else "organization", province="Huế" if place else None,
        )  # fmt: skip
    db.session.flush()
    return {"owner": owner, "first": first.id, "second": second.id}


EVERY_WAY = [
    (Customer.industry_id, None, {1: 3, 2: 1, None: 2}),
    (Customer.industry_id, [1, 2, None], {1: 3, 2: 1, None: 2}),
    (Customer.kind, ["person", "organization"], {"person": 1, "organization": 5}),
    (Customer.do_not_contact, [True, False], {True: 1, False: 5}),
    (Customer.province, ["Huế", "Hà Nội", None], {"Huế": 4, "Hà Nội": 0, None: 2}),
]


@pytest.mark.parametrize(("column", "values", "wanted"), EVERY_WAY)
@pytest.mark.parametrize("where", [[], [Customer.id > 0]], ids=["all", "filtered"])
def test_each_value_is_counted_in_one_statement(
    stock: dict, statements: list[str], where: Any, column: Any, values: Any, wanted: dict
) -> None:
    found = facets.counts_of(column, where, values)
    names = {1: stock["first"], 2: stock["second"]} if column is Customer.industry_id else {}
    for value, number in wanted.items():
        assert found.of(names.get(value, value)) == number, value
    assert found.complete
    assert len(statements) == 1


def test_a_value_is_counted_along_its_index_up_to_a_cap(
    stock: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "COUNT_CAP", 1)
    found = facets.counts_of(Customer.industry_id, [], [stock["first"], stock["second"], None])
    assert found.rows == {stock["first"]: 2, stock["second"]: 1, None: 2}
    assert found.complete


def test_of_many_filtered_rows_some_are_looked_at(
    stock: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "MOST_LOOKED_AT", 3)
    found = facets.counts_of(Customer.industry_id, [Customer.id > 0])
    assert sum(found.rows.values()) == 4
    assert not found.complete


def test_counts_keep_to_the_conditions(stock: dict) -> None:
    quiet = [Customer.do_not_contact.is_(True)]
    assert facets.counts_of(Customer.industry_id, quiet).rows == {stock["second"]: 1}
    several = {"a": Customer.industry_id == stock["first"], "b": Customer.province == "Huế"}
    assert facets.counts_by(Customer, quiet, several) == {"a": 0, "b": 1}
    assert facets.counts_by(Customer, quiet, {}) == {}


def test_names_of_several_tables_come_in_one_statement(stock: dict, statements: list[str]) -> None:
    status = catalog(CustomerStatus, "Tiềm năng", is_active=False)
    statements.clear()
    industries, users, none, statuses = facets.short_lists(
        [
            facets.names_of(Industry, [stock["second"], stock["first"]]),
            facets.names_of(User, [stock["owner"].id]),
            facets.names_of(Industry, []),
            facets.names_of(CustomerStatus, [status.id]),
        ]
    )
    assert [(line.text, line.more) for line in industries] == [
        ("Xây dựng", "blue"), ("Thủy sản", "gray"),
    ]  # fmt: skip
    assert [line.text for line in users] == [stock["owner"].full_name]
    assert none == []
    assert [facets.option(line).is_active for line in statuses] == [False]
    assert len(statements) == 1
    assert facets.short_lists([]) == []


def test_what_was_read_already_is_named_without_a_statement(
    stock: dict, statements: list[str]
) -> None:
    read = db.session.get_one(Industry, stock["first"])
    statements.clear()
    known = facets.known(Industry, [stock["first"], 999])
    assert [(o.id, o.text, o.color) for o in known] == [(stock["first"], read.name, "blue")]
    assert statements == []


def test_every_record_comes_in_its_own_order_with_those_no_longer_in_use(context: Flask) -> None:
    for name in ("Zung", "Đào", "Ánh"):
        catalog(Industry, name, position=2, is_active=name != "Đào")
    catalog(Industry, "Xếp trước", position=1)
    found = facets.every(Industry, 10)
    assert [o.text for o in found] == ["Xếp trước", "Ánh", "Đào", "Zung"]
    assert [o.is_active for o in found] == [True, True, False, True]
    assert len(facets.every(Industry, 2)) == 2
