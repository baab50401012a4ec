"""Settings that an administrator changes on screen: their names, shapes and defaults."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from crmadmin.core import outside, records
from crmadmin.core.db import db
from crmadmin.core.models import Setting

CODES = "customer_codes"
DUPLICATES = "duplicate_check"
DUPLICATE_FIELDS = ("phone", "email", "tax_code")
COMPANY_WORDS = "company_words"


@dataclass(frozen=True, slots=True)
class CodePattern:
    """How automatic codes are written: prefix, the number padded to `length`, suffix."""

    prefix: str = "KH"
    length: int = 6
    suffix: str = ""
    automatic: bool = True

    def format(self, number: int) -> str:
        """The code of a number: 123 → KH000123."""
        return f"{self.prefix}{number:0{self.length}d}{self.suffix}"

    @classmethod
    def read(cls, value: object) -> CodePattern | None:
        """The pattern that was stored; None for what is none."""
        kept = outside.entries(value)
        texts = [kept.get(name, "") for name in ("prefix", "suffix")]
        if not kept or not all(isinstance(text, str) and PLAIN.fullmatch(text) for text in texts):
            return None
        if outside.whole(kept.get("length"), 1, LONGEST_NUMBER) is None:
            return None
        automatic = kept.get("automatic", True)
        return cls(texts[0], kept["length"], texts[1], automatic=automatic is not False)


PLAIN = re.compile(r"[A-Za-z0-9._/-]{0,16}")
"""What stands before and after the number of a code."""
LONGEST_NUMBER = 12


def customer_codes() -> CodePattern:
    """How customers are numbered; as by default while the setting cannot be read."""
    return CodePattern.read(_read(CODES, asdict(CodePattern()))) or CodePattern()


def set_customer_codes(pattern: CodePattern) -> None:
    """Keep a new pattern; codes given before stay as they are. The caller commits."""
    _write(CODES, asdict(pattern))


def duplicate_fields() -> tuple[str, ...]:
    """Customer fields that are compared on entry, beside the code, which always is."""
    chosen = _read(DUPLICATES, list(DUPLICATE_FIELDS))
    if not isinstance(chosen, list):
        return DUPLICATE_FIELDS
    return tuple(f for f in DUPLICATE_FIELDS if f in chosen)


def unreadable() -> tuple[str, ...]:
    """The settings whose stored value cannot be read: their defaults hold until they are saved."""
    found = []
    if CodePattern.read(_read(CODES, asdict(CodePattern()))) is None:
        found.append(CODES)
    if not isinstance(_read(DUPLICATES, []), list):
        found.append(DUPLICATES)
    return tuple(found)


def set_duplicate_fields(fields: tuple[str, ...]) -> None:
    """Keep which fields are compared. The caller commits."""
    _write(DUPLICATES, [f for f in DUPLICATE_FIELDS if f in fields])


def version() -> str:
    """The version of all settings together: it moves with each of them."""
    found = db.session.execute(select(Setting.key, Setting.version).order_by(Setting.key))
    return ".".join(f"{key}:{number}" for key, number in found)


def last_change() -> tuple[int | None, datetime] | None:
    """By whom (a user's id) and when a setting was changed last; None before the first time."""
    found = db.session.execute(
        select(Setting.updated_by_id, Setting.updated_at).order_by(Setting.updated_at.desc())
    ).first()
    return None if found is None else (found[0], found[1])


def keep(pattern: CodePattern, fields: tuple[str, ...], words: tuple[str, ...], seen: str) -> None:
    """Keep everything that the settings page writes, flushed. The caller commits.

    `seen` is the `version` that the page was opened with. Raises records.Stale, with nothing
    written, when somebody changed a setting since.
    """
    if version() != seen:
        raise records.Stale
    try:
        with db.session.begin_nested():
            set_customer_codes(pattern)
            set_duplicate_fields(fields)
            set_company_words(words)
            db.session.flush()
    except (IntegrityError, StaleDataError) as error:
        raise records.Stale from error


def company_words() -> tuple[str, ...]:
    """The company's own words, of which no password may be made: its names, products, places."""
    return tuple(_read(COMPANY_WORDS, []))


def set_company_words(words: tuple[str, ...]) -> None:
    """Keep the company's own words. The caller commits."""
    _write(COMPANY_WORDS, list(words))


def _read(key: str, default: Any) -> Any:
    setting = db.session.get(Setting, key)
    return default if setting is None else setting.value


def _write(key: str, value: Any) -> None:
    setting = db.session.get(Setting, key)
    if setting is None:
        db.session.add(Setting(key=key, value=value))
    else:
        setting.value = value
