"""What imports keep of the people in their files, and how it is forgotten.

Three clocks: the uploaded file with all that the database holds of its cells; who was in it and
what was there before, with which it can be undone; and the names of records that are no more.
Counts, states and codes of problems stay for good. A large import is forgotten in blocks, each a
transaction of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Text,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    update,
)

from crmadmin.core import retention
from crmadmin.core.bulk import among
from crmadmin.core.db import db, reads_only, rows_written, utcnow
from crmadmin.core.retention import Copy, Keep
from crmadmin.imports import states
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch, ImportChange, ImportFix, ImportMemory, ImportRow
from crmadmin.imports.pipeline import corrections
from crmadmin.imports.records import JOBS
from crmadmin.imports.source import uploads_folder
from crmadmin.imports.states import Is
from crmadmin.jobs.models import Job

BLOCK = 5_000
"""Rows of a ledger that are forgotten in one transaction."""
LEFT_OVER = timedelta(days=2)
"""How much longer than others a file is kept that no import names."""
GOING = "forgetting"
"""Of an import's options: its history is being forgotten, and is not yet."""
FORGOTTEN = "…"
"""What stands where a value of the file was told."""
NOTHING = literal([], JSON)
_QUIETLY = {"synchronize_session": False}


def forget_files() -> int:
    """Forget what was uploaded more than CRM_UPLOAD_KEEP_DAYS ago; gives how many imports.

    One that still waits for its user has a day more, and one that is being written keeps its file
    to the end, however long that takes.
    """
    since = retention.kept_since(Keep.FILES)
    waits = ImportBatch.status.not_in(states.those(Is.WRITING))
    abandoned = (ImportBatch.created_at < since - timedelta(days=1)) & waits
    is_spent = ImportBatch.status.in_(states.those(Is.SPENT))
    holds_cells = ImportBatch.file_path.is_not(None) | (cast(ImportBatch.heads, Text) != "[]")
    found = db.session.execute(
        select(ImportBatch.id, ImportBatch.file_path)
        .where(holds_cells, ImportBatch.created_at < since, is_spent | abandoned)
        .order_by(ImportBatch.id)
    ).all()
    db.session.commit()
    for key, name in found:
        _each_block(key, _forget_cells)
        _write(delete(ImportFix).where(ImportFix.batch_id == key))
        _write(
            update(ImportBatch)
            .where(ImportBatch.id == key)
            .values(file_path=None, heads=NOTHING, unknown=NOTHING)
        )
        _forget_decisions(key)
        db.session.commit()
        # Only now: a crash in between leaves a file behind, never a row that names a missing one.
        if name:
            (uploads_folder() / Path(str(name)).name).unlink(missing_ok=True)
    return len(found) + _sweep()


def _sweep() -> int:
    """Delete files that no import names and that are past their days: a process that died between
    the file and its row leaves one. Younger ones may be another database's, with the same folder.
    """
    long_ago = (
        time.time() - (timedelta(days=retention.days(Keep.FILES)) + LEFT_OVER).total_seconds()
    )
    old = {p.name: p for p in uploads_folder().iterdir() if p.stat().st_mtime < long_ago}
    named = db.session.scalars(
        select(ImportBatch.file_path).where(ImportBatch.file_path.is_not(None))
    )
    left = old.keys() - {Path(str(name)).name for name in named} if old else ()
    db.session.commit()
    for name in left:
        old[name].unlink(missing_ok=True)
    return len(left)


def forget_history() -> int:
    """Forget who was in imports of more than CRM_HISTORY_KEEP_DAYS ago, and what was there before;
    gives how many imports. From then on they cannot be undone."""
    found = db.session.scalars(
        select(ImportBatch.id)
        .where(
            # Begun and not ended: a process died over it.
            or_(
                ImportBatch.history_gone_at.is_(None),
                cast(ImportBatch.options, Text).contains(f'"{GOING}"'),
            ),
            ImportBatch.created_at < retention.kept_since(Keep.HISTORY),
            ImportBatch.status.not_in(states.those(Is.WRITING)),
        )
        .order_by(ImportBatch.id)
    ).all()
    db.session.commit()
    for key in found:
        # Said first: whoever undid it now would get half of the old values back.
        _note_going(key, is_going=True)
        db.session.commit()
        _each_block(key, _forget_names)
        images = ImportChange.batch_id == key, _has_image(ImportChange)
        _write(update(ImportChange).where(*images).values(before={}))
        _forget_outcome(key)
        _note_going(key, is_going=False)
        db.session.commit()
    return len(found)


