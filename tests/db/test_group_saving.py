"""Saving a draft: one transaction, refusals with nothing half-done, others who saved meanwhile."""

from __future__ import annotations

import pytest
from factories import add_to_group, group, user
from flask import Flask
from grouping import erase, made, members, saved, shown, those
from sqlalchemy import func, insert, select, text

from crmadmin.access.models import User
from crmadmin.core import acts
from crmadmin.core.db import acting_as, db, utcnow
from crmadmin.core.records import Invalid
from crmadmin.customers.models import Customer
from crmadmin.groups import acts as group_acts
from crmadmin.groups import drafts, queries, services
from crmadmin.groups.models import NEW, CustomerGroup, GroupChange, GroupStep, Membership


@pytest.fixture
def lan(context: Flask) -> User:
    """Who edits the same groups."""
    return user("lan", "marketing")


def test_a_new_group_is_made_with_its_members(mai: User) -> None:
    ids = made(mai, 3)
    target = saved(mai, "Khách  mời ", ids)
    assert (target.name, target.version) == ("Khách mời", 1)
    assert target.created_by_id == mai.id
    assert members(target) == set(ids)
    row = db.session.scalars(select(Membership)).first()
    assert row is not None
    assert (row.added_by_id, row.import_id) == (mai.id, None)
    assert drafts.find(mai.id, NEW) is None
    assert drafts.find(mai.id, target.id) is None


@pytest.mark.parametrize(
    ("name", "description", "problem"),
    [
        (None, "x", "name"),
        ("  ", "x", "name"),
        ("A", None, "description"),
        ("A", " \n ", "description"),
        ("A" * 121, "x", "name"),
        ("KHÁCH  mời", "x", "name"),
    ],
)
def test_texts_are_required_and_names_taken_refused_with_nothing_written(
    mai: User, name: str | None, description: str | None, problem: str
) -> None:
    group("Khách mời")
    draft = drafts.begin(mai.id, None)
    drafts.type_text(draft, name=name, description=description)
    drafts.pick(draft, made(mai, 2))
    with pytest.raises(Invalid) as refused:
        drafts.save(draft, None)
    assert list(refused.value.problems) == [problem]
    db.session.commit()  # even a view that does not roll back leaves nothing half-done
    assert db.session.scalar(select(func.count()).select_from(CustomerGroup)) == 1
    assert db.session.scalar(select(func.count()).select_from(Membership)) == 0
    assert drafts.state(draft, None).added == 2


def test_a_taken_name_leaves_the_members_of_a_group_alone(mai: User) -> None:
    group("Khách mời")
    target = saved(mai, "A", [])
    draft = drafts.begin(mai.id, target)
    drafts.type_text(draft, name="Khách mời")
    drafts.pick(draft, made(mai, 2))
    with pytest.raises(Invalid, match="Khách mời"):
        drafts.save(draft, target)
    db.session.commit()
    assert members(target) == set()
    assert target.version == 1


def test_saving_moves_the_version_and_says_who(mai: User, lan: User) -> None:
    target = saved(mai, "A", [])
    draft = drafts.begin(lan.id, target)
    drafts.pick(draft, made(mai, 1))
    drafts.save(draft, target)
    assert (target.version, target.updated_by_id) == (2, lan.id)
    draft = drafts.begin(lan.id, target)
    drafts.pick(draft, made(mai, 1))
    drafts.type_text(draft, name="B")
    drafts.save(draft, target)
    assert (target.version, target.name) == (3, "B")


def test_saving_nothing_changes_nothing(mai: User) -> None:
    ids = made(mai, 1)
    target = saved(mai, "A", ids)
    draft = drafts.begin(mai.id, target)
    drafts.pick(draft, ids)
    drafts.save(draft, target)
    assert target.version == 1
    assert drafts.find(mai.id, target.id) is None
    assert queries.history(target.id, 1).total == 1


