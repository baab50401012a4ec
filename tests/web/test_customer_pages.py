"""Pages of customers: list, filters, form with contacts, warnings, bulk actions, columns, scope."""

from __future__ import annotations

from typing import Any

import pytest
from factories import catalog, contact, customer
from flask import Flask
from sqlalchemy import func, select

from crmadmin.access.models import User
from crmadmin.catalogs.models import Collaborator, CustomerStatus
from crmadmin.core import marks, settings
from crmadmin.core.db import db
from crmadmin.customers.models import Contact, Customer, catalog_fields
from crmadmin.panel.build import declared

LIST = "/admin/customers/"
TARGETS = {m.__name__: m for m in declared()}


def someone(people: dict[str, int], name: str) -> User:
    found = db.session.get(User, people[name])
    assert found is not None
    return found


def form_of(record: Customer, **changes: Any) -> dict[str, Any]:
    given = {
        "name": record.name, "code": record.code, "kind": record.kind, "version": "1",
        "owner": str(record.owner_id), "phone": record.phone or "", "email": record.email or "",
    }  # fmt: skip
    return {**given, **changes}


def test_a_customer_is_added_with_its_contacts(context: Flask, people: dict, visitor) -> None:
    an = visitor("an")
    answer = an.post(
        f"{LIST}new/",
        {
            "name": "Công ty Kính Nổi", "kind": "organization", "owner": str(people["mai"]),
            "phone": "0912.345.678", "email": "Ketoan@MinhPhat.VN", "birthday": "9/8/1992",
            "contacts-0-name": "Vũ Hồng Nhung", "contacts-0-phone": "0904118552",
            "contacts-1-name": "", "contacts-1-phone": "",
            "contacts-2-name": "Trịnh Quang Huy", "contacts-2-is_primary": "y",
        },
    )  # fmt: skip
    assert answer.status_code == 302
    made = db.session.scalar(select(Customer))
    assert (made.code, made.phone, made.email) == ("KH000001", "+84912345678", "Ketoan@minhphat.vn")
    assert made.birthday.isoformat() == "1992-08-09"
    assert made.owner_id == people["mai"]
    assert [(c.name, c.is_primary) for c in made.contacts] == [
        ("Trịnh Quang Huy", True), ("Vũ Hồng Nhung", False),
    ]  # fmt: skip


