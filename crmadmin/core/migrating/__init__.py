"""Migrations: what they must leave beside the tables, and what a generated one looks like.

`migrations/env.py` runs them with what stands here. With `core.db`, `core.bulk` and `core.search`
a package that names a dialect.
"""

from crmadmin.core.migrating.beside import (
    WAY_OUT,
    BesideMissing,
    Lost,
    missing,
    put_back,
    require_beside,
)
from crmadmin.core.migrating.generated import SeveralHeads, explain_heads, finish, is_nothing
from crmadmin.core.migrating.portable import render_item
from crmadmin.core.migrating.renames import Unanswered
from crmadmin.core.migrating.rows import RowsInTheWay, require_fitting, tell_what_goes

REFUSALS = (BesideMissing, RowsInTheWay, SeveralHeads, Unanswered)
"""What a command of `flask db` refuses with a sentence."""

__all__ = [
    "REFUSALS", "WAY_OUT", "BesideMissing", "Lost", "RowsInTheWay",
    "SeveralHeads", "Unanswered", "explain_heads", "finish", "is_nothing", "missing", "put_back",
    "render_item", "require_beside", "require_fitting", "tell_what_goes",
]  # fmt: skip
