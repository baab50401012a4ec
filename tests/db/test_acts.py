"""Acts on many records: only what is as it was seen is written, and all of it can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from factories import catalog, contact, customer, group, set_value, user
from flask import Flask
from sqlalchemy import event, func, select

from crmadmin.access.models import User
from crmadmin.catalogs import acts as catalog_acts
from crmadmin.catalogs.models import CollaboratorGroup, CustomerStatus, CustomerTier
from crmadmin.catalogs.services import OrderedRecord
from crmadmin.core import acts, bulk, images, many, marks, records
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import acting_as, db, utcnow
from crmadmin.customers import acts as customer_acts
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups import acts as group_acts
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.jobs import acts as jobs

HISTORY = (
    "bulk_act",
    "bulk_row",
    "job",
    "customer_search_pending",
    "group_draft",
    "group_step",
    "group_change",
)
STAMPS = ("version", "updated_at", "updated_by_id")


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All that is stored, less stamps and the history of what was done."""
    db.session.expire_all()
    found = {}
    for table in db.metadata.sorted_tables:
        if table.name not in HISTORY:
            columns = [c for c in table.columns if c.name not in STAMPS]
            found[table.name] = sorted(map(repr, db.session.execute(select(*columns)).all()))
    return found


@pytest.fixture
def an(context: Flask) -> User:
    made = user("an")
    db.session.commit()
    with acting_as(made.id):
        yield made


class World:
    """Customers in groups with contacts, catalog values in use: something for every act."""

    def __init__(self, an: User) -> None:
        self.an, self.other = an, user("mai")
        self.old, self.new = catalog(CustomerStatus, "Cũ"), catalog(CustomerStatus, "Mới")
        self.tier = catalog(CustomerTier, "Vàng")
        self.default = catalog(CustomerTier, "Mặc định", is_default=True)
        self.unused = catalog(CollaboratorGroup, "Không ai dùng")
        self.many = [
            customer(an, f"Khách {n}", status_id=(self.old.id if n % 2 else None),
                     email=f"k{n}@example.com", birthday=None)
            for n in range(6)
        ]  # fmt: skip
        for one in self.many[:4]:
            contact(one, phone="+84911222333")
        self.group, self.second = group("Một"), group("Hai")
        for one in self.many[:4]:
            db.session.add(Membership(group_id=self.group.id, customer_id=one.id))
        db.session.add(Membership(group_id=self.second.id, customer_id=self.many[0].id))
        db.session.commit()

    def plan(self, kind: str) -> BulkAct:
        some = self.many[:4] if kind in (G.REMOVE, G.MOVE, G.COPY) else self.many[:5]
        return acts.plan(kind, Customer, [Customer.id.in_([c.id for c in some])])

    def plan_groups(self, kind: str) -> BulkAct:
        return acts.plan(kind, CustomerGroup, [CustomerGroup.id == self.group.id])


@pytest.fixture
def world(an: User) -> World:
    return World(an)


def shown(*records: CustomerStatus) -> list[OrderedRecord]:
    """Records as a list shows them that somebody orders."""
    return [OrderedRecord(r.id, marks.moment(r.created_at), r.position) for r in records]


Act = Callable[[World], BulkAct]
C, G, K = customer_acts, group_acts, catalog_acts
DOING: dict[str, Act] = {
    C.SET: lambda w: set_value(w.plan(C.SET), "status_id", w.new.id),
    C.OWNER: lambda w: set_value(w.plan(C.OWNER), "owner_id", w.other.id),
    C.DELETE: lambda w: C.remove(w.plan(C.DELETE)),
    G.ADD: lambda w: G.add(w.plan(G.ADD), w.second),
    G.REMOVE: lambda w: G.remove(w.plan(G.REMOVE), w.group),
    G.MOVE: lambda w: G.move(w.plan(G.MOVE), w.group, w.second),
    G.COPY: lambda w: G.copy(w.plan(G.COPY), w.group, w.second),
    G.DELETE_GROUPS: lambda w: G.delete_groups(w.plan_groups(G.DELETE_GROUPS)),
    K.STOP: lambda w: K.change(K.STOP, w.default),
    K.USE: lambda w: K.change(K.USE, w.tier),
    K.DEFAULT: lambda w: K.change(K.DEFAULT, w.tier),
    K.DELETE: lambda w: K.delete(w.unused),
    K.MERGE: lambda w: K.merge(w.old, w.new),
    K.ORDER: lambda w: K.order(CustomerStatus, shown(w.new, w.old)),
}


