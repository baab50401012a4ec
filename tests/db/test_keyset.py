"""Pages of a long list: every way through it shows the same rows in the same order."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import factories
import pytest
from sqlalchemy import select, update

from crmadmin.catalogs.models import CustomerSource, SalesGroup
from crmadmin.core import listing
from crmadmin.core.db import db, spec_of
from crmadmin.core.list_state import ListState
from crmadmin.core.orders import ordered, terms
from crmadmin.core.paging import Page
from crmadmin.customers.models import Customer

pytestmark = pytest.mark.usefixtures("many")

SIZE = 7
SORTS = ("", "code", "name", "phone", "owner", "sales_group", "status", "created_at", "updated_at")


@pytest.fixture
def many(context: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty customers, alike in many ways; ten are as many as one counts."""
    monkeypatch.setattr(listing, "COUNT_CAP", 10)
    monkeypatch.setattr("crmadmin.core.paging.COUNT_CAP", 10)
    chance = random.Random(5)  # noqa: S311 - the same customers in every run
    owners = [factories.user(name) for name in ("mai", "an", "lan")]
    groups = [factories.catalog(SalesGroup, name) for name in ("Ổn", "Đại lý", "Ánh", "Bán sỉ")]
    day = datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(60):
        made = factories.customer(
            chance.choice(owners),
            chance.choice(("Ánh", "Bình", "Đào", "Dũng", "Giang")) + chance.choice((" Vũ", " Lê")),
            code=f"K{n * 37 % 60:03}",
            phone=f"+849120000{n:02}" if n % 3 else None,
            sales_group_id=chance.choice([*(g.id for g in groups), None, None]),
        )
        db.session.flush()
        db.session.execute(
            update(Customer)
            .where(Customer.id == made.id)
            .values(updated_at=day + timedelta(days=chance.randrange(9)))
        )
    factories.catalog(CustomerSource, "Hội chợ")
    db.session.commit()
    db.session.expunge_all()


def shown(state: ListState, where: list[Any]) -> Page:
    return listing.page(spec_of(Customer), state, where, [], sees_sensitive=True)


def ids(page: Page) -> list[int]:
    return [row.id for row in page.rows]


def expected(state: ListState, where: list[Any]) -> list[int]:
    """The whole list at once; NULLs stand at the end, and ids part what is alike."""
    order = terms(spec_of(Customer), state.sort, state.descending)
    return list(db.session.scalars(ordered(select(Customer.id).where(*where), order)))


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{sort}" for sort in SORTS if sort)])
def test_there_and_back_again(sort: str) -> None:
    state = ListState(sort=sort.lstrip("-"), descending=sort.startswith("-"), per_page=SIZE)
    for where in ([], [Customer.name.like("%Vũ")], [Customer.phone.is_not(None)]):
        wanted = expected(state, where)
        assert len(wanted) > 10
        page = shown(state, where)
        assert page.walks
        pages, number = [page], 1
        while page.has_next:
            number += 1
            page = shown(replace(state, after=page.rows[-1].id, page=number), where)
            assert page.number == number
            pages.append(page)
        assert [i for p in pages for i in ids(p)] == wanted
        # Back from the end, page by page.
        last = shown(replace(state, is_last=True), where)
        assert ids(last) == wanted[-SIZE:]
        assert not last.has_next
        back = ids(last)
        while len(back) < len(wanted) - SIZE:
            before = shown(replace(state, before=back[0], page=9), where)
            assert before.has_next
            back = ids(before) + back
        assert back == wanted[-len(back) :]
        # The last page of a list that was counted has what is left.
        counted = shown(replace(state, is_last=True, count_all=True, page=99), where)
        assert ids(counted) == wanted[(len(wanted) - 1) // SIZE * SIZE :]
        assert counted.number == len(pages)


def test_before_the_second_page_is_the_first_even_when_rows_came_in_between() -> None:
    state = ListState(sort="name", per_page=SIZE)
    wanted = expected(state, [])
    page = shown(replace(state, before=wanted[3], page=1), [])
    assert ids(page) == wanted[:SIZE]
    assert page.number == 1


def test_a_row_that_left_the_list_leaves_the_number_of_the_page() -> None:
    state = ListState(sort="name", per_page=SIZE, page=2)
    where = [Customer.name.like("%Vũ")]
    gone = db.session.scalars(select(Customer.id).where(Customer.name.like("%Lê"))).first() or 0
    for behind in (gone, 10**6):
        assert (
            ids(shown(replace(state, after=behind), where))
            == expected(state, where)[SIZE : 2 * SIZE]
        )


def test_a_jump_is_clamped_to_what_was_counted() -> None:
    state = ListState(sort="name", per_page=SIZE)
    jumped = shown(replace(state, page=2**30), [])
    assert jumped.number == 2
    assert ids(jumped) == expected(state, [])[SIZE : 2 * SIZE]
    assert jumped.has_next


def test_few_matches_are_sorted_as_many_are_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    where = [Customer.name.like("Đào%")]
    for sort in SORTS:
        state = ListState(sort=sort, per_page=SIZE)
        monkeypatch.setattr(listing, "COUNT_CAP", 1000)
        few = shown(state, where)
        monkeypatch.setattr(listing, "COUNT_CAP", 1)
        many = shown(state, where)
        assert (few.walks, many.walks) == (False, True)
        assert ids(few) == ids(many) == expected(state, where)[:SIZE]


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{sort}" for sort in SORTS if sort)])
def test_pages_of_few_matches_follow_each_other(sort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "COUNT_CAP", 1000)
    state = ListState(sort=sort.lstrip("-"), descending=sort.startswith("-"), per_page=SIZE)
    where = [Customer.name.like("%Vũ")]
    wanted = expected(state, where)
    pages = [shown(replace(state, page=n), where) for n in range(1, len(wanted) // SIZE + 2)]
    assert [i for page in pages for i in ids(page)] == wanted
    assert {page.total for page in pages} == {len(wanted)}
    assert [page.has_next for page in pages] == [True] * (len(pages) - 1) + [False]


@pytest.mark.parametrize(("days", "walks"), [(1, False), (3, False), (5, True)])
def test_a_span_of_days_is_sorted_as_long_as_an_index_holds_the_order(
    days: int, walks: bool
) -> None:
    """Ten customers were created a day; thirty are as many as are sorted."""
    day = datetime(2026, 3, 1, 5, tzinfo=UTC)
    for n, number in enumerate(db.session.scalars(select(Customer.id).order_by(Customer.id))):
        created = day + timedelta(days=n % 6)
        db.session.execute(update(Customer).where(Customer.id == number).values(created_at=created))
    db.session.commit()
    span = {"created_at": (day.date(), (day + timedelta(days=days - 1)).date())}
    state = ListState(ranges=span, per_page=SIZE)
    where = listing.clauses(spec_of(Customer), state, sees_sensitive=True, zone="UTC")
    wanted = expected(state, where)
    assert len(wanted) == 10 * days
    page = shown(state, where)
    assert (ids(page), page.walks) == (wanted[:SIZE], walks)
    assert page.exact == (not walks)
    by_name = replace(state, sort="name")
    assert ids(shown(by_name, where)) == expected(by_name, where)[:SIZE]
