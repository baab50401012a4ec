"""Drafts of groups: steps, undoing them, what is typed, following a filter."""

from __future__ import annotations

import pytest
from factories import group, user
from grouping import erase, made, members, saved, shown, those
from sqlalchemy import func, select

from crmadmin.access.models import User
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups import drafts, queries
from crmadmin.groups.models import NEW, CustomerGroup, GroupChange, GroupDraft, GroupStep


def test_a_draft_is_begun_once_and_found_again(mai: User) -> None:
    made_group = group()
    assert drafts.find(mai.id, made_group.id) is None
    draft = drafts.begin(mai.id, made_group)
    assert drafts.begin(mai.id, made_group) is draft
    assert drafts.find(mai.id, made_group.id) is draft
    assert drafts.begin(mai.id, None).group_id == NEW
    assert drafts.begin(user("lan").id, made_group) is not draft


def test_nothing_is_in_the_group_before_it_is_saved(mai: User) -> None:
    ids = made(mai, 3)
    target = group()
    draft = drafts.begin(mai.id, target)
    outcome = drafts.pick(draft, ids[:2])
    assert (outcome.asked, outcome.found, outcome.already, outcome.missing) == (2, 2, 0, 0)
    assert members(target) == set()
    drafts.save(draft, target)
    assert members(target) == set(ids[:2])


def test_the_state_says_before_plus_minus_and_after(mai: User) -> None:
    ids = made(mai, 6)
    target = saved(mai, "A", ids[:4])
    draft = drafts.begin(mai.id, target)
    drafts.pick(draft, ids[3:])
    assert drafts.remove(draft, ids[:1]).changed == 1
    told = drafts.state(draft, target)
    assert (told.members_before, told.added, told.removed, told.members_after) == (4, 2, 1, 5)
    assert [(s.adds, s.rows) for s in told.steps] == [(True, 3), (False, 1)]
    assert told.changed_texts == ()
    assert not told.is_empty


def test_the_latest_step_that_names_a_customer_decides(mai: User) -> None:
    a, b, c = made(mai, 3)
    target = saved(mai, "A", [a])
    draft = drafts.begin(mai.id, target)
    first = drafts.pick(draft, [a, b])
    second = drafts.remove(draft, [b, a])
    drafts.pick(draft, [b, c])
    assert shown(draft, target) == [(b, "added"), (c, "added"), (a, "removed")]
    assert first.already == 1
    drafts.take_back(draft, second.step.id)
    assert shown(draft, target) == [(b, "added"), (c, "added"), (a, None)]
    drafts.take_back(draft, first.step.id)
    assert shown(draft, target) == [(b, "added"), (c, "added"), (a, None)]


def test_a_step_keeps_also_whom_it_changes_nothing_for(mai: User) -> None:
    a = made(mai, 1)[0]
    draft = drafts.begin(mai.id, None)
    first = drafts.pick(draft, [a])
    second = drafts.pick(draft, [a])
    assert second.already == 1
    drafts.take_back(draft, first.step.id)
    assert drafts.state(draft, None).added == 1


def test_one_customer_is_taken_back_from_all_steps(mai: User) -> None:
    a, b = made(mai, 2)
    draft = drafts.begin(mai.id, None)
    drafts.pick(draft, [a, b])
    drafts.pick(draft, [a])
    assert drafts.take_back_customer(draft, a)
    assert not drafts.take_back_customer(draft, 999_999)
    told = drafts.state(draft, None)
    assert told.added == 1
    assert [s.rows for s in told.steps] == [1]


def test_all_steps_are_taken_back_but_not_what_was_typed(mai: User) -> None:
    draft = drafts.begin(mai.id, None)
    drafts.type_text(draft, name="Hội thảo")
    drafts.pick(draft, made(mai, 2))
    drafts.take_back_all(draft)
    told = drafts.state(draft, None)
    assert (told.added, told.steps, told.changed_texts) == (0, [], ("name",))


def test_ids_that_are_forged_or_gone_are_missing(mai: User) -> None:
    son = user("son", "sales")
    own, other = made(son, 1)[0], made(mai, 1)[0]
    draft = drafts.begin(mai.id, None)
    outcome = drafts.pick(draft, [own, other, 10**6], [Customer.owner_id == son.id])
    assert (outcome.found, outcome.missing) == (1, 2)
    assert shown(draft, None) == [(own, "added")]
    nothing = drafts.pick(draft, [other], [Customer.owner_id == son.id])
    assert nothing.step is None
    assert len(drafts.state(draft, None).steps) == 1