def test_every_kind_of_act_is_tried_here() -> None:
    assert {kind.name for kind in acts.kinds()} == set(DOING)


@pytest.mark.parametrize("kind", DOING)
def test_an_act_that_is_taken_back_leaves_everything_as_it_was(world: World, kind: str) -> None:
    before = everything()
    act = DOING[kind](world)
    db.session.commit()
    if kind != K.USE:  # it is in use already
        assert everything() != before
        assert act.written > 0
    acts.undo(acts.undoing(act.id))
    db.session.commit()
    assert everything() == before
    assert (act.back, act.stayed) == (act.written, 0)
    assert (act.state, act.undone_by_id) == ("undone", world.an.id)
    assert acts.undoing(act.id) is None


@pytest.mark.parametrize("kind", DOING)
def test_the_same_act_can_be_done_and_taken_back_again(world: World, kind: str) -> None:
    before = everything()
    for _time in range(2):
        act = DOING[kind](world)
        acts.undo(acts.undoing(act.id))
        db.session.commit()
    assert everything() == before


ON_CUSTOMERS = [C.SET, C.OWNER, C.DELETE, G.ADD, G.REMOVE, G.MOVE, G.COPY]
AS_SEEN: dict[str, Callable[[World, BulkAct], BulkAct]] = {
    C.SET: lambda w, act: set_value(act, "status_id", w.new.id),
    C.OWNER: lambda w, act: set_value(act, "owner_id", w.other.id),
    C.DELETE: lambda w, act: C.remove(act),
    G.ADD: lambda w, act: G.add(act, w.second),
    G.REMOVE: lambda w, act: G.remove(act, w.group),
    G.MOVE: lambda w, act: G.move(act, w.group, w.second),
    G.COPY: lambda w, act: G.copy(act, w.group, w.second),
}


@pytest.mark.parametrize("kind", ON_CUSTOMERS)
def test_what_changed_or_went_meanwhile_is_left_and_named(world: World, kind: str) -> None:
    act = world.plan(kind)
    changed, gone, came = world.many[1], world.many[2], customer(world.an, "Đến sau")
    records.change(changed, {"note": "Người khác vừa sửa"})
    label = records.describe(gone)
    db.session.delete(gone)
    db.session.commit()
    act = AS_SEEN[kind](world, act)
    db.session.commit()
    left = acts.named(act, acts.LEFT, per_page=10).rows
    assert {name for _id, name, _fate in left} == {records.describe(changed), label}
    assert act.left == 2
    db.session.expire_all()
    assert changed.status_id == world.old.id
    assert changed.owner_id == world.an.id
    assert came.status_id is None


@pytest.mark.parametrize("kind", [C.SET, C.OWNER])
def test_what_somebody_wrote_since_stays_and_is_named(world: World, kind: str) -> None:
    act = DOING[kind](world)
    edited = world.many[2]
    db.session.refresh(edited)
    records.change(edited, {"note": "Sửa sau"})
    db.session.commit()
    now = (edited.status_id, edited.owner_id, edited.note)
    acts.undo(acts.undoing(act.id))
    db.session.commit()
    db.session.expire_all()
    assert (edited.status_id, edited.owner_id, edited.note) == now
    assert [label for _i, label, _f in acts.named(act, acts.STAYS).rows] == [
        records.describe(edited)
    ]
    assert act.stayed == 1
    assert act.back == act.written - 1


@pytest.mark.parametrize("kind", [C.SET, C.OWNER])
def test_taking_back_what_brings_nothing_back_does_not_use_the_act_up(
    world: World, kind: str
) -> None:
    """A later act on the same records stands in the way: once it is taken back, this one can be."""
    before = everything()
    first = DOING[kind](world)
    second = DOING[C.OWNER if kind == C.SET else C.SET](world)
    db.session.commit()
    acts.undo(first)
    db.session.commit()
    assert (first.state, first.back, first.undone_at, first.undone_by_id) == ("done", 0, None, None)
    assert first.stayed == first.written > 0
    assert acts.fates(first) == {acts.WRITTEN: first.written}
    for act in (second, first):
        found = acts.undoing(act.id)
        assert found is not None
        acts.undo(found)
        db.session.commit()
        assert (act.state, act.back, act.stayed) == ("undone", act.written, 0)
    assert everything() == before


