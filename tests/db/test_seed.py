"""`flask crm seed`: customers, contacts, catalogs and groups in any number, on both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import factories
import pytest
from flask import Flask
from sqlalchemy import func, inspect, select

from crmadmin.catalogs.models import CustomerStatus, all_catalogs
from crmadmin.core import search
from crmadmin.core.db import acting_as, db, spec_of
from crmadmin.core.spec import derived_values
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.seeding import services

UNTIL = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def staff(context: Flask) -> list[int]:
    made = [factories.user("an"), factories.user("mai", role="marketing"),
            factories.user("son", role="sales"), factories.user("vy", role="viewer")]  # fmt: skip
    db.session.commit()
    return [user.id for user in made]


def seed(customers: int, groups: int = 0, number: int = 1) -> services.Seeded:
    return services.seed(customers, groups, number, until=UNTIL)


def count(model: Any, *where: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def everybody() -> list[tuple[Any, ...]]:
    found: Any = select(Customer.name, Customer.phone, Customer.email, Customer.tax_code,
                   Customer.owner_id, Customer.status_id, Customer.updated_at)  # fmt: skip
    return [tuple(row) for row in db.session.execute(found.order_by(Customer.id))]


def test_seeding_fills_empty_catalogs_and_tells_what_it_wrote(staff: list[int]) -> None:
    seeded = seed(300)
    for model in all_catalogs():
        assert count(model) == seeded.rows.get(spec_of(model).name, 0) > 0
    assert (count(Customer), count(Contact)) == (300, seeded.rows["contact"])
    assert seeded.rows["customer"] == 300
    assert count(Customer, Customer.status_id.is_(None)) < 60
    assert count(Customer, Customer.owner_id == staff[2]) > 100
    assert count(Customer, Customer.owner_id == staff[3]) == 0, "a viewer owns nobody"


def test_catalogs_that_have_values_stay_and_stopped_ones_are_not_given(staff: list[int]) -> None:
    only = factories.catalog(CustomerStatus, "Duy nhất")
    stopped = factories.catalog(CustomerStatus, "Đã bỏ", is_active=False)
    db.session.commit()
    seed(200)
    assert count(CustomerStatus) == 2
    assert count(Customer, Customer.status_id == only.id) > 150
    assert count(Customer, Customer.status_id == stopped.id) == 0


def test_a_second_seeding_goes_on_with_the_codes_and_makes_other_customers(
    staff: list[int],
) -> None:
    factories.customer(db.session.get_one(type(factories.user()), staff[0]), code="kh000003")
    db.session.commit()
    seed(120)
    seed(120)
    codes = db.session.scalars(select(Customer.code).order_by(Customer.id)).all()
    assert codes[:4] == ["kh000003", "KH000001", "KH000002", "KH000004"]
    assert len({code.casefold() for code in codes}) == 241
    names = [row[0] for row in everybody()][1:]
    assert names[:120] != names[120:]


def test_the_same_seed_makes_the_same_customers_whatever_the_size_of_blocks_before(
    staff: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(150)
    first = everybody()
    for table in (Contact.__table__, Customer.__table__):
        db.session.execute(table.delete())
    db.session.commit()
    monkeypatch.setattr(services, "CODED", 150)
    seed(150)
    assert everybody() == first
    seed(150, number=2)
    assert [row[0] for row in everybody()[150:]] != [row[0] for row in first]


def test_blocks_and_stretches_of_codes_fit_together(
    staff: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BLOCK", 40)
    monkeypatch.setattr(services, "CODED", 80)
    heard: list[tuple[str, int, int]] = []
    services.seed(210, told=lambda *said: heard.append(said))
    assert count(Customer) == count(Customer, Customer.code.like("KH______")) == 210
    own = [done for table, done, total in heard if table == "customer"]
    assert own == [40, 80, 120, 160, 200, 210]


def test_very_many_are_written_without_indexes_which_are_there_again(
    staff: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(30)
    expected = indexes()
    monkeypatch.setattr(services, "MANY", 100)
    monkeypatch.setattr(services, "BLOCK", 40)
    heard: set[str] = set()
    services.seed(120, until=UNTIL, told=lambda table, *_: heard.add(table))
    assert "indexes of customer, contact" in heard
    assert indexes() == expected
    assert count(Customer) == 150
    names = [row[0] for row in everybody()]
    with pytest.raises(RuntimeError, match="broken off"):
        services.seed(200, until=UNTIL, told=break_off)
    db.session.rollback()
    assert indexes() == expected
    assert [row[0] for row in everybody()] == names


def break_off(*_said: Any) -> None:
    raise RuntimeError("broken off")


def indexes() -> list[str]:
    found = inspect(db.session.connection())
    return sorted(str(i["name"]) for table in ("customer", "contact")
                  for i in found.get_indexes(table))  # fmt: skip


def test_derived_columns_and_stamps_are_as_a_form_would_write_them(staff: list[int]) -> None:
    seed(60)
    for model in (Customer, Contact):
        spec = spec_of(model)
        records = db.session.scalars(select(model)).all()
        assert records
        for record in records:
            stored = {c.key: getattr(record, c.key) for c in model.__table__.columns}
            assert {name: stored[name] for name in derived_values(spec, stored)} == (
                derived_values(spec, stored)
            )
            assert record.version == 1
            assert record.created_at <= record.updated_at <= UNTIL


def test_groups_have_members_and_the_next_ones_other_names(staff: list[int]) -> None:
    with acting_as(staff[0]):
        seeded = seed(200, groups=3)
        again = seed(10, groups=3)
    sizes = db.session.scalars(
        select(func.count(Membership.customer_id))
        .group_by(Membership.group_id)
        .order_by(func.count(Membership.customer_id))
    ).all()
    assert sizes == [10, 10, 32, 32, 100, 105]
    assert seeded.rows["customer_group"] == again.rows["customer_group"] == 3
    assert seeded.rows["customer_group_member"] == 142
    assert len(set(db.session.scalars(select(CustomerGroup.name_key)))) == 6
    assert set(db.session.scalars(select(CustomerGroup.created_by_id))) == {staff[0]}


@pytest.mark.parametrize("more", [5, 400])
def test_the_search_index_has_the_new_customers(staff: list[int], more: int) -> None:
    seed(200)
    seed(more)
    assert search.declared()
    for documents in search.declared():
        with db.engine.connect() as connection:
            found = search.compare(connection, documents)
        assert (found.is_right, found.pending) == (True, 0)


def crm(app: Flask, *args: Any, code: int = 0) -> Any:
    result = app.test_cli_runner().invoke(args=["crm", "seed", *map(str, args)])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def test_the_command_prints_the_rows_of_each_table_and_progress_apart(app: Flask) -> None:
    with app.app_context():
        factories.user("an")
        db.session.commit()
    told = json.loads(crm(app, "--customers", 50, "--groups", 2, "--json").stdout)
    assert told["rows"]["customer"] == 50
    assert told["rows"]["customer_group_member"] == 35
    assert told["seed"] == 1
    result = crm(app, "--customers", 1200, "--seed", 7)
    assert "       1,200  customer\n" in result.stdout
    assert "customer: 1,200 of 1,200" in result.stderr


@pytest.mark.parametrize("number", [0, -5, 10_000_001])
def test_a_number_that_cannot_be_is_refused(app: Flask, number: int) -> None:
    assert "1<=x<=10000000" in crm(app, "--customers", number, code=2).stderr


def test_without_an_administrator_it_says_how_to_make_one(app: Flask) -> None:
    assert "create-user" in crm(app, "--customers", 5, code=2).stderr
