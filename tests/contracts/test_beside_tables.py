"""What stands beside the tables, on both databases: whatever is dropped is told by `crm check`,
refuses a start and is put back by the next migration; searches find what was saved meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import factories
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from click.testing import Result
from flask import Flask
from flask_migrate import downgrade, stamp, upgrade
from sqlalchemy import Connection, inspect, select, text

import app as wiring
from app import create_app
from crmadmin.catalogs.models import Industry
from crmadmin.core import migrating, search
from crmadmin.core.db import Base, db, rebuilding_tables
from crmadmin.customers.models import Contact, Customer

DECLARED = {str(i.name): t.name for t in Base.metadata.sorted_tables for i in t.indexes}
TRIGGERS = {
    f"{d.name}_{s.table}_{event}": s.table
    for d in search.declared()
    for s in d.sources
    for event in ("insert", "update", "delete")
}


@pytest.fixture
def migrated(migrated_apps: Callable[[str], Flask], database: str) -> Iterator[Flask]:
    """With a customer, and put back after the test."""
    app = migrated_apps(database)
    with app.app_context():
        if db.session.scalar(select(Customer.id).limit(1)) is None:
            factories.customer(factories.user(), "Minh Phát")
            db.session.commit()
        db.session.remove()
        yield app
        db.session.remove()
        with db.engine.begin() as connection:
            migrating.put_back(connection)


def _crm(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["crm", *arguments])


def _missing() -> list[str]:
    with db.engine.connect() as connection:
        return [lost.name for lost in migrating.missing(connection)]


def _drop(connection: Connection, name: str) -> None:
    if name not in TRIGGERS:
        kind = "TABLE" if name in {d.name for d in search.declared()} else "INDEX"
        connection.execute(text(f'DROP {kind} "{name}"'))
        return
    on = f" ON {TRIGGERS[name]}" if connection.dialect.name == "postgresql" else ""
    connection.execute(text(f"DROP TRIGGER {name}{on}"))


def _by_turns() -> list[list[str]]:
    """Everything, in the order in which it is dropped: the indexes of a table at once."""
    with db.engine.connect() as connection:
        look = inspect(connection)
        own = [(d.name, _indexes_of(look, d.name)) for d in search.declared()]
    indexes: dict[str, list[str]] = {table: names for table, names in own if names}
    for name, table in DECLARED.items():
        indexes.setdefault(table, []).append(name)
    return [*indexes.values(), *([name] for name in TRIGGERS), *([name] for name, _names in own)]


def _indexes_of(look: Any, table: str) -> list[str]:
    if look.dialect.name != "postgresql":
        return []
    return [str(index["name"]) for index in look.get_indexes(table)]


def _found(query: str) -> list[str]:
    where = search.conditions(Customer, query, sees_sensitive=True)
    return list(db.session.scalars(select(Customer.name).where(*where)))


def test_a_migrated_database_lacks_nothing(migrated: Flask) -> None:
    assert _missing() == []
    assert len(DECLARED) > 40
    assert {i for i in DECLARED if i.startswith("ix_customer_")}
    migrating.require_beside()


def test_what_is_put_back_is_named_and_where_nothing_is_missing_no_document_is_compared(
    migrated: Flask,
) -> None:
    told: list[str] = []
    with db.engine.begin() as connection:
        done = migrating.put_back(connection, told=told.append)
    assert (told, done.made) == ([], [])
    for name in TRIGGERS:
        with db.engine.begin() as connection:
            _drop(connection, name)
            done = migrating.put_back(connection, told=told.append)
        assert [lost.name for lost in done.made] == [name]
        assert told.pop().startswith("customer_search: comparing")
        assert name in str(done)


def test_whatever_is_dropped_is_told_refuses_a_start_and_is_put_back_by_the_next_migration(
    migrated: Flask,
) -> None:
    turns = _by_turns()
    for names in turns:
        with db.engine.begin() as connection:
            for name in names:
                _drop(connection, name)
        # With a table of PostgreSQL its indexes go, too.
        assert set(names) <= set(_missing())
        for command in (("check",), ("check", "--database")):
            told = _crm(migrated, *command)
            assert told.exit_code == 1, (names, command)
            assert all(name in told.output for name in names), (told.output, command)
            assert "crm reindex" in told.output
        with pytest.raises(migrating.BesideMissing, match=names[0]):
            migrating.require_beside()
        upgrade()
        assert _missing() == [], names
        assert _crm(migrated, "check", "--database").exit_code == 0, names


def _customer_insert(_at: Customer) -> None:
    factories.customer(factories.user(), "Sao Sáng")


def _customer_update(at: Customer) -> None:
    change = "UPDATE customer SET search_text = ' sao sang ' WHERE id = :id"
    db.session.execute(text(change), {"id": at.id})


def _customer_delete(at: Customer) -> None:
    db.session.delete(at)


def _contact_insert(at: Customer) -> None:
    db.session.add(Contact(customer_id=at.id, name="Sao Sáng"))


def _contact_update(_at: Customer) -> None:
    db.session.execute(text("UPDATE contact SET search_text = ' sao sang '"))


def _contact_delete(_at: Customer) -> None:
    db.session.execute(text("DELETE FROM contact"))


SEEN_BY: dict[str, Callable[[Customer], None]] = {
    "customer_search_customer_insert": _customer_insert,
    "customer_search_customer_update": _customer_update,
    "customer_search_customer_delete": _customer_delete,
    "customer_search_contact_insert": _contact_insert,
    "customer_search_contact_update": _contact_update,
    "customer_search_contact_delete": _contact_delete,
    "customer_search": _customer_update,
}
"""What nobody but this trigger sees; another change would hide that it is gone."""


def test_every_trigger_is_tried() -> None:
    assert set(SEEN_BY) == {*TRIGGERS, *(d.name for d in search.declared())}


@pytest.mark.parametrize("name", SEEN_BY)
def test_customers_that_were_saved_while_it_was_missing_are_found_after_a_migration(
    migrated: Flask, name: str
) -> None:
    for of_an_earlier_test in ("contact", "customer WHERE name <> 'Minh Phát'"):
        db.session.execute(text(f"DELETE FROM {of_an_earlier_test}"))
    at = factories.customer(factories.user(), "Tuyết Lan")
    factories.contact(at, "Bích Ngọc")
    db.session.commit()
    with db.engine.begin() as connection:
        for documents in search.declared():
            while search.settle(connection, documents):
                pass
        for one in (*TRIGGERS, name) if name == "customer_search" else (name,):
            _drop(connection, one)
    SEEN_BY[name](at)
    db.session.commit()
    upgrade()
    gone = name.endswith("_delete")
    assert (_found("sao sang") == []) is gone
    if gone:
        assert _found("bich ngoc") == []
    db.session.remove()
    assert _crm(migrated, "check", "--database").exit_code == 0


def test_a_server_and_a_worker_do_not_start_without_a_trigger(
    migrated: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = next(iter(TRIGGERS))
    with db.engine.begin() as connection:
        _drop(connection, name)
    # Were they not refused, they would serve and work for ever.
    monkeypatch.setattr("crmadmin.cli.server.serve", lambda *_: pytest.fail("it serves"))
    monkeypatch.setattr("crmadmin.cli.worker.working", lambda *_: pytest.fail("it works"))
    monkeypatch.setattr("crmadmin.cli.worker.queue.of", lambda _app: object())
    for command in (("serve", "--no-worker"), ("worker",)):
        told = _crm(migrated, *command)
        assert told.exit_code == 1, command
        assert name in told.output, command
        assert "crm reindex" in told.output, command
    monkeypatch.setattr(wiring, "create_app", lambda: migrated)
    with pytest.raises(migrating.BesideMissing, match=name):
        wiring.serving()
    assert _crm(migrated, "reindex").exit_code == 0
    assert wiring.serving() is migrated


def test_a_switched_off_or_changed_trigger_counts_as_missing(migrated: Flask) -> None:
    name, table = next(iter(TRIGGERS.items()))
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {name}"))
        else:
            _drop(connection, name)
            connection.execute(
                text(f"CREATE TRIGGER {name} AFTER INSERT ON contact BEGIN SELECT 1; END")
            )
    assert _missing() == [name]
    upgrade()
    assert _missing() == []


def test_an_index_of_another_kind_is_made_anew(migrated: Flask) -> None:
    name = next(n for n in DECLARED if "default" in n and DECLARED[n] == "industry")
    with db.engine.begin() as connection:
        connection.execute(text(f"DROP INDEX {name}"))
        connection.execute(text(f"CREATE INDEX {name} ON industry (is_default)"))
    assert _missing() == [name]
    assert _crm(migrated, "reindex").exit_code == 0
    assert _missing() == []


def test_a_unique_index_that_records_do_not_allow_is_explained(migrated: Flask) -> None:
    name = next(n for n in DECLARED if "default" in n and DECLARED[n] == "industry")
    with db.engine.begin() as connection:
        _drop(connection, name)
    made = [factories.catalog(Industry, n) for n in ("Gỗ", "Đá")]
    for record in made:
        record.is_default = True
    db.session.commit()
    told = _crm(migrated, "reindex")
    assert told.exit_code == 1
    assert name in told.output
    assert "Traceback" not in told.output
    made[0].is_default = False
    db.session.commit()
    assert _crm(migrated, "reindex").exit_code == 0
    assert _missing() == []


def test_a_check_of_a_database_that_is_not_there_makes_none(
    house: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "nowhere.db"
    app = create_app(house.make_settings(f"sqlite:///{path}", tmp_path))
    assert _crm(app, "check").exit_code == 0
    assert not path.exists()


def test_a_table_that_is_made_anew_keeps_everything(migrated: Flask) -> None:
    """Each table, as SQLite changes it: also that ids are never given out again."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL changes a table in its place")
    before = _sqlite_schema()
    with db.engine.connect() as connection, rebuilding_tables(connection):
        op = Operations(MigrationContext.configure(connection))
        for table in Base.metadata.tables:
            with op.batch_alter_table(table, recreate="always"):
                pass
        migrating.put_back(connection)
    after = _sqlite_schema()
    assert after.keys() == before.keys()
    changed = {n: set(before[n]) ^ set(after[n]) for n in before if after[n] != before[n]}
    assert changed == {}