def test_only_customers_for_whom_it_made_a_difference_stay_in_the_history(mai: User) -> None:
    a, b, c, d = made(mai, 4)
    target = saved(mai, "A", [a, b])
    draft = drafts.begin(mai.id, target)
    drafts.pick(draft, [a, c, d])
    drafts.remove(draft, [b, d])
    drafts.pick(draft, [a])
    drafts.save(draft, target)
    assert members(target) == {a, c}
    [latest, first] = queries.history(target.id, 1).rows
    assert (latest.added, latest.removed) == (1, 1)
    assert [(s.adds, s.rows) for s in latest.steps] == [(True, 1), (False, 1)]
    assert (first.is_new, first.added, latest.is_new) == (True, 2, False)
    assert db.session.scalar(select(func.count()).select_from(GroupChange)) == 4
    assert db.session.scalar(select(func.count()).select_from(GroupStep)) == 3


def test_the_history_tells_texts_before_and_after(mai: User) -> None:
    target = saved(mai, "A", [])
    draft = drafts.begin(mai.id, target)
    drafts.type_text(draft, name="B", description="Khác")
    drafts.save(draft, target)
    entry = queries.history(target.id, 1).rows[0]
    assert entry.user == mai
    assert entry.texts == {"name": ("A", "B"), "description": ("Khách của tháng", "Khác")}


def test_two_editors_get_a_conflict_that_shows_both_sides(mai: User, lan: User) -> None:
    a, b, c, d = made(mai, 4)
    target = saved(mai, "A", [a, b])
    mine, theirs = drafts.begin(mai.id, target), drafts.begin(lan.id, target)
    drafts.pick(mine, [c])
    drafts.remove(mine, [a])
    drafts.type_text(mine, name="Của Mai")
    drafts.remove(theirs, [a, b])
    drafts.type_text(theirs, name="Của Lan")
    drafts.pick(theirs, [d])
    drafts.save(theirs, target)
    with pytest.raises(drafts.Conflict) as found:
        drafts.save(mine, target)
    conflict = found.value
    [entry] = conflict.theirs
    assert (entry.user, entry.added, entry.removed) == (lan, 1, 2)
    assert conflict.texts == {"name": ("Của Lan", "Của Mai")}
    assert conflict.both.count == 0
    assert members(target) == {d}
    drafts.save(mine, target, merge=True)
    assert members(target) == {c, d}
    assert target.name == "Của Mai"


def test_a_conflict_names_customers_both_sides_touched_contrarily(mai: User, lan: User) -> None:
    a, b = made(mai, 2)
    target = saved(mai, "A", [a])
    mine, theirs = drafts.begin(mai.id, target), drafts.begin(lan.id, target)
    drafts.pick(mine, [a, b])
    drafts.remove(theirs, [a])
    drafts.save(theirs, target)
    with pytest.raises(drafts.Conflict) as found:
        drafts.save(mine, target)
    assert (found.value.both.count, found.value.both.names) == (1, ["Khách 001"])
    seen = found.value.version
    third = drafts.begin(lan.id, target)
    drafts.type_text(third, description="Lần nữa")
    drafts.save(third, target)
    with pytest.raises(drafts.Conflict):
        drafts.save(mine, target, merge=True, seen_version=seen)
    drafts.save(mine, target, merge=True, seen_version=target.version)
    assert members(target) == {a, b}


def test_ones_own_acts_elsewhere_are_no_conflict(mai: User) -> None:
    a, b = made(mai, 2)
    target = saved(mai, "A", [a])
    draft = drafts.begin(mai.id, target)
    drafts.pick(draft, [a, b])
    with acting_as(mai.id):
        group_acts.remove(acts.plan(group_acts.REMOVE, Customer, those(a)), target)
    told = drafts.state(draft, target)
    assert (told.members_before, told.added) == (0, 2)
    drafts.save(draft, target)
    assert members(target) == {a, b}


def test_steps_on_a_group_that_follows_a_filter_by_now_are_lost_and_said_so(
    mai: User, lan: User
) -> None:
    ids = made(mai, 2)
    target = saved(mai, "A", ids[:1])
    mine, theirs = drafts.begin(mai.id, target), drafts.begin(lan.id, target)
    drafts.pick(mine, ids)
    drafts.follow(theirs, "name=zzz")
    drafts.save(theirs, target)
    with pytest.raises(drafts.Conflict) as found:
        drafts.save(mine, target)
    assert found.value.lost
    drafts.save(mine, target, merge=True)
    assert members(target) == set()


