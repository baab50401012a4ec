"""Migrations, on both databases: up from nothing, down to nothing, up again, with records there;
and the tables are those that the models declare and that others read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import factories
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import delete, func, inspect, select, update
from sqlalchemy.exc import IntegrityError

import config
from app import create_app
from crmadmin.catalogs.models import Industry, all_catalogs
from crmadmin.core import search
from crmadmin.core.db import db, rebuilding_tables
from crmadmin.core.text import name_key
from crmadmin.customers.models import Customer
from crmadmin.groups.models import Membership

CATALOG = "id code name description position is_active is_default color"
CATALOGS = (
    "customer_type", "sales_group", "sales_channel", "customer_source", "industry", "company_size",
    "customer_status", "customer_tier", "collaborator", "collaborator_group",
)  # fmt: skip
READ_BY_OTHERS = {
    "customer": "id code name kind owner_id customer_type_id sales_group_id channel_id source_id "
    "industry_id company_size_id status_id tier_id collaborator_id tax_code phone email website "
    "address province birthday note do_not_contact version",
    "contact": "id customer_id name title phone email birthday is_primary",
    "customer_group": "id name description",
    "customer_group_member": "group_id customer_id",
    "import_batch": "id",
    "import_row": "batch_id number",
    "user": "id username",
    **dict.fromkeys(CATALOGS, CATALOG),
}
"""Table → columns that programs around the product read; they may not go without a note."""


@pytest.fixture
def fresh(database: str, tmp_path: Path, house: ModuleType) -> Iterator[Flask]:
    """An app on a database without any table."""
    url = house.new_database(database, tmp_path, "migrations")
    app = create_app(house.make_settings(url, tmp_path))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def _all_tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def _tables() -> set[str]:
    """Those that models declare. An index of a search is a table of its engine's own."""
    return {t for t in _all_tables() if _is_declared(t)}


def _is_declared(table: str) -> bool:
    own = tuple(documents.name for documents in search.declared())
    return table in db.metadata.tables or not table.startswith(own)


def _schema() -> dict[str, Any]:
    """Everything that the database says about its tables."""
    found = inspect(db.engine)
    return {
        table: {
            "columns": sorted(
                (c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)
            ),
            "indexes": sorted(
                (str(i["name"]), tuple(i["column_names"]), bool(i["unique"]), _held(i))
                for i in found.get_indexes(table)
            ),
            "unique": sorted(
                (str(u["name"]), tuple(u["column_names"]))
                for u in found.get_unique_constraints(table)
            ),
            "references": sorted(
                (tuple(k["constrained_columns"]), k["referred_table"], str(k["options"]))
                for k in found.get_foreign_keys(table)
            ),
        }
        for table in sorted(_tables())
    }


def _held(index: Any) -> tuple[str, ...]:
    """Columns that an index of PostgreSQL holds without being sorted by them."""
    return tuple(index.get("dialect_options", {}).get("postgresql_include", ()))


def _seed() -> None:
    """A record of every catalog, and a customer that uses one, with a contact, in a group."""
    owner = factories.user()
    made = {model: factories.catalog(model) for model in all_catalogs()}
    customer = factories.customer(owner, industry_id=made[Industry].id)
    factories.contact(customer)
    group = factories.group()
    db.session.add(Membership(group_id=group.id, customer_id=customer.id))
    db.session.commit()
    db.session.remove()


def _counts() -> dict[str, int]:
    tables = db.metadata.tables
    with db.engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(tables[name])).scalar_one()
            for name in sorted(_tables())
        }


def test_up_makes_every_table_and_column_that_others_read(fresh: Flask) -> None:
    upgrade()
    found = inspect(db.engine)
    for table, columns in READ_BY_OTHERS.items():
        present = {c["name"] for c in found.get_columns(table)}
        assert set(columns.split()) <= present, table


def test_the_migrated_database_is_the_one_that_the_models_declare(fresh: Flask) -> None:
    upgrade()
    with db.engine.connect() as connection:
        opts = {"compare_type": True, "include_name": _is_compared}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, db.metadata) == []


