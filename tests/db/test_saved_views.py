"""Saved views: names for what a list showed, each user's own."""

from __future__ import annotations

import pytest
from factories import user
from flask import Flask
from sqlalchemy import func, select

from crmadmin.access import saved_views
from crmadmin.access.models import SavedView, User
from crmadmin.core.db import db
from crmadmin.core.text import Refusal

LIST = "customer"


@pytest.fixture
def mai(context: Flask) -> User:
    made = user("mai")
    db.session.commit()
    return made


def named(user_id: int, record: str = LIST) -> list[tuple[str, str, bool]]:
    """A user's views: (name, query, is it the default)."""
    return [(v.text, v.more, v.flag) for v in saved_views.of(user_id, record)]


def refused(user_id: int, name: str, query: str = "q=a", **more: bool) -> str:
    with pytest.raises(Refusal) as caught:
        saved_views.save(user_id, LIST, name, query, **more)
    return caught.value.code


def test_a_view_is_kept_by_user_and_list_in_the_order_of_saving(mai: User) -> None:
    son = user("son")
    saved_views.save(mai.id, LIST, "  Cần  gọi ", "status=3")
    saved_views.save(mai.id, LIST, "Bắc", "province=H%C3%A0+N%E1%BB%99i")
    saved_views.save(mai.id, "customer_group", "Cần gọi", "q=x")
    saved_views.save(son.id, LIST, "Cần gọi", "q=y")
    assert named(mai.id) == [
        ("Cần gọi", "status=3", False), ("Bắc", "province=H%C3%A0+N%E1%BB%99i", False),
    ]  # fmt: skip
    assert named(son.id) == [("Cần gọi", "q=y", False)]
    assert named(mai.id, "customer_group") == [("Cần gọi", "q=x", False)]
    assert named(mai.id, "industry") == []


def test_what_cannot_be_a_view_is_refused_with_its_reason(
    mai: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_views.save(mai.id, LIST, "Cần gọi", "q=a")
    assert refused(mai.id, "  ") == "required"
    assert refused(mai.id, "x" * 61) == "too_long"
    assert refused(mai.id, "CẦN  GỌI") == "view_taken"
    assert refused(mai.id, "Mới", "") == "view_empty"
    assert refused(mai.id, "Mới", "q=" + "a" * 4000) == "view_too_long"
    monkeypatch.setattr(saved_views, "MOST", 1)
    assert refused(mai.id, "Mới") == "too_many_views"
    assert len(named(mai.id)) == 1


def test_the_view_of_a_name_can_be_replaced(mai: User) -> None:
    saved_views.save(mai.id, LIST, "Cần gọi", "q=a", default=True)
    saved_views.save(mai.id, LIST, "cần gọi", "q=b", replace=True)
    assert named(mai.id) == [("cần gọi", "q=b", True)]


def test_one_view_of_a_list_is_the_default(mai: User) -> None:
    first = saved_views.save(mai.id, LIST, "A", "q=a", default=True).id
    second = saved_views.save(mai.id, LIST, "B", "q=b", default=True).id
    saved_views.save(mai.id, "industry", "C", "q=c", default=True)
    assert [flag for _n, _q, flag in named(mai.id)] == [False, True]
    saved_views.set_default(mai.id, LIST, first)
    assert [flag for _n, _q, flag in named(mai.id)] == [True, False]
    saved_views.set_default(mai.id, LIST, None)
    assert [flag for _n, _q, flag in named(mai.id)] == [False, False]
    assert named(mai.id, "industry") == [("C", "q=c", True)]
    saved_views.set_default(mai.id, "industry", second)
    assert named(mai.id, "industry") == [("C", "q=c", False)]


def test_views_are_renamed_and_removed_and_only_ones_own(mai: User) -> None:
    son = user("son")
    mine = saved_views.save(mai.id, LIST, "A", "q=a").id
    other = saved_views.save(mai.id, LIST, "B", "q=b").id
    saved_views.rename(mai.id, LIST, mine, "Ánh")
    saved_views.rename(son.id, LIST, mine, "Của Sơn")
    saved_views.rename(mai.id, "industry", mine, "Khác")
    saved_views.remove(son.id, LIST, [mine, other])
    assert named(mai.id) == [("Ánh", "q=a", False), ("B", "q=b", False)]
    db.session.commit()
    with pytest.raises(Refusal):
        saved_views.rename(mai.id, LIST, other, "ánh")
    saved_views.remove(mai.id, LIST, [other])
    assert named(mai.id) == [("Ánh", "q=a", False)]


def test_views_go_with_their_user(mai: User) -> None:
    saved_views.save(mai.id, LIST, "A", "q=a")
    db.session.flush()
    db.session.execute(User.__table__.delete().where(User.id == mai.id))
    assert db.session.scalar(select(func.count()).select_from(SavedView)) == 0
