"""The list of all imports, by state. Reads only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from crmadmin.core.db import db
from crmadmin.imports.models import ImportBatch


def batches(owner_id: int | None, status: str, limit: int, offset: int = 0) -> list[ImportBatch]:
    """Imports, the latest first, with their users; "" for every state.

    With `owner_id` only that user's own.
    """
    found = _scoped(select(ImportBatch), owner_id).options(joinedload(ImportBatch.user))
    if status:
        found = found.where(ImportBatch.status == status)
    ordered = found.order_by(ImportBatch.id.desc()).limit(limit).offset(offset)
    return list(db.session.scalars(ordered))


def counts(owner_id: int | None) -> dict[str, int]:
    """State → how many imports are at it."""
    every: Any = select(ImportBatch.status, func.count())
    rows = db.session.execute(_scoped(every, owner_id).group_by(ImportBatch.status)).all()
    return {str(row[0]): int(row[1]) for row in rows}


def _scoped(statement: Any, owner_id: int | None) -> Any:
    return statement if owner_id is None else statement.where(ImportBatch.user_id == owner_id)
