"""Importing into the draft of a group: customers are real at once, their membership is drafted."""

from __future__ import annotations

from typing import Any

import pytest
from factories import customer, user
from flask import Flask
from grouping import made, members, saved, shown, those
from importing import codes, number_of, staged
from sqlalchemy import select

from crmadmin.access.models import User
from crmadmin.core.db import acting_as, db
from crmadmin.customers.models import Customer
from crmadmin.groups import drafts, queries, services
from crmadmin.groups.models import NEW, CustomerGroup, GroupDraft, GroupStep, Membership
from crmadmin.imports import services as imports
from crmadmin.imports import undo
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline import write as load
from crmadmin.imports.pipeline.target import DRAFT
from crmadmin.imports.report import Report
from crmadmin.jobs import services as jobs

KIND = "customers-contacts"
HEAD = ("Mã khách hàng", "Tên khách hàng")


@pytest.fixture
def mai(context: Flask) -> User:
    """Who imports."""
    return user("mai", "admin")


def into(draft: GroupDraft, mai: User, rows: Any, kind: str = KIND, **options: Any) -> ImportBatch:
    """An uploaded import of these rows that fills a step of the draft."""
    head = HEAD if kind == KIND else HEAD[:1]
    batch = staged(mai, kind, head, rows, **options)
    step = drafts.import_step(draft, batch.file_name)
    batch.step_id = step.id
    batch.options = {**batch.options, DRAFT: draft.group_id}
    db.session.commit()
    return batch


def rows(*numbers: int) -> list[tuple[str, str]]:
    """Rows of a file: K001, Khách 1 and so on."""
    return [(f"K{n:03d}", f"Khách {n}") for n in numbers]


def ids(*numbers: int) -> set[int]:
    """The customers that such rows became."""
    keys = [f"k{n:03d}" for n in numbers]
    return set(db.session.scalars(select(Customer.id).where(Customer.code_key.in_(keys))))


def test_the_customers_are_real_at_once_and_their_membership_is_a_step(mai: User) -> None:
    draft = drafts.begin(mai.id, None)
    batch = into(draft, mai, rows(1, 2, 3))
    assert drafts.state(draft, None).is_empty
    imports.preview(batch)
    assert batch.planned["members"] == {"added": 3, "already": 0}
    assert drafts.state(draft, None).is_empty
    report = imports.run(batch)
    assert report.members["added"] == 3
    assert number_of(Customer) == 3
    assert number_of(Membership) == 0
    told = drafts.state(draft, None)
    assert (told.added, told.imported) == (3, 3)
    [step] = told.steps
    assert (step.kind, step.import_id, step.is_importing) == ("import", batch.id, False)
    assert "tep.xlsx" in step.words
    drafts.type_text(draft, name="Hội thảo", description="x")
    group = drafts.save(draft, None)
    db.session.commit()
    assert members(group) == ids(1, 2, 3)
    row = queries.members(group, 1, 50).rows[0]
    assert row.import_id == batch.id
    db.session.refresh(batch)
    assert batch.group_id == group.id


def test_throwing_the_draft_away_keeps_the_customers_and_no_membership(mai: User) -> None:
    draft = drafts.begin(mai.id, None)
    batch = into(draft, mai, rows(1, 2))
    imports.run(batch)
    drafts.discard(draft)
    db.session.commit()
    db.session.refresh(batch)
    assert (batch.step_id, batch.group_id, batch.options[DRAFT]) == (None, None, NEW)
    assert number_of(Customer) == 2
    assert number_of(Membership) == 0


def test_an_import_whose_draft_is_gone_writes_customers_and_says_no_member(mai: User) -> None:
    draft = drafts.begin(mai.id, None)
    batch = into(draft, mai, rows(1, 2))
    imports.preview(batch)
    drafts.discard(draft)
    db.session.commit()
    report = imports.run(batch)
    assert report.members == {"added": 0, "already": 0}
    assert number_of(Customer) == 2


