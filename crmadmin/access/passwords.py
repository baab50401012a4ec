"""Passwords: the only way to hash or compare one. Which are accepted is `password_rules`' word.

Argon2id with the memory and passes of RFC 9106's second choice (64 MiB, 3), in one lane: some 0.2 s
of one core. At most SLOTS are computed at once in a process, so a burst of log-ins takes no more
memory and no more cores than that; and only a few wait for a slot, so that it never takes all
threads of the server from those who only want a page.
"""

from __future__ import annotations

import base64
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 200
SLOTS = 2
WAITING = 2
"""How many may wait for a slot. Together with SLOTS and WAITING_KNOWN fewer than the threads of a
web process (8), or pages would wait behind log-ins."""
WAITING_KNOWN = 2
"""How many more may wait who are known: strangers cannot keep them from signing in."""
WAIT_SECONDS = 10.0
RETRY_SECONDS = 5
"""When somebody who found no place may try again."""

hasher = PasswordHasher(parallelism=1)
_door = threading.Condition()
_hashing = _waiting = 0


class BusyError(RuntimeError):
    """Too many passwords are being checked; the caller answers 503 and asks to try again."""


class HashSlot:
    """The right to hash: one of SLOTS, held inside `with slot() as work:`."""

    def hash(self, password: str) -> str:
        """The string to store."""
        return hasher.hash(_normal(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one; takes as long when nothing is stored."""
        try:
            return hasher.verify(stored or _decoy(), _normal(password)) and stored is not None
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, stored: str) -> bool:
        """Whether the stored string was made with other parameters than today's."""
        return hasher.check_needs_rehash(stored)


@contextmanager
def slot(*, is_known: bool = False) -> Iterator[HashSlot]:
    """A turn to hash. Raises BusyError at once when enough others wait already.

    `is_known` is somebody who has signed in before, here or on this browser. Hold no database
    transaction meanwhile: on SQLite it would stop every other writer.
    """
    _enter(_places(is_known=is_known))
    try:
        yield HashSlot()
    finally:
        _leave()


def knock(*, is_known: bool = False) -> None:
    """Raise BusyError when `slot` would do so at this moment; takes no place.

    For whoever can answer before anything else is looked at: turning a thousand log-ins away costs
    as little as possible.
    """
    if _hashing >= SLOTS and _waiting >= _places(is_known=is_known):
        raise BusyError


def _places(*, is_known: bool) -> int:
    return WAITING + (WAITING_KNOWN if is_known else 0)


def _enter(places: int) -> None:
    global _hashing, _waiting  # one door a process
    with _door:
        if _hashing >= SLOTS:
            if _waiting >= places:
                raise BusyError
            _waiting += 1
            try:
                if not _door.wait_for(lambda: _hashing < SLOTS, WAIT_SECONDS):
                    raise BusyError
            finally:
                _waiting -= 1
        _hashing += 1


def _leave() -> None:
    global _hashing
    with _door:
        _hashing -= 1
        _door.notify()


def _normal(password: str) -> str:
    """One form for one text: keyboards for Vietnamese differ in how they compose letters."""
    return unicodedata.normalize("NFKC", password)


def _decoy() -> str:
    """A well-formed hash, with today's parameters, that no password has."""

    def part(size: int) -> str:
        return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")

    return (
        f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
        f"${part(hasher.salt_len)}${part(hasher.hash_len)}"
    )