def test_all_that_match_come_in_and_go(mai: User) -> None:
    ids = made(mai, 5)
    target = saved(mai, "A", ids[:2])
    draft = drafts.begin(mai.id, target)
    outcome = drafts.pick_matching(draft, those(*ids))
    assert (outcome.asked, outcome.found, outcome.already) == (5, 5, 2)
    gone = drafts.remove_matching(draft, [Customer.name.contains("00")])
    assert (gone.found, gone.already) == (5, 0)
    assert drafts.state(draft, target).removed == 2


def test_removing_all_that_match_names_only_members(mai: User) -> None:
    ids = made(mai, 4)
    target = saved(mai, "A", ids[:1])
    draft = drafts.begin(mai.id, target)
    drafts.pick(draft, ids[1:2])
    assert drafts.remove_matching(draft, []).found == 2


def test_texts_that_are_the_groups_own_are_no_change(mai: User) -> None:
    target = saved(mai, "A", [])
    draft = drafts.begin(mai.id, target)
    drafts.type_text(draft, name="B", description="khác\r\nhai dòng\0")
    assert drafts.state(draft, target).changed_texts == ("name", "description")
    assert drafts.state(draft, target).description == "khác\nhai dòng"
    drafts.type_text(draft, name="A")
    assert drafts.state(draft, target).changed_texts == ("description",)
    drafts.type_text(draft, name="")
    assert drafts.state(draft, target).name == ""


def test_a_customer_who_is_deleted_leaves_the_draft_and_its_counts(mai: User) -> None:
    ids = made(mai, 4)
    target = saved(mai, "A", ids[:2])
    draft = drafts.begin(mai.id, target)
    drafts.pick(draft, ids[2:])
    drafts.remove(draft, ids[:1])
    erase(mai, ids[0], ids[2])
    told = drafts.state(draft, target)
    assert (told.members_before, told.added, told.removed, told.members_after) == (1, 1, 0, 2)
    assert [step.rows for step in told.steps] == [1]
    drafts.save(draft, target)
    assert members(target) == {ids[1], ids[3]}


def test_a_draft_that_another_tab_has_closed_says_so(mai: User) -> None:
    ids = made(mai, 1)
    draft = drafts.begin(mai.id, None)
    drafts.discard(draft)
    with pytest.raises(drafts.Closed):
        drafts.pick(draft, ids)


def test_discarding_leaves_nothing_behind(mai: User) -> None:
    draft = drafts.begin(mai.id, None)
    drafts.pick(draft, made(mai, 3))
    drafts.discard(draft)
    for model in (GroupDraft, GroupStep, GroupChange, CustomerGroup):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0


def test_marks_of_a_picker_page(mai: User) -> None:
    a, b, c, d, e = made(mai, 5)
    target = saved(mai, "A", [a, b])
    draft = drafts.begin(mai.id, target)
    drafts.pick(draft, [a, c])
    drafts.remove(draft, [b, e])
    marks = queries.in_group(draft, target, [a, b, c, d, e])
    assert marks == {a: "member", b: "removed", c: "added"}
    assert queries.in_group(None, target, [a, c]) == {a: "member"}
    assert queries.in_group(None, None, [a, c]) == {}


def test_a_group_that_follows_a_filter_is_not_picked_for(mai: User) -> None:
    a, b, _c = made(mai, 3)
    target = saved(mai, "A", [a])
    draft = drafts.begin(mai.id, target)
    drafts.follow(draft, "name=khach&code=&page=3")
    told = drafts.state(draft, target)
    assert (told.filter, told.members_after) == ("name=khach", 3)
    with pytest.raises(drafts.Follows):
        drafts.pick(draft, [b])
    db.session.rollback()


def test_following_is_saved_without_memberships_and_never_stale(mai: User) -> None:
    a, *_rest = made(mai, 3)
    target = saved(mai, "A", [a])
    draft = drafts.begin(mai.id, target)
    drafts.follow(draft, "name=khach 00")
    drafts.save(draft, target)
    assert members(target) == set()
    assert queries.member_counts([target.id]) == {target.id: 3}
    made(mai, 1)
    assert queries.member_counts([target.id]) == {target.id: 4}
    frozen = drafts.begin(mai.id, target)
    outcome = drafts.freeze(frozen)
    assert outcome.found == 4
    told = drafts.state(frozen, target)
    assert (told.members_before, told.members_after, told.filter) == (4, 4, None)
    drafts.save(frozen, target)
    assert target.filter is None
    assert len(members(target)) == 4


def test_freezing_what_was_only_drafted_leaves_just_those_that_match(mai: User) -> None:
    a, b, c = made(mai, 3)
    target = saved(mai, "A", [a, b])
    draft = drafts.begin(mai.id, target)
    drafts.follow(draft, f"name=khach 00{3}")
    drafts.freeze(draft)
    told = drafts.state(draft, target)
    assert (told.added, told.removed, told.filter) == (1, 2, None)
    drafts.save(draft, target)
    assert members(target) == {c}