def test_who_is_in_the_drafted_group_already_is_told_and_kept_in_the_step(mai: User) -> None:
    a, b = (customer(mai, f"Khách {n}", code=f"K00{n}").id for n in (1, 2))
    group = saved(mai, "A", [a])
    draft = drafts.begin(mai.id, group)
    drafts.pick(draft, [b])
    report = imports.run(into(draft, mai, rows(1, 2, 3)))
    assert (report.members["added"], report.members["already"]) == (1, 2)
    assert [s.rows for s in drafts.state(draft, group).steps] == [1, 3]
    [first, _imported] = drafts.state(draft, group).steps
    drafts.take_back(draft, first.id)
    assert drafts.state(draft, group).added == 2


def test_a_later_step_decides_over_an_import_that_was_begun_before_it(mai: User) -> None:
    a = customer(mai, "Khách 1", code="K001").id
    group = saved(mai, "A", [a])
    draft = drafts.begin(mai.id, group)
    batch = into(draft, mai, rows(1, 2))
    drafts.remove(draft, [a])
    db.session.commit()
    imports.run(batch)
    assert drafts.state(draft, group).removed == 1
    assert {key for key, change in shown(draft, group) if change == "added"} == ids(2)


def test_rows_that_only_name_customers_fill_the_step_too(mai: User) -> None:
    a = customer(mai, "Khách 1", code="K001").id
    draft = drafts.begin(mai.id, None)
    report = imports.run(into(draft, mai, [("K001",), ("K001",), ("K009",)], "codes"))
    assert codes(report) == [(4, "Mã khách hàng", "unknown_value")]
    assert shown(draft, None) == [(a, "added")]


def test_undoing_the_import_takes_the_customers_out_of_the_step(mai: User) -> None:
    a = customer(mai, "Khách 1", code="K001").id
    draft = drafts.begin(mai.id, None)
    drafts.pick(draft, made(mai, 1))
    batch = into(draft, mai, rows(1, 2))
    imports.run(batch)
    assert undo.preview(batch).members == 2
    imports.undo(batch)
    assert batch.undone["members"] == 2
    assert db.session.get(Customer, a) is not None
    told = drafts.state(draft, None)
    assert (told.added, told.imported, [s.rows for s in told.steps]) == (1, 0, [1])


def test_undoing_after_saving_takes_the_memberships_back(mai: User) -> None:
    customer(mai, "Khách 1", code="K001")
    draft = drafts.begin(mai.id, None)
    drafts.type_text(draft, name="A", description="x")
    batch = into(draft, mai, rows(1, 2))
    imports.run(batch)
    group = drafts.save(draft, None)
    db.session.commit()
    other = drafts.begin(mai.id, group)
    drafts.pick(other, ids(1))
    assert drafts.state(other, group).added == 0
    db.session.commit()
    imports.undo(batch)
    assert members(group) == set()
    assert drafts.state(other, group).added == 1


def test_saving_waits_for_an_import_that_is_running(mai: User) -> None:
    draft = drafts.begin(mai.id, None)
    drafts.type_text(draft, name="A", description="x")
    batch = into(draft, mai, rows(1))
    batch.status = "running"
    db.session.commit()
    with pytest.raises(drafts.Importing) as refused:
        drafts.save(draft, None)
    assert (refused.value.file_name, refused.value.import_id) == ("tep.xlsx", batch.id)


