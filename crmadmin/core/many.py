"""Acts on very many records, block by block: each block is a transaction of its own.

One statement that writes a hundred thousand records holds SQLite's lock, or their rows, for the
better part of a minute, and whoever saves a form waits for it. A block is short, and after each of
them others have their turn. What is done of an act is in its rows, so that whoever takes it up
after a crash goes on with those that are left. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from crmadmin.core import acts, images
from crmadmin.core.acts import DOING, ROWS, SEEN, UNDOING, WRITTEN, BulkAct, IdRange
from crmadmin.core.db import actor, db

BLOCK = 2_000
"""Rows of one transaction."""
MANY = 5_000
"""Rows up to which an act is done at once, while its user waits: a second or two."""


def is_long(act: BulkAct) -> bool:
    """Whether doing it, or taking it back, is a job's."""
    return act.picked > MANY and acts.kind_of(act).work is not None


def do_at_once(act: BulkAct) -> BulkAct:
    """Carry out a plan whose `params` say what is wanted."""
    _work(act)
    return acts.finish(act)


def begin(act: BulkAct) -> int:
    """The plan is to be done, or what was done taken back, by the acting user; gives how many rows
    there are to go through."""
    if act.state == acts.PLANNED:
        act.state = DOING
        return act.picked
    act.state, act.undone_by_id = UNDOING, actor.get()
    return _count(act)


def go_on(act: BulkAct) -> Iterator[int]:
    """Do an act, or take it back, from wherever it is; gives the rows of each block, which whoever
    asks commits, and what ends it comes after the last of them."""
    if act.state == DOING:
        for block, rows in _blocks(act, act.target, SEEN):
            with acts.only(block):
                _work(act)
            yield rows
        acts.finish(act)
    elif act.state == UNDOING:
        acts.know_sizes()
        for how, table, take_back in images.steps(act):
            for block, rows in _blocks(act, table.name, WRITTEN, how):
                with acts.only(block):
                    take_back(act, table)
                yield rows
        acts.finish_undoing(act)


def _work(act: BulkAct) -> None:
    work = acts.kind_of(act).work
    if work is None:
        raise TypeError(f"{act.kind} is not done block by block")
    work(act)


def _blocks(act: BulkAct, target: str, fate: str, how: str = "") -> Iterator[tuple[IdRange, int]]:
    """The rows of this fate, in the order of their ids, whatever becomes of them meanwhile."""
    last = -1
    while True:
        where = acts.rows(act, fate, target=target, how=how)
        some = select(ROWS.c.record_id).where(*where, ROWS.c.record_id > last)
        found = list(db.session.scalars(some.order_by(ROWS.c.record_id).limit(BLOCK)))
        if not found:
            return
        last = found[-1]
        yield IdRange(target, found[0], last), len(found)


def _count(act: BulkAct) -> int:
    written = select(func.count()).where(ROWS.c.act_id == act.id, ROWS.c.fate == WRITTEN)
    return db.session.scalar(written) or 0
