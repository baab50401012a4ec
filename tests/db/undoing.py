"""What tests of undoing compare: the whole database but for what undoing may change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from crmadmin.core.db import db

HISTORY = {
    "import_batch", "import_row", "import_fix", "import_change", "import_memory", "job",
    "code_sequence", "alembic_version", "customer_search_pending",
}  # fmt: skip
STAMPS = {"version", "updated_at", "updated_by_id"}


def everything() -> dict[str, list[Any]]:
    """Every row of every table that is no history, without versions and stamps."""
    db.session.rollback()
    found = {}
    for table in db.metadata.sorted_tables:
        if table.name not in HISTORY:
            columns = [c for c in table.columns if c.name not in STAMPS]
            rows = db.session.execute(select(*columns).order_by(*table.primary_key))
            found[table.name] = [tuple(row) for row in rows]
    db.session.rollback()
    return found