def test_a_bad_contact_brings_the_form_back_as_typed(context: Flask, people: dict, visitor) -> None:
    answer = visitor("an").post(
        f"{LIST}new/",
        {"name": "Công ty", "kind": "organization", "owner": str(people["an"]),
         "contacts-0-name": "Nhung", "contacts-0-phone": "12"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert 'value="Nhung"' in answer.text
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 0


def test_contacts_are_changed_added_and_removed_with_the_customer(
    context: Flask, people: dict, visitor
) -> None:
    record = customer(someone(people, "an"))
    kept, gone = contact(record, "Nhung").id, contact(record, "Huy").id
    db.session.commit()
    answer = visitor("an").post(
        f"{LIST}edit/?id={record.id}",
        form_of(record, **{"contacts-0-id": str(kept), "contacts-0-name": "Hồng Nhung",
                           "contacts-5-name": "Mới"}),
    )  # fmt: skip
    assert answer.status_code == 302
    db.session.expire_all()
    names = dict(db.session.execute(select(Contact.id, Contact.name)).all())
    assert names[kept] == "Hồng Nhung"
    assert gone not in names
    assert "Mới" in names.values()
    assert db.session.get(Customer, record.id).version > 1


def test_a_contact_of_another_customer_cannot_be_taken_by_its_id(
    context: Flask, people: dict, visitor
) -> None:
    mine, theirs = customer(someone(people, "an")), customer(someone(people, "an"))
    foreign = contact(theirs, "Người khác")
    db.session.commit()
    visitor("an").post(
        f"{LIST}edit/?id={mine.id}",
        form_of(mine, **{"contacts-0-id": str(foreign.id), "contacts-0-name": "Cướp"}),
    )
    db.session.expire_all()
    assert db.session.get(Contact, foreign.id).name == "Người khác"
    assert db.session.get(Contact, foreign.id).customer_id == theirs.id


def test_the_same_code_in_other_letters_is_refused_with_record_and_owner(
    context: Flask, people: dict, visitor
) -> None:
    customer(someone(people, "son"), "Công ty A", code="KH7")
    db.session.commit()
    answer = visitor("an").post(
        f"{LIST}new/",
        {"name": "B", "code": "kh7", "kind": "person", "owner": str(people["an"])},
    )
    assert answer.status_code == 422
    assert "KH7 – Công ty A" in answer.text
    assert "son" in answer.text


@pytest.mark.parametrize(
    ("field", "kept", "typed"),
    [
        ("phone", "+84912345678", "0912 345 678"),
        ("email", "a@b.vn", "A@B.vn"),
        ("tax_code", "0100109106", "0100109106"),
    ],
)
def test_a_possible_duplicate_warns_once_and_can_be_saved(
    context: Flask, people: dict, visitor, field: str, kept: str, typed: str
) -> None:
    customer(someone(people, "son"), "Công ty A", **{field: kept})
    db.session.commit()
    an = visitor("an")
    given = {"name": "B", "kind": "person", "owner": str(people["an"]), field: typed}
    warned = an.post(f"{LIST}new/", given)
    assert "KH000001 – Công ty A" in warned.text
    assert f"chủ sở hữu {someone(people, 'son').full_name}" in warned.text
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 1
    mark = warned.text.split('name="seen"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    saved = an.post(f"{LIST}new/", {**given, "seen": mark})
    assert saved.status_code == 302


def test_what_is_compared_on_entry_is_a_setting(context: Flask, people: dict, visitor) -> None:
    customer(someone(people, "son"), "Công ty A", phone="+84912345678")
    settings.set_duplicate_fields(("email",))
    db.session.commit()
    answer = visitor("an").post(
        f"{LIST}new/",
        {"name": "B", "kind": "person", "owner": str(people["an"]), "phone": "0912345678"},
    )
    assert answer.status_code == 302


@pytest.mark.parametrize("name", catalog_fields())
def test_the_list_is_filtered_by_each_of_the_nine_catalogs(
    context: Flask, people: dict, visitor, name: str
) -> None:
    field = Customer.__table__.columns[f"{name}_id"].info["spec"]
    record = catalog(TARGETS[field.target], "Giá trị")
    an = someone(people, "an")
    customer(an, "Có", **{f"{name}_id": record.id})
    customer(an, "Chưa")
    db.session.commit()
    browser = visitor("an")
    page = browser.get(f"{LIST}?{name}={record.id}").text
    assert ">Có</a>" in page
    assert ">Chưa</a>" not in page
    unset = browser.get(f"{LIST}?{name}=-").text
    assert ">Chưa</a>" in unset
    assert ">Có</a>" not in unset


def test_the_list_is_filtered_by_owner_province_and_day(
    context: Flask, people: dict, visitor
) -> None:
    customer(someone(people, "son"), "Hà Nội một", province="Hà Nội")
    customer(someone(people, "an"), "Huế hai", province="Huế")
    db.session.commit()
    an = visitor("an")
    assert ">Huế hai</a>" not in an.get(f"{LIST}?owner={people['son']}").text
    assert ">Hà Nội một</a>" in an.get(f"{LIST}?province=H%C3%A0+N%E1%BB%99i").text
    assert ">Huế hai</a>" not in an.get(f"{LIST}?created_at_to=2020-01-01").text
    assert ">Huế hai</a>" in an.get(f"{LIST}?created_at_from=2020-01-01").text


@pytest.mark.parametrize("query", ["nguyen van", "NGUYỄN", "0912", "345 678", "lan@", "van nguyen",
                                   "Nguye\u0302\u0303n"])  # fmt: skip
def test_search_finds_parts_whatever_the_accents(
    context: Flask, people: dict, visitor, query: str
) -> None:
    customer(someone(people, "an"), "Nguyễn Văn Đặng", phone="+84912345678", email="lan@x.vn")
    customer(someone(people, "an"), "Trần Bình")
    db.session.commit()
    page = visitor("an").get(LIST, query_string={"q": query}).text
    assert ">Nguyễn Văn Đặng</a>" in page
    assert ">Trần Bình</a>" not in page


def test_sales_see_only_their_own_customers_everywhere(
    context: Flask, people: dict, visitor
) -> None:
    mine = customer(someone(people, "son"), "Của Sơn").id
    theirs = customer(someone(people, "an"), "Của An").id
    db.session.commit()
    son = visitor("son")
    page = son.get(LIST).text
    assert "Của Sơn" in page
    assert "Của An" not in page
    assert son.get(f"{LIST}details/?id={mine}").status_code == 200
    for address in (f"{LIST}details/?id={theirs}", f"{LIST}edit/?id={theirs}"):
        assert son.get(address).status_code == 404
    found = son.get(f"{LIST}lookup/?q=cua").json["results"]
    assert [o["text"] for o in found] == ["Của Sơn"]


def test_sales_own_what_they_add_whatever_they_post(context: Flask, people: dict, visitor) -> None:
    visitor("son").post(
        f"{LIST}new/", {"name": "Mới", "kind": "person", "owner": str(people["an"])}
    )
    assert db.session.scalar(select(Customer.owner_id)) == people["son"]


def test_a_viewer_sees_phones_and_emails_masked_and_cannot_find_by_them(
    context: Flask, people: dict, visitor
) -> None:
    record = customer(someone(people, "an"), "Bí mật", phone="+84912345678", email="lan@x.vn")
    contact(record, "Nhung", phone="+84987654321", email="nhung@y.vn")
    db.session.commit()
    vy = visitor("vy")
    for address in (LIST, f"{LIST}details/?id={record.id}"):
        text = vy.get(address).text
        for secret in ("345 678", "0912345678", "lan@x.vn", "654 321", "nhung@y.vn"):
            assert secret not in text
    assert ">Bí mật</a>" not in vy.get(f"{LIST}?q=0912345678").text
    assert ">Bí mật</a>" not in vy.get(f"{LIST}?q=lan%40x").text
    assert ">Bí mật</a>" in vy.get(f"{LIST}?q=bi+mat").text


def test_columns_are_chosen_for_oneself_only(context: Flask, people: dict, visitor) -> None:
    customer(someone(people, "an"), "Công ty", tax_code="0100109106")
    db.session.commit()
    an = visitor("an")
    an.post(f"{LIST}columns/", {"columns": ["code", "tax_code", "nmae"]}, page=LIST)
    assert "0100109106" in an.get(LIST).text
    assert "0100109106" not in visitor("mai").get(LIST).text


def test_choosing_columns_is_no_change_of_the_user(context: Flask, people: dict, visitor) -> None:
    before = someone(people, "an").version
    visitor("an").post(f"{LIST}columns/", {"columns": ["tax_code"]}, page=LIST)
    db.session.expire_all()
    assert someone(people, "an").version == before


def test_a_default_collaborator_is_chosen_though_it_is_looked_up(
    context: Flask, people: dict, visitor
) -> None:
    record = catalog(Collaborator, "Tú", is_default=True)
    db.session.commit()
    page = visitor("an").get(f"{LIST}new/").text
    assert f'selected value="{marks.key(record)}">{record.name}</option>' in page


def test_a_forged_extra_field_is_not_written(context: Flask, people: dict, visitor) -> None:
    record = customer(someone(people, "an"), "Công ty")
    db.session.commit()
    visitor("an").post(
        f"{LIST}edit/?id={record.id}",
        form_of(record, id="77", created_by_id="1", search_text="x", do_not_contact_by_id="1"),
    )
    db.session.expire_all()
    kept = db.session.get(Customer, record.id)
    assert kept.search_text != "x"
    assert kept.do_not_contact_by_id is None


def test_the_mark_not_to_contact_says_since_when_and_by_whom(
    context: Flask, people: dict, visitor
) -> None:
    record = customer(someone(people, "an"), "Công ty")
    db.session.commit()
    visitor("mai").post(f"{LIST}edit/?id={record.id}", form_of(record, do_not_contact="y"))
    db.session.expire_all()
    kept = db.session.get(Customer, record.id)
    assert kept.do_not_contact is True
    assert kept.do_not_contact_since is not None
    assert kept.do_not_contact_by_id == people["mai"]


def test_a_new_customer_begins_with_the_default_record_of_each_catalog(
    context: Flask, people: dict, visitor
) -> None:
    record = catalog(CustomerStatus, "Tiềm năng", is_default=True)
    db.session.commit()
    page = visitor("an").get(f"{LIST}new/").text
    assert f'selected value="{marks.key(record)}">{record.name}</option>' in page


def test_a_chosen_collaborator_that_was_deleted_meanwhile_is_said_at_the_field(
    context: Flask, people: dict, visitor
) -> None:
    record = catalog(Collaborator, "Tú")
    db.session.delete(record)
    db.session.commit()
    answer = visitor("an").post(
        f"{LIST}new/",
        {"name": "B", "kind": "person", "owner": str(people["an"]), "collaborator": "1"},
    )
    assert answer.status_code == 422
    assert "vừa bị xóa" in answer.text


def test_a_page_costs_the_same_number_of_statements_whatever_the_rows(
    context: Flask, people: dict, visitor
) -> None:
    from sqlalchemy import event

    an = someone(people, "an")
    status = catalog(CustomerStatus, "Tiềm năng")
    customer(an, "Một", status_id=status.id)
    db.session.commit()
    browser = visitor("an")
    counts = []
    for _ in range(2):
        seen: list[str] = []

        def count(_c: Any, _cur: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)  # noqa: B023 - used within this turn of the loop only

        event.listen(db.engine, "before_cursor_execute", count)
        browser.get(LIST)
        event.remove(db.engine, "before_cursor_execute", count)
        counts.append(len([s for s in seen if s.startswith("SELECT")]))
        for number in range(30):
            customer(an, f"Thêm {number}", status_id=status.id)
        db.session.commit()
    assert counts[0] == counts[1]
