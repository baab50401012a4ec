"""What long work leaves behind in its process: some hundred megabytes that nobody needs."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from sqlalchemy import Engine

from crmadmin.core.engine import forget_pages


def give_back(engine: Engine) -> None:
    """Let the system have the memory again that a job needed.

    SQLite keeps the pages that it read, and the C library what was freed: a worker would stay as
    large as its largest job, and grow from there with the next.
    """
    forget_pages(engine)
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Any:
    """`malloc_trim` of the C library; None where it has none."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
