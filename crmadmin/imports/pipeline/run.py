"""The run: an import carried out block by block, or in one transaction when it is strict."""

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
from crmadmin.imports.kinds import ImportKind
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline import checked_blocks, corrections, ledger
from crmadmin.imports.pipeline.blocks import LEFT_OUT, Pipeline, PlannedBlock
from crmadmin.imports.pipeline.ledger import Tally
from crmadmin.imports.pipeline.plan import RowOutcome
from crmadmin.imports.pipeline.prefetch import Prefetched
from crmadmin.imports.pipeline.write import Loader
from crmadmin.imports.records import State
from crmadmin.imports.source import OpenedFile
from crmadmin.imports.states import Status
from crmadmin.jobs.work import Lease, Stopped

HOLDING = 2.0
"""Seconds for which blocks may share a transaction. Progress is seen, and a job's lease renewed,
when it ends."""
RACES = 5
"""How often one block is planned anew because somebody else wrote the same records."""


class Race(RuntimeError):
    """Others wrote the same records again and again; the block was not written."""


class InvalidRow(Exception):
    """A strict import met a row that is invalid."""


def write(
    batch: ImportBatch, kind: ImportKind, user: User, source: OpenedFile, lease: Lease
) -> None:
    """Write the good rows: every block of them whole or not at all."""
    has_promise = bool(batch.planned)
    lease.require()
    if not lease.checkpoint:
        note_source(batch, kind, source)
        if not has_promise:
            ledger.clear(batch.id)
    ensure_group(batch)
    db.session.commit()
    pipeline = Pipeline(kind, batch, user, source.column_map, corrections.of(batch.id))
    loader = Loader(kind, batch)
    loader.has_numbered = lease.checkpoint > 0
    tally, unnamed = Tally.from_progress(lease.progress), Unnamed(source.reading)
    found = checked_blocks.prefetched(
        pipeline, source.reading, unnamed, batch.file_size, checkpoint=lease.checkpoint, making=True
    )
    with closing(found) as blocks:
        work = _Work(batch, kind, pipeline, loader, blocks, has_promise)
        transactions = _Transactions(work, lease, tally)
        for block in blocks:
            if block.last <= lease.checkpoint:
                pipeline.replay(block)
                db.session.commit()  # on SQLite reading holds the lock, which others wait for
                continue
            transactions.write(block)
            if not transactions.is_open and lease.should_stop:
                raise Stopped
        transactions.commit()
    _finish(batch, source, tally, unnamed, lease)


class _Transactions:
    """Writes blocks, each a transaction, or some of them together.

    With SQLite every transaction writes a page of each index for nearly every row, so fewer of them
    are cheaper; among a million customers by a half. While nobody waits for its lock, blocks share
    one for HOLDING seconds.
    """

    def __init__(self, work: _Work, lease: Lease, tally: Tally) -> None:
        self._work = work
        self._lease = lease
        self._tally = tally
        self._open: list[PlannedBlock] = []
        self._began = 0.0

    @property
    def is_open(self) -> bool:
        """Whether blocks are written that are not committed."""
        return bool(self._open)

    def write(self, block: PlannedBlock) -> None:
        """Write one block, and commit it unless it may wait for the next one. Raises Race."""
        if not self._open:
            self._began = time.monotonic()
        try:
            self._work.write(block, is_first=not self._open)
        except bulk.Taken:
            again = [*self._open, block]
            self._roll_back()
            for one in again:
                self._write_alone(one)
            return
        self._open.append(block)
        if self._is_due:
            self.commit()

    @property
    def _is_due(self) -> bool:
        return (
            time.monotonic() - self._began >= HOLDING
            or self._lease.should_stop
            or not self._work.blocks.is_ready  # or others would wait for what we wait for
            or is_awaited(db.session.connection())
        )

    def _write_alone(self, block: PlannedBlock) -> None:
        """Plan a block and write it anew when somebody else wrote the same records."""
        for _attempt in range(RACES):
            try:
                self._work.write(block)
            except bulk.Taken:
                self._roll_back()
                continue
            self._open.append(block)
            self.commit()
            return
        raise Race(f"rows up to {block.last} met other writers {RACES} times")

    def commit(self) -> None:
        """The blocks that are written stand."""
        if not self._open:
            return
        for block in self._open:
            self._tally.add(block)
        last = self._open[-1].last
        self._lease.mark(last, self._tally.total, self._tally.to_progress("write"))
        self._work.loader.commit()
        self._work.pipeline.planner.commit()
        self._open = []

    def _roll_back(self) -> None:
        self._work.loader.roll_back()
        self._work.pipeline.planner.roll_back()
        self._open = []


