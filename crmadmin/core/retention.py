"""Every copy of personal data beside the records themselves, and how long each is kept.

A feature registers its copies where it declares them. The clock of `jobs.periodic` walks the list
and lets each forget what is past its days; a date that a screen names comes from here too. What is
no copy of personal data says so in tests/contracts/test_retention.py, column by column.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flask import current_app

from crmadmin.core.db import utcnow


class Keep(StrEnum):
    """For how long a copy is kept."""

    FILES = "files"
    """CRM_UPLOAD_KEEP_DAYS: what was uploaded, and what of it the database holds."""
    HISTORY = "history"
    """CRM_HISTORY_KEEP_DAYS: who was in it, and what was there before."""
    RECORD = "record"
    """As long as the record that it is a copy of is there."""
    OWNER = "owner"
    """Until whoever made it deletes it."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One kind of copy: where it lies ("table.column"; "file:" for a folder), and who forgets it.

    `forget` deletes what is past its days, commits, and gives how many things went. It is None for
    what goes with something else (a cascade, an owner's own act).
    """

    name: str
    places: tuple[str, ...]
    keep: Keep
    forget: Callable[[], int] | None = None
    every: timedelta = timedelta(hours=1)


_COPIES: dict[str, Copy] = {}


def register(copy: Copy) -> None:
    """Add a copy to the list. Raises ValueError when its name is taken by another."""
    if _COPIES.setdefault(copy.name, copy) != copy:
        raise ValueError(f"there is a copy of personal data called {copy.name!r} already")


def copies() -> tuple[Copy, ...]:
    """All that were registered, in that order."""
    return tuple(_COPIES.values())


def days(keep: Keep) -> int:
    """How many days this installation keeps it. Raises KeyError for what no days bound."""
    settings = current_app.config["SETTINGS"]
    return int({
        Keep.FILES: settings.upload_keep_days, Keep.HISTORY: settings.history_keep_days,
    }[keep])  # fmt: skip


def kept_since(keep: Keep) -> datetime:
    """What is older than this is past its days."""
    return utcnow() - timedelta(days=days(keep))


def goes_at(keep: Keep, made_at: datetime) -> datetime:
    """When that which was made then is forgotten; the clock comes by within the hour after."""
    return made_at + timedelta(days=days(keep))
