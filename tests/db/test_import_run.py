"""Imports on a real database: what is written, what is left alone, what comes back."""

from __future__ import annotations

from typing import Any

import factories
import pytest
from importing import codes, imported, number_of, staged
from sqlalchemy import select

from crmadmin.access.models import User
from crmadmin.catalogs.models import Collaborator, CustomerSource, Industry
from crmadmin.core.db import db
from crmadmin.core.settings import CodePattern, set_customer_codes
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.imports import services
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.pipeline import write as load
from crmadmin.imports.records import State

pytestmark = pytest.mark.usefixtures("context")

CUSTOMER = ("Mã KH", "Tên KH", "SĐT", "Ghi chú", "Người liên hệ", "ĐT liên hệ")
CATALOG = ("Mã", "Tên", "Mô tả", "Thứ tự", "Mặc định")


def customer(code: str) -> Customer:
    return db.session.scalars(select(Customer).where(Customer.code == code)).one()


def test_a_customer_row_is_written_with_its_keys_stamps_and_owner(an: Any) -> None:
    imported(an, "customers-contacts", CUSTOMER, [("a1", "Đặng Hà", 912345678, None, "Lan", None)])
    made = customer("a1")
    assert (made.name, made.phone, made.kind, made.owner_id) == (
        "Đặng Hà", "+84912345678", "organization", an.id,
    )  # fmt: skip
    assert (made.created_by_id, made.updated_by_id, made.version) == (an.id, an.id, 1)
    assert "dang ha" in made.search_text
    assert "0912345678" in made.search_private
    [contact] = made.contacts
    assert (contact.name, contact.name_key, contact.is_primary) == ("Lan", "lan", False)


def test_rows_without_a_code_get_the_next_ones_but_none_that_the_file_uses(an: Any) -> None:
    rows = [(None, "Một"), ("KH000001", "Hai"), (None, "Ba"), ("kh000002", "Bốn")]
    imported(an, "customers-contacts", CUSTOMER, rows)
    made = {c.name: c.code for c in db.session.scalars(select(Customer))}
    assert made == {"Một": "KH000003", "Hai": "KH000001", "Ba": "KH000004", "Bốn": "kh000002"}


def test_without_automatic_codes_a_code_is_required(an: Any) -> None:
    set_customer_codes(CodePattern(automatic=False))
    db.session.commit()
    report = imported(an, "customers-contacts", CUSTOMER, [(None, "Một"), ("A", "Hai")])
    assert codes(report) == [(2, "Mã KH", "required")]


def test_overwrite_changes_values_keys_and_version_and_nothing_else(an: Any) -> None:
    imported(an, "customers-contacts", CUSTOMER, [("A", "Một", "0912345678", "cũ")])
    report = imported(
        an, "customers-contacts", CUSTOMER, [("a", "Hai", None, "mới")], on_duplicate="overwrite"
    )
    assert report.rows[State.UPDATED] == 1
    found = customer("A")
    assert (found.name, found.phone, found.note, found.version) == ("Hai", "+84912345678", "mới", 2)
    assert "hai" in found.search_text
    assert "mot" not in found.search_text


def test_clear_empties_what_is_blank(an: Any) -> None:
    imported(an, "customers-contacts", CUSTOMER, [("A", "Một", "0912345678", "cũ")])
    imported(
        an, "customers-contacts", CUSTOMER, [("A", None, None, "cũ")],
        on_duplicate="overwrite", blank="clear",
    )  # fmt: skip
    found = customer("A")
    assert (found.name, found.phone, found.search_private) == ("Một", None, "")


def test_the_preview_writes_nothing_but_the_import_itself(an: Any) -> None:
    rows = [("A", "Một", None, None, "Lan"), (None, "Hai")]
    batch = staged(an, "customers-contacts", CUSTOMER, rows, group="Nhóm", unknown="create")
    services.preview(batch)
    counts = [number_of(m) for m in (Customer, Contact, CustomerGroup, Membership)]
    assert counts == [0, 0, 0, 0]


def test_the_group_is_made_once_and_its_description_names_the_file(an: Any) -> None:
    for _ in range(2):
        imported(an, "customers-contacts", CUSTOMER, [("A", "Một")], group="Khách  mời")
    group = db.session.scalars(select(CustomerGroup)).one()
    assert group.name == "Khách mời"
    assert "tep.xlsx" in group.description
    member = db.session.scalars(select(Membership)).one()
    assert member.import_id == 1
    assert member.added_by_id == an.id


def test_the_same_file_twice_changes_nothing_even_for_rows_without_a_code(an: Any) -> None:
    rows = [("A", "Một", None, None, "Lan"), (None, "Hai"), (None, "Hai"), (), ("A", None)]
    first = imported(an, "customers-contacts", CUSTOMER, rows, group="Nhóm")
    assert first.rows[State.CREATED] == 3
    before = [number_of(m) for m in (Customer, Contact, Membership)]
    second = imported(an, "customers-contacts", CUSTOMER, rows, group="Nhóm")
    assert dict(second.rows) == {
        "total": 5, "created": 0, "updated": 0, "unchanged": 0, "skipped": 3, "merged": 1,
        "invalid": 0, "blank": 1,
    }  # fmt: skip
    assert second.members == {"added": 0, "already": 3}
    assert [number_of(m) for m in (Customer, Contact, Membership)] == before


