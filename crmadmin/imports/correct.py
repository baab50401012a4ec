"""Correcting bad cells in the preview, and leaving rows behind: checked again at once.

A small file is looked at anew after every fix, so that all its counts are right. In a large one
the row alone is checked and its share of the counts follows; where other rows have the same code,
the whole file is looked at anew, as a job.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select

from crmadmin.access.models import User
from crmadmin.core.db import acting_as, db
from crmadmin.imports import report, services, states
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.pipeline import corrections, ledger
from crmadmin.imports.pipeline.blocks import Pipeline, PlannedBlock
from crmadmin.imports.pipeline.mapping import ColumnMap
from crmadmin.imports.reader import frames
from crmadmin.imports.records import Block, State
from crmadmin.imports.states import Action

SMALL = 5000
"""Files of at most so many rows are looked at anew after every fix."""


class NoSuchRow(LookupError):
    """The import has no such row, or one of whose cells nothing is kept."""


def fix(batch: ImportBatch, number: int, cells: Mapping[str, str]) -> report.ReportLine:
    """Put texts in the place of a row's cells, by import column; gives the row as it stands now.

    Raises NoSuchRow, and services.BadState when the import is not at its preview. Commits.
    """
    known = {name: text for name, text in cells.items() if KINDS[batch.kind].column(name)}
    row = _row(batch, number)
    corrections.take_back(batch, number, corrections.LEAVE_OUT)
    corrections.put(batch, number, known)
    return _look_again(batch, row)


def leave_out(batch: ImportBatch, number: int) -> report.ReportLine:
    """Leave a row behind, whatever its cells say. Raises as `fix`."""
    row = _row(batch, number)
    corrections.put(batch, number, {corrections.LEAVE_OUT: "1"})
    return _look_again(batch, row)


def take_back(batch: ImportBatch, number: int) -> report.ReportLine:
    """Take a row that was left behind back, with what was corrected in it. Raises as `fix`."""
    row = _row(batch, number)
    corrections.take_back(batch, number, corrections.LEAVE_OUT)
    return _look_again(batch, row)


def _row(batch: ImportBatch, number: int) -> ImportRow:
    db.session.refresh(batch)
    if not states.allows(batch.status, Action.CORRECT):
        raise services.BadState(batch.status)
    row: ImportRow | None = db.session.get(ImportRow, (batch.id, number))
    if row is None or not row.cells:
        raise NoSuchRow(number)
    return row


def _look_again(batch: ImportBatch, row: ImportRow) -> report.ReportLine:
    number = row.number
    if batch.planned["rows"]["total"] <= SMALL:
        db.session.commit()
        services.preview(batch)
    else:
        _check(batch, row)
        db.session.commit()
        if _others(batch, number):
            services.start_preview(batch)
    return report.line(batch, number)


def _check(batch: ImportBatch, row: ImportRow) -> None:
    """Plan one row by itself, and let the counts follow."""
    kind = KINDS[batch.kind]
    user = db.session.get(User, batch.user_id)
    if user is None:
        raise services.BadState("the importer is gone")
    db.session.refresh(batch, with_for_update=True)
    cells = frames.decode_cells(row.cells)
    with acting_as(user.id):
        pipeline = Pipeline(
            kind, batch, user, ColumnMap.from_dict(batch.columns), corrections.of(batch.id)
        )
        [checked_block] = pipeline.check(iter([Block([row.number], [[cell] for cell in cells])]))
        checked_block.blank = []
        block = pipeline.unpack(checked_block)
        pipeline.plan(block)
    before = (row.planned, row.contact, row.member)
    # The cells as the file has them stay: a fix can be taken back.
    db.session.execute(
        delete(ImportRow).where(
            ImportRow.batch_id == batch.id, ImportRow.number == row.number
        ).execution_options(synchronize_session=False)
    )  # fmt: skip
    db.session.expunge(row)
    ledger.write(kind, batch.id, block)
    _move_counts(batch, before, block)


def _move_counts(batch: ImportBatch, before: tuple[str | None, ...], block: PlannedBlock) -> None:
    [outcome] = block.outcomes
    after = (outcome.state.value, outcome.contact_outcome, outcome.member_outcome)
    planned: dict[str, Any] = {name: Counter(counts) for name, counts in batch.planned.items()}
    for name, old, new in zip(("rows", "contacts", "members"), before, after, strict=True):
        if old:
            planned[name][old] -= 1
        if new:
            planned[name][new] += 1
    batch.planned = {name: dict(counts) for name, counts in planned.items()}


def _others(batch: ImportBatch, number: int) -> bool:
    """Whether other rows of the file have the same code: then their outcomes may change, too."""
    key = select(ImportRow.key).where(ImportRow.batch_id == batch.id, ImportRow.number == number)
    same = select(func.count()).where(
        ImportRow.batch_id == batch.id,
        ImportRow.number != number,
        ImportRow.key == key.scalar_subquery(),
        ImportRow.planned != State.BLANK.value,
    )
    return bool(db.session.scalar(same))
