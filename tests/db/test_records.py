"""One record at a time: keys follow, constraints decide, stale writes are refused."""

from __future__ import annotations

from typing import Any

import pytest
from factories import catalog, contact, customer, group, user
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from crmadmin.catalogs import services
from crmadmin.catalogs.models import (
    Collaborator,
    CollaboratorGroup,
    CustomerSource,
    Industry,
    all_catalogs,
)
from crmadmin.core import records
from crmadmin.core.db import acting_as, all_records, db, storage_faults
from crmadmin.core.usage import usage
from crmadmin.customers.models import Contact, Customer


def test_keys_and_search_text_follow_every_write(context: Flask) -> None:
    record = customer(user("an"), "Công ty Đặng", phone="+84912345678", email="Lan@X.vn")
    assert record.code_key == record.code.upper() or record.code_key == record.code.casefold()
    assert "cong ty dang" in record.search_text
    assert "0912345678" in record.search_private
    assert "+84912345678" not in record.search_text
    records.change(record, {"name": "Ánh Sao"})
    assert "anh sao" in record.search_text
    assert "dang" not in record.search_text


def test_stamps_say_who_and_when(context: Flask) -> None:
    an, mai = user("an"), user("mai")
    with acting_as(an.id):
        record = catalog(Industry, "Xây dựng")
    with acting_as(mai.id):
        records.change(record, {"description": "Nhà ở"})
    assert (record.created_by_id, record.updated_by_id) == (an.id, mai.id)
    assert record.updated_at >= record.created_at
    assert record.created_at.utcoffset().total_seconds() == 0
    assert record.version == 2


def test_a_write_with_an_old_version_is_stale(context: Flask) -> None:
    record = catalog(Industry, "Xây dựng")
    with pytest.raises(records.Stale):
        records.change(record, {"name": "Khác"}, version=7)


def test_a_record_written_by_another_session_meanwhile_is_stale(context: Flask) -> None:
    record = catalog(Industry, "Xây dựng")
    db.session.commit()
    assert record.name == "Xây dựng"
    with db.session.begin_nested():
        db.session.execute(text("UPDATE industry SET version = version + 1"))
    with pytest.raises(records.Stale):
        records.change(record, {"name": "Khác"})


def test_a_duplicate_is_named_and_leaves_the_session_usable(context: Flask) -> None:
    catalog(Industry, "Xây dựng")
    with pytest.raises(records.Invalid) as caught:
        catalog(Industry, "xây  dựng")
    assert list(caught.value.problems) == ["name"]
    assert "LV001" not in caught.value.problems["name"]
    assert "LV001" in caught.value.named(lambda _other: True)["name"]
    assert caught.value.named(lambda _other: False) == caught.value.problems
    assert catalog(Industry, "Dịch vụ").name == "Dịch vụ"


def test_a_link_to_a_record_that_is_gone_is_named(context: Flask) -> None:
    with pytest.raises(records.Invalid) as caught:
        customer(user("an"), "Công ty", industry_id=12345)
    assert list(caught.value.problems) == ["industry"]


def test_the_database_itself_allows_one_default_only(context: Flask) -> None:
    catalog(Industry, "Một", is_default=True)
    second = catalog(Industry, "Hai")
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(
            text("UPDATE industry SET is_default = :yes WHERE id = :id"),
            {"yes": True, "id": second.id},
        )


def test_a_merge_moves_customers_in_one_go_and_raises_their_version(context: Flask) -> None:
    an = user("an")
    source, target = catalog(CustomerSource, "FB"), catalog(CustomerSource, "Facebook")
    moved = [customer(an, source_id=source.id) for _ in range(3)]
    assert services.merge_count(source) == 3
    assert services.merge(source, target) == 3
    db.session.flush()
    assert {(c.source_id, c.version) for c in moved} == {(target.id, 2)}


def test_a_merge_into_a_stopped_record_is_refused(context: Flask) -> None:
    source, target = catalog(Industry, "A"), catalog(Industry, "B", is_active=False)
    with pytest.raises(services.CannotMerge):
        services.merge(source, target)


def test_collaborators_count_as_uses_of_their_group(context: Flask) -> None:
    made = catalog(CollaboratorGroup, "Miền Bắc")
    catalog(Collaborator, "Tú", group_id=made.id)
    assert usage(CollaboratorGroup, [made.id]) == {made.id: 1}


def test_a_record_in_use_is_not_deleted(context: Flask) -> None:
    made = catalog(Industry, "Xây dựng")
    customer(user("an"), industry_id=made.id)
    with pytest.raises(records.InUse) as caught:
        records.delete(made)
    assert caught.value.count == 1


def test_deleting_a_customer_takes_its_contacts_along(context: Flask) -> None:
    record = customer(user("an"))
    contact(record)
    records.delete(record)
    assert db.session.scalars(select(Contact)).all() == []
    assert db.session.scalars(select(Customer)).all() == []


def test_stopping_the_default_ends_its_being_one(context: Flask) -> None:
    made = catalog(Industry, "Xây dựng", is_default=True)
    services.stop_using(made)
    assert (made.is_active, made.is_default) == (False, False)


def test_two_groups_of_one_name_cannot_be(context: Flask) -> None:
    group("Khách mời")
    with pytest.raises(records.Invalid):
        group("khách  MỜI")


def test_the_engine_is_set_up_for_durability(context: Flask) -> None:
    assert storage_faults(db) == []


def one_of_each() -> list[Any]:
    """A record of every kind that people keep."""
    owner = user("an")
    firm = customer(owner)
    made = [owner, firm, contact(firm), group(), *map(catalog, all_catalogs())]
    assert {type(record) for record in made} == set(all_records())
    db.session.commit()
    return made


def test_a_record_that_was_read_before_somebody_saved_it_is_fetched_as_it_is_now(
    context: Flask,
) -> None:
    named = [(type(record), record.id) for record in one_of_each()]
    db.session.remove()
    with context.test_request_context(method="POST"):
        for model, key in named:
            before = db.session.get(model, key)
            table, version = model.__table__, before.version
            if db.engine.dialect.name == "sqlite":
                db.session.rollback()  # who has begun to read there sees what was there then
            with db.engine.begin() as other:
                there = table.c.id == key
                other.execute(update(table).where(there).values(version=version + 1))
            assert records.fetch(model, key).version == version + 1, model
            db.session.rollback()
