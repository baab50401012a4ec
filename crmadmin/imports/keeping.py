"""Keeping uploaded files, and for how long: CRM_UPLOAD_KEEP_DAYS, counted from the upload. The
ledger stays.

With the file go the cells of its refused rows and what was typed to mend them. Looked at whenever a
file comes in, so no clock is needed; 0 keeps a file until the next one comes.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from pathlib import Path
from typing import IO

from flask import current_app
from sqlalchemy import Text, cast, delete, select, update

from crmadmin.core.db import db, utcnow
from crmadmin.imports import states
from crmadmin.imports.models import ImportBatch, ImportFix, ImportRow
from crmadmin.imports.source import uploads_folder
from crmadmin.imports.states import Is

COPY_BYTES = 1024 * 1024


def forget_old_files(folder: Path) -> int:
    """Delete the files of imports that are past their days and not waiting to be carried out.

    Commits; gives how many files went.
    """
    days = current_app.config["SETTINGS"].upload_keep_days
    too_old = ImportBatch.created_at < utcnow() - timedelta(days=days)
    abandoned = (ImportBatch.created_at < utcnow() - timedelta(days=days + 1)) & (
        # One that is being written needs its file to the end, however long that takes.
        ImportBatch.status.not_in(states.those(Is.WRITING))
    )
    is_spent = ImportBatch.status.in_(states.those(Is.SPENT))
    found = db.session.execute(
        select(ImportBatch.id, ImportBatch.file_path).where(
            ImportBatch.file_path.is_not(None), too_old, is_spent | abandoned
        )
    ).all()
    for key, _name in found:
        _forget_cells(key)
        # One transaction each: a million rows may belong to it.
        db.session.commit()
    # Only now: a crash in between leaves a file behind, never a row that names a missing one.
    for _key, name in found:
        (folder / Path(str(name)).name).unlink(missing_ok=True)
    return len(found)


def _forget_cells(batch_id: int) -> None:
    """What of the file's content the database holds: the cells of refused rows, and fixes."""
    quietly = {"synchronize_session": False}
    has_cells = cast(ImportRow.cells, Text) != "[]"
    db.session.execute(
        update(ImportRow)
        .where(ImportRow.batch_id == batch_id, has_cells)
        .values(cells=[])
        .execution_options(**quietly)
    )
    db.session.execute(
        delete(ImportFix).where(ImportFix.batch_id == batch_id).execution_options(**quietly)
    )
    db.session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id)
        .values(file_path=None)
        .execution_options(**quietly)
    )


class FileTooLarge(ValueError):
    """The upload is larger than the setting allows; nothing of it is kept."""


def keep(stream: IO[bytes], suffix: str) -> tuple[Path, int, str]:
    """Copy an upload under a name of our own; the sender's is never part of a path.

    Gives where it is, its bytes and its SHA-256. Raises FileTooLarge.
    """
    suffix = suffix.lower() if suffix[1:].isalnum() and len(suffix) <= 6 else ""
    path = uploads_folder() / f"{secrets.token_hex(16)}{suffix}"
    limit = current_app.config["SETTINGS"].upload_max_bytes
    digest, size = hashlib.sha256(), 0
    path.touch(mode=0o600)
    try:
        with path.open("wb") as kept:
            while data := stream.read(COPY_BYTES):
                size += len(data)
                if size > limit:
                    raise FileTooLarge
                digest.update(data)
                kept.write(data)
    except BaseException:
        path.unlink()
        raise
    return path, size, digest.hexdigest()
