"""A big file is checked by a process of its own: it must come out as a small one does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crmadmin.core.db import db, spec_of
from crmadmin.customers.models import Contact, Customer
from crmadmin.imports import services
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.pipeline import checked_blocks, parallel
from crmadmin.imports.reader.process import Child
from crmadmin.imports.records import Rules

pytestmark = pytest.mark.usefixtures("context")

UNTIDY = Path(__file__).parents[2] / "samples" / "customers-untidy.xlsx"
SAID = ("number", "state", "planned", "key", "contact", "member", "before", "label", "problems",
        "warnings", "cells")  # fmt: skip
KEPT = [c.name for c in Customer.__table__.columns if not c.name.endswith(("_at", "_by_id"))]


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every file is big; gives the number of processes that were made."""
    made: list[int] = []
    fork = os.fork
    monkeypatch.setattr(checked_blocks, "FORK_BYTES", 0)
    monkeypatch.setattr(parallel.os, "fork", lambda: made.append(0) or fork())
    return made


def batch(user: Any, **rules: str) -> ImportBatch:
    with UNTIDY.open("rb") as file:
        return services.create_batch(
            file, UNTIDY.name, KINDS["customers-contacts"],
            Rules.from_mapping({"unknown": "blank", **rules}), user, group_name="Hội thảo",
        )  # fmt: skip


def everything(user: Any, **rules: str) -> tuple[Any, ...]:
    """What a preview and a run of the untidy workbook leave, without ids and times."""
    made = batch(user, **rules)
    services.preview(made)
    report = services.run(made)
    rows = db.session.scalars(
        select(ImportRow).where(ImportRow.batch_id == made.id).order_by(ImportRow.number)
    )
    customers = db.session.scalars(select(Customer).order_by(Customer.code_key))
    contacts = db.session.scalars(select(Contact).order_by(Contact.customer_id, Contact.id))
    return (
        dict(report.rows), made.unknown, made.columns,
        [[getattr(row, name) for name in SAID] for row in rows],
        [[getattr(c, name) for name in KEPT] for c in customers],
        [(c.customer_id, c.name, c.name_key, c.email_key, c.phone) for c in contacts],
    )  # fmt: skip


def test_both_ways_give_the_same_ledger_and_the_same_customers(
    an: Any, forked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = everything(an)
    again = everything(an, on_duplicate="overwrite")
    assert len(forked) == 4
    services.undo(db.session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc())).first())
    services.undo(db.session.scalars(select(ImportBatch).order_by(ImportBatch.id)).first())
    db.session.execute(ImportBatch.__table__.delete())
    db.session.commit()
    monkeypatch.setattr(checked_blocks, "FORK_BYTES", 2**60)
    assert everything(an)[:4] == found[:4]
    assert everything(an, on_duplicate="overwrite")[:4] == again[:4]
    assert len(forked) == 4


def test_derived_columns_that_came_from_apart_are_what_the_record_says(
    an: Any, forked: list[int]
) -> None:
    everything(an)
    records = db.session.scalars(select(Customer)).all()
    assert records
    for record in records:
        before = {d.column: getattr(record, d.column) for d in spec_of(Customer).derived}
        made = {
            d.column: d.make([getattr(record, s) for s in d.sources])
            for d in spec_of(Customer).derived
        }
        assert before == made


def test_a_reader_that_dies_is_told_by_its_parent(
    an: Any, forked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Child.answer

    def die(self: Child, header: int) -> None:
        if header:
            # Before it is asked for rows: a small file's would be in the pipe already.
            self._process.kill()
            self._process.wait()
        else:
            answer(self, header)

    monkeypatch.setattr(Child, "answer", die)
    made = batch(an)
    services.preview(made)
    assert made.status == "refused"
    assert made.refusal["code"] in {"file_needs_memory", "file_damaged"}
    assert forked


def test_an_import_whose_checking_was_killed_goes_on_later(
    an: Any, forked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = parallel._receive

    def lose(out: int) -> Any:
        kind, value = receive(out)
        if kind == parallel._LAST:
            raise parallel.WorkerLost("it ended")
        return kind, value

    made = batch(an)
    services.preview(made)
    promised = made.planned
    monkeypatch.setattr(parallel, "_receive", lose)
    with pytest.raises(services.JobFailed):
        services.run(made)
    db.session.rollback()
    db.session.refresh(made)
    assert made.status == "paused"
    monkeypatch.setattr(parallel, "_receive", receive)
    services.resume(made)
    db.session.refresh(made)
    assert (made.status, made.counts) == ("done", promised)
