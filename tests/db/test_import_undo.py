"""Taking an import back: what goes, what comes back, and what is left alone and listed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import factories
import pytest
from importing import imported, number_of, staged
from sqlalchemy import select, update
from undoing import everything

from crmadmin.catalogs.models import Collaborator, CollaboratorGroup, CustomerSource, Industry
from crmadmin.core import acts, records
from crmadmin.core.db import acting_as, db, utcnow
from crmadmin.customers import acts as customer_acts
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.imports import services, undo
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.records import State
from crmadmin.imports.states import Status
from crmadmin.imports.undo import rows as undo_rows
from crmadmin.jobs import services as jobs

pytestmark = pytest.mark.usefixtures("context")

CUSTOMER = ("Mã KH", "Tên KH", "SĐT", "Ghi chú", "Người liên hệ", "ĐT liên hệ")
WIDE = ("Mã KH", "Tên KH", "Đối tượng", "SĐT", "Email", "Tỉnh", "Địa chỉ", "Ngày sinh", "Nguồn")
CATALOG = ("Mã", "Tên", "Mô tả", "Thứ tự", "Mặc định")


def customer(code: str) -> Customer:
    return db.session.scalars(select(Customer).where(Customer.code == code)).one()


def undone(batch: ImportBatch) -> dict[str, Any]:
    """Undo after a preview, which must have told what then happens."""
    promised = undo.preview(batch)
    services.undo(batch)
    told = dict(batch.undone or {})
    assert {
        "created": promised.created, "restored": promised.restored, "members": promised.members,
        "contacts": promised.contacts, "made": promised.made, "changed": promised.changed,
        "kept": promised.kept_count, "gone": promised.gone,
    } == {name: told[name] for name in (
        "created", "restored", "members", "contacts", "made", "changed", "kept", "gone",
    )}  # fmt: skip
    assert undo.kept_lines(batch) == promised.kept
    return told


def kept(batch: ImportBatch) -> list[tuple[int, str]]:
    return [(line.number, line.reason) for line in undo.kept_lines(batch)]


def test_created_records_go_with_their_contacts_memberships_values_and_group(an: Any) -> None:
    before = everything()
    header = (*CUSTOMER, "Nguồn")
    rows = [
        ("A", "Một", "0912345678", None, "Lan", "0904118552", "Ti vi"),
        ("A", None, None, None, "Hà", None, None),
        (None, "Hai", None, None, None, None, "Báo"),
    ]
    batch = imported(an, "customers-contacts", header, rows, group="Nhóm", unknown="create").batch
    told = undone(batch)
    assert everything() == before
    assert told["created"] == 2
    assert (told["contacts"], told["members"], told["made"], told["kept"]) == (2, 2, 3, 0)
    assert (batch.status, batch.undone_at is not None) == (Status.UNDONE, True)
    assert batch.counts["rows"]["created"] == 2


def test_overwritten_values_come_back_with_everything_derived_from_them(an: Any) -> None:
    source = factories.catalog(CustomerSource, "Zalo")
    other = factories.catalog(CustomerSource, "Facebook")
    factories.customer(
        an, "Đặng Hà", code="A", kind="person", phone="+84912345678", email="ha@example.com",
        province="Hà Nội", address="Số 1", birthday=date(1990, 2, 3), source_id=source.id,
        note="ghi chú",
    )  # fmt: skip
    factories.customer(an, "Không đổi", code="B", source_id=other.id)
    db.session.commit()
    before = everything()
    rows = [
        ("a", "Minh Phát", "Tổ chức", "0904118552", "lienhe@mp.vn", "Đà Nẵng", "Số 2",
         date(2001, 5, 6), "Facebook"),
        ("B", "Không đổi", None, None, None, None, None, None, None),
    ]  # fmt: skip
    batch = imported(an, "customers", WIDE, rows, on_duplicate="overwrite", blank="clear").batch
    assert everything() != before
    told = undone(batch)
    assert told["restored"] == 2
    assert everything() == before
    found = customer("A")
    assert (found.version, found.updated_by_id) == (3, an.id)


def given_to(an: Any, other: Any) -> acts.BulkAct:
    """An act on every customer: the owner becomes another."""
    with acting_as(an.id):
        plan = acts.plan(customer_acts.OWNER, Customer, [Customer.id > 0])
        done = factories.set_value(plan, "owner_id", other.id)
        db.session.commit()
        return done


def taken_back(an: Any, act: acts.BulkAct) -> None:
    with acting_as(an.id):
        acts.undo(act)
        db.session.commit()


def test_what_an_act_on_many_changed_and_was_taken_back_of_is_not_called_edited(an: Any) -> None:
    """Two acts, taken back one after the other: the import left the rows as they are again; but one
    that somebody edited beside them stays."""
    mai, son = factories.user("mai"), factories.user("son")
    factories.customer(an, "Một", code="A")
    factories.customer(an, "Hai", code="C")
    db.session.commit()
    before = everything()
    rows = [("A", "Một mới"), ("B", "Mới"), ("C", "Hai mới")]
    batch = imported(an, "customers", ("Mã KH", "Tên KH"), rows, on_duplicate="overwrite").batch
    edited = customer("C")
    with acting_as(an.id):
        records.change(edited, {"note": "Sửa sau"})
    first, second = given_to(an, mai), given_to(an, son)
    taken_back(an, second)
    taken_back(an, first)
    told = undone(batch)
    assert (told["restored"], told["created"], told["kept"]) == (1, 1, 1)
    assert kept(batch) == [(4, "edited")]
    assert customer("C").name == "Hai mới"
    assert [row for row in everything()["customer"] if row[0] != edited.id] == [
        row for row in before["customer"] if row[0] != edited.id
    ]


def test_an_act_from_before_an_import_is_taken_back_once_the_import_is(an: Any) -> None:
    mai = factories.user("mai")
    factories.customer(an, "Một", code="A")
    db.session.commit()
    before = everything()["customer"]
    act = given_to(an, mai)
    rows = [("A", "Một mới")]
    batch = imported(an, "customers", ("Mã KH", "Tên KH"), rows, on_duplicate="overwrite").batch
    assert undone(batch)["restored"] == 1
    taken_back(an, act)
    assert (act.back, act.stayed) == (1, 0)
    assert everything()["customer"] == before


def test_values_that_were_blank_are_blank_again(an: Any) -> None:
    factories.customer(an, "Một", code="A")
    db.session.commit()
    before = everything()
    rows = [("A", "Một", None, "0912345678", None, None, None, date(2001, 5, 6), None)]
    undone(imported(an, "customers", WIDE, rows, on_duplicate="overwrite").batch)
    assert everything() == before


def test_many_different_sets_of_columns_come_back_too(an: Any) -> None:
    for n in range(40):
        factories.customer(an, f"Tên {n}", code=f"A{n}", note=f"cũ {n}" if n % 3 else None)
    db.session.commit()
    before = everything()
    rows = [
        (f"A{n}", f"Mới {n}" if n & 1 else f"Tên {n}", "Cá nhân" if n & 2 else None,
         f"091234567{n % 10}" if n & 4 else None, f"a{n}@example.com" if n & 8 else None,
         "Huế" if n & 16 else None, f"Số {n}" if n & 32 else None, None, None)
        for n in range(1, 40)
    ]  # fmt: skip
    batch = imported(an, "customers", WIDE, rows, on_duplicate="overwrite").batch
    assert undone(batch)["restored"] > 30
    assert everything() == before


def test_a_record_edited_since_is_left_as_it_is_and_listed(an: Any) -> None:
    factories.customer(an, "Cũ", code="B")
    db.session.commit()
    rows = [("A", "Một"), ("B", "Mới"), ("C", "Ba")]
    batch = imported(an, "customers-contacts", CUSTOMER, rows, on_duplicate="overwrite").batch
    for code in ("A", "B"):
        records.change(customer(code), {"note": "sửa tay"})
    db.session.commit()
    told = undone(batch)
    assert (told["created"], told["restored"], told["kept"]) == (1, 0, 2)
    assert (customer("A").name, customer("B").name) == ("Một", "Mới")
    assert kept(batch) == [(2, "edited"), (3, "edited")]


def test_a_created_customer_that_got_something_of_others_is_left(an: Any) -> None:
    rows = [
        ("A", "Một", None, None, "Lan"),
        ("B", "Hai"),
        ("C", "Ba", None, None, "Hà"),
        ("D", "Bốn"),
    ]
    batch = imported(an, "customers-contacts", CUSTOMER, rows, group="Nhóm").batch
    factories.contact(customer("A"), "Của người khác")
    other = factories.group()
    db.session.add(Membership(group_id=other.id, customer_id=customer("B").id))
    db.session.commit()
    records.change(customer("C").contacts[0], {"title": "Giám đốc"})
    db.session.commit()
    told = undone(batch)
    assert (told["created"], told["kept"]) == (1, 3)
    assert kept(batch) == [(2, "used"), (3, "used"), (4, "used")]
    # What stays keeps the contacts that came with it, and leaves the import's group.
    assert [c.name for c in customer("A").contacts] == ["Lan", "Của người khác"]
    assert db.session.scalars(select(Membership.group_id)).all() == [other.id]


def test_a_contact_edited_since_stays_with_a_customer_that_was_there(an: Any) -> None:
    factories.customer(an, "Một", code="A")
    db.session.commit()
    rows = [("A", "Một", None, None, "Lan"), ("A", None, None, None, "Hà")]
    batch = imported(an, "customers-contacts", CUSTOMER, rows).batch
    lan = db.session.scalars(select(Contact).where(Contact.name == "Lan")).one()
    records.change(lan, {"title": "Giám đốc"})
    db.session.commit()
    told = undone(batch)
    assert (told["contacts"], told["kept"]) == (1, 2)
    assert [c.name for c in customer("A").contacts] == ["Lan"]
    assert {reason for _, reason in kept(batch)} == {"contact"}


def test_a_record_deleted_since_is_nothing_to_do(an: Any) -> None:
    batch = imported(an, "customers-contacts", CUSTOMER, [("A", "Một"), ("B", "Hai")]).batch
    db.session.delete(customer("A"))
    db.session.commit()
    told = undone(batch)
    assert (told["created"], told["gone"], told["kept"]) == (1, 1, 0)


def test_a_new_record_with_the_id_of_a_deleted_one_is_somebody_elses(an: Any) -> None:
    batch = imported(an, "customers-contacts", CUSTOMER, [("A", "Một")]).batch
    key = customer("A").id
    db.session.delete(customer("A"))
    db.session.commit()
    factories.customer(an, "Người khác", code="X", id=key)
    db.session.execute(update(Customer).values(created_at=utcnow() + timedelta(seconds=1)))
    db.session.commit()
    told = undone(batch)
    assert (told["created"], told["gone"]) == (0, 1)
    assert customer("X").name == "Người khác"


def test_imports_undone_in_reverse_order_leave_nothing(an: Any) -> None:
    factories.customer(an, "Không", code="Z", note="gốc")
    db.session.commit()
    before = everything()
    options = {"on_duplicate": "overwrite", "group": "Nhóm"}
    batches = [
        imported(an, "customers-contacts", CUSTOMER, rows, **options).batch
        for rows in (
            [("A", "Một", None, "1", "Lan"), ("Z", "Không", None, "1")],
            [("A", "Một hai", None, "2", "Hà"), ("B", "Hai"), ("Z", "Không", None, "2")],
            [("A", "Một ba", None, "3"), ("B", "Hai ba", None, None, "Hà"), ("Z", "K", None, "3")],
        )
    ]
    for batch in reversed(batches):
        assert undone(batch)["kept"] == 0
    assert everything() == before


def test_undone_out_of_order_the_earlier_one_leaves_what_the_later_one_wrote(an: Any) -> None:
    factories.customer(an, "Không", code="Z", note="gốc")
    db.session.commit()
    one, two = (
        imported(
            an, "customers-contacts", CUSTOMER, [("Z", "Không", None, n)], on_duplicate="overwrite"
        ).batch
        for n in ("1", "2")
    )
    assert undone(one)["kept"] == 1
    assert customer("Z").note == "2"
    assert undone(two)["kept"] == 0
    assert customer("Z").note == "1"


def test_the_same_file_after_undoing_is_imported_as_if_for_the_first_time(an: Any) -> None:
    rows = [("A", "Một", None, None, "Lan"), (None, "Hai")]
    batch = imported(an, "customers-contacts", CUSTOMER, rows, group="Nhóm").batch
    undone(batch)
    again = imported(an, "customers-contacts", CUSTOMER, rows, group="Nhóm")
    assert again.rows[State.CREATED] == 2
    assert again.contacts["created"] == 1
    assert again.members["added"] == 2


def test_an_import_is_undone_once_and_only_after_it_ran(an: Any) -> None:
    waiting = staged(an, "customers-contacts", CUSTOMER, [("A", "Một")])
    services.preview(waiting)
    with pytest.raises(services.BadState):
        services.undo(waiting)
    services.run(waiting)
    services.undo(waiting)
    with pytest.raises(services.BadState):
        services.undo(waiting)


def test_a_catalog_comes_back_with_its_default_names_and_positions(an: Any) -> None:
    imported(an, "industries", CATALOG, [("A", "Một", None, 5, "Có"), ("B", "Hai", "cũ")])
    before = everything()
    rows = [("C", "Ba", None, None, "Có"), ("A", "Một mới"), ("B", "Hai", "mới", 1)]
    batch = imported(an, "industries", CATALOG, rows, on_duplicate="overwrite").batch
    told = undone(batch)
    assert (told["created"], told["restored"]) == (1, 2)
    assert everything() == before


def test_a_default_taken_from_a_record_that_no_row_names_is_given_back(an: Any) -> None:
    imported(an, "industries", CATALOG, [("A", "Một", None, None, "Có")])
    before = everything()
    batch = imported(an, "industries", CATALOG, [("C", "Ba", None, None, "Có")]).batch
    told = undone(batch)
    assert told["changed"] == 1
    assert everything() == before


def test_two_imports_that_passed_the_default_on_are_undone_in_reverse(an: Any) -> None:
    before = everything()
    options = {"on_duplicate": "overwrite"}
    batches = [
        imported(an, "industries", CATALOG, rows, **options).batch
        for rows in (
            [("A", "Một", None, None, "Có")],
            [("B", "Hai", None, None, "Có"), ("A", "Một", "sửa")],
            [("A", "Một", "lại", None, "Có")],
        )
    ]
    for batch in reversed(batches):
        assert undone(batch)["kept"] == 0
    assert everything() == before


def test_a_catalog_record_in_use_stays(an: Any) -> None:
    batch = imported(an, "industries", CATALOG, [("A", "Một"), ("B", "Hai")]).batch
    industry = db.session.scalars(select(Industry).where(Industry.code == "A")).one()
    factories.customer(an, industry_id=industry.id)
    db.session.commit()
    told = undone(batch)
    assert (told["created"], told["kept"]) == (1, 1)
    assert kept(batch) == [(2, "used")]


def test_an_old_name_that_another_record_has_by_now_does_not_come_back(an: Any) -> None:
    imported(an, "industries", CATALOG, [("A", "Cũ"), ("B", "Khác")])
    rows = [("A", "Mới"), ("B", "Khác", "sửa")]
    batch = imported(an, "industries", CATALOG, rows, on_duplicate="overwrite").batch
    factories.catalog(Industry, "cũ")
    db.session.commit()
    told = undone(batch)
    assert (told["restored"], told["kept"]) == (1, 1)
    assert kept(batch) == [(2, "taken")]


def test_values_that_others_use_by_now_stay_and_are_named(an: Any) -> None:
    header = ("Mã KH", "Tên KH", "Nguồn", "Lĩnh vực")
    rows = [("A", "Một", "Ti vi", "Nghề"), ("B", "Hai", "Báo", None)]
    batch = imported(an, "customers", header, rows, unknown="create").batch
    source = db.session.scalars(select(CustomerSource).where(CustomerSource.name == "Ti vi")).one()
    factories.customer(an, source_id=source.id)
    industry = db.session.scalars(select(Industry)).one()
    records.change(industry, {"description": "của tôi"})
    db.session.commit()
    told = undone(batch)
    assert (told["created"], told["made"], told["kept"]) == (2, 1, 2)
    assert {line["reason"] for line in told["beside"]} == {"used", "edited"}


def test_collaborators_go_before_the_groups_that_were_made_for_them(an: Any) -> None:
    before = everything()
    rows = [("An", "0912345678", "Miền Tây"), ("Bình", "0912345679", "miền tây")]
    header = ("Họ tên", "Điện thoại", "Nhóm CTV")
    batch = imported(an, "collaborators", header, rows, unknown="create").batch
    assert (number_of(Collaborator), number_of(CollaboratorGroup)) == (2, 1)
    assert undone(batch)["made"] == 1
    assert everything() == before


def test_codes_are_taken_out_of_the_group_again(an: Any) -> None:
    factories.customer(an, "Một", code="A")
    group = factories.group("Nhóm")
    member = factories.customer(an, "Hai", code="B")
    db.session.add(Membership(group_id=group.id, customer_id=member.id))
    db.session.commit()
    before = everything()
    batch = imported(an, "codes", ("Mã KH",), [("A",), ("B",), ("A",)], group="Nhóm").batch
    told = undone(batch)
    assert (told["members"], told["made"]) == (1, 0)
    assert everything() == before


@pytest.mark.parametrize("why", ["edited", "member", "import"])
def test_a_group_that_others_need_by_now_stays(an: Any, why: str) -> None:
    batch = imported(an, "customers-contacts", CUSTOMER, [("A", "Một")], group="Nhóm").batch
    group = db.session.scalars(select(CustomerGroup)).one()
    if why == "edited":
        records.change(group, {"description": "của tôi"})
    elif why == "member":
        other = factories.customer(an)
        db.session.add(Membership(group_id=group.id, customer_id=other.id))
    else:
        staged(an, "customers-contacts", CUSTOMER, [("B", "Hai")]).group_id = group.id
    db.session.commit()
    told = undone(batch)
    assert number_of(CustomerGroup) == 1
    assert told["beside"][0]["reason"] == ("edited" if why == "edited" else "used")


@pytest.mark.parametrize("block", [1, 2, 3])
def test_any_size_of_blocks_gives_the_same(
    an: Any, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(undo_rows, "BLOCK", block)
    for code in "ACEG":
        factories.customer(an, f"Tên {code}", code=code, note="cũ")
    db.session.commit()
    before = everything()
    rows: list[Any] = []
    for code in "ABCDEFGH":
        rows += [(code, f"Mới {code}", None, "mới", "Lan"), (code, None, None, None, "Hà"), ()]
    rows.append(("X", None))
    batch = imported(
        an, "customers-contacts", CUSTOMER, rows, group="Nhóm", on_duplicate="overwrite"
    ).batch
    told = undone(batch)
    assert (told["created"], told["restored"], told["contacts"]) == (4, 4, 16)
    assert everything() == before
    job = jobs.latest("import.undo", batch.id)
    assert job is not None
    assert (job.done, job.total) == (25, 25)


@pytest.mark.parametrize("at", range(1, 9))
def test_an_undoing_that_is_cut_off_goes_on_where_it_was(
    an: Any, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr(undo_rows, "BLOCK", 2)
    for code in "ACE":
        factories.customer(an, f"Tên {code}", code=code, note="cũ")
    db.session.commit()
    before = everything()
    rows = [(code, f"Mới {code}", None, "mới", "Lan") for code in "ABCDEF"]
    batch = imported(
        an, "customers-contacts", CUSTOMER, rows, group="Nhóm", on_duplicate="overwrite"
    ).batch
    commit, calls = db.session.commit, []

    def dies() -> None:
        calls.append(True)
        if len(calls) == at:
            raise KeyboardInterrupt
        commit()

    with monkeypatch.context() as patch:
        patch.setattr(db.session, "commit", dies)
        try:
            services.start_undo(batch)
        except KeyboardInterrupt:
            patch.undo()
            db.session.rollback()
    job = jobs.latest("import.undo", batch.id)
    if job is not None and job.state != "done":
        jobs.resume(job)
        jobs.run_here(job)
    if job is None:
        services.start_undo(batch)
    db.session.expire_all()
    assert batch.status == Status.UNDONE
    assert everything() == before
    told = batch.undone or {}
    assert (told["created"], told["restored"], told["contacts"]) == (3, 3, 6)


def test_an_import_that_was_stopped_half_way_can_be_taken_back(
    an: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importing.BLOCK_ROWS", 2)
    monkeypatch.setattr("crmadmin.imports.pipeline.run.HOLDING", 0.0)
    before = everything()
    batch = staged(an, "customers-contacts", CUSTOMER, [(f"A{n}", f"Tên {n}") for n in range(6)])
    mark = "crmadmin.jobs.work.Lease.mark"

    def marks(self: Any, *args: Any, **named: Any) -> None:
        original(self, *args, **named)
        self.asked_to_stop = True

    from crmadmin.jobs.work import Lease

    original = Lease.mark
    with monkeypatch.context() as patch:
        patch.setattr(mark, marks)
        services.run(batch)
    assert batch.status == Status.PAUSED
    assert number_of(Customer) == 2
    services.undo(batch)
    assert batch.status == Status.UNDONE
    assert everything() == before


def test_undoing_writes_in_the_name_of_who_asked(an: Any) -> None:
    binh = factories.user("binh")
    factories.customer(an, "Một", code="A", note="cũ")
    db.session.commit()
    batch = imported(
        an, "customers-contacts", CUSTOMER, [("A", "Một", None, "mới")], on_duplicate="overwrite"
    ).batch
    jobs.enqueue("import.undo", batch.id, binh.id)
    db.session.expire_all()
    assert customer("A").updated_by_id == binh.id
    assert (batch.undone or {})["user"] == binh.id


def test_the_ledger_stays_as_it_was(an: Any) -> None:
    batch = imported(an, "customers-contacts", CUSTOMER, [("A", "Một"), (), ("B", None)]).batch
    undone(batch)
    states = db.session.scalars(
        select(ImportRow.state).where(ImportRow.batch_id == batch.id).order_by(ImportRow.number)
    ).all()
    assert states == ["created", "blank", "invalid"]
