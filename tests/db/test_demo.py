"""`crm demo`: every demo user finds something of their own, and the import can still be undone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from crmadmin.access.models import User
from crmadmin.cli.demo import GROUP
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup, Membership


@pytest.fixture
def demo(context: Flask) -> str:
    """What the command prints on an empty database."""
    settings = context.config["SETTINGS"]
    context.config["SETTINGS"] = replace(settings, demo_password="mưa rào trên phố")
    ran = context.test_cli_runner().invoke(args=["crm", "demo"])
    assert ran.exit_code == 0, ran.output
    return ran.output


def owned(*where: object) -> dict[str, int]:
    """User name → their customers."""
    rows = db.session.execute(
        select(User.username, func.count(Customer.id))
        .join(Customer, Customer.owner_id == User.id)
        .where(*where)  # type: ignore[arg-type]
        .group_by(User.username)
    )
    return dict(rows.all())


def test_who_works_on_their_own_customers_has_most_of_them_in_the_group_too(demo: str) -> None:
    everybody = owned()
    assert sum(everybody.values()) == 400
    assert everybody["son"] > everybody["mai"] > 50
    assert everybody["an"] > 50
    group = db.session.scalars(select(CustomerGroup).where(CustomerGroup.name == GROUP)).one()
    inside = select(Membership.customer_id).where(Membership.group_id == group.id)
    assert owned(Customer.id.in_(inside))["son"] > 100


def test_it_prints_users_and_ledgers_and_does_nothing_a_second_time(
    context: Flask, demo: str
) -> None:
    for name, role in (("an", "admin"), ("mai", "marketing"), ("son", "sales"), ("vy", "viewer")):
        assert f"user {name:<4} role {role:<10} password " in demo
    assert "400" in demo
    before = owned()
    db.session.rollback()
    again = context.test_cli_runner().invoke(args=["crm", "demo"])
    assert again.exit_code == 0, again.exception
    assert again.output.endswith("The demo data is there already.\n")
    assert owned() == before


def test_sharing_the_customers_out_does_not_keep_their_import_from_being_undone(
    context: Flask, demo: str
) -> None:
    listed = context.test_cli_runner().invoke(args=["crm", "imports", "--json"])
    newest = max(line["import"] for line in json.loads(listed.output)["imports"])
    db.session.rollback()  # a command is a process of its own, and leaves no transaction behind
    ran = context.test_cli_runner().invoke(args=["crm", "undo-import", str(newest), "--json"])
    assert ran.exit_code == 0, ran.output
    assert owned() == {}