def test_acts_are_taken_back_one_after_the_other(world: World) -> None:
    before = everything()
    first, second = DOING[C.SET](world), DOING[C.OWNER](world)
    for act in (second, first):
        acts.undo(acts.undoing(act.id))
        assert act.stayed == 0
    db.session.commit()
    assert everything() == before


def test_a_code_that_is_anothers_now_keeps_the_deleted_one_away(world: World) -> None:
    act = DOING[C.DELETE](world)
    code = acts.named(act, acts.WRITTEN).rows[0][1].split(" – ")[0]
    customer(world.an, "Người đến sau", code=code)
    db.session.commit()
    acts.undo(acts.undoing(act.id))
    db.session.commit()
    assert (act.back, act.stayed) == (4, 1)
    assert len(acts.named(act, acts.TAKEN).rows) == 1
    kept = db.session.scalars(select(Customer.name).where(Customer.code == code)).all()
    assert kept == ["Người đến sau"]


def test_a_value_that_is_gone_is_left_out_of_what_comes_back_and_told(world: World) -> None:
    act = DOING[C.DELETE](world)
    last = world.many[5]
    db.session.refresh(last)
    records.change(last, {"status_id": None})
    db.session.flush()
    records.delete(db.session.get(CustomerStatus, world.old.id))
    db.session.commit()
    acts.undo(acts.undoing(act.id))
    db.session.commit()
    assert act.back == 5
    assert len(acts.named(act, acts.PARTLY, per_page=10).rows) == 2


def test_a_value_is_not_set_back_to_one_that_is_gone(world: World) -> None:
    act = DOING[C.SET](world)
    last = world.many[5]
    db.session.refresh(last)
    records.change(last, {"status_id": None})
    records.delete(db.session.get(CustomerStatus, world.old.id))
    db.session.commit()
    acts.undo(acts.undoing(act.id))
    db.session.commit()
    assert (act.back, act.stayed) == (3, 2)
    assert len(acts.named(act, acts.TAKEN).rows) == 2


def test_the_mark_of_a_default_that_another_has_now_stays_there(world: World) -> None:
    act = DOING[K.DEFAULT](world)
    third = catalog(CustomerTier, "Thứ ba")
    K.change(K.DEFAULT, third)
    db.session.commit()
    acts.undo(acts.undoing(act.id))
    db.session.commit()
    db.session.expire_all()
    assert [t.name for t in db.session.scalars(select(CustomerTier).where(CustomerTier.is_default))]
    assert third.is_default


def test_places_that_were_given_again_stay(world: World) -> None:
    act = DOING[K.ORDER](world)
    K.order(CustomerStatus, shown(world.old, world.new))
    db.session.commit()
    acts.undo(acts.undoing(act.id))
    assert act.back == 0
    assert act.stayed == 2


def test_a_plan_is_of_who_made_it_and_is_carried_out_once(world: World) -> None:
    act = world.plan(C.SET)
    assert acts.planned(marks.key(act), C.OWNER) is None
    assert acts.planned("x", C.SET) is None
    assert acts.planned(str(act.id), C.SET) is None  # its number proves nothing
    with acting_as(world.other.id):
        assert acts.planned(marks.key(act), C.SET) is None
    set_value(acts.planned(marks.key(act), C.SET), "status_id", world.new.id)
    assert acts.planned(marks.key(act), C.SET) is None


def test_the_number_of_statements_does_not_grow_with_the_rows(
    world: World, statements: list[str]
) -> None:
    def cost(kind: str) -> tuple[int, int]:
        db.session.expire_all()
        statements.clear()
        act = DOING[kind](world)
        db.session.commit()
        doing = len(statements)
        statements.clear()
        acts.undo(acts.undoing(act.id))
        db.session.commit()
        return doing, len(statements)

    world.plan = lambda kind: acts.plan(kind, Customer, [])  # type: ignore[method-assign]
    cost(G.ADD)  # the first time some names are looked up
    few = {kind: cost(kind) for kind in (C.SET, C.DELETE, G.ADD, G.REMOVE)}
    assert max(max(costs) for costs in few.values()) <= 50
    for number in range(50):
        world.many.insert(0, customer(world.an, f"Thêm {number}", status_id=world.old.id))
        contact(world.many[0])
    db.session.commit()
    assert {kind: cost(kind) for kind in few} == few
    assert db.session.query(Contact).count() == 54


