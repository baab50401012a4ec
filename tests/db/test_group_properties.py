"""Any sequence of what one can do to a draft equals the same on plain sets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import factories
from flask import Flask
from grouping import erase, members, shown
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from importing import staged
from sqlalchemy import select

from crmadmin.core.db import acting_as, db
from crmadmin.customers.models import Customer
from crmadmin.groups import drafts, queries
from crmadmin.groups.models import CustomerGroup, GroupDraft
from crmadmin.imports import services as imports
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline.target import DRAFT

POOL = 8
SETS = st.sets(st.integers(1, POOL), max_size=5)
PLACE = st.integers(0, 30)
ACT = st.one_of(
    st.tuples(st.just("pick"), SETS),
    st.tuples(st.just("remove"), SETS),
    st.tuples(st.just("match"), SETS),
    st.tuples(st.just("remove_match"), SETS),
    st.tuples(st.just("import"), st.sets(st.integers(1, POOL + 3), min_size=1, max_size=4)),
    st.tuples(st.just("undo"), PLACE),
    st.tuples(st.just("undo_import"), PLACE),
    st.tuples(st.just("undo_customer"), st.integers(1, POOL)),
    st.tuples(st.just("undo_all"), PLACE),
    st.tuples(st.just("delete"), st.integers(1, POOL)),
    st.tuples(st.just("elsewhere"), SETS),
    st.tuples(st.just("save"), PLACE),
    st.tuples(st.just("discard"), PLACE),
)
MANY = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Plain:
    """A group and its draft as sets of numbers (K01 is 1), and a list of steps."""

    def __init__(self) -> None:
        self.there = set(range(1, POOL + 1))
        self.group: set[int] = set()
        self.steps: list[tuple[bool, set[int], int | None]] = []

    @property
    def after(self) -> set[int]:
        found = set(self.group)
        for adds, named, _batch in self.steps:
            found = found | named if adds else found - named
        return found & self.there


class Real:
    """The same in the database."""

    def __init__(self) -> None:
        for table in reversed(db.metadata.sorted_tables):
            db.session.execute(table.delete())
        self.user = factories.user("mai")
        for number in range(1, POOL + 1):
            factories.customer(self.user, f"K{number:02d}", code=f"K{number:02d}")
        self.group: CustomerGroup = factories.group()
        db.session.commit()

    @property
    def draft(self) -> GroupDraft:
        return drafts.begin(self.user.id, self.group)

    def ids(self, numbers: Iterable[int]) -> list[int]:
        keys = [f"k{n:02d}" for n in numbers]
        return list(db.session.scalars(select(Customer.id).where(Customer.code_key.in_(keys))))

    def where(self, numbers: Iterable[int]) -> list[Any]:
        return [Customer.code_key.in_([f"k{n:02d}" for n in numbers])]

    def numbers(self, ids: Iterable[int]) -> set[int]:
        keys = db.session.scalars(select(Customer.code_key).where(Customer.id.in_(list(ids))))
        return {int(key[1:]) for key in keys}


def act(real: Real, plain: Plain, name: str, given: Any) -> None:
    """Do the same to both."""
    if name in ("pick", "remove", "match", "remove_match"):
        choose(real, plain, name, given)
    elif name == "import":
        carry_in(real, plain, given)
    elif name in ("undo", "undo_import"):
        undo(real, plain, given, of_import=name == "undo_import")
    elif name == "undo_customer":
        drafts.take_back_customer(real.draft, next(iter(real.ids([given])), 0))
        steps = [(adds, named - {given}, batch) for adds, named, batch in plain.steps]
        plain.steps = [s for s in steps if s[1] or s[2] is not None]
    elif name == "delete":
        erase(real.user, *real.ids([given]))
        forget(plain, {given})
    elif name == "elsewhere":
        with acting_as(real.user.id):
            factories.add_to_group(real.group, real.where(given))
        plain.group |= given & plain.there
    else:
        end(real, plain, name)


def end(real: Real, plain: Plain, name: str) -> None:
    """Hoàn tác tất cả, Cập nhật or Trở về."""
    if name == "save":
        plain.group = plain.after
        drafts.save(real.draft, real.group)
    elif name == "discard":
        drafts.discard(real.draft)
    else:
        drafts.take_back_all(real.draft)
    plain.steps = []


def choose(real: Real, plain: Plain, name: str, given: set[int]) -> None:
    """By hand, or all that match."""
    if name == "pick":
        outcome = drafts.pick(real.draft, [*real.ids(given), 10**6])
        assert outcome.missing == 1
    elif name == "match":
        outcome = drafts.pick_matching(real.draft, real.where(given))
    elif name == "remove":
        outcome = drafts.remove(real.draft, real.ids(given))
    else:
        given = given & plain.after
        outcome = drafts.remove_matching(real.draft, real.where(given))
    named = given & plain.there
    before = plain.after
    assert outcome.found == len(named)
    if named:
        plain.steps.append((name in ("pick", "match"), named, None))
    assert outcome.changed == len(before ^ plain.after)


def carry_in(real: Real, plain: Plain, given: set[int]) -> None:
    """Import a file that names some customers and makes the others."""
    rows = [(f"K{n:02d}", f"K{n:02d}") for n in sorted(given)]
    batch = staged(real.user, "customers", ("Mã KH", "Tên KH"), [*rows, rows[0]])
    batch.step_id = drafts.import_step(real.draft, batch.file_name).id
    batch.options = {**batch.options, DRAFT: real.group.id}
    db.session.commit()
    before = plain.after
    report = imports.run(batch)
    assert report.members["added"] == len(given - before)
    plain.there |= given
    plain.steps.append((True, set(given), batch.id))


def undo(real: Real, plain: Plain, place: int, *, of_import: bool) -> None:
    """Take back one step; or the import of one, with the customers that it made."""
    steps = list(drafts.state(real.draft, real.group).steps)
    mine = [s for s in plain.steps if s[1]]
    if not mine:
        return
    place %= len(mine)
    _adds, _named, batch_id = mine[place]
    if not of_import:
        assert drafts.take_back(real.draft, steps[place].id)
        plain.steps.remove(mine[place])
    elif batch_id is not None:
        db.session.commit()
        batch = db.session.get_one(ImportBatch, batch_id)
        imports.undo(batch)
        plain.steps.remove(mine[place])
        forget(plain, plain.there - real.numbers(db.session.scalars(select(Customer.id))))


def forget(plain: Plain, gone: set[int]) -> None:
    """Customers were deleted."""
    plain.there -= gone
    plain.group -= gone
    plain.steps = [(adds, named - gone, batch) for adds, named, batch in plain.steps]


def agree(real: Real, plain: Plain) -> None:
    """Everything that can be asked gives what the sets give."""
    draft, group = drafts.find(real.user.id, real.group.id), real.group
    assert real.numbers(members(group)) == plain.group
    told = drafts.state(draft, group)
    added, removed = plain.after - plain.group, plain.group - plain.after
    assert (told.members_before, told.added, told.removed, told.members_after) == (
        len(plain.group), len(added), len(removed), len(plain.after),
    )  # fmt: skip
    assert [s.rows for s in told.steps] == [len(named) for _a, named, _b in plain.steps if named]
    rows = shown(draft, group)
    for change, expected in (("added", added), ("removed", removed)):
        assert real.numbers(key for key, c in rows if c == change) == expected
        assert [key for key, c in rows if c == change] == [
            key for key, _c in shown(draft, group, change)
        ]
    assert real.numbers(key for key, _c in rows) == plain.after | plain.group
    everybody = list(db.session.scalars(select(Customer.id)))
    marks = queries.in_group(draft, group, everybody)
    assert real.numbers(k for k, mark in marks.items() if mark != "removed") == plain.after


@MANY
@given(acts=st.lists(ACT, min_size=1, max_size=9))
def test_any_sequence_of_acts_equals_the_same_on_plain_sets(context: Flask, acts: Any) -> None:
    db.session.rollback()
    real, plain = Real(), Plain()
    for name, given_ in [*acts, ("save", 0)]:
        act(real, plain, name, given_)
        agree(real, plain)
