"""Whole groups: copied, deleted, combined, members moved; members by name, date and filter."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from factories import add_to_group, customer, group, user
from flask import Flask
from grouping import made, matching, members, saved, those

from crmadmin.access.models import User
from crmadmin.core import acts
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import acting_as, db
from crmadmin.core.records import Invalid
from crmadmin.customers.models import Customer
from crmadmin.groups import acts as group_acts
from crmadmin.groups import drafts, ordered, queries, services
from crmadmin.groups.models import CustomerGroup
from crmadmin.groups.steps import Follows


@pytest.fixture
def mai(context: Flask) -> Iterator[User]:
    """Who acts."""
    made_user = user("mai", "marketing")
    with acting_as(made_user.id):
        yield made_user


def following(mai: User, name: str, query: str) -> CustomerGroup:
    """A group that follows a search."""
    draft = drafts.begin(mai.id, None)
    drafts.type_text(draft, name=name, description="x")
    drafts.follow(draft, query)
    return drafts.save(draft, None)


def test_a_clone_has_the_same_members_and_is_told_in_its_history(mai: User) -> None:
    ids = made(mai, 3)
    source = saved(mai, "A", ids)
    copy = services.clone(source, "B")
    assert (copy.name, copy.description) == ("B", source.description)
    assert members(copy) == members(source) == set(ids)
    [entry] = queries.history(copy.id, 1).rows
    assert (entry.is_new, entry.added, entry.steps[0].kind) == (True, 3, "clone")
    with pytest.raises(Invalid):
        services.clone(source, "a")


def test_a_clone_of_a_group_that_follows_a_filter_follows_it(mai: User) -> None:
    made(mai, 2)
    copy = services.clone(following(mai, "A", "name=khach"), "B")
    assert copy.filter == "name=khach"
    assert len(matching(copy)) == 2


def test_deleting_groups_leaves_the_customers(mai: User) -> None:
    ids = made(mai, 2)
    first, second = saved(mai, "A", ids), saved(mai, "B", ids)
    assert services.delete_many([first.id, second.id, 10**6]) == 2
    assert db.session.get(CustomerGroup, first.id) is None
    assert db.session.get(Customer, ids[0]) is not None


def plan(kind: str, *ids: int) -> BulkAct:
    """A sheet that is open about these customers."""
    return acts.plan(kind, Customer, those(*ids))


def test_members_are_copied_and_moved_with_counts(mai: User) -> None:
    a, b, c = made(mai, 3)
    source, target = saved(mai, "A", [a, b, c]), saved(mai, "B", [b])
    copied = group_acts.copy(plan(group_acts.COPY, a, b, 10**6), source, target)
    assert acts.fates(copied) == {acts.WRITTEN: 1, acts.SAME: 1}
    assert members(source) == {a, b, c}
    moved = group_acts.move(plan(group_acts.MOVE, a, b, c), source, target)
    assert acts.fates(moved) == {acts.WRITTEN: 3}
    assert (members(source), members(target)) == (set(), {a, b, c})
    assert [queries.history(g.id, 1).rows[0].steps[0].kind for g in (source, target)] == [
        "move", "move",
    ]  # fmt: skip


def test_a_group_that_follows_a_filter_takes_and_gives_no_member(mai: User) -> None:
    ids = made(mai, 2)
    ordinary, dynamic = saved(mai, "A", ids[:1]), following(mai, "B", "name=khach")
    done = group_acts.copy(plan(group_acts.COPY, *ids), dynamic, ordinary)
    assert acts.fates(done) == {acts.WRITTEN: 1, acts.SAME: 1}
    refused: list[Callable[[], object]] = [
        lambda: add_to_group(dynamic, those(*ids)),
        lambda: group_acts.add(plan(group_acts.ADD, *ids), dynamic),
        lambda: group_acts.remove(plan(group_acts.REMOVE, *ids), dynamic),
        lambda: group_acts.move(plan(group_acts.MOVE, *ids), dynamic, ordinary),
        lambda: group_acts.copy(plan(group_acts.COPY, *ids), ordinary, dynamic),
    ]
    for act in refused:
        with pytest.raises(Follows):
            act()


@pytest.mark.parametrize("dynamic", [False, True])
def test_overlap_and_combining_agree_with_sets(mai: User, dynamic: bool) -> None:
    a, b, c, d = made(mai, 4)
    first = saved(mai, "A", [a, b, c])
    second = (
        following(mai, "B", "q=khach+003") if dynamic else saved(mai, "B", [c, d])
    )  # with the filter: c alone
    one, two = {a, b, c}, {c} if dynamic else {c, d}
    counts = services.overlap(first, second)
    assert (counts.only_a, counts.both, counts.only_b) == (
        len(one - two), len(one & two), len(two - one),
    )  # fmt: skip
    assert counts.union == len(one | two)
    wanted = {"union": one | two, "overlap": one & two, "a_minus_b": one - two,
              "b_minus_a": two - one}  # fmt: skip
    for how, expected in wanted.items():
        draft = services.combine(first, second, how)
        drafts.type_text(draft, name=how, description="x")
        assert members(drafts.save(draft, None)) == expected
    assert set(wanted) == set(services.HOW)


def test_members_are_paged_by_name_the_same_in_both_ways(
    mai: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["Đào", "Ánh", "an", "Zung", "Bình", "Bình", "Yến", "Êm"]
    ids = [customer(mai, name).id for name in names]
    made(mai, 20)
    target = saved(mai, "A", ids)
    small = [m.customer.name for m in queries.members(target, 1, 50).rows]
    assert small == ["an", "Ánh", "Bình", "Bình", "Đào", "Êm", "Yến", "Zung"]
    monkeypatch.setattr(ordered, "SMALL", 0)
    for near in (True, False):
        monkeypatch.setattr(ordered.CustomerSet, "_is_near", lambda *_, near=near: near)
        pages = [queries.members(target, n, 3) for n in (1, 2, 3)]
        assert [m.customer.name for page in pages for m in page.rows] == small
        assert [page.total for page in pages] == [8, 8, 8]
        turned = [queries.members(target, n, 3, order="-name") for n in (1, 2, 3)]
        assert [m.customer.id for p in turned for m in p.rows] == [
            m.customer.id for p in reversed(pages) for m in reversed(p.rows)
        ]


def test_members_say_since_when_by_whom_and_how(mai: User) -> None:
    a, b = made(mai, 2)
    target = saved(mai, "A", [a])
    add_to_group(target, those(b))
    rows = queries.members(target, 1, 50, order="-added").rows
    assert [m.customer.id for m in rows] == [b, a]
    assert {m.added_by for m in rows} == {mai}
    assert all(m.how and m.added_at for m in rows)
    assert queries.members(target, 1, 50, [Customer.name.contains("001")]).total == 1
    assert [m.customer.id for m in queries.members(target, 1, 50, those(b), "added").rows] == [b]


def test_counts_and_the_groups_of_a_customer_know_filters(mai: User) -> None:
    a, b = made(mai, 2)
    quiet = customer(mai, "Khách im", do_not_contact=True).id
    plain, dynamic = saved(mai, "B", [a, quiet]), following(mai, "A", "name=khach")
    empty = group("C")
    ids = [plain.id, dynamic.id, empty.id]
    assert queries.member_counts(ids) == {plain.id: 2, dynamic.id: 3}
    assert queries.contactless_counts(ids) == {plain.id: 1, dynamic.id: 1}
    assert queries.groups_of(a) == ([dynamic, plain], [])
    assert queries.groups_of(b) == ([dynamic], [])
    page = queries.members(dynamic, 1, 2, order="-added")
    assert (page.total, [m.added_at for m in page.rows]) == (3, [None, None])


def test_a_search_is_read_from_what_was_kept(mai: User) -> None:
    son = user("son", "sales")
    mine = customer(mai, "Công ty Sao Việt", phone="+84912345678", email="a@b.vn", code="SV-01")
    customer(son, "Công ty Sao Mai", phone="+84987654321")
    for query, expected in (
        ("name=viet sao", {mine.id}),
        ("code=sv", {mine.id}),
        ("phone=0912 345", {mine.id}),
        ("phone=345678", {mine.id}),
        ("email=A@B", {mine.id}),
        (f"owner={mai.id}", {mine.id}),
        ("name=%25", set()),
        ("", {mine.id, mine.id + 1}),
    ):
        assert matching(following(mai, f"G{query}", query)) == expected, query
