"""Passwords: which are accepted, and the only way to hash or compare one.

Argon2id with argon2-cffi's defaults (RFC 9106, low-memory: 64 MiB, some 0.3 s a hash). At most
SLOTS are computed at once in a process, so a burst of log-ins costs time and not memory.
"""

from __future__ import annotations

import base64
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from crmadmin.core.text import Refusal

SHORTEST = 10
LONGEST = 200
SLOTS = 2
WAIT_SECONDS = 20.0

hasher = PasswordHasher()
_slots = threading.BoundedSemaphore(SLOTS)

# The heads of public lists of leaked passwords, and Vietnamese habits. Compared after everything
# but letters is dropped, so "Password@123" and "matkhau2026" are among them.
COMMON_WORDS = frozenset(
    """
    password passw passwords passwort pass qwerty qwertyuiop qwertyuiopasdfghjkl asdfghjkl zxcvbnm
    abc abcd abcde abcdef abcabc iloveyou letmein welcome admin administrator adminadmin root guest
    login master monkey dragon football baseball superman batman sunshine princess shadow michael
    trustno secret changeme default test testtest testing user username hello helloworld computer
    internet qazwsx qazwsxedc qwe qweasd qweasdzxc asd asdasd zxc crm crmadmin crmcrm company sales
    marketing viewer matkhau matkhaumatkhau anhyeuem emyeuanh yeuem yeuanh iloveyouu vietnam
    saigon hanoi danang quenroi khongbiet khongnho mothaiba motnam toiyeuvietnam xinchao congty
    """.split()  # noqa: SIM905 - a quoted list of these words would be a page long
)


class BusyError(RuntimeError):
    """Too many passwords are being checked; the caller answers 503 and asks to try again."""


class Turn:
    """The right to hash: one of SLOTS, held inside `with turn() as work:`."""

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
def turn() -> Iterator[Turn]:
    """Wait for one's turn to hash. Raises BusyError after WAIT_SECONDS.

    Hold no database transaction meanwhile: on SQLite it would stop every other writer.
    """
    if not _slots.acquire(timeout=WAIT_SECONDS):
        raise BusyError
    try:
        yield Turn()
    finally:
        _slots.release()


def check(password: str, *names: str | None) -> None:
    """Raise Refusal unless the password may be used by someone with these names.

    `names` are the user name, the email, the full name. Codes: password_short, password_long,
    password_is_name, password_common.
    """
    if len(password) < SHORTEST:
        raise Refusal("password_short", {"field": "password", "least": str(SHORTEST)})
    if len(password) > LONGEST:
        raise Refusal("password_long", {"field": "password", "most": str(LONGEST)})
    folded = _normal(password).casefold()
    letters = _letters(folded)
    own = {_letters(part.casefold()) for name in names for part in _parts(name)}
    if letters and letters in own:
        raise Refusal("password_is_name", {"field": "password"})
    # Figures alone are mostly phone numbers and dates.
    if letters in COMMON_WORDS or not letters or len(set(folded)) < 4:
        raise Refusal("password_common", {"field": "password"})


def _parts(name: str | None) -> tuple[str, ...]:
    if not name:
        return ()
    return (name, name.split("@", 1)[0])


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", text)


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
