"""A move to another database: everything arrives, and is the same there, or nothing does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import factories
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import Result
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text

from app import create_app
from crmadmin.access.models import User
from crmadmin.catalogs.models import all_catalogs
from crmadmin.core import copy_database, search
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups.models import Membership
from crmadmin.imports.models import ImportBatch
from crmadmin.jobs.models import Job

MOMENT = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)


@pytest.fixture
def elsewhere(
    request: pytest.FixtureRequest, house: ModuleType, tmp_path: Path, context: Flask, database: str
) -> Iterator[Flask]:
    """An app on a database of the other kind, without a table; of the same one where asked."""
    wants_same = getattr(request, "param", "other") == "same" or len(house.DATABASES) == 1
    others = [kind for kind in house.DATABASES if (kind == database) == wants_same]
    url = house.new_database(others[0], tmp_path, "moved")
    app = create_app(house.make_settings(url, tmp_path))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def filled(context: Flask) -> Customer:
    """Something in every kind of column."""
    first = factories.user("an")
    later = factories.user("mai")
    first.created_by_id = later.id  # comes later in the same table
    made = {model.__tablename__: factories.catalog(model) for model in all_catalogs()}
    customer = factories.customer(
        later, "Công ty Đất Lành\t\\N", industry_id=made["industry"].id, phone="0912345678",
        birthday=date(1999, 12, 31), do_not_contact_since=MOMENT, note="một\nhai\r\n“ba” \\.",
    )  # fmt: skip
    factories.customer(first, "Ánh")
    factories.contact(customer)
    group = factories.group()
    batch = ImportBatch(
        kind="customers", file_name="khách.xlsx", file_path="gone.xlsx", user_id=first.id,
        options={"tên": ["đ", None, 1.5, True]}, refusal=None, mapping=None, created_at=MOMENT,
    )  # fmt: skip
    db.session.add_all([Membership(group_id=group.id, customer_id=customer.id), batch])
    first.preferences = {"columns": {"customer": ["code", "name"]}}
    db.session.commit()
    return customer


def move(app: Flask, to: Flask, *options: str) -> Result:
    url = to.config["SQLALCHEMY_DATABASE_URI"]
    result = app.test_cli_runner().invoke(args=["crm", "move-to", url, *options])
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def rows(app: Flask) -> dict[str, list[Any]]:
    """Every row of every table."""
    with app.app_context(), copy_database.reading(db.engine, alone=False) as connection:
        return {
            t.name: sorted(map(repr, connection.execute(select(t)).all()))
            for t in copy_database.tables()
        }


@pytest.mark.parametrize("elsewhere", ["other", "same"], indirect=True)
def test_every_row_of_every_table_is_there_afterwards(
    context: Flask, elsewhere: Flask, filled: Customer
) -> None:
    result = move(context, elsewhere, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    before = rows(context)
    assert rows(elsewhere) == before
    assert {n: t["rows"] for n, t in told["tables"].items()} == {
        n: len(r) for n, r in before.items()
    }
    assert told["rows"] == sum(map(len, before.values()))
    assert told["uploads"] == {"files": 1, "missing": 1}
    assert "customer: 2 of 2" in result.stderr


def test_the_new_database_has_every_index(
    context: Flask, elsewhere: Flask, filled: Customer
) -> None:
    move(context, elsewhere)
    with elsewhere.app_context(), copy_database.reading(db.engine, alone=False) as connection:
        drift = compare_metadata(MigrationContext.configure(connection), db.metadata)
    assert [d for d in drift if d[0] == "add_index"] == []


def test_a_search_finds_there_what_it_finds_here(
    context: Flask, elsewhere: Flask, filled: Customer
) -> None:
    move(context, elsewhere)
    with elsewhere.app_context(), copy_database.reading(db.engine, alone=False) as connection:
        assert search.declared()
        for documents in search.declared():
            assert search.compare(connection, documents) == search.Compared(0, 0, 0, 0)


def test_new_records_get_numbers_after_the_last_one(
    context: Flask, elsewhere: Flask, filled: Customer
) -> None:
    move(context, elsewhere)
    last = max(db.session.scalars(select(Customer.id)))
    with elsewhere.app_context():
        owner = db.session.scalars(select(User)).first()
        assert owner is not None
        made = factories.customer(owner, "Mới")
        assert made.id == last + 1
        db.session.rollback()
        db.session.remove()


def test_a_database_with_a_single_row_is_left_alone(
    context: Flask, elsewhere: Flask, filled: Customer
) -> None:
    with elsewhere.app_context():
        upgrade()
        factories.user("vy")
        db.session.commit()
        db.session.remove()
    before = rows(elsewhere)
    result = move(context, elsewhere)
    assert result.exit_code == 1
    assert "not empty; rows are in: user" in result.output
    assert rows(elsewhere) == before


def test_nothing_is_moved_while_a_job_waits_or_is_worked(
    context: Flask, elsewhere: Flask, filled: Customer
) -> None:
    db.session.add(Job(task="import.run", subject_id=1, state="running", progress={}))
    db.session.commit()
    result = move(context, elsewhere)
    assert result.exit_code == 1
    assert "1 jobs are waiting" in result.output
    db.session.execute(text("UPDATE job SET state = 'stopped'"))
    db.session.commit()
    assert move(context, elsewhere).exit_code == 0


def test_what_does_not_fit_takes_the_whole_move_back_and_is_not_printed(
    context: Flask, elsewhere: Flask, filled: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = copy_database.content
    monkeypatch.setattr(
        copy_database, "content",
        lambda c, t: copy_database.Content(0, "") if t.name == "job" else real(c, t),
    )  # fmt: skip
    result = move(context, elsewhere)
    assert result.exit_code == 1
    assert "job: what arrived is not what was sent" in result.output
    with elsewhere.app_context(), copy_database.reading(db.engine, alone=False) as connection:
        assert copy_database.occupied(connection) == []


def test_an_older_schema_is_refused(context: Flask, elsewhere: Flask) -> None:
    with elsewhere.app_context():
        upgrade()
        downgrade()
        result = move(elsewhere, context)
    assert result.exit_code == 1
    assert "flask --app app db upgrade" in result.output


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "customers.xlsx"])
def test_what_is_no_address_of_a_database_is_wrong_use(context: Flask, url: str) -> None:
    result = context.test_cli_runner().invoke(args=["crm", "move-to", url])
    assert result.exit_code == 2
    assert "hunter2" not in result.output


def test_the_database_itself_is_no_target(context: Flask) -> None:
    result = move(context, context)
    assert result.exit_code == 2
    assert "already" in result.output


def test_a_server_that_is_not_there_is_said_in_a_sentence(context: Flask) -> None:
    url = "postgresql://u:hunter2@127.0.0.1:1/d"
    result = context.test_cli_runner().invoke(args=["crm", "move-to", url])
    assert result.exit_code == 1
    assert "does not answer" in result.output
    assert "hunter2" not in result.output
    assert "Traceback" not in result.output


def test_a_name_too_long_for_postgresql_is_named_by_table_and_column(
    context: Flask, elsewhere: Flask, filled: Customer, database: str
) -> None:
    if database == "postgresql" or "postgresql" not in elsewhere.config["SQLALCHEMY_DATABASE_URI"]:
        pytest.skip("only SQLite lets them be longer than declared")
    db.session.execute(text("UPDATE contact SET name = :long"), {"long": "bí mật " * 200})
    db.session.commit()
    result = move(context, elsewhere)
    assert result.exit_code == 1
    assert "contact: value too long" in result.output
    assert "column name" in result.output
    assert "bí mật" not in result.output