def _note_going(batch_id: int, *, is_going: bool) -> None:
    batch = db.session.get_one(ImportBatch, batch_id, populate_existing=True)
    batch.history_gone_at = batch.history_gone_at or utcnow()
    kept = {name: said for name, said in batch.options.items() if name != GOING}
    batch.options = {**kept, GOING: True} if is_going else kept
    db.session.flush()


def forget_deleted() -> int:
    """Forget the names and old values of records that are no more; gives how many rows."""
    done = 0
    for name, kind in KINDS.items():
        last = (0, -1)
        while found := _rows_of_deleted(name, kind.model, last):
            last = found[-1][0], found[-1][1]
            for batch_id, rows in groupby(found, key=itemgetter(0)):
                numbers = [number for _batch, number in rows]
                here = ImportRow.batch_id == batch_id, among(ImportRow.number, numbers)
                _write(update(ImportRow).where(*here).values(label="", before=_no_image()))
                # The file's own key of the row may be a phone or an email.
                is_reach = or_(ImportRow.key.contains("@"), ImportRow.key.startswith("+"))
                _write(update(ImportRow).where(*here, is_reach).values(key=""))
            db.session.commit()
            done += len(found)
    return done


def _rows_of_deleted(kind: str, model: Any, last: tuple[int, int]) -> Sequence[Any]:
    """(import, number) of rows that name such a record, some at a time, those after `last`.

    Looked for without the right to write: SQLite's writers would wait for the whole of it.
    """
    batches = select(ImportBatch.id).where(ImportBatch.kind == kind)
    asked = (
        select(ImportRow.batch_id, ImportRow.number)
        .outerjoin(model, model.id == ImportRow.record_id)
        .where(
            ImportRow.batch_id.in_(batches), ImportRow.record_id.is_not(None), model.id.is_(None),
            or_(ImportRow.label != "", _has_image(ImportRow)),
            tuple_(ImportRow.batch_id, ImportRow.number) > last,
        )
        .order_by(ImportRow.batch_id, ImportRow.number)
        .limit(BLOCK)
    )  # fmt: skip
    token = reads_only.set(True)
    try:
        with db.engine.connect() as connection:
            return connection.execute(asked).all()
    finally:
        reads_only.reset(token)


def _has_image(model: Any) -> Any:
    image = cast(model.before, Text)
    return model.before.is_not(None) & image.not_in(("{}", "null"))


def _no_image() -> object:
    """Old values that hold nothing any more. What was no image of old values stays none."""
    return case((ImportRow.before.is_(None), null()), else_=literal({}, JSON))


def _each_block(batch_id: int, forget: Callable[[int, int, int], None]) -> None:
    """Let `forget` (import, first row, last row) work through a ledger; commits each block."""
    last = db.session.scalar(
        select(func.max(ImportRow.number)).where(ImportRow.batch_id == batch_id)
    )
    db.session.commit()
    for start in range(0, (last or 0) + 1, BLOCK):
        forget(batch_id, start, start + BLOCK - 1)
        db.session.commit()


def _block(batch_id: int, first: int, last: int) -> tuple[Any, ...]:
    return ImportRow.batch_id == batch_id, ImportRow.number.between(first, last)