def test_a_group_deleted_meanwhile_leaves_its_changes_as_a_new_group(mai: User, lan: User) -> None:
    a, b, c = made(mai, 3)
    target = saved(mai, "A", [a])
    draft = drafts.begin(mai.id, target)
    drafts.pick(draft, [b, c])
    drafts.type_text(draft, description="Giữ lại")
    with acting_as(lan.id):
        assert services.delete_many([target.id]) == 1
    with pytest.raises(drafts.Gone) as found:
        drafts.save(draft, None)
    kept = found.value.draft
    assert found.value.by is not None
    assert found.value.by.user == lan
    db.session.commit()
    assert drafts.find(mai.id, NEW) == kept
    told = drafts.state(kept, None)
    assert (told.name, told.description, told.added) == ("A", "Giữ lại", 2)
    assert members(drafts.save(kept, None)) == {b, c}


def test_the_changes_of_a_deleted_group_join_a_new_group_that_was_begun(
    mai: User, lan: User
) -> None:
    a, b, c = made(mai, 3)
    new = drafts.begin(mai.id, None)
    drafts.pick(new, [a])
    drafts.type_text(new, name="Mới")
    target = saved(lan, "A", [])
    draft = drafts.begin(mai.id, target)
    drafts.pick(draft, [b, c])
    with acting_as(lan.id):
        services.delete_many([target.id])
    with pytest.raises(drafts.Gone) as found:
        drafts.save(draft, None)
    assert found.value.draft == new
    told = drafts.state(new, None)
    assert (told.name, told.description, told.added) == ("Mới", "Khách của tháng", 3)


def test_a_group_that_gets_a_deleted_ones_number_has_not_its_drafts_and_history(
    mai: User, lan: User
) -> None:
    target = saved(mai, "A", made(mai, 1))
    number = target.id
    draft = drafts.begin(mai.id, target)
    drafts.pick(draft, made(mai, 1))
    with acting_as(lan.id):
        services.delete_many([number])
    other = CustomerGroup(id=number, name="B", description="x")
    db.session.add(other)
    db.session.flush()
    assert drafts.find(mai.id, number) is None
    assert queries.history(number, 1).rows == []
    with pytest.raises(drafts.Gone):
        drafts.save(draft, other)
    assert members(other) == set()


def test_a_customer_deleted_before_saving_is_left_out(mai: User) -> None:
    ids = made(mai, 3)
    draft = drafts.begin(mai.id, None)
    drafts.type_text(draft, name="A", description="x")
    drafts.pick(draft, ids)
    erase(mai, *ids[1:])
    target = drafts.save(draft, None)
    assert members(target) == {ids[0]}
    assert queries.history(target.id, 1).rows[0].added == 1


def test_an_open_draft_of_another_user_is_not_touched_by_an_act(mai: User, lan: User) -> None:
    a, b = made(mai, 2)
    target = saved(mai, "A", [])
    draft = drafts.begin(lan.id, target)
    drafts.pick(draft, [a])
    with acting_as(mai.id):
        assert add_to_group(target, those(a, b)).added == 2
        assert add_to_group(target, those(a, b)).added == 0
    assert target.version == 2
    assert shown(draft, target) == [(a, None), (b, None)]
    with pytest.raises(drafts.Conflict):
        drafts.save(draft, target)


def test_many_who_leave_are_taken_out_like_few(mai: User, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = made(mai, 5)
    target = saved(mai, "A", ids)
    monkeypatch.setattr("crmadmin.groups.saving.FEW", 1)
    draft = drafts.begin(mai.id, target)
    drafts.remove(draft, ids[:3])
    drafts.save(draft, target)
    assert members(target) == set(ids[3:])


@pytest.mark.parametrize("database", ["postgresql"])
def test_a_group_is_saved_beside_others_who_add_rows_that_name_it(mai: User) -> None:
    """Such as an import, which may wait for the draft that is being saved."""
    target, ids = group("Nhóm cũ"), made(mai, 2)
    db.session.commit()
    draft = drafts.begin(mai.id, target)
    drafts.pick(draft, ids[:1])
    db.session.commit()
    values = {"group_id": target.id, "customer_id": ids[1], "added_by_id": mai.id}
    with db.engine.connect() as other:
        other.execute(insert(Membership.__table__).values(**values, added_at=utcnow()))
        db.session.execute(text("SET LOCAL lock_timeout = '2s'"))
        drafts.save(draft, target)
        db.session.commit()
        other.commit()
    assert members(target) == set(ids)
