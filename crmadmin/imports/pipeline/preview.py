"""The preview: what the run would do with each row. Writes the import's own ledger only."""

from __future__ import annotations

from contextlib import closing

from sqlalchemy import update

from crmadmin.access.models import User
from crmadmin.core.db import db, rows_written
from crmadmin.imports.common import (
    Unnamed,
    find_group,
    note_columns,
    note_source,
    require_rows,
)
from crmadmin.imports.kinds import ImportKind
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline import checked_blocks, corrections, ledger
from crmadmin.imports.pipeline.blocks import Pipeline
from crmadmin.imports.pipeline.ledger import Tally
from crmadmin.imports.source import OpenedFile
from crmadmin.imports.states import Status
from crmadmin.jobs.work import Lease, LostLease, Stopped

MOST_UNKNOWN = 500
"""Unknown catalog values that are listed one by one."""


def write_preview(
    batch: ImportBatch, kind: ImportKind, user: User, source: OpenedFile, lease: Lease
) -> None:
    expected = batch.status
    find_group(batch)
    reading = source.reading
    note_source(batch, kind, source)
    corrections.bring_back(batch)
    pipeline = Pipeline(kind, batch, user, source.column_map, corrections.of(batch.id))
    tally, unnamed = Tally(), Unnamed(reading)
    lease.require()
    db.session.commit()  # on SQLite reading holds the lock, which others wait for
    with closing(checked_blocks.prefetched(pipeline, reading, unnamed, batch.file_size)) as blocks:
        for block in blocks:
            pipeline.plan(block)
            ledger.write(kind, batch.id, block)
            tally.add(block)
            lease.mark(block.last, tally.total, tally.to_progress("check"))
            db.session.commit()
            pipeline.planner.commit()
            if lease.should_stop:
                raise Stopped
    require_rows(reading, tally)
    note_columns(batch, source.column_map, unnamed)
    batch.unknown = [
        {"column": column, "value": value, "rows": rows}
        for (column, value), rows in pipeline.validator.unfamiliar.most_common(MOST_UNKNOWN)
    ]
    batch.planned = tally.to_dict()
    db.session.flush()
    settled = db.session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch.id, ImportBatch.status == expected)
        .values(status=Status.PREVIEWED.value)
        .execution_options(synchronize_session=False)
    )
    if not rows_written(settled):
        raise LostLease(batch.id)  # it was carried out meanwhile, which counts for more
    lease.mark(reading.last, tally.total, tally.to_progress("done"), total=tally.total)