def _sqlite_schema() -> dict[str, list[str]]:
    """Name → the parts of its statement in any order: constraints may stand in another one."""
    with db.engine.connect() as connection:
        found = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        )
        return {name: _parts(" ".join(sql.replace('"', "").split())) for name, sql in found}


def _parts(sql: str) -> list[str]:
    """AUTOINCREMENT may stand beside the column or in the key."""
    for written in (
        r"( CONSTRAINT \w+)? PRIMARY KEY AUTOINCREMENT",
        r", CONSTRAINT \w+ PRIMARY KEY \(\w+ AUTOINCREMENT\)",
    ):
        sql = re.sub(written, "", sql)
    numbered = ["AUTOINCREMENT"] if "PRIMARY KEY" not in sql else []
    return sorted([*sql.removesuffix(")").rstrip().split(", "), *numbered])


def test_ids_go_on_where_they_were_when_a_table_that_never_gives_them_again_is_made_anew(
    migrated: Flask,
) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL changes a table in its place")
    with db.engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT, b TEXT)")
        )
        connection.execute(text("INSERT INTO numbered (a) VALUES ('one'), ('two'), ('three')"))
        connection.execute(text("DELETE FROM numbered WHERE id > 1"))
    with db.engine.connect() as connection, rebuilding_tables(connection):
        op = Operations(MigrationContext.configure(connection))
        with op.batch_alter_table("numbered", recreate="always") as batch:
            batch.drop_column("b")
    with db.engine.begin() as connection:
        connection.execute(text("INSERT INTO numbered (a) VALUES ('four')"))
        ids = list(connection.scalars(text("SELECT id FROM numbered ORDER BY id")))
        connection.execute(text("DROP TABLE numbered"))
    assert ids == [1, 4]


def test_a_schema_from_before_the_search_gets_none_of_it(
    house: ModuleType, database: str, tmp_path: Path
) -> None:
    app = create_app(house.make_settings(house.new_database(database, tmp_path, "older"), tmp_path))
    with app.app_context():
        upgrade()
        downgrade(revision="0004")
        tables = set(inspect(db.engine).get_table_names())
        assert not {n for d in search.declared() for n in (d.name, d.pending.name)} & tables
        upgrade(revision="0005")
        with db.engine.begin() as connection:
            assert migrating.missing(connection, is_newest=False) == []
            _drop(connection, next(iter(TRIGGERS)))
        stamp(revision="0005")
        with db.engine.connect() as connection:
            assert migrating.missing(connection, is_newest=False) == []
        upgrade()
        assert _missing() == []
        db.session.remove()
        db.engine.dispose()