def test_what_a_paused_import_has_left_joins_the_group_that_was_saved_meanwhile(
    mai: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importing.BLOCK_ROWS", 2)
    draft = drafts.begin(mai.id, None)
    drafts.type_text(draft, name="A", description="x")
    batch = into(draft, mai, rows(1, 2, 3, 4))
    with monkeypatch.context() as patch:
        breaking_after(1, patch)
        with pytest.raises(imports.JobFailed):
            imports.run(batch)
    db.session.refresh(batch)
    assert batch.status == "paused"
    assert drafts.state(draft, None).added == 2
    group = drafts.save(draft, None)
    db.session.commit()
    db.session.refresh(batch)
    imports.resume(batch)
    db.session.refresh(batch)
    assert batch.status == "done"
    assert members(group) == ids(1, 2, 3, 4)


def breaking_after(blocks: int, patch: pytest.MonkeyPatch) -> None:
    """The next import breaks when this many blocks are written, each in its transaction."""
    patch.setattr("crmadmin.imports.pipeline.run.HOLDING", 0.0)
    write, calls = load.Loader.write, []

    def breaking(self: load.Loader, step: Any, asked: Any) -> None:
        calls.append(True)
        if len(calls) > blocks:
            raise OSError("the disk is full")
        write(self, step, asked)

    patch.setattr(load.Loader, "write", breaking)


def test_an_import_that_breaks_goes_on_filling_the_step(
    mai: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importing.BLOCK_ROWS", 2)
    draft = drafts.begin(mai.id, None)
    batch = into(draft, mai, rows(1, 2, 3, 4, 5))
    with monkeypatch.context() as patch:
        breaking_after(1, patch)
        with pytest.raises(imports.JobFailed):
            imports.run(batch)
    imports.resume(batch)
    told = drafts.state(draft, None)
    assert (told.added, told.imported) == (5, 5)


def test_a_strict_import_that_is_refused_leaves_the_step_empty(mai: User) -> None:
    draft = drafts.begin(mai.id, None)
    batch = into(draft, mai, [*rows(1, 2), ("K003", None)])
    imports.preview(batch)
    imports.run(batch, strict=True)
    assert batch.status == "stopped"
    assert number_of(Customer) == 0
    assert drafts.state(draft, None).is_empty
    imports.run(batch, strict=False)
    assert drafts.state(draft, None).added == 2


def test_an_import_that_is_left_takes_its_step_with_it(mai: User) -> None:
    draft = drafts.begin(mai.id, None)
    batch = into(draft, mai, rows(1))
    imports.preview(batch)
    imports.abandon(batch)
    assert number_of(GroupStep) == 0
    assert drafts.find(mai.id, NEW) is not None


def test_starting_over_still_fills_the_draft(mai: User) -> None:
    draft = drafts.begin(mai.id, None)
    batch = into(draft, mai, rows(1))
    with jobs.worked_here():
        imports.restart(batch)
    assert batch.options[DRAFT] == NEW
    imports.run(batch)
    assert drafts.state(draft, None).added == 1


def test_a_group_deleted_under_a_running_draft_keeps_what_the_import_put_in(mai: User) -> None:
    group = saved(mai, "A", [])
    draft = drafts.begin(mai.id, group)
    batch = into(draft, mai, rows(1))
    with acting_as(mai.id):
        services.delete_many([group.id])
    db.session.commit()
    imports.run(batch)
    with pytest.raises(drafts.Gone) as found:
        drafts.save(draft, None)
    assert drafts.state(found.value.draft, None).added == 1


def test_an_import_straight_into_a_group_has_open_drafts_counted_anew(mai: User) -> None:
    a = customer(mai, "Khách 1", code="K001").id
    group = saved(mai, "A", [])
    draft = drafts.begin(mai.id, group)
    drafts.pick(draft, [a])
    db.session.commit()
    imports.run(staged(mai, KIND, HEAD, rows(1, 2), group="A"))
    assert drafts.state(draft, group).added == 0
    assert queries.history(group.id, 1).rows[0].added == 2
    drafts.save(draft, group)
    assert members(group) == ids(1, 2)


def test_files_become_imports_of_a_step(mai: User) -> None:
    from io import BytesIO

    from crmadmin.imports.kinds import KINDS
    from crmadmin.imports.records import Rules

    draft = drafts.begin(mai.id, None)
    step = drafts.import_step(draft, "khach.csv")
    file = BytesIO("Mã khách hàng,Tên khách hàng\nK001,Khách 1\n".encode())
    batch = imports.create_batch(file, "khach.csv", KINDS[KIND], Rules(), mai, step=step)
    report: Report = imports.run(batch)
    assert report.members["added"] == 1
    assert db.session.get(CustomerGroup, 1) is None
    assert those() is not None
    assert {key for key, _ in shown(draft, None)} == ids(1)
