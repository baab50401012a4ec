"""Undoing an import after a migration changed the fields that it overwrote: what was renamed comes
back, what is gone is said before anything is taken back, and half of an undoing goes on."""

from __future__ import annotations

from typing import Any

import factories
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from importing import imported
from sqlalchemy import Column, String, Text, select, text

from crmadmin.catalogs.models import Industry
from crmadmin.core import bulk, records
from crmadmin.core.db import db, rebuilding_tables
from crmadmin.core.field_names import carry_renamed_field
from crmadmin.imports import services, undo
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.undo import rows as undo_rows
from crmadmin.imports.undo.lost import LostValue
from crmadmin.jobs import services as jobs

HEAD = ("Mã", "Tên", "Mô tả")


def overwritten() -> ImportBatch:
    """An import that made one industry and overwrote the descriptions of two."""
    user = factories.user("an")
    for code, name in (("A", "Gỗ"), ("B", "Gốm")):
        records.create(Industry, {"code": code, "name": name, "description": f"cũ {code}"})
    db.session.commit()
    rows = [("A", "Gỗ", "mới A"), ("B", "Gốm", "mới B"), ("C", "Giấy", "mới C")]
    found = imported(user, "industries", HEAD, rows, on_duplicate="overwrite").batch
    assert told() == {"A": "mới A", "B": "mới B", "C": "mới C"}
    return found


def told() -> dict[str, str | None]:
    db.session.rollback()
    return dict(db.session.execute(select(Industry.code, Industry.description)).all())


def migrate(*steps: Any) -> None:
    """A migration of one's own, as `flask db upgrade` carries one out."""
    db.session.remove()
    with db.engine.connect() as connection, rebuilding_tables(connection):
        operations = Operations(MigrationContext.configure(connection))
        for step in steps:
            step(operations, connection)
        if connection.dialect.name == "postgresql":
            connection.commit()


def renaming(old: str, new: str) -> Any:
    def step(operations: Operations, connection: Any) -> None:
        with operations.batch_alter_table("industry") as batch:
            batch.alter_column(old, existing_type=Text(), new_column_name=new)
        carry_renamed_field(connection, "industry", old, new)

    return step


def removed(name: str) -> Any:
    """A field that was there at the import is added and, as a migration does, dropped."""

    def step(operations: Operations, connection: Any) -> None:
        with operations.batch_alter_table("industry") as batch:
            batch.add_column(Column(name, String(50)))
        with operations.batch_alter_table("industry") as batch:
            batch.drop_column(name)

    return step


def with_image(**more: str) -> None:
    """What the import also overwrote in fields of that time."""
    for row in db.session.scalars(select(ImportRow).where(ImportRow.before.is_not(None))):
        row.before = {**(row.before or {}), **more}
    db.session.commit()


def names_kept() -> set[str]:
    """What the import's before-images call what it overwrote."""
    found = db.session.scalars(select(ImportRow.before).where(ImportRow.before.is_not(None))).all()
    db.session.remove()
    return {name for before in found for name in before or {}}


def test_a_renamed_field_gets_its_old_values_back(fresh: Flask) -> None:
    key = overwritten().id
    # At the time of the import the field was called otherwise; then it was renamed.
    migrate(renaming("description", "slogan"))
    assert names_kept() == {"slogan"}
    migrate(renaming("slogan", "description"))
    batch = db.session.get_one(ImportBatch, key)
    assert undo.preview(batch).lost == ()
    services.undo(batch)
    assert told() == {"A": "cũ A", "B": "cũ B"}


def test_a_removed_field_is_named_and_nothing_is_taken_back_unasked(fresh: Flask) -> None:
    key = overwritten().id
    with_image(slogan="cũ")
    migrate(removed("slogan"))
    batch = db.session.get_one(ImportBatch, key)
    found = undo.preview(batch)
    assert found.lost == (LostValue("slogan", 2),)
    assert found.restored == 2
    before = told()
    with pytest.raises(services.ValuesLost):
        services.undo(batch)
    with pytest.raises(services.ValuesLost):
        services.undo(batch, accepts="made up")
    assert told() == before
    assert jobs.latest("import.undo", key) is None
    services.undo(batch, accepts=undo.token(found.lost))
    assert told() == {"A": "cũ A", "B": "cũ B"}
    assert (batch.undone or {})["lost"] == [{"field": "slogan", "rows": 2}]


def test_a_value_that_is_too_long_by_now_is_named_and_left(context: Flask) -> None:
    batch = overwritten()
    with_image(name="x" * 121)
    found = undo.preview(batch)
    assert [(item.rows, item.is_gone) for item in found.lost] == [(2, False)]
    services.undo(batch, accepts=undo.token(found.lost))
    assert told() == {"A": "cũ A", "B": "cũ B"}


def test_what_is_lost_only_after_it_was_asked_for_stops_before_the_first_write(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the question and the worker somebody migrated."""
    batch = overwritten()
    before = told()
    asked = services.start_undo.__globals__["jobs"]
    enqueue = asked.enqueue

    def migrated(*given: Any, **options: Any) -> Any:
        with_image(slogan="cũ")
        return enqueue(*given, **options)

    monkeypatch.setattr(asked, "enqueue", migrated)
    with pytest.raises(services.JobFailed):
        services.undo(batch)
    assert told() == before


def test_an_undoing_that_failed_half_way_goes_on_and_ends_as_one_that_did_not(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = overwritten()
    restore = undo_rows.restore

    def broken(*_given: Any) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(undo_rows, "restore", broken)
    with pytest.raises(services.JobFailed):
        services.undo(batch)
    job = jobs.latest("import.undo", batch.id)
    assert job is not None
    assert job.checkpoint > 0
    assert set(told()) == {"A", "B"}
    monkeypatch.setattr(undo_rows, "restore", restore)
    services.undo(batch)
    assert told() == {"A": "cũ A", "B": "cũ B"}
    again = jobs.latest("import.undo", batch.id)
    assert again is not None
    assert again.id == job.id
    gave = batch.undone or {}
    assert (gave["created"], gave["restored"], gave["gone"], gave["kept"]) == (1, 2, 0, 0)


def test_names_in_json_are_counted_by_the_database(context: Flask) -> None:
    overwritten()
    keys = bulk.json_keys(ImportRow.before)
    found = db.session.scalars(
        select(keys.c.key).select_from(ImportRow).join(keys, text("true")).distinct()
    )
    assert "description" in set(found)
