"""Uploaded files are kept for a set number of days; what became of their rows is kept for good."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

from factories import user
from flask import Flask
from sqlalchemy import func, select, update

from crmadmin.access import guard
from crmadmin.core.db import db, utcnow
from crmadmin.imports import services
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch, ImportRow
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
