"""An id is given once, in every table, whatever is deleted, made anew, moved or restored."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import factories
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import JSON, Boolean, Integer, String, delete, func, insert, select, text

from app import create_app
from crmadmin.catalogs.models import CustomerType, Industry, all_catalogs
from crmadmin.core import bulk, numbering
from crmadmin.core.db import Base, Kept, db, rebuilding_tables, storage_faults, utcnow
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup, GroupDraft
from crmadmin.imports.models import ImportBatch, ImportChange, ImportRow
from crmadmin.jobs.models import Job

NUMBERED = sorted(
    mapper.local_table.name
    for mapper in Base.registry.mappers
    if mapper.local_table.autoincrement_column is not None
)


def test_every_table_of_a_model_has_numbers_that_are_given_once(context: Flask) -> None:
    assert len(NUMBERED) > 20
    assert storage_faults(db) == []
    for name in NUMBERED:
        assert db.metadata.tables[name].kwargs["sqlite_autoincrement"], name


@pytest.mark.parametrize("name", NUMBERED)
def test_a_deleted_id_does_not_come_back(context: Flask, name: str) -> None:
    """The rows are made by hand, so that a table that is declared later is tried as well."""
    table = db.metadata.tables[name]
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("PRAGMA defer_foreign_keys=ON"))
        values = {c.name: _value(c) for c in table.columns if not c.nullable and c.name != "id"}
        first = db.session.execute(insert(table).values(values)).inserted_primary_key[0]
        db.session.execute(delete(table).where(table.c.id == first))
        second = db.session.execute(insert(table).values(values)).inserted_primary_key[0]
        assert second > first
    else:
        connection = db.session.connection()
        given = connection.scalar(select(func.nextval(f"{name}_id_seq")))
        assert numbering.last_given(connection, table) == given
    db.session.rollback()


def _value(column: Any) -> Any:
    values = {Boolean: False, Integer: 1, JSON: {}, Kept: {}, String: "a"}
    fitting = (value for kind, value in values.items() if isinstance(column.type, kind))
    return next(fitting, utcnow())


def test_ids_for_many_rows_at_once_are_new_too(context: Flask) -> None:
    made = [factories.catalog(Industry) for _ in range(3)]
    last = made[-1].id
    db.session.delete(made[-1])
    db.session.flush()
    ids = bulk.new_ids(Industry.__table__, 2)
    assert ids == [last + 1, last + 2]
    assert bulk.new_ids(Industry.__table__, 1) == [last + 3]
    assert factories.catalog(Industry).id == last + 4


def test_a_table_made_anew_goes_on_where_it_was(fresh: Flask) -> None:
    """A later migration, such as one for a new field, reads the table and makes it anew."""
    owner = factories.user()
    for name in ("A", "B", "C"):
        last = factories.customer(owner, name).id
    db.session.commit()
    db.session.execute(delete(Customer).where(Customer.id >= last - 1))
    db.session.commit()
    db.session.remove()
    with db.engine.connect() as connection, rebuilding_tables(connection):
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("customer", recreate="auto") as batch:
            batch.alter_column("website", existing_type=String(255), type_=String(300))
    assert storage_faults(db) == []
    again = db.session.merge(owner)
    assert factories.customer(again, "D").id > last


def _fail_after_making_anew() -> None:
    with db.engine.connect() as connection, rebuilding_tables(connection):
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("industry", recreate="auto") as batch:
            batch.alter_column("name", existing_type=String(120), type_=String(130))
        raise RuntimeError


def test_a_failed_migration_leaves_the_numbers(fresh: Flask) -> None:
    last = factories.catalog(Industry).id
    db.session.execute(delete(Industry))
    db.session.commit()
    db.session.remove()
    with pytest.raises(RuntimeError):
        _fail_after_making_anew()
    assert factories.catalog(Industry).id > last


def test_the_migration_goes_on_from_ids_that_only_others_remember(fresh: Flask) -> None:
    """What was deleted before it: ledgers, drafts and jobs still name it."""
    factories.user("an")
    factories.customer(factories.user(), "A")
    factories.catalog(CustomerType)
    db.session.flush()
    batch = ImportBatch(kind="customers", file_name="a.xlsx")
    types = ImportBatch(kind="customer-types", file_name="b.xlsx")
    db.session.add_all([batch, types, GroupDraft(user_id=1, group_id=40, saved_version=1)])
    db.session.flush()
    db.session.add_all(
        [
            ImportRow(
                batch_id=batch.id, number=2, record_id=50, problems=[], warnings=[], cells=[]
            ),
            ImportRow(
                batch_id=types.id, number=2, record_id=60, problems=[], warnings=[], cells=[]
            ),
            ImportChange(batch_id=batch.id, target="Industry", record_id=70),
            ImportChange(batch_id=batch.id, target="CustomerGroup", record_id=30),
            Job(task="import.run", subject_id=80),
        ]
    )
    db.session.commit()
    db.session.remove()
    downgrade(revision="0006")
    is_sqlite = db.engine.dialect.name == "sqlite"
    assert bool(storage_faults(db)) == is_sqlite
    upgrade()
    assert storage_faults(db) == []
    if not is_sqlite:
        return
    with db.engine.connect() as connection:
        last = {
            model: numbering.last_given(connection, model.__table__)
            for model in (Customer, CustomerType, Industry, CustomerGroup, ImportBatch)
        }
    assert last == {
        Customer: 50, CustomerType: 60, Industry: 70, CustomerGroup: 40, ImportBatch: 80,
    }  # fmt: skip


def test_a_moved_database_goes_on_after_ids_that_were_deleted(
    fresh: Flask, house: ModuleType, tmp_path: Path
) -> None:
    """Also to the same engine, and through a backup."""
    owner = factories.user()
    last: dict[str, int] = {}
    for model in all_catalogs():
        factories.catalog(model)
        gone = factories.catalog(model)
        last[model.__tablename__] = gone.id
        db.session.delete(gone)
    kept = factories.customer(owner)
    gone = factories.customer(owner)
    person = factories.contact(gone)
    last |= {"customer": gone.id, "contact": person.id, "customer_group": factories.group().id}
    db.session.execute(delete(CustomerGroup))
    db.session.delete(gone)
    db.session.commit()
    runner = fresh.test_cli_runner()
    file = tmp_path / "kept.zip"
    assert runner.invoke(args=["crm", "backup", str(file)]).exit_code == 0
    for kind in house.DATABASES:
        for way in ("move", "restore"):
            folder = tmp_path / f"{kind}-{way}"
            folder.mkdir()
            url = house.new_database(kind, folder, f"numbers_{way}")
            target = create_app(house.make_settings(url, folder))
            if way == "move":
                done = runner.invoke(args=["crm", "move-to", url])
            else:
                with target.app_context():
                    done = target.test_cli_runner().invoke(args=["crm", "restore", str(file)])
            assert done.exit_code == 0, done.output
            with target.app_context():
                for name, given in last.items():
                    with db.engine.connect() as connection:
                        known = numbering.last_given(connection, db.metadata.tables[name])
                    assert known == given, (kind, way, name)
                assert factories.catalog(Industry).id > last["industry"]
                db.session.rollback()
                db.session.remove()
                db.engine.dispose()
    assert kept.id < last["customer"]
