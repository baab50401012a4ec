"""Search: one folded document a record, and the index of the engine over these documents.

A model says what its documents hold (`Documents`, in the model's module). Whoever searches gets
conditions on the model and need not know whether an index stands behind them. What was written
since the index was brought up to date stands in a table of its own, filled by triggers, so that a
search is right at every moment and no write path has to know of it; workers settle it.
"""

from crmadmin.core.search.conditions import Found, Listed, as_found, conditions, patterns
from crmadmin.core.search.documents import Documents, declared, find
from crmadmin.core.search.hints import aside, first_all, refresh_statistics
from crmadmin.core.search.texts import remake as remake_texts
from crmadmin.core.search.upkeep import (
    CHUNK,
    Compared,
    clear,
    compare,
    missing,
    pending,
    put_back,
    rebuild,
    settle,
)

__all__ = [
    "CHUNK", "Compared", "Documents", "Found", "Listed", "as_found", "aside", "clear", "compare",
    "conditions", "declared", "find", "first_all", "missing", "patterns", "pending", "put_back",
    "rebuild", "refresh_statistics", "remake_texts", "settle",
]  # fmt: skip
