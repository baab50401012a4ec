"""Statements that the database works at while the next one is prepared."""

from __future__ import annotations

from typing import Any

import factories
import pytest
from flask import Flask
from sqlalchemy import func, select

from crmadmin.core import bulk
from crmadmin.core.db import db, utcnow
from crmadmin.groups.models import CustomerGroup, Membership

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def group(context: Flask) -> CustomerGroup:
    made = factories.group("Khách mời")
    db.session.commit()
    return made


def customers(how_many: int) -> list[int]:
    an = factories.user("an")
    made = [factories.customer(an, f"Khách {n}").id for n in range(how_many)]
    db.session.commit()
    return made


def join(group_id: int, ids: list[int]) -> None:
    columns: dict[str, Any] = {
        "group_id": bulk.Same(group_id), "customer_id": ids, "added_at": bulk.Same(utcnow())
    }  # fmt: skip
    bulk.insert(Membership.__table__, columns)


def behind(group_id: int, *several: Any) -> None:
    with bulk.behind():
        for ids in several:
            join(group_id, list(ids))


def members() -> int:
    return db.session.scalar(select(func.count()).select_from(Membership)) or 0


def test_whatever_is_asked_next_sees_what_was_given_before(group: CustomerGroup) -> None:
    ids = customers(20)
    with bulk.behind():
        join(group.id, ids[:10])
        assert members() == 10
        join(group.id, ids[10:])
    assert members() == 20
    db.session.commit()
    assert members() == 20


def test_a_row_that_is_in_the_way_is_told_at_the_end_and_nothing_stands(
    group: CustomerGroup,
) -> None:
    ids = customers(3)
    with pytest.raises(bulk.Taken):
        behind(group.id, ids, ids[:1], ids[1:])
    db.session.rollback()
    assert members() == 0
    with bulk.behind():
        join(group.id, ids)
    db.session.commit()
    assert members() == 3


def test_a_record_that_is_gone_is_told_as_well(group: CustomerGroup) -> None:
    key = group.id
    with pytest.raises(bulk.Taken), bulk.behind():
        bulk.update(CustomerGroup.__table__, {"description": ["a", "b"]}, [key, key + 1])
    db.session.rollback()
    assert db.session.get_one(CustomerGroup, key).description != "a"


def test_an_error_of_the_caller_waits_for_what_was_given(group: CustomerGroup) -> None:
    ids = customers(5)
    with pytest.raises(TypeError):
        behind(group.id, ids, None)
    db.session.rollback()
    assert members() == 0


def test_meanwhile_is_done_before_the_wait_where_there_is_one(group: CustomerGroup) -> None:
    ids, done = customers(3), []
    with bulk.behind(lambda: done.append(True)):
        join(group.id, ids)
        assert done == []
    assert len(done) == (db.engine.dialect.name == "postgresql")
    assert members() == 3
