"""Migrations: what they must leave beside the tables, and what a generated one looks like.

`migrations/env.py` runs them with what stands here.
"""

from crmadmin.core.migrating.beside import (
    WAY_OUT,
    BesideMissing,
    MissingObject,
    missing,
    put_back,
    require_beside,
)
from crmadmin.core.migrating.generated import SeveralHeads, explain_heads, finish, is_nothing
from crmadmin.core.migrating.portable import render_item
from crmadmin.core.migrating.renames import Unanswered
from crmadmin.core.migrating.rows import RowsInTheWay, require_fitting, tell_what_goes
from crmadmin.core.migrating.standing import (
    AnotherSchema,
    another_schema,
    newest,
    require_newest,
    revisions,
)

REFUSALS = (BesideMissing, RowsInTheWay, SeveralHeads, Unanswered)
"""What a command of `flask db` refuses with a sentence."""
NOT_READY = (AnotherSchema, BesideMissing, SeveralHeads)
"""Why what works with records does not start."""

__all__ = [
    "NOT_READY", "REFUSALS", "WAY_OUT", "AnotherSchema", "BesideMissing", "MissingObject",
    "RowsInTheWay", "SeveralHeads", "Unanswered", "another_schema", "explain_heads", "finish",
    "is_nothing", "missing", "newest", "put_back", "render_item", "require_beside",
    "require_fitting", "require_newest", "require_ready", "revisions", "tell_what_goes",
]  # fmt: skip


def require_ready() -> None:
    """Before a server or a worker starts, in an app's context. Raises one of NOT_READY."""
    require_newest()
    require_beside()
