"""Limits on guessing passwords, kept in the database so that all web processes share them.

At most 10 guesses in any 15 minutes per account and per address, and 5 per account from one
address: who guesses from one place fills only their own share, and the owner still gets in from
elsewhere. A browser that has signed in to the account before carries a device mark and has 10
guesses of its own, which nobody else can use up; so even guesses from many addresses lock nobody
out. A guess is noted before the password is looked at, and taken back when it was right.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from crmadmin.access.models import LoginThrottle
from crmadmin.core.db import db, dialect_name, insert_or_nothing, utcnow

WINDOW = timedelta(minutes=15)
LIMIT = 10
LIMIT_OF_PAIR = 5


class ThrottledError(RuntimeError):
    """Too many guesses. `seconds` until the next one is looked at, at least 1."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many guesses; next in {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Bucket:
    """What guesses are counted by: a digest, and how many it holds."""

    key: str
    limit: int


@dataclass(frozen=True, slots=True)
class Guess:
    """A guess that was let in, for `take_back`."""

    keys: tuple[str, ...]
    at: float


def buckets(account: str, address: str, device: str | None) -> tuple[Bucket, ...]:
    """The buckets one guess counts in.

    `account` is the key of the name that was typed, whether there is such a user or not; `device`
    the mark of a browser known to that user. Sorted by key, so that two guesses lock in one order.
    """
    if device is not None:
        return (Bucket(_digest("device", account, device), LIMIT),)
    place = network(address)
    found = (
        Bucket(_digest("account", account), LIMIT),
        Bucket(_digest("address", place), LIMIT),
        Bucket(_digest("pair", account, place), LIMIT_OF_PAIR),
    )
    return tuple(sorted(found, key=lambda b: b.key))


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
    keys = [b.key for b in wanted]
    db.session.execute(delete(LoginThrottle).where(LoginThrottle.last_at < now - WINDOW))
    blank = [{"key": key, "stamps": [], "last_at": now} for key in keys]
    db.session.execute(insert_or_nothing(LoginThrottle.__table__, dialect_name(db.session)), blank)
    rows = _locked(keys)
    recent = {r.key: _recent(r.stamps, now) for r in rows}
    try:
        _refuse_full(wanted, recent, now)
    except ThrottledError:
        db.session.rollback()
        raise
    for row in rows:
        row.stamps = [*recent[row.key], at]
        row.last_at = now
    db.session.commit()
    return Guess(tuple(keys), at)


def take_back(guess: Guess) -> None:
    """The guess was right: it no longer counts. Part of the caller's transaction."""
    for row in _locked(guess.keys):
        kept = list(row.stamps)
        if guess.at in kept:
            kept.remove(guess.at)
        row.stamps = kept
    db.session.flush()


def _locked(keys: Sequence[str]) -> Sequence[LoginThrottle]:
    """The rows, held against other processes until the transaction ends (SQLite holds them all)."""
    wanted = select(LoginThrottle).where(LoginThrottle.key.in_(keys)).order_by(LoginThrottle.key)
    fresh = wanted.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(fresh).all()


def _recent(stamps: Sequence[float], now: datetime) -> list[float]:
    oldest = (now - WINDOW).timestamp()
    return [s for s in stamps if s > oldest]


def _refuse_full(wanted: Sequence[Bucket], recent: dict[str, list[float]], now: datetime) -> None:
    waits = []
    for bucket in wanted:
        stamps = sorted(recent.get(bucket.key, []))
        if len(stamps) >= bucket.limit:
            free_at = datetime.fromtimestamp(stamps[-bucket.limit], UTC) + WINDOW
            waits.append((free_at - now).total_seconds())
    if waits:
        raise ThrottledError(max(1, int(max(waits)) + 1))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode(errors="surrogatepass")).hexdigest()
