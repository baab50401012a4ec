"""Carrying an import out: block by block, each one transaction, or whole when it is strict."""

from __future__ import annotations

from contextlib import closing

from crmadmin.access.models import User
from crmadmin.core.db import db, utcnow
from crmadmin.imports import checking, fixbook, ledger
from crmadmin.imports.common import (
    Unnamed,
    ensure_group,
    note_columns,
    note_source,
    require_rows,
)
from crmadmin.imports.kinds import Kind
from crmadmin.imports.ledger import Tally
from crmadmin.imports.load import Loader, Race
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import State, Status
from crmadmin.imports.source import Source
from crmadmin.imports.walk import LEFT_OUT, Step, Walk
from crmadmin.jobs.work import Stopped, Turn

RACES = 5
"""How often one block is planned anew because somebody else wrote the same records."""


class InvalidRow(Exception):
    """A strict import met a row that is invalid."""


def write(batch: ImportBatch, kind: Kind, user: User, source: Source, turn: Turn) -> None:
    """Write the good rows, one transaction for each block of them."""
    has_promise = bool(batch.planned)
    turn.require()
    if not turn.checkpoint:
        note_source(batch, kind, source)
        if not has_promise:
            ledger.clear(batch.id)
    ensure_group(batch)
    db.session.commit()
    walk = Walk(kind, batch, user, source.column_map, fixbook.of(batch.id))
    loader = Loader(kind, batch)
    loader.has_numbered = turn.checkpoint > 0
    tally, unnamed = Tally.from_progress(turn.progress), Unnamed(source.reading)
    found = checking.steps(
        walk, source.reading, unnamed, batch.file_size, checkpoint=turn.checkpoint, making=True
    )
    with closing(found) as steps:
        for step in steps:
            if step.last <= turn.checkpoint:
                walk.replay(step)
                db.session.commit()  # on SQLite reading holds the lock, which others wait for
                continue
            _write_step(batch, walk, loader, step)
            ledger.write(kind, batch.id, step, done=True, has_promise=has_promise)
            tally.add(step)
            turn.mark(step.last, tally.total, tally.to_progress("write"))
            loader.commit()
            walk.planner.commit()
            if turn.should_stop:
                raise Stopped
    _finish(batch, source, tally, unnamed, turn)


def _write_step(batch: ImportBatch, walk: Walk, loader: Loader, step: Step) -> None:
    """Write one block of rows; plan it anew when somebody else wrote the same records."""
    for _attempt in range(RACES):
        walk.plan(step, lock=True)
        try:
            if loader.has_numbered and (numbered := walk.in_the_way(step)):
                loader.give_way(numbered, walk.planner.asked)
                walk.planner.roll_back()
                walk.plan(step, lock=True)
            loader.write(step, walk.planner.asked)
        except Race:
            db.session.rollback()
            walk.planner.roll_back()
            continue
        return
    raise Race(f"rows up to {step.last} met other writers {RACES} times")


def _finish(batch: ImportBatch, source: Source, tally: Tally, unnamed: Unnamed, turn: Turn) -> None:
    require_rows(source.reading, tally)
    note_columns(batch, source.column_map, unnamed)
    batch.counts = tally.to_dict()
    batch.finished_at = utcnow()
    batch.status = Status.DONE.value
    turn.mark(source.reading.last, tally.total, tally.to_progress("done"), total=tally.total)


def write_whole(batch: ImportBatch, kind: Kind, user: User, source: Source, turn: Turn) -> None:
    """Write all rows in one transaction, or nothing at all when one is invalid."""
    has_promise = bool(batch.planned)
    note_source(batch, kind, source)
    if not has_promise:
        ledger.clear(batch.id)
    ensure_group(batch)
    walk = Walk(kind, batch, user, source.column_map, fixbook.of(batch.id))
    loader = Loader(kind, batch)
    tally, unnamed = Tally(), Unnamed(source.reading)
    found = checking.steps(walk, source.reading, unnamed, batch.file_size, making=True)
    with closing(found) as steps:
        for step in steps:
            _write_strictly(walk, loader, step)
            ledger.write(kind, batch.id, step, done=True, has_promise=has_promise)
            tally.add(step)
            walk.planner.commit()
            loader.keep_made()
    _finish(batch, source, tally, unnamed, turn)


def _write_strictly(walk: Walk, loader: Loader, step: Step) -> None:
    walk.plan(step, lock=True)
    if loader.has_numbered and (numbered := walk.in_the_way(step)):
        loader.give_way(numbered, walk.planner.asked)
        walk.planner.roll_back()
        walk.plan(step, lock=True)
    for fate in step.fates:
        if fate.state is State.INVALID and any(p.code != LEFT_OUT for p in fate.problems):
            raise InvalidRow
    loader.write(step, walk.planner.asked)