def test_a_file_that_renames_a_record_changes_nothing_the_second_time(an: Any) -> None:
    imported(an, "industries", CATALOG, [("A", "Cũ")])
    rows = [("A", "Mới"), (None, "Cũ")]
    first = imported(an, "industries", CATALOG, rows, on_duplicate="overwrite")
    assert (first.rows[State.UPDATED], first.rows[State.SKIPPED]) == (1, 1)
    second = imported(an, "industries", CATALOG, rows, on_duplicate="overwrite")
    assert (second.rows[State.UNCHANGED], second.rows[State.SKIPPED]) == (1, 1)


def test_the_preview_of_a_renamed_record_holds_when_its_rows_fall_into_two_batches(
    an: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importing.BLOCK_ROWS", 1)
    imported(an, "industries", CATALOG, [("A", "Một", None, None, "Có"), ("B", "Hai")])
    rows = [
        ("A", "Đổi"), (None, "Một"), ("B", "Hai", None, None, "Có"),
        ("A2", "Đổi"), ("C", "Mới"), (None, "mới"),
    ]  # fmt: skip
    batch = staged(an, "industries", CATALOG, rows, on_duplicate="overwrite")
    promised = dict(services.preview(batch).rows)
    done = services.run(batch)
    assert dict(done.rows) == promised
    assert done.changed_count == 0
    assert db.session.scalars(select(Industry.code).where(Industry.is_default)).all() == ["B"]


def test_new_catalog_records_follow_the_last_one_in_file_order(an: Any) -> None:
    imported(
        an, "industries", CATALOG, [(None, "Xây dựng", None, 7), (None, "An ninh"), (None, "Y tế")]
    )
    rows = db.session.execute(select(Industry.name, Industry.code, Industry.position))
    assert sorted(tuple(r) for r in rows) == [
        ("An ninh", "LV002", 8), ("Xây dựng", "LV001", 7), ("Y tế", "LV003", 9),
    ]  # fmt: skip


def test_a_row_that_becomes_the_default_takes_the_mark_from_the_old_one(an: Any) -> None:
    imported(an, "industries", CATALOG, [("A", "Một", None, None, "Có")])
    imported(an, "industries", CATALOG, [("B", "Hai", None, None, "x")])
    assert db.session.scalars(select(Industry.code).where(Industry.is_default)).all() == ["B"]


def test_collaborators_bring_their_group_or_make_it_when_asked(an: Any) -> None:
    header = ("Họ tên", "Điện thoại", "Nhóm CTV")
    rows = [("An", "0912345678", "Miền Tây"), ("Bình", "0912345679", "miền tây")]
    refused = imported(an, "collaborators", header, rows)
    assert codes(refused) == [(2, "Nhóm CTV", "unknown_value"), (3, "Nhóm CTV", "unknown_value")]
    assert imported(an, "collaborators", header, rows, unknown="create").rows[State.CREATED] == 2
    made = db.session.scalars(select(Collaborator)).all()
    assert {c.group.name for c in made} == {"Miền Tây"}
    again = imported(an, "collaborators", header, rows, unknown="create", on_duplicate="overwrite")
    assert again.rows[State.UNCHANGED] == 2


def test_a_value_is_made_only_where_the_importer_may_make_one(an: Any) -> None:
    mai = factories.user("mai", role="marketing")
    db.session.commit()
    header = ("Tên KH", "Nguồn", "CTV")
    report = imported(mai, "customers", header, [("Một", "Ti vi", None), ("Hai", None, "Bác Tư")],
                      unknown="create")  # fmt: skip
    assert codes(report) == [(2, "Nguồn", "unknown_value")]
    assert number_of(CustomerSource) == 0
    assert db.session.scalars(select(Collaborator.name)).all() == ["Bác Tư"]


def test_a_value_is_not_made_for_a_row_that_does_not_go_in(an: Any) -> None:
    imported(
        an, "customers", ("Tên KH", "Nguồn", "Email"), [("Một", "Ti vi", "x@")], unknown="create"
    )
    assert number_of(CustomerSource) == 0


def test_unknown_values_may_be_left_blank_with_a_warning(an: Any) -> None:
    report = imported(an, "customers", ("Tên KH", "Nguồn"), [("Một", "Ti vi")], unknown="blank")
    assert report.rows[State.CREATED] == 1
    assert [w["code"] for w in report.to_json()["warnings"]] == ["left_blank"]


def test_codes_put_existing_customers_in_the_group_and_make_none(an: Any) -> None:
    imported(an, "customers-contacts", CUSTOMER, [("A", "Một", "0912345678"), ("B", "Hai")])
    rows = [("a", None), (None, "0912 345 678"), ("b", None), ("KHONGCO", None), (None, "123")]
    report = imported(an, "codes", ("Mã KH", "SĐT"), rows, group="Nhóm")
    assert (report.rows[State.UNCHANGED], report.rows[State.MERGED]) == (2, 1)
    assert report.members == {"added": 2, "already": 0}
    assert codes(report) == [(5, "Mã KH", "unknown_value"), (6, "SĐT", "bad_phone")]
    assert number_of(Customer) == 2


def test_an_old_province_is_kept_in_the_address_and_stays_there_once(an: Any) -> None:
    rows = [("A", "Một", "Số 1", "Hải Dương"), ("B", "Hai", None, "Paris")]
    header = ("Mã KH", "Tên KH", "Địa chỉ", "Tỉnh")
    imported(an, "customers", header, rows)
    assert (customer("A").province, customer("A").address) == ("Hải Phòng", "Số 1, Hải Dương")
    assert (customer("B").province, customer("B").address) == (None, "Paris")
    again = imported(an, "customers", header, rows, on_duplicate="overwrite")
    assert again.rows[State.UNCHANGED] == 2


def test_strict_writes_nothing_when_a_row_is_invalid(an: Any) -> None:
    rows = [("A", "Một"), ("B", None)]
    report = imported(an, "customers-contacts", CUSTOMER, rows, group="Nhóm", strict=True)
    assert report.batch.status == "stopped"
    assert report.rows[State.INVALID] == 1
    assert sum(report.rows[s] for s in State) == report.total == 2
    assert [number_of(m) for m in (Customer, CustomerGroup)] == [0, 0]


def test_strict_writes_everything_when_all_rows_are_good(an: Any) -> None:
    rows = [("A", "Một"), ("B", "Hai")]
    report = imported(an, "customers-contacts", CUSTOMER, rows, strict=True)
    assert report.batch.status == "done"
    assert number_of(Customer) == 2


def test_a_record_that_appears_between_plan_and_write_is_met_and_planned_anew(
    an: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = staged(
        an, "customers-contacts", CUSTOMER, [("A", "Một", None, None, "Lan"), ("B", "Hai")]
    )
    services.preview(batch)
    write, done, someone = load.Loader.write, [], an.id

    def late(self: load.Loader, outcomes: Any, asked: Any) -> None:
        if not done:
            done.append(True)
            # As another writer would, whose commit the plan did not see.
            db.session.rollback()
            factories.customer(db.session.get(User, someone), "Người khác", code="a")
            db.session.commit()
        write(self, outcomes, asked)

    monkeypatch.setattr(load.Loader, "write", late)
    report = services.run(batch)
    assert (report.rows[State.SKIPPED], report.rows[State.CREATED]) == (1, 1)
    assert report.changed == (2,)
    assert customer("a").name == "Người khác"
    assert [c.name for c in customer("a").contacts] == ["Lan"]


def test_an_import_that_breaks_goes_on_where_it_stopped(
    an: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importing.BLOCK_ROWS", 2)
    monkeypatch.setattr("crmadmin.imports.pipeline.run.HOLDING", 0.0)
    rows = [(f"A{n}", f"Tên {n}") for n in range(5)]
    batch = staged(an, "customers-contacts", CUSTOMER, rows)
    write, calls = load.Loader.write, []

    def breaking(self: load.Loader, outcomes: Any, asked: Any) -> None:
        calls.append(True)
        if len(calls) == 2:
            raise OSError("the disk is full")
        write(self, outcomes, asked)

    with monkeypatch.context() as patch:
        patch.setattr(load.Loader, "write", breaking)
        with pytest.raises(services.JobFailed, match="vẫn được giữ"):
            services.run(batch)
    assert number_of(Customer) == 2
    db.session.refresh(batch)
    assert batch.status == "paused"
    services.resume(batch)
    db.session.refresh(batch)
    assert number_of(Customer) == 5
    assert (batch.status, batch.counts["rows"]["created"]) == ("done", 5)


def test_an_import_runs_once(an: Any) -> None:
    batch = staged(an, "customers-contacts", CUSTOMER, [("A", "Một")])
    services.run(batch)
    with pytest.raises(services.BadState):
        services.run(batch)


def test_the_ledger_has_every_row_once_with_its_record(an: Any) -> None:
    report = imported(
        an, "customers-contacts", CUSTOMER, [("A", "Một"), (), ("A", None), ("B", None)]
    )
    rows = db.session.execute(
        select(ImportRow.number, ImportRow.state, ImportRow.record_id)
        .where(ImportRow.batch_id == report.batch.id)
        .order_by(ImportRow.number)
    )
    key = customer("A").id
    assert [tuple(r) for r in rows] == [
        (2, "created", key), (3, "blank", None), (4, "merged", key), (5, "invalid", None),
    ]  # fmt: skip


def test_customers_and_their_contacts_are_unknown_to_the_kind_without_contacts(an: Any) -> None:
    imported(an, "customers", CUSTOMER, [("A", "Một", None, None, "Lan", "abc")])
    assert number_of(Contact) == 0
    assert db.session.scalars(select(ImportBatch.columns)).one()["ignored"] == [
        "Người liên hệ", "ĐT liên hệ",
    ]  # fmt: skip
