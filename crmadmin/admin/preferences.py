"""What a user chose for their own lists; kept with the user. The caller commits."""

from __future__ import annotations

from collections.abc import Sequence

from crmadmin.access import guard, services
from crmadmin.core import outside

COLUMNS = "columns"


def list_columns(record: str) -> list[str]:
    """The field names that the user wants as columns of a record's list; [] when never chosen."""
    user = guard.current_user()
    kept = outside.entries(outside.entries(user.preferences).get(COLUMNS)) if user else {}
    chosen = kept.get(record, [])
    return [str(name) for name in chosen] if isinstance(chosen, list) else []


def set_list_columns(record: str, names: Sequence[str]) -> None:
    """Keep a choice; an empty one goes back to what the declaration lists."""
    user = guard.current_user()
    if user is not None:
        chosen = dict(outside.entries(outside.entries(user.preferences).get(COLUMNS)))
        chosen[record] = list(names)
        services.save_preference(user, COLUMNS, chosen)
