"""Two people who order a catalog at the same moment, on both databases: one of them is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import factories
import pytest
from flask import Flask
from sqlalchemy import select

from crmadmin.catalogs import acts, services
from crmadmin.catalogs.models import Industry
from crmadmin.catalogs.services import OrderedRecord
from crmadmin.core import marks
from crmadmin.core.db import acting_as, db, utcnow

NAMES = ("Một", "Hai", "Ba", "Bốn")


def order_now() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Industry.name).order_by(Industry.position)))


def at_once(app: Flask, *each: Callable[[], object]) -> list[str]:
    """Do these in transactions that begin together; "done" or "refused" of each."""
    ready = Barrier(len(each))

    def one(do: Callable[[], object]) -> str:
        with app.app_context(), acting_as(users[each.index(do)]):
            ready.wait(20)
            try:
                do()
            except services.OrderChanged:
                db.session.rollback()
                return "refused"
            else:
                db.session.commit()
                return "done"
            finally:
                db.session.remove()

    users = [factories.user(role="admin").id for _do in each]
    db.session.commit()
    db.session.remove()
    with ThreadPoolExecutor(len(each)) as pool:
        return sorted(pool.map(one, each))


@pytest.fixture
def shown(context: Flask) -> list[OrderedRecord]:
    """The list as both have it before them."""
    made = [factories.catalog(Industry, n, position=at) for at, n in enumerate(NAMES, 1)]
    db.session.commit()
    return [OrderedRecord(r.id, marks.moment(r.created_at), r.position) for r in made]


@pytest.mark.parametrize("_time", range(3))
def test_of_two_drags_at_once_one_is_kept_whole_and_the_other_refused(
    context: Flask, shown: list[OrderedRecord], _time: int
) -> None:
    a, b, c, d = shown
    came = at_once(
        context,
        lambda: acts.order(Industry, [b, a, c, d]),
        lambda: acts.order(Industry, [a, b, d, c]),
    )
    assert came == ["done", "refused"]
    kept = [["Hai", "Một", "Ba", "Bốn"], ["Một", "Hai", "Bốn", "Ba"]]
    assert order_now() in kept


def test_drags_of_rows_that_are_apart_are_both_kept(
    context: Flask, shown: list[OrderedRecord]
) -> None:
    """Each of them saw other rows, through a filter, and those stand where they stood."""
    a, b, c, d = shown
    came = at_once(
        context, lambda: acts.order(Industry, [b, a]), lambda: acts.order(Industry, [d, c])
    )
    assert came == ["done", "done"]
    assert order_now() == ["Hai", "Một", "Bốn", "Ba"]


def test_a_drag_and_a_sort_by_name_at_once_are_not_both_kept(
    context: Flask, shown: list[OrderedRecord]
) -> None:
    a, b, c, d = shown
    seen = marks.moment(utcnow())
    came = at_once(
        context,
        lambda: acts.order(Industry, [d, c, b, a]),
        lambda: acts.order(Industry, None, seen),
    )
    assert came == ["done", "refused"]
