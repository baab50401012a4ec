"""What a user chose for their own lists; kept with the user. The caller commits."""

from __future__ import annotations

from collections.abc import Sequence

from crmadmin.access import guard, services

COLUMNS = "columns"


def list_columns(record: str) -> list[str]:
    """The field names that the user wants as columns of a record's list; [] when never chosen."""
    user = guard.current_user()
    kept = (user.preferences or {}).get(COLUMNS, {}).get(record, []) if user else []
    return [str(name) for name in kept] if isinstance(kept, list) else []


def set_list_columns(record: str, names: Sequence[str]) -> None:
    """Keep a choice; an empty one goes back to what the declaration lists."""
    user = guard.current_user()
    if user is not None:
        chosen = dict((user.preferences or {}).get(COLUMNS, {}))
        chosen[record] = list(names)
        services.save_preference(user, COLUMNS, chosen)