def test_the_indexes_of_filters_hold_what_the_models_say(fresh: Flask) -> None:
    """Which `compare_metadata` does not look at."""
    upgrade()
    is_postgresql = db.engine.dialect.name == "postgresql"
    there = {i["name"]: _held(i) for i in inspect(db.engine).get_indexes("customer")}
    wanted = {
        str(i.name): tuple(i.dialect_options["postgresql"]["include"] or ())
        for i in Customer.__table__.indexes
    }
    assert ("updated_at",) in wanted.values()
    for name, columns in wanted.items():
        assert there[name] == (columns if is_postgresql else ()), name


def _is_compared(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or _is_declared(str(name))


def test_the_migrated_database_has_the_index_that_searches_read(fresh: Flask) -> None:
    upgrade()
    _seed()
    with db.engine.begin() as connection:
        assert search.declared()
        for documents in search.declared():
            assert search.settle(connection, documents) > 0
            assert search.compare(connection, documents) == search.Compared(0, 0, 0, 0)


def test_customers_that_were_there_are_in_the_index(fresh: Flask) -> None:
    upgrade()
    _seed()
    downgrade(revision="0004")
    upgrade()
    with db.engine.begin() as connection:
        for documents in search.declared():
            assert search.compare(connection, documents) == search.Compared(0, 0, 0, 0)
    at = db.session.scalars(select(Customer)).one()
    assert at.search_text.startswith(" ")
    found = search.conditions(Customer, "vũ hồng", sees_sensitive=True)
    assert db.session.scalars(select(Customer.id).where(*found)).all() == [at.id]


def test_what_some_roles_see_masked_leaves_the_public_search_of_customers_that_were_there(
    fresh: Flask,
) -> None:
    upgrade()
    owner = factories.user()
    full = {"tax_code": "001092014587", "address": "12 Nguyễn Trãi", "phone": "+84912345678"}
    key = factories.customer(owner, "Lê An", code="A1", email="an@example.com", **full).id
    plain = factories.customer(owner, "Vũ Hồng", phone="+84913333444").id
    same = factories.customer(owner, "Huế", address="Huế", tax_code="0912345678").id
    db.session.commit()
    private = {"001092014587", "12 nguyen trai", "+84912345678", "0912345678", "an@example.com"}
    wanted = {"public": {"a1", "le an"}, "private": private}
    assert _searched(key) == wanted
    before = _searched(plain)
    downgrade(revision=_before("private_search"))
    moved = {"001092014587", "12 nguyen trai"}
    assert _searched(key) == {
        "public": wanted["public"] | moved, "private": wanted["private"] - moved
    }  # fmt: skip
    # A line of somebody's own field, which no migration of ours knows.
    own = update(Customer).values(search_text=Customer.search_text + "\n rieng ")
    db.session.execute(own.where(Customer.id == key))
    db.session.commit()
    upgrade()
    assert _searched(key) == {**wanted, "public": wanted["public"] | {"rieng"}}
    assert _searched(plain) == before
    assert _searched(same)["private"] == {"hue", "0912345678"}
    assert "hue" in _searched(same)["public"]
    with db.engine.begin() as connection:
        for documents in search.declared():
            assert search.compare(connection, documents) == search.Compared(0, 0, 0, 0)


def test_letters_that_look_like_d_with_a_stroke_become_it_in_keys_that_are_there(
    fresh: Flask, capfd: pytest.CaptureFixture[str]
) -> None:
    upgrade()
    _seed()
    made = db.session.scalars(select(Customer)).one()
    kept = [factories.catalog(Industry, name).id for name in ("Đá", "Gỗ Ðỏ", "Đá cuội")]
    db.session.commit()
    db.session.remove()
    downgrade(revision="0009")
    old = {"search_text": " kh01 \n ðang ɖuc ", "sort_key": "ðAY", "name_text": "ðang ɖuc"}
    with db.engine.begin() as connection:
        customers, industries = Customer.__table__, Industry.__table__
        connection.execute(update(customers).where(customers.c.id == made.id).values(**old))
        for key, written in ((kept[1], "gỗ ðỏ"), (kept[2], "ðá")):
            row = update(industries).where(industries.c.id == key)
            connection.execute(row.values(name_key=written))
    db.session.remove()
    upgrade()
    again = db.session.scalars(select(Customer)).one()
    assert again.search_text == " kh01 \n dang duc "
    assert (again.sort_key, again.name_text) == ("GAY", "dang duc")
    found = search.conditions(Customer, "dang duc", sees_sensitive=False)
    assert db.session.scalars(select(Customer.id).where(*found)).all() == [again.id]
    keys = dict(db.session.execute(select(Industry.id, Industry.name_key)).all())
    assert keys[kept[1]] == name_key("Gỗ Đỏ")
    # Two that are one now: both stay, and are named.
    assert keys[kept[0]] == name_key("Đá")
    assert keys[kept[2]] == "ðá"
    told = capfd.readouterr().err
    assert "industry: 1 differ from another only by Ð" in told
    assert f"“ðá” (id {kept[2]})" in told
    db.session.remove()
    downgrade(revision="0009")
    upgrade()
    assert dict(db.session.execute(select(Industry.id, Industry.name_key)).all()) == keys


def _searched(key: int) -> dict[str, set[str]]:
    """The lines of both search texts of a customer, as they are stored."""
    with db.engine.connect() as connection:
        row = connection.execute(
            select(Customer.search_text, Customer.search_private).where(Customer.id == key)
        ).one()
    return {
        name: {line.strip() for line in text.split("\n")}
        for name, text in zip(("public", "private"), row, strict=True)
    }


def _before(words: str) -> str:
    """The revision before the migration of this name."""
    scripts = ScriptDirectory(str(config.ROOT / "migrations"))
    (found,) = (s for s in scripts.walk_revisions() if words in str(s.path))
    return str(found.down_revision)


def test_the_migrated_database_equals_one_made_from_the_models(
    fresh: Flask, database: str, tmp_path: Path, house: ModuleType
) -> None:
    upgrade()
    migrated = _schema()
    url = house.new_database(database, tmp_path, "made")
    other = create_app(house.make_settings(url, tmp_path))
    with other.app_context():
        db.create_all()
        assert _schema() == migrated
        db.engine.dispose()


def test_down_leaves_nothing_and_up_makes_the_same_again_whatever_was_in_it(fresh: Flask) -> None:
    upgrade()
    first = _schema()
    _seed()
    downgrade(revision="base")
    assert _all_tables() == set()
    upgrade()
    assert _schema() == first
    _seed()
    assert _counts()["customer"] == 1


def test_records_survive_every_later_migration_down_and_up(fresh: Flask) -> None:
    upgrade()
    _seed()
    before = _counts()
    scripts = ScriptDirectory(str(config.ROOT / "migrations"))
    (first,) = (s.revision for s in scripts.walk_revisions() if s.down_revision is None)
    downgrade(revision=first)
    kept = {table: before[table] for table in _tables() if table in before}
    assert {table: number for table, number in _counts().items() if table in kept} == kept
    upgrade()
    after = _counts()
    assert {table: after[table] for table in kept} == kept


def test_there_is_one_line_of_migrations() -> None:
    scripts = ScriptDirectory(str(config.ROOT / "migrations"))
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1


def test_a_migration_that_leaves_a_broken_reference_is_taken_back(fresh: Flask) -> None:
    upgrade()
    _seed()
    with (
        pytest.raises((IntegrityError, sqlite3.IntegrityError)),
        db.engine.connect() as connection,
        rebuilding_tables(connection),
    ):
        connection.execute(delete(Industry))
    used = select(func.count()).select_from(Customer).join(Industry)
    assert db.session.scalar(used) == 1


def test_references_hold_again_after_a_migration(fresh: Flask) -> None:
    upgrade()
    _seed()
    with pytest.raises(IntegrityError):
        db.session.execute(delete(Industry))
    db.session.rollback()
