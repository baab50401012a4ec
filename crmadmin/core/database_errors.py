"""Why the database did not do what a request asked, of those reasons that are nobody's mistake.

By the codes of SQLite and PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html),
and by words only where there is no code.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError

ERRORS: tuple[type[Exception], ...] = (DBAPIError, TimeoutError)
"""Among these are the troubles; ask `of`."""


class DatabaseTrouble(StrEnum):
    """What is the matter."""

    SLOW = "slow"
    """The statement took longer than a request may."""
    BUSY = "busy"
    """Others hold a lock for too long, or every connection."""
    DOWN = "down"
    """It cannot be reached, or was restarted meanwhile."""
    FULL = "full"
    """Its disk is full."""


_BY_CODE: Mapping[str, DatabaseTrouble] = MappingProxyType(
    {
        "57014": DatabaseTrouble.SLOW,  # query_canceled: statement_timeout
        "55P03": DatabaseTrouble.BUSY,  # lock_not_available: lock_timeout
        "40P01": DatabaseTrouble.BUSY,  # deadlock_detected
        "40001": DatabaseTrouble.BUSY,  # serialization_failure
        "25P03": DatabaseTrouble.BUSY,  # idle_in_transaction_session_timeout
        "53100": DatabaseTrouble.FULL,
        "SQLITE_FULL": DatabaseTrouble.FULL,
        "SQLITE_CANTOPEN": DatabaseTrouble.DOWN,
        "SQLITE_READONLY": DatabaseTrouble.DOWN,
    }
)
_BY_BEGINNING: Mapping[str, DatabaseTrouble] = MappingProxyType(
    {
        "53": DatabaseTrouble.BUSY,  # insufficient resources: too many connections, out of memory
        "08": DatabaseTrouble.DOWN,  # connection exceptions
        "57P": DatabaseTrouble.DOWN,  # the server is being shut down, or starts
        "SQLITE_BUSY": DatabaseTrouble.BUSY,
        "SQLITE_LOCKED": DatabaseTrouble.BUSY,
        "SQLITE_IOERR": DatabaseTrouble.DOWN,
    }
)
_FULL_HOUSE = ("too many clients", "remaining connection slots", "too many connections")


def of(error: Exception) -> DatabaseTrouble | None:
    """The trouble that an error of SQLAlchemy tells of; None when it is a mistake of ours."""
    if isinstance(error, TimeoutError):
        return DatabaseTrouble.BUSY  # the pool had no connection left
    if not isinstance(error, DBAPIError):
        return None
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
    if code:
        return _by_code(str(code))
    if not isinstance(error, OperationalError | InterfaceError):
        return DatabaseTrouble.DOWN if error.connection_invalidated else None
    return _without_code(error)


def _by_code(code: str) -> DatabaseTrouble | None:
    found = (t for start, t in _BY_BEGINNING.items() if code.startswith(start))
    return _BY_CODE.get(code) or next(found, None)


def _without_code(error: DBAPIError) -> DatabaseTrouble:
    """A server that refuses a connection says so in words only."""
    words = str(error.orig)
    if any(told in words for told in _FULL_HOUSE) or "locked" in words:
        return DatabaseTrouble.BUSY
    return DatabaseTrouble.DOWN
