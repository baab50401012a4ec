"""Blocks of an import that share a transaction: while nobody waits for SQLite's write lock."""

from __future__ import annotations

from typing import Any

import pytest
from importing import imported, number_of, staged
from sqlalchemy import select, text

from crmadmin.catalogs.models import Industry
from crmadmin.core import bulk
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.imports import services
from crmadmin.imports.models import ImportRow
from crmadmin.imports.pipeline import ledger, run
from crmadmin.imports.pipeline import write as load
from crmadmin.imports.pipeline.prefetch import Prefetched
from crmadmin.jobs.work import Lease

pytestmark = pytest.mark.usefixtures("context")

HEADER = ("Mã KH", "Tên KH", "Lĩnh vực")
ROWS = [(f"A{n}", f"Tên {n}", "Hàng hải" if n % 2 else None) for n in range(7)]
BLOCKS = 4


@pytest.fixture
def marks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How far the import was at each commit; blocks are of two rows, no time ends a transaction."""
    monkeypatch.setattr(Prefetched, "is_ready", True)
    monkeypatch.setattr("importing.BLOCK_ROWS", 2)
    monkeypatch.setattr(run, "HOLDING", 60.0)
    found: list[int] = []
    mark = Lease.mark

    def noted(self: Lease, checkpoint: int, done: int, *args: Any, **more: Any) -> None:
        mark(self, checkpoint, done, *args, **more)
        found.append(done)

    monkeypatch.setattr(Lease, "mark", noted)
    return found


def is_sqlite() -> bool:
    return bool(db.engine.dialect.name == "sqlite")


def assert_whole(counts: Any) -> None:
    """Every row is there once, and so is the catalog value that some of them made."""
    assert counts["rows"]["created"] == counts["rows"]["total"] == len(ROWS)
    assert number_of(Customer) == number_of(ImportRow) == len(ROWS)
    assert db.session.scalars(select(Industry.name)).all() == ["Hàng hải"]
    referring = select(Customer.code).where(Customer.industry_id.is_not(None))
    assert sorted(db.session.scalars(referring)) == ["A1", "A3", "A5"]


def test_blocks_share_a_transaction_while_nobody_waits(an: Any, marks: list[int]) -> None:
    report = imported(an, "customers-contacts", HEADER, ROWS, unknown="create")
    assert_whole(report.batch.counts)
    # The last mark is the end's, with the counts.
    assert marks == ([7, 7] if is_sqlite() else [2, 4, 6, 7, 7])


def test_who_waits_is_let_in_after_the_block_at_hand(
    an: Any, marks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([False, True, False, False])
    monkeypatch.setattr(run, "is_awaited", lambda _connection: next(answers))
    report = imported(an, "customers-contacts", HEADER, ROWS, unknown="create")
    assert_whole(report.batch.counts)
    assert marks == [4, 7, 7]


def test_a_transaction_ends_when_its_time_is_over(
    an: Any, marks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "HOLDING", 0.0)
    imported(an, "customers-contacts", HEADER, ROWS, unknown="create")
    assert marks == [2, 4, 6, 7, 7]


def test_nobody_waits_for_rows_that_are_not_read_yet(
    an: Any, marks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Prefetched, "is_ready", False)
    imported(an, "customers-contacts", HEADER, ROWS, unknown="create")
    assert marks == [2, 4, 6, 7, 7]


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("at", range(BLOCKS))
def test_a_block_that_met_another_writer_is_written_anew_with_those_before_it(
    an: Any, marks: list[int], monkeypatch: pytest.MonkeyPatch, at: int, times: int
) -> None:
    write, failing = load.Loader.write, []

    def meeting(self: load.Loader, step: Any, asked: Any) -> None:
        write(self, step, asked)
        if step.outcomes[0].number == 2 + 2 * at and len(failing) < times:
            failing.append(at)
            raise bulk.Taken("somebody else was first")

    monkeypatch.setattr(load.Loader, "write", meeting)
    report = imported(an, "customers-contacts", HEADER, ROWS, unknown="create")
    assert len(failing) == times
    assert_whole(report.batch.counts)


def test_a_block_that_always_meets_others_ends_the_import_and_the_rest_stays(
    an: Any, marks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = load.Loader.write

    def meeting(self: load.Loader, step: Any, asked: Any) -> None:
        write(self, step, asked)
        if step.outcomes[0].number == 6:
            raise bulk.Taken("somebody else was first")

    batch = staged(an, "customers-contacts", HEADER, ROWS, unknown="create")
    with monkeypatch.context() as patch:
        patch.setattr(load.Loader, "write", meeting)
        with pytest.raises(services.JobFailed):
            services.run(batch)
    assert number_of(Customer) == 4
    services.resume(batch)
    db.session.refresh(batch)
    assert_whole(batch.counts)


def test_a_code_that_the_same_transaction_gave_goes_to_the_row_that_asks_for_it(
    an: Any, marks: list[int]
) -> None:
    rows = [(None, "Một"), (None, "Hai"), ("KH000001", "Ba"), (None, "Bốn"), ("KH000002", "Năm")]
    report = imported(an, "customers-contacts", HEADER, rows)
    assert report.batch.counts["rows"]["created"] == 5
    made = {c.name: c.code for c in db.session.scalars(select(Customer))}
    assert (made["Ba"], made["Năm"]) == ("KH000001", "KH000002")
    assert len(set(made.values())) == 5


def test_only_a_run_keeps_in_memory_what_takes_its_statements_back(
    an: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_sqlite():
        return  # a server keeps no such thing
    memory, stores = 2, []
    write = ledger.write

    def noted(*args: Any) -> None:
        stores.append(db.session.scalar(text("PRAGMA temp_store")))
        write(*args)

    monkeypatch.setattr(ledger, "write", noted)
    batch = staged(an, "customers-contacts", HEADER, ROWS, unknown="create")
    services.preview(batch)
    assert set(stores) == {0}
    stores.clear()
    services.run(batch)
    assert set(stores) == {memory}
    assert db.session.scalar(text("PRAGMA temp_store")) == 0
