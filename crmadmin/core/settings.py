"""Settings that an administrator changes on screen: their names, shapes and defaults."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from crmadmin.core import records
from crmadmin.core.db import db
from crmadmin.core.models import Setting

CODES = "customer_codes"
DUPLICATES = "duplicate_check"
DUPLICATE_FIELDS = ("phone", "email", "tax_code")


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


def customer_codes() -> CodePattern:
    """How customers are numbered."""
    return CodePattern(**_read(CODES, {}))


def set_customer_codes(pattern: CodePattern) -> None:
    """Keep a new pattern; codes given before stay as they are. The caller commits."""
    _write(CODES, asdict(pattern))


def duplicate_fields() -> tuple[str, ...]:
    """Customer fields that are compared on entry, beside the code, which always is."""
    chosen = _read(DUPLICATES, list(DUPLICATE_FIELDS))
    return tuple(f for f in DUPLICATE_FIELDS if f in chosen)


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


def keep(pattern: CodePattern, fields: tuple[str, ...], seen: str) -> None:
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
            db.session.flush()
    except (IntegrityError, StaleDataError) as error:
        raise records.Stale from error


def _read(key: str, default: Any) -> Any:
    setting = db.session.get(Setting, key)
    return default if setting is None else setting.value


def _write(key: str, value: Any) -> None:
    setting = db.session.get(Setting, key)
    if setting is None:
        db.session.add(Setting(key=key, value=value))
    else:
        setting.value = value
