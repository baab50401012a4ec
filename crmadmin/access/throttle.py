"""Limits on guessing passwords, kept in the database so that all web processes share them.

A guess is counted by the name as it was typed, never by the user it leads to, so that nothing tells
whether there is such a user, or whose email it is. In any 15 minutes a name has LIMIT_OF_NAME
guesses and LIMIT_OF_PAIR from one address; a user has two names, the user name and the email: at
most 10 guesses.

An address is a whole office: that it is crowded refuses nobody. It only leaves each name a single
guess from there. Users who know their password come in with it; those who try one
password on many names are told to wait.

A browser that has signed in to the account before carries a device mark and has 10 guesses of its
own, which nobody else can use up; so even guesses from many addresses lock nobody out. A guess is
noted before the password is looked at, and taken back when it was right. See docs/adr/0014.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, or_, select

from crmadmin.access.models import LoginThrottle
from crmadmin.core.db import (
    CLOCKS_APART,
    db,
    dialect_name,
    insert_or_nothing,
    rows_written,
    utcnow,
)
from crmadmin.core.text import name_key

WINDOW = timedelta(minutes=15)
LIMIT = 10
"""Guesses of a known browser, of a signed-in user, and at the setup token from one address."""
LIMIT_OF_NAME = 5
LIMIT_OF_PAIR = 3
"""Of one name from one address: two addresses at least are needed to use a name up."""
LIMIT_OF_PAIR_IN_A_CROWD = 1
CROWD = 50
"""Guesses after which an address is crowded."""


class ThrottledError(RuntimeError):
    """Too many guesses. `seconds` until the next one is looked at, at least 1."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many guesses; next in {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Bucket:
    """What guesses are counted by: a digest, how many it holds, and how many in a crowd.

    A bucket that only tells of the crowd refuses nothing itself.
    """

    key: str
    limit: int
    limit_in_a_crowd: int
    tells_of_a_crowd: bool = False


@dataclass(frozen=True, slots=True)
class Guess:
    """A guess that was let in, for `take_back`.

    `wait` is None, or the seconds until this name may be tried again from a crowded address.
    """

    keys: tuple[str, ...]
    at: float
    wait: int | None = None


def of_sign_in(name: str, address: str) -> tuple[Bucket, ...]:
    """What a guess at a name counts in, sorted by key, so that two guesses lock in one order."""
    # Spelt as `queries.by_login` compares names and emails.
    typed, place = name_key(name), network(address)
    found = (
        _bucket(LIMIT_OF_NAME, "name", typed),
        Bucket(_digest("pair", typed, place), LIMIT_OF_PAIR, LIMIT_OF_PAIR_IN_A_CROWD),
        Bucket(_digest("address", place), CROWD, CROWD, tells_of_a_crowd=True),
    )
    return tuple(sorted(found, key=lambda b: b.key))


def of_device(user_id: int, mark: str) -> tuple[Bucket, ...]:
    """What a guess counts in that comes from a browser known to the user."""
    return (_bucket(LIMIT, "device", str(user_id), mark),)


def of_confirming(user_id: int) -> tuple[Bucket, ...]:
    """What a guess of a signed-in user at their own password counts in.

    Who has only stolen the session cannot guess on, nor lock the owner out of signing in.
    """
    return (_bucket(LIMIT, "confirm", str(user_id)),)


def of_setup(address: str) -> tuple[Bucket, ...]:
    """What a guess at the setup token counts in."""
    return (_bucket(LIMIT, "setup", network(address)),)


def _bucket(limit: int, *parts: str) -> Bucket:
    return Bucket(_digest(*parts), limit, limit)


def network(address: str) -> str:
    """An IPv4 address itself, the /64 of an IPv6 address (one customer's line), else the text."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def look(wanted: Sequence[Bucket]) -> None:
    """Raise ThrottledError when a guess would be refused; counts nothing, locks nothing."""
    now = utcnow()
    keys = [b.key for b in wanted]
    rows = db.session.scalars(select(LoginThrottle).where(LoginThrottle.key.in_(keys))).all()
    _refuse_full(wanted, {r.key: _recent(r.stamps, now) for r in rows}, now)


def admit(wanted: Sequence[Bucket]) -> Guess:
    """Count one guess in every bucket, or raise ThrottledError and count nothing. Commits."""
    now = utcnow()
    at = now.timestamp()
    limits = {b.key: b.limit for b in wanted}
    purge(now)
    blank = [{"key": key, "stamps": [], "last_at": now} for key in limits]
    db.session.execute(insert_or_nothing(LoginThrottle.__table__, dialect_name(db.session)), blank)
    rows = _locked(tuple(limits))
    recent = {r.key: _recent(r.stamps, now) for r in rows}
    try:
        _refuse_full(wanted, recent, now)
    except ThrottledError:
        db.session.rollback()
        raise
    for row in rows:
        row.stamps = [*recent[row.key], at][-limits[row.key] :]
        row.last_at = now
    db.session.commit()
    wait = math.ceil(WINDOW.total_seconds()) if _is_crowded(wanted, recent) else None
    return Guess(tuple(limits), at, wait)


def take_back(guess: Guess) -> None:
    """The guess was right: it no longer counts. Part of the caller's transaction."""
    for row in _locked(guess.keys):
        kept = list(row.stamps)
        if guess.at in kept:
            kept.remove(guess.at)
        row.stamps = kept
    db.session.flush()


def purge(now: datetime | None = None) -> int:
    """Forget guesses that no longer count; how many rows went. Part of the caller's transaction."""
    now = now or utcnow()
    last = LoginThrottle.last_at
    gone = db.session.execute(
        delete(LoginThrottle).where(or_(last < now - WINDOW, last > now + CLOCKS_APART))
    )
    return rows_written(gone)


def _locked(keys: Sequence[str]) -> Sequence[LoginThrottle]:
    """The rows, held against other processes until the transaction ends (SQLite holds them all)."""
    wanted = select(LoginThrottle).where(LoginThrottle.key.in_(keys)).order_by(LoginThrottle.key)
    fresh = wanted.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(fresh).all()


def _recent(stamps: Sequence[float], now: datetime) -> list[float]:
    oldest, newest = (now - WINDOW).timestamp(), (now + CLOCKS_APART).timestamp()
    return [s for s in stamps if oldest < s <= newest]


def _is_crowded(wanted: Sequence[Bucket], recent: dict[str, list[float]]) -> bool:
    return any(b.tells_of_a_crowd and len(recent.get(b.key, [])) >= b.limit for b in wanted)


def _refuse_full(wanted: Sequence[Bucket], recent: dict[str, list[float]], now: datetime) -> None:
    crowded = _is_crowded(wanted, recent)
    waits = []
    for bucket in wanted:
        stamps = sorted(recent.get(bucket.key, []))
        limit = bucket.limit_in_a_crowd if crowded else bucket.limit
        if not bucket.tells_of_a_crowd and len(stamps) >= limit:
            free_at = datetime.fromtimestamp(stamps[-limit], UTC) + WINDOW
            waits.append((free_at - now).total_seconds())
    if waits:
        raise ThrottledError(max(1, int(max(waits)) + 1))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode(errors="surrogatepass")).hexdigest()
