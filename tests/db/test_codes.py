"""Automatic codes: none is given twice, typed ones are passed over."""

from __future__ import annotations

import threading

from factories import catalog, customer, user
from flask import Flask
from sqlalchemy import func, select

from crmadmin.catalogs.models import CustomerSource
from crmadmin.core import codes, settings
from crmadmin.core.db import db
from crmadmin.customers.models import Customer


def test_codes_follow_each_other_with_the_catalogs_prefix(context: Flask) -> None:
    assert [catalog(CustomerSource).code for _ in range(3)] == ["NGUON001", "NGUON002", "NGUON003"]


def test_a_code_that_someone_typed_is_passed_over(context: Flask) -> None:
    catalog(CustomerSource, code="nguon002")
    assert [catalog(CustomerSource).code for _ in range(2)] == ["NGUON001", "NGUON003"]


def test_many_codes_pass_over_a_long_run_of_taken_ones(context: Flask) -> None:
    an = user("an")
    for number in range(1, 41):
        customer(an, code=f"KH{number:06d}")
    assert codes.allot(Customer, 3) == ["KH000041", "KH000042", "KH000043"]


def test_a_rolled_back_record_gives_its_number_back(context: Flask) -> None:
    an = user("an")
    db.session.commit()
    customer(an)
    db.session.rollback()
    assert customer(an).code == "KH000001"


def test_looking_at_the_next_code_reserves_nothing(context: Flask) -> None:
    an = user("an")
    assert codes.preview(Customer) == codes.preview(Customer) == "KH000001"
    assert customer(an).code == "KH000001"


def test_the_pattern_is_a_setting(context: Flask) -> None:
    settings.set_customer_codes(settings.CodePattern("C-", 3, "/26"))
    assert customer(user("an")).code == "C-001/26"


def test_two_writers_at_once_never_get_the_same_code(app: Flask) -> None:
    with app.app_context():
        owner = user("an").id
        db.session.commit()
    failures: list[BaseException] = []

    def add() -> None:
        try:
            with app.app_context():
                for _ in range(15):
                    made = codes.allot(Customer, 1)[0]
                    db.session.add(Customer(code=made, name="Công ty", owner_id=owner))
                    db.session.commit()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Customer)) == 60