def _forget_cells(batch_id: int, first: int, last: int) -> None:
    """Cells of refused rows, values that problems quote, names of rows that became no record."""
    here = _block(batch_id, first, last)
    _write(
        update(ImportRow).where(*here, cast(ImportRow.cells, Text) != "[]").values(cells=NOTHING)
    )
    _write(update(ImportRow).where(*here, ImportRow.record_id.is_(None)).values(label="", key=None))
    told = db.session.execute(
        select(ImportRow.number, ImportRow.problems, ImportRow.warnings).where(
            *here, or_(cast(ImportRow.problems, Text) != "[]", ImportRow.has_warnings)
        )
    ).all()
    quiet = [
        {"n": number, "problems": list(_silent(problems)), "warnings": list(_silent(warnings))}
        for number, problems, warnings in told
    ]
    if quiet:
        table: Any = ImportRow.__table__
        db.session.execute(
            update(table)
            .where(table.c.batch_id == batch_id, table.c.number == bindparam("n"))
            .values(problems=bindparam("problems"), warnings=bindparam("warnings")),
            quiet,
        )


def _silent(problems: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, object]]:
    """Problems that say what was wrong and where, but no longer with which value."""
    for problem in problems or ():
        params = dict.fromkeys(problem.get("params") or {}, FORGOTTEN)
        yield {**problem, "value": FORGOTTEN if problem.get("value") else "", "params": params}


def _forget_names(batch_id: int, first: int, last: int) -> None:
    """The people the rows were about, and what their records held before."""
    here = _block(batch_id, first, last)
    _write(update(ImportRow).where(*here).values(label="", key=None))
    _write(update(ImportRow).where(*here, _has_image(ImportRow)).values(before={}))


def _forget_decisions(batch_id: int) -> None:
    """Which values of the file were unknown and what they meant, and the latest problems."""
    batch = db.session.get_one(ImportBatch, batch_id, populate_existing=True)
    told = {"values", corrections.ASIDE} & {name for name, said in batch.options.items() if said}
    if told:
        batch.options = {**batch.options, **{name: {} for name in told}}
    of_it = Job.subject_id == batch_id, Job.task.startswith(JOBS)
    for job in db.session.scalars(select(Job).where(*of_it)):
        if job.progress.get("recent"):
            job.progress = {k: v for k, v in job.progress.items() if k != "recent"}


def forget_memory() -> int:
    """Forget how files were mapped that nobody imported for CRM_HISTORY_KEEP_DAYS."""
    old = ImportMemory.updated_at < retention.kept_since(Keep.HISTORY)
    gone = db.session.execute(delete(ImportMemory).where(old).execution_options(**_QUIETLY))
    db.session.commit()
    return rows_written(gone)


def _forget_outcome(batch_id: int) -> None:
    """What undoing named of records beside the rows."""
    undone = db.session.scalar(select(ImportBatch.undone).where(ImportBatch.id == batch_id))
    if undone and undone.get("beside"):
        quiet = [{**line, "label": ""} for line in undone["beside"]]
        _write(
            update(ImportBatch)
            .where(ImportBatch.id == batch_id)
            .values(undone={**undone, "beside": quiet})
        )


def _write(statement: Any) -> None:
    db.session.execute(statement.execution_options(**_QUIETLY))


retention.register(
    Copy(
        "uploaded files",
        (
            "file:uploads", "import_batch.file_path", "import_batch.heads", "import_batch.unknown",
            "import_batch.options", "import_row.cells", "import_row.problems",
            "import_row.warnings", "import_fix.value", "job.progress", "job.error",
        ),
        Keep.FILES,
        forget_files,
    )
)  # fmt: skip
retention.register(
    Copy(
        "ledgers of imports",
        (
            "import_row.label", "import_row.key", "import_row.before", "import_change.before",
            "import_batch.undone",
        ),
        Keep.HISTORY,
        forget_history,
    )
)  # fmt: skip
retention.register(
    Copy(
        "matched columns",
        ("import_memory.fields", "import_memory.values"),
        Keep.HISTORY,
        forget_memory,
        every=timedelta(days=1),
    )
)
retention.register(
    Copy(
        "deleted records in ledgers",
        ("import_row.label", "import_row.before"),
        Keep.RECORD,
        forget_deleted,
        every=timedelta(days=1),
    )
)
