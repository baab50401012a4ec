"""A worker that was taken for dead while it opened the file leaves the import to its successor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import factories
import pytest
from flask import Flask
from importing import number_of, open_sheet, staged
from jobbing import change, now

from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.imports.models import ImportRow
from crmadmin.jobs import work
from crmadmin.jobs.models import Job


@pytest.mark.parametrize("task", ["import.run", "import.preview"])
@pytest.mark.parametrize("error", [None, RuntimeError("broken off")])
def test_who_was_taken_for_dead_changes_nothing(
    context: Flask, monkeypatch: pytest.MonkeyPatch, task: str, error: Exception | None
) -> None:
    an = factories.user("an")
    batch = staged(an, "customers-contacts", ("Mã KH", "Tên KH"), [("A1", "Một"), ("A2", "Hai")])
    batch.status = "running"
    job = Job(task=task, subject_id=batch.id, user_id=an.id, progress={})
    db.session.add(job)
    db.session.commit()

    @contextmanager
    def slowly(*args: Any) -> Iterator[Any]:
        change(job, token="another")
        with db.engine.begin() as connection:
            connection.execute(
                ImportRow.__table__.insert(),
                {"batch_id": batch.id, "number": 2, "state": "created", "label": "Một"},
            )
        if error is not None:
            raise error
        with open_sheet(*args) as reading:
            yield reading

    monkeypatch.setattr("crmadmin.imports.source.open_sheet", slowly)
    work.work(context, job.id)
    assert (now(job).state, now(job).token) == ("running", "another")
    db.session.refresh(batch)
    assert batch.status == "running"
    assert (number_of(ImportRow), number_of(Customer)) == (1, 0)
