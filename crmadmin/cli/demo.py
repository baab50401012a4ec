"""`flask crm demo`: demo users, the sample catalogs, and the sample workbook imported into a group.

Its customers are shared out, so that each user finds something to do. Runs once a database: what is
there stays as it is.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy import update

import config
from crmadmin.access import guard, queries, services
from crmadmin.access.messages import explain
from crmadmin.access.models import User
from crmadmin.cli.imports import print_report
from crmadmin.core.db import db
from crmadmin.core.text import Refusal
from crmadmin.customers.models import Customer
from crmadmin.imports import services as import_services
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.records import Rules

SAMPLES = config.ROOT / "samples"
GROUP = "Khách mời hội thảo"
PEOPLE = (
    ("an", "admin", "Trần Văn An"),
    ("mai", "marketing", "Lê Phương Mai"),
    ("son", "sales", "Trần Hải Sơn"),
    ("vy", "viewer", "Đỗ Thảo Vy"),
)
OWNERS = ("son", "son", "son", "mai", "an")
"""Whose customer is every first, second, … of so many: most are a sales person's."""
FILES = (
    ("customer-types", ""), ("sales-groups", ""), ("sales-channels", ""), ("customer-sources", ""),
    ("industries", ""), ("company-sizes", ""), ("customer-statuses", ""), ("customer-tiers", ""),
    ("collaborator-groups", ""), ("collaborators", ""), ("customers-tidy", GROUP),
)  # fmt: skip


@click.command("demo")
@with_appcontext
def demo_command() -> None:
    """Migrate the database and fill it with demo data, once."""
    upgrade()
    if queries.any_user():
        click.echo("The demo data is there already.")
        return
    password = current_app.config["SETTINGS"].demo_password
    users: dict[str, User] = {}
    for name, role, full_name in PEOPLE:
        secret = password or secrets.token_urlsafe(12)
        users[name] = _user(name, role, secret, full_name)
        click.echo(f"user {name:<4} role {role:<10} password {secret}")
    admin = users["an"]
    with guard.acting(admin):
        for name, group in FILES:
            _import(SAMPLES / f"{name}.xlsx", name, group, admin)
    _share_out({name: user.id for name, user in users.items()})
    click.echo(f"Database: {current_app.config['SETTINGS'].database_url.rsplit('/', 1)[-1]}")


def _user(name: str, role: str, password: str, full_name: str) -> User:
    """A new user. Raises ClickException for a password that cannot be taken."""
    try:
        return services.create_user(name, role, password=password, full_name=full_name)
    except Refusal as refusal:
        raise click.ClickException(f"CRM_DEMO_PASSWORD: {explain(refusal)}") from refusal


def _import(path: Path, name: str, group: str, user: User) -> None:
    kind = KINDS["customers-contacts" if group else name]
    with path.open("rb") as stream:
        batch = import_services.create_batch(
            stream, path.name, kind, Rules.from_mapping({}), user, group_name=group or None
        )
    print_report(import_services.run(batch))


def _share_out(ids: Mapping[str, int]) -> None:
    """Give the customers to OWNERS in turn, as if the workbook had named them: their versions stay,
    and the import can still be undone."""
    for place, name in enumerate(OWNERS):
        turn = Customer.id % len(OWNERS) == place
        db.session.execute(
            update(Customer)
            .where(turn)
            .values(owner_id=ids[name])
            .execution_options(synchronize_session=False)
        )
    db.session.commit()