def test_old_plans_and_acts_past_their_days_are_forgotten(world: World) -> None:
    old, kept = world.plan(C.SET), DOING[C.OWNER](world)
    gone = DOING[C.SET](world)
    gone.created_at -= timedelta(days=5000)
    old.created_at -= timedelta(hours=2)
    db.session.commit()
    acts.forget()
    assert list(db.session.scalars(select(BulkAct.id))) == [kept.id]


# Block by block


@pytest.fixture
def blocks_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "BLOCK", 2)
    monkeypatch.setattr(many, "MANY", 3)


IN_BLOCKS = [kind.name for kind in acts.kinds() if kind.work is not None]


def planned_long(world: World, kind: str) -> BulkAct:
    act = world.plan(kind)
    if kind != C.DELETE:
        column = {C.SET: "status_id", C.OWNER: "owner_id"}[kind]
        C.want(act, column, {C.SET: world.new.id, C.OWNER: world.other.id}[kind])
    db.session.commit()
    assert many.is_long(act)
    return act


@pytest.mark.parametrize("kind", IN_BLOCKS)
def test_a_long_act_is_worked_as_a_job_and_comes_to_the_same(
    world: World, blocks_of_two: None, kind: str
) -> None:
    act = planned_long(world, kind)
    left = world.many[4]
    left.name = "Ai đó vừa sửa"
    db.session.commit()
    before = everything()
    jobs.start(act)
    key = act.id
    act = db.session.get_one(BulkAct, key, populate_existing=True)
    assert (act.state, act.written, act.left) == ("done", 4, 1)
    assert [label for _i, label, _f in acts.named(act, acts.LEFT).rows] == [
        f"{left.code} – Khách 4"
    ]
    assert everything() != before
    found = acts.undoing(key)
    assert many.is_long(found)
    jobs.start(found)
    assert everything() == before
    act = db.session.get_one(BulkAct, key, populate_existing=True)
    assert (act.state, act.back, act.stayed) == ("undone", 4, 0)
    assert act.undone_by_id == world.an.id


@pytest.mark.parametrize("kind", IN_BLOCKS)
@pytest.mark.parametrize("end", ["do", "undo"])
def test_a_long_act_goes_on_from_its_last_block(
    world: World, blocks_of_two: None, kind: str, end: str
) -> None:
    before = everything()
    act = planned_long(world, kind)
    for step in ("do", "undo"):
        many.begin(act)
        if step == end:
            rows = next(many.go_on(act))
            assert rows == 2
            db.session.commit()
            next(many.go_on(act))
            db.session.rollback()  # whoever had it died over the second block
            act = db.session.get_one(BulkAct, act.id, populate_existing=True)
            assert acts.is_unfinished(act)
            assert acts.undoing(act.id) is None
        for _rows in many.go_on(act):
            db.session.commit()
        db.session.commit()
        assert act.written == 5
    assert everything() == before
    assert (act.back, act.stayed) == (5, 0)


def test_taking_back_a_block_leaves_the_versions_of_other_blocks(
    world: World, blocks_of_two: None
) -> None:
    before = everything()
    first, second = planned_long(world, C.OWNER), planned_long(world, C.OWNER)
    jobs.start(first)
    second = db.session.get_one(BulkAct, second.id, populate_existing=True)
    assert second.state == acts.PLANNED
    second = planned_long(world, C.SET)
    jobs.start(second)
    for act in (second, first):
        jobs.start(acts.undoing(act.id))
        found = db.session.get_one(BulkAct, act.id, populate_existing=True)
        assert (found.back, found.stayed) == (5, 0)
    assert everything() == before


def test_what_is_done_in_blocks_can_be_taken_back_in_blocks() -> None:
    in_blocks = [kind for kind in acts.kinds() if kind.work is not None]
    assert in_blocks
    assert [kind.name for kind in in_blocks if kind.undo is not images.undo] == []
    # Of dependents of dependents nothing says which block they belong to.
    for other, _link in acts.dependents(Customer.__table__):
        assert not acts.dependents(other), other.name


def test_old_acts_of_many_rows_go_some_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = world.plan(C.SET)
    act.created_at = utcnow() - timedelta(days=400)
    db.session.commit()
    monkeypatch.setattr(acts, "delete_some", partial(bulk.delete_some, most=2))
    ended: list[int] = []
    event.listen(db.session, "after_commit", lambda _s: ended.append(1))
    assert acts.forget() == 1
    assert len(ended) >= 4  # looked, 2 + 2 + 1 rows, the act
    assert db.session.scalar(select(func.count()).select_from(acts.BulkRow)) == 0
