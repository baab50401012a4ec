"""What an import holds of the people in its file goes in its time; the outcome of its rows
stays."""

from __future__ import annotations

import io
import json
import os
import time
from datetime import timedelta

import factories
import pytest
from flask import Flask, current_app
from openpyxl import Workbook
from sqlalchemy import select, text, update

from crmadmin.access import guard
from crmadmin.core import retention
from crmadmin.core.db import db, utcnow
from crmadmin.core.retention import Keep
from crmadmin.customers.models import Customer
from crmadmin.groups.models import GroupDraft
from crmadmin.imports import forgetting, services, standing
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch, ImportFix, ImportMemory, ImportRow
from crmadmin.imports.records import Rules
from crmadmin.imports.states import Action
from crmadmin.jobs.models import Job

CANARY = "Hoàng Yến Kỳ"
PHONE = "0912345678"
HEADINGS = ["Mã khách hàng", "Tên khách hàng", "Điện thoại", "Email", "Cộng tác viên"]
ROWS = [
    ["KH1", f"{CANARY} một", PHONE, None, None],
    ["KH2", f"{CANARY} hai", None, f"{CANARY} sai@", None],
    ["KH3", f"{CANARY} ba", PHONE, None, f"{CANARY} lạ"],
]


def imported(owner: factories.User, old_name: str = "") -> ImportBatch:
    """An import of one good row and two bad ones, which overwrites a customer if told its name."""
    if old_name:
        factories.customer(owner, old_name, code="KH1", phone="+84987654321")
    book, out = Workbook(), io.BytesIO()
    for row in [HEADINGS, *ROWS]:
        book.active.append(row)
    book.save(out)
    rules = Rules.from_mapping({"on_duplicate": "overwrite"})
    with guard.acting(owner):
        batch = services.create_batch(
            io.BytesIO(out.getvalue()), "tệp.xlsx", KINDS["customers"], rules, owner
        )
        services.preview(batch)
        db.session.add(ImportFix(batch_id=batch.id, number=3, column="name", value=CANARY))
        db.session.commit()
        services.run(batch)
    return batch


def age(batch: ImportBatch, keep: Keep, more: int = 1) -> None:
    then = utcnow() - timedelta(days=retention.days(keep) + more)
    db.session.execute(
        update(ImportBatch).where(ImportBatch.id == batch.id).values(created_at=then)
    )
    db.session.commit()


def everything_told() -> str:
    """All that the tables of imports and jobs hold, as text."""
    found = []
    for table in db.metadata.sorted_tables:
        if table.name.startswith(("import_", "job")):
            rows = db.session.execute(select(table)).all()
            found += [json.dumps([str(v) for v in row], ensure_ascii=False) for row in rows]
    return "\n".join(found)


@pytest.fixture
def owner(context: Flask) -> factories.User:
    return factories.user("an", "admin")


def test_files_take_the_cells_and_quoted_values_of_refused_rows_with_them(
    owner: factories.User,
) -> None:
    batch = imported(owner)
    assert CANARY in everything_told()
    path = services.uploads_folder() / str(batch.file_path)
    age(batch, Keep.FILES)
    assert forgetting.forget_files() == 1
    db.session.expire_all()
    assert not path.exists()
    assert batch.heads == []
    told = {row.number: row for row in db.session.scalars(select(ImportRow))}
    assert [p["code"] for p in told[3].problems] == ["bad_email"]
    assert [p["code"] for p in told[4].problems] == ["unknown_value"]
    assert CANARY not in everything_told().replace(told[2].label, "")
    assert told[2].label.endswith(f"{CANARY} một")
    assert forgetting.forget_files() == 0


def test_history_takes_names_and_old_values_with_it_and_then_nothing_can_be_undone(
    owner: factories.User,
) -> None:
    batch = imported(owner, old_name=f"{CANARY} cũ")
    row = db.session.get_one(ImportRow, (batch.id, 2))
    assert CANARY in str(row.before)
    assert standing.of(batch).allows(Action.UNDO)
    age(batch, Keep.HISTORY)
    forgetting.forget_files()
    assert forgetting.forget_history() == 1
    db.session.expire_all()
    assert CANARY not in everything_told()
    assert (row.state, row.record_id is not None, batch.counts != {}) == ("updated", True, True)
    assert not standing.of(batch).allows(Action.UNDO)
    with pytest.raises(services.BadState):
        services.undo(batch)
    assert forgetting.forget_history() == 0


def test_the_name_of_a_deleted_customer_leaves_the_ledger(owner: factories.User) -> None:
    batch = imported(owner, old_name=f"{CANARY} cũ")
    stays = imported(owner)
    row = db.session.get_one(ImportRow, (batch.id, 2))
    customer = db.session.scalars(select(Customer)).one()
    key = customer.id
    assert forgetting.forget_deleted() == 0
    db.session.delete(customer)
    db.session.commit()
    assert forgetting.forget_deleted() == 2
    db.session.expire_all()
    assert (row.label, row.before, row.record_id, row.key) == ("", {}, key, "kh1")
    assert db.session.get_one(ImportRow, (stays.id, 2)).label == ""
    assert forgetting.forget_deleted() == 0


