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
from crmadmin.core.migrating.rebuilt import RebuildingSqlite

__all__ = [
    "WAY_OUT", "BesideMissing", "Lost", "RebuildingSqlite", "missing", "put_back", "require_beside",
]  # fmt: skip
