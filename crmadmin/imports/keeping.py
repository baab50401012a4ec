"""How long uploaded files stay: CRM_UPLOAD_KEEP_DAYS, counted from the upload. The ledger stays.

Looked at whenever a file comes in, so no clock is needed; 0 keeps a file until the next one comes.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import select, update

from crmadmin.core.db import db, utcnow
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import Status


def forget_old_files(folder: Path) -> int:
    """Delete the files of imports that are past their days and not waiting to be carried out.

    Commits; gives how many files went.
    """
    days = current_app.config["SETTINGS"].upload_keep_days
    ended = (Status.DONE.value, Status.REFUSED.value, Status.STOPPED.value)
    too_old = ImportBatch.created_at < utcnow() - timedelta(days=days)
    past = (ImportBatch.file_path.is_not(None), too_old)
    abandoned = ImportBatch.created_at < utcnow() - timedelta(days=days + 1)
    found = db.session.execute(
        select(ImportBatch.id, ImportBatch.file_path).where(
            *past, ImportBatch.status.in_(ended) | abandoned
        )
    ).all()
    if not found:
        return 0
    db.session.execute(
        update(ImportBatch)
        .where(ImportBatch.id.in_([key for key, _name in found]))
        .values(file_path=None)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    # Only now: a crash in between leaves a file behind, never a row that names a missing one.
    for _key, name in found:
        (folder / Path(str(name)).name).unlink(missing_ok=True)
    return len(found)
