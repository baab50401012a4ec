"""Carrying an import out: block by block, or in one transaction when it is strict."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass

from crmadmin.access.models import User
from crmadmin.core import bulk
from crmadmin.core.db import db, utcnow
from crmadmin.core.engine import is_awaited
from crmadmin.groups import filling
from crmadmin.imports.common import (
    Unnamed,
    ensure_group,
    note_columns,
    note_source,
    require_rows,
)
from crmadmin.imports.kinds import Kind
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline import checked_blocks, corrections, ledger
from crmadmin.imports.pipeline.blocks import LEFT_OUT, Step, Walk
from crmadmin.imports.pipeline.ledger import Tally
from crmadmin.imports.pipeline.plan import Fate
from crmadmin.imports.pipeline.prefetch import Fetching
from crmadmin.imports.pipeline.write import Loader
from crmadmin.imports.records import State
from crmadmin.imports.source import Source
from crmadmin.imports.states import Status
from crmadmin.jobs.work import Stopped, Turn

HOLDING = 2.0
"""Seconds for which blocks may share a transaction. Progress is seen, and a job's lease renewed,
when it ends."""
RACES = 5
"""How often one block is planned anew because somebody else wrote the same records."""


class Race(RuntimeError):
    """Others wrote the same records again and again; the block was not written."""


class InvalidRow(Exception):
    """A strict import met a row that is invalid."""


def write(batch: ImportBatch, kind: Kind, user: User, source: Source, turn: Turn) -> None:
    """Write the good rows: every block of them whole or not at all."""
    has_promise = bool(batch.planned)
    turn.require()
    if not turn.checkpoint:
        note_source(batch, kind, source)
        if not has_promise:
            ledger.clear(batch.id)
    ensure_group(batch)
    db.session.commit()
    walk = Walk(kind, batch, user, source.column_map, corrections.of(batch.id))
    loader = Loader(kind, batch)
    loader.has_numbered = turn.checkpoint > 0
    tally, unnamed = Tally.from_progress(turn.progress), Unnamed(source.reading)
    found = checked_blocks.steps(
        walk, source.reading, unnamed, batch.file_size, checkpoint=turn.checkpoint, making=True
    )
    with closing(found) as steps:
        work = _Work(batch, kind, walk, loader, steps, has_promise)
        blocks = _Transactions(work, turn, tally)
        for step in steps:
            if step.last <= turn.checkpoint:
                walk.replay(step)
                db.session.commit()  # on SQLite reading holds the lock, which others wait for
                continue
            blocks.write(step)
            if not blocks.is_open and turn.should_stop:
                raise Stopped
        blocks.commit()
    _finish(batch, source, tally, unnamed, turn)


class _Transactions:
    """Writes blocks, each a transaction, or some of them together.

    With SQLite every transaction writes a page of each index for nearly every row, so fewer of them
    are cheaper; among a million customers by a half. While nobody waits for its lock, blocks share
    one for HOLDING seconds.
    """

    def __init__(self, work: _Work, turn: Turn, tally: Tally) -> None:
        self._work = work
        self._turn = turn
        self._tally = tally
        self._open: list[Step] = []
        self._began = 0.0

    @property
    def is_open(self) -> bool:
        """Whether blocks are written that are not committed."""
        return bool(self._open)

    def write(self, step: Step) -> None:
        """Write one block, and commit it unless it may wait for the next one. Raises Race."""
        if not self._open:
            self._began = time.monotonic()
        try:
            self._work.write(step, is_first=not self._open)
        except bulk.Taken:
            again = [*self._open, step]
            self._roll_back()
            for one in again:
                self._write_alone(one)
            return
        self._open.append(step)
        if self._is_due:
            self.commit()

    @property
    def _is_due(self) -> bool:
        return (
            time.monotonic() - self._began >= HOLDING
            or self._turn.should_stop
            or not self._work.steps.is_ready  # or others would wait for what we wait for
            or is_awaited(db.session.connection())
        )

    def _write_alone(self, step: Step) -> None:
        """Plan a block and write it anew when somebody else wrote the same records."""
        for _attempt in range(RACES):
            try:
                self._work.write(step)
            except bulk.Taken:
                self._roll_back()
                continue
            self._open.append(step)
            self.commit()
            return
        raise Race(f"rows up to {step.last} met other writers {RACES} times")

    def commit(self) -> None:
        """The blocks that are written stand."""
        if not self._open:
            return
        for step in self._open:
            self._tally.add(step)
        last = self._open[-1].last
        self._turn.mark(last, self._tally.total, self._tally.to_progress("write"))
        self._work.loader.commit()
        self._work.walk.planner.commit()
        self._open = []

    def _roll_back(self) -> None:
        self._work.loader.roll_back()
        self._work.walk.planner.roll_back()
        self._open = []


@dataclass
class _Work:
    """What writing a block takes."""

    batch: ImportBatch
    kind: Kind
    walk: Walk
    loader: Loader
    steps: Fetching[Step]
    has_promise: bool
    """Whether the preview wrote the ledger before; what it promised is kept beside."""
    is_strict: bool = False

    def write(self, step: Step, *, is_first: bool = True) -> None:
        """Plan a block and write it with its ledger. Raises bulk.Taken, InvalidRow.

        `is_first`: nothing was planned since the planner's last commit, so its plan can be undone.
        """
        walk, loader = self.walk, self.loader
        loader.joining.open()
        walk.plan(step, lock=True)
        if loader.has_numbered and (numbered := walk.in_the_way(step)):
            if not is_first:
                raise bulk.Taken("a code that this transaction gave")
            loader.give_way(numbered, walk.planner.asked)
            walk.planner.roll_back()
            walk.plan(step, lock=True)
        if self.is_strict and any(map(_is_refused, step.fates)):
            raise InvalidRow
        promised = ledger.take_out(self.batch.id, step) if self.has_promise else {}
        with bulk.behind(self._meanwhile):
            loader.write(step, walk.planner.asked)
            ledger.write(self.kind, self.batch.id, step, promised)

    def _meanwhile(self) -> None:
        """What the next block needs and this one does not wait for."""
        self.walk.planner.settle()
        self.steps.fetch()


def _is_refused(fate: Fate) -> bool:
    return fate.state is State.INVALID and any(p.code != LEFT_OUT for p in fate.problems)


def _finish(batch: ImportBatch, source: Source, tally: Tally, unnamed: Unnamed, turn: Turn) -> None:
    require_rows(source.reading, tally)
    note_columns(batch, source.column_map, unnamed)
    batch.counts = tally.to_dict()
    batch.finished_at = utcnow()
    batch.status = Status.DONE.value
    if batch.group_id is not None:
        filling.count_anew(batch.group_id)
    turn.mark(source.reading.last, tally.total, tally.to_progress("done"), total=tally.total)


def write_whole(batch: ImportBatch, kind: Kind, user: User, source: Source, turn: Turn) -> None:
    """Write all rows in one transaction, or nothing at all when one is invalid."""
    has_promise = bool(batch.planned)
    note_source(batch, kind, source)
    if not has_promise:
        ledger.clear(batch.id)
    ensure_group(batch)
    if batch.group_id is not None:
        filling.count_anew(batch.group_id)  # drafts are locked before customers, here as elsewhere
    walk = Walk(kind, batch, user, source.column_map, corrections.of(batch.id))
    loader = Loader(kind, batch)
    tally, unnamed = Tally(), Unnamed(source.reading)
    found = checked_blocks.steps(walk, source.reading, unnamed, batch.file_size, making=True)
    with closing(found) as steps:
        work = _Work(batch, kind, walk, loader, steps, has_promise, is_strict=True)
        for step in steps:
            work.write(step)
            tally.add(step)
            walk.planner.commit()
    _finish(batch, source, tally, unnamed, turn)
