"""What of a before-image a table can still take: its columns may be fewer, or shorter, by now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import String


def restorable(table: Any, before: Mapping[str, Any]) -> dict[str, Any]:
    """What of a before-image the table can take."""
    return {n: v for n, v in before.items() if n in table.c and not _is_long(table.c[n], v)}


def length_of(column: Any) -> int | None:
    """How many characters a column of text takes; None for any number."""
    return column.type.length if isinstance(column.type, String) else None


def _is_long(column: Any, value: Any) -> bool:
    length = length_of(column)
    return length is not None and isinstance(value, str) and len(value) > length