@dataclass
class _Work:
    """What writing a block takes."""

    batch: ImportBatch
    kind: ImportKind
    pipeline: Pipeline
    loader: Loader
    blocks: Prefetched[PlannedBlock]
    has_promise: bool
    """Whether the preview wrote the ledger before; what it promised is kept beside."""
    is_strict: bool = False

    def write(self, block: PlannedBlock, *, is_first: bool = True) -> None:
        """Plan a block and write it with its ledger. Raises bulk.Taken, InvalidRow.

        `is_first`: nothing was planned since the planner's last commit, so its plan can be undone.
        """
        pipeline, loader = self.pipeline, self.loader
        loader.group_target.open()
        pipeline.plan(block, lock=True)
        if loader.has_numbered and (numbered := pipeline.in_the_way(block)):
            if not is_first:
                raise bulk.Taken("a code that this transaction gave")
            loader.give_way(numbered, pipeline.planner.asked)
            pipeline.planner.roll_back()
            pipeline.plan(block, lock=True)
        if self.is_strict and any(map(_is_refused, block.outcomes)):
            raise InvalidRow
        promised = ledger.take_out(self.batch.id, block) if self.has_promise else {}
        with bulk.behind(self._meanwhile):
            loader.write(block, pipeline.planner.asked)
            ledger.write(self.kind, self.batch.id, block, promised)

    def _meanwhile(self) -> None:
        """What the next block needs and this one does not wait for."""
        self.pipeline.planner.settle()
        self.blocks.fetch()


def _is_refused(outcome: RowOutcome) -> bool:
    return outcome.state is State.INVALID and any(p.code != LEFT_OUT for p in outcome.problems)


def _finish(
    batch: ImportBatch, source: OpenedFile, tally: Tally, unnamed: Unnamed, lease: Lease
) -> None:
    require_rows(source.reading, tally)
    note_columns(batch, source.column_map, unnamed)
    batch.counts = tally.to_dict()
    batch.finished_at = utcnow()
    batch.status = Status.DONE.value
    if batch.group_id is not None:
        filling.count_anew(batch.group_id)
    lease.mark(source.reading.last, tally.total, tally.to_progress("done"), total=tally.total)


def write_whole(
    batch: ImportBatch, kind: ImportKind, user: User, source: OpenedFile, lease: Lease
) -> None:
    """Write all rows in one transaction, or nothing at all when one is invalid."""
    has_promise = bool(batch.planned)
    note_source(batch, kind, source)
    if not has_promise:
        ledger.clear(batch.id)
    ensure_group(batch)
    if batch.group_id is not None:
        filling.count_anew(batch.group_id)  # drafts are locked before customers, here as elsewhere
    pipeline = Pipeline(kind, batch, user, source.column_map, corrections.of(batch.id))
    loader = Loader(kind, batch)
    tally, unnamed = Tally(), Unnamed(source.reading)
    found = checked_blocks.prefetched(
        pipeline, source.reading, unnamed, batch.file_size, making=True
    )
    with closing(found) as blocks:
        work = _Work(batch, kind, pipeline, loader, blocks, has_promise, is_strict=True)
        for block in blocks:
            work.write(block)
            tally.add(block)
            pipeline.planner.commit()
    _finish(batch, source, tally, unnamed, lease)
