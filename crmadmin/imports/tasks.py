"""The long work of imports, as jobs: looking at a file (preview) and carrying it out (run).

Both read the file block by block through the same pipeline. Every block is one transaction together
with the job's checkpoint, so whoever takes a job up finds exactly what was done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from crmadmin.access.models import User
from crmadmin.core.db import acting_as, db, utcnow
from crmadmin.core.engine import row_by_row
from crmadmin.imports import states
from crmadmin.imports.kinds import KINDS, ImportKind
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline import ledger
from crmadmin.imports.pipeline.preview import write_preview
from crmadmin.imports.pipeline.run import InvalidRow, write, write_whole
from crmadmin.imports.records import PREVIEW, RUN, FileRefused
from crmadmin.imports.source import opened
from crmadmin.imports.states import Is, Status
from crmadmin.jobs.work import Failed, Lease, LostLease, Stopped, task


@task(PREVIEW)
def preview(lease: Lease) -> None:
    """Read the file and say what the run would do; writes the import's own ledger only."""
    with _batch_of(lease) as (batch, kind, user):
        lease.require()
        ledger.clear(batch.id)
        batch.refusal = None
        db.session.commit()
        try:
            with opened(batch, kind) as source:
                write_preview(batch, kind, user, source, lease)
        except FileRefused as refusal:
            heads = batch.heads
            db.session.rollback()
            ledger.clear(batch.id)
            _refuse(batch, refusal, heads)


def _refuse(batch: ImportBatch, refusal: FileRefused, heads: list[dict[str, Any]]) -> None:
    """A file that cannot be imported; one whose header was not found waits for the user."""
    can_map = refusal.code == "no_header" and bool(heads)
    batch.status = (Status.UNMAPPED if can_map else Status.REFUSED).value
    batch.refusal = {"code": refusal.code, "params": refusal.params}
    batch.heads = heads
    batch.finished_at = None if can_map else utcnow()
    db.session.flush()


@task(RUN, writes_rows=True)
def run(lease: Lease) -> None:
    """Carry an import out, from where it stands. Its status is `running` already."""
    with _batch_of(lease) as (batch, kind, user):
        if states.is_(batch.status, Is.OVER):
            return
        if not states.is_(batch.status, Is.WRITING):
            raise Failed(_("The import was changed meanwhile; look at its preview again."))
        db.session.commit()  # opening the file takes its time; on SQLite others would wait for it
        try:
            with row_by_row():
                _carry_out(batch, kind, user, lease)
        except Stopped:
            if lease.asked_to_stop:
                _pause(batch, lease)
            raise
        except (LostLease, OperationalError):
            raise  # the work goes on, here or elsewhere
        except Exception:
            _pause(batch, lease)
            raise


def _carry_out(batch: ImportBatch, kind: ImportKind, user: User, lease: Lease) -> None:
    act = write_whole if batch.options.get("strict") else write
    try:
        with opened(batch, kind) as source:
            act(batch, kind, user, source, lease)
    except FileRefused as refusal:
        db.session.rollback()
        if lease.checkpoint:
            raise Failed(_("The uploaded file can no longer be read.")) from refusal
        ledger.clear(batch.id)
        _refuse(batch, refusal, [])
    except InvalidRow:
        db.session.rollback()
        if not batch.planned:
            # One that was not looked at before still owes every row its outcome.
            with opened(batch, kind) as source:
                write_preview(batch, kind, user, source, lease)
        batch.status = Status.STOPPED.value


def _pause(batch: ImportBatch, lease: Lease) -> None:
    """What was written stands, and the rest can go on later."""
    db.session.rollback()
    lease.require()
    batch.status = Status.PAUSED.value
    db.session.commit()


@contextmanager
def _batch_of(lease: Lease) -> Iterator[tuple[ImportBatch, ImportKind, User]]:
    """The import of a job, with everything written inside stamped as the importer's."""
    batch = db.session.get(ImportBatch, lease.subject_id)
    if batch is None:
        raise Failed(_("The import is gone."))
    user = db.session.get(User, batch.user_id) if batch.user_id is not None else None
    if user is None:
        raise Failed(_("The user who imports is gone."))
    with acting_as(user.id), force_locale(user.locale or "vi"):
        yield batch, KINDS[batch.kind], user
