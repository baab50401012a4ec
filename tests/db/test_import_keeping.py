"""Uploaded files are kept for a set number of days; what became of their rows is kept for good."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from factories import user
from flask import Flask
from sqlalchemy import func, select, update

from crmadmin.access import guard
from crmadmin.core.db import db, utcnow
from crmadmin.imports import services
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch, ImportFix, ImportRow
from crmadmin.imports.records import Rules

SAMPLE = Path(__file__).parents[2] / "samples" / "industries.xlsx"


def upload() -> ImportBatch:
    who = user(role="admin")
    with guard.acting(who):
        return services.create_batch(
            io.BytesIO(SAMPLE.read_bytes()), SAMPLE.name, KINDS["industries"],
            Rules.from_mapping({}), who,
        )  # fmt: skip


def age(batch: ImportBatch, days: int) -> None:
    then = utcnow() - timedelta(days=days)
    db.session.execute(
        update(ImportBatch).where(ImportBatch.id == batch.id).values(created_at=then)
    )
    db.session.commit()


def test_a_file_past_its_days_goes_when_the_next_one_comes_and_its_ledger_stays(
    context: Flask,
) -> None:
    old = upload()
    services.run(old)
    path = services.uploads_folder() / str(old.file_path)
    age(old, context.config["SETTINGS"].upload_keep_days + 1)
    upload()
    db.session.expire_all()
    assert not path.exists()
    assert old.file_path is None
    kept = select(func.count()).select_from(ImportRow).where(ImportRow.batch_id == old.id)
    assert db.session.scalar(kept) == 12


def test_a_file_within_its_days_stays(context: Flask) -> None:
    recent = upload()
    services.run(recent)
    age(recent, context.config["SETTINGS"].upload_keep_days - 1)
    upload()
    db.session.expire_all()
    assert (services.uploads_folder() / str(recent.file_path)).exists()


def test_with_the_file_go_the_cells_of_refused_rows_and_what_was_typed(context: Flask) -> None:
    old = upload()
    services.preview(old)
    [refused] = db.session.scalars(
        select(ImportRow).where(ImportRow.batch_id == old.id, ImportRow.planned == "invalid")
    ).all()
    assert refused.cells
    db.session.add(ImportFix(batch_id=old.id, number=refused.number, column="note", value="x"))
    db.session.commit()
    services.run(old)
    age(old, context.config["SETTINGS"].upload_keep_days + 1)
    upload()
    db.session.expire_all()
    assert refused.cells == []
    assert refused.problems
    assert db.session.scalar(select(func.count()).select_from(ImportFix)) == 0


@pytest.mark.parametrize(("status", "stays"), [("running", True), ("paused", False)])
def test_a_running_import_keeps_its_file_to_the_end(
    context: Flask, status: str, stays: bool
) -> None:
    old = upload()
    old.status = status
    path = services.uploads_folder() / str(old.file_path)
    age(old, context.config["SETTINGS"].upload_keep_days + 2)
    upload()
    assert path.exists() is stays


def test_the_file_of_an_undone_import_goes_in_time(context: Flask) -> None:
    old = upload()
    services.run(old)
    services.undo(old)
    path = services.uploads_folder() / str(old.file_path)
    age(old, context.config["SETTINGS"].upload_keep_days + 1)
    upload()
    assert not path.exists()