def test_a_key_by_which_somebody_is_reached_goes_with_the_name(owner: factories.User) -> None:
    batch = imported(owner)
    for number, key in ((2, "+84912345678"), (3, "yen@example.com"), (4, "KH3")):
        db.session.execute(
            text("UPDATE import_row SET key = :k, record_id = 99, label = 'x' WHERE number = :n"),
            {"k": key, "n": number},
        )
    db.session.commit()
    forgetting.forget_deleted()
    keys = db.session.scalars(select(ImportRow.key).order_by(ImportRow.number)).all()
    assert (keys, batch.status) == (["", "", "KH3"], "done")


def test_a_large_ledger_is_forgotten_in_blocks(
    owner: factories.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "BLOCK", 2)
    batch = imported(owner, old_name=f"{CANARY} cũ")
    age(batch, Keep.HISTORY)
    forgetting.forget_files()
    forgetting.forget_history()
    assert CANARY not in everything_told()


@pytest.mark.parametrize(("status", "stays"), [("running", True), ("paused", False)])
def test_a_running_import_keeps_its_file_to_the_end(
    owner: factories.User, status: str, *, stays: bool
) -> None:
    batch = imported(owner)
    batch.status = status
    path = services.uploads_folder() / str(batch.file_path)
    age(batch, Keep.HISTORY, 2)
    forgetting.forget_files()
    forgetting.forget_history()
    db.session.expire_all()
    assert path.exists() is stays
    assert (batch.history_gone_at is None) is stays


def test_what_is_within_its_days_stays(owner: factories.User) -> None:
    batch = imported(owner)
    before = everything_told()
    age(batch, Keep.FILES, -1)
    assert (forgetting.forget_files(), forgetting.forget_history()) == (0, 0)
    assert (services.uploads_folder() / str(batch.file_path)).exists()
    assert CANARY in before


def test_decisions_drafts_and_latest_problems_are_forgotten_too(owner: factories.User) -> None:
    batch = imported(owner)
    long_ago = utcnow() - timedelta(days=retention.days(Keep.HISTORY) + 1)
    batch.options = {**batch.options, "values": {"collaborator": {CANARY: "blank"}}}
    memory = ImportMemory(
        user_id=owner.id, kind="customers", headings="x", values={"collaborator": {CANARY: 1}},
        updated_at=long_ago,
    )  # fmt: skip
    drafts = [
        GroupDraft(user_id=owner.id, group_id=7, name=CANARY, updated_at=long_ago),
        GroupDraft(user_id=owner.id, group_id=8, name=CANARY, saved_at=long_ago, saved_version=2),
        GroupDraft(user_id=owner.id, group_id=9, name="mới"),
    ]
    db.session.add_all([memory, *drafts])
    db.session.commit()
    assert any(job.progress.get("recent") for job in db.session.scalars(select(Job)))
    age(batch, Keep.HISTORY)
    for copy in retention.copies():
        assert copy.forget is not None
        copy.forget()
    db.session.expire_all()
    assert CANARY not in everything_told()
    assert [d.name for d in db.session.scalars(select(GroupDraft))] == ["mới"]


def test_a_file_that_no_import_names_goes_when_its_days_are_over(owner: factories.User) -> None:
    """A process that died between the file and its row left it there for ever."""
    batch = imported(owner)
    folder = services.uploads_folder()
    days = current_app.config["SETTINGS"].upload_keep_days
    ages = {"left.xlsx": days + 3, "anothers.xlsx": days - 1}
    for name, age_of_it in ages.items():
        (folder / name).write_bytes(CANARY.encode())
        then = time.time() - age_of_it * 86_400
        os.utime(folder / name, (then, then))
    own = folder / str(batch.file_path)
    os.utime(own, (0, 0))
    forgetting.forget_files()
    assert not (folder / "left.xlsx").exists()
    assert (folder / "anothers.xlsx").exists()  # another database may have the same folder
    assert own.exists()
    (folder / "anothers.xlsx").unlink()


@pytest.mark.parametrize("dies_in", ["_forget_names", "_forget_outcome"])
def test_history_that_was_half_forgotten_when_the_process_died_is_forgotten_in_the_next_round(
    owner: factories.User, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    batch = imported(owner, old_name=f"{CANARY} cũ")
    age(batch, Keep.HISTORY)
    forgetting.forget_files()

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(forgetting, dies_in, die)
        with pytest.raises(SystemExit):
            forgetting.forget_history()
    db.session.remove()
    found = db.session.get_one(type(batch), batch.id)
    assert found.history_gone_at is not None
    gone_at = found.history_gone_at
    db.session.remove()
    assert forgetting.forget_history() == 1
    assert CANARY not in everything_told()
    assert db.session.get_one(type(batch), batch.id).history_gone_at == gone_at
    assert forgetting.forget_history() == 0
