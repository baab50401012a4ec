"""Automatic codes: numbers are handed out once, skipping codes that people typed themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select, update

from crmadmin.core.db import db, dialect_name, insert_or_nothing, spec_of
from crmadmin.core.models import CodeSequence
from crmadmin.core.settings import CodePattern
from crmadmin.core.text import code_key

CATALOG_LENGTH = 3
CHUNK = 500  # bound parameters of one look-up


_BY_SETTING: dict[str, Callable[[], CodePattern]] = {}


def number_by(model: type[Any], setting: Callable[[], CodePattern]) -> None:
    """Write a model's codes as a setting says, asked for anew each time."""
    _BY_SETTING[model.__tablename__] = setting


def pattern_of(model: type[Any]) -> CodePattern:
    """How a model's codes are written: as its setting says, else by the prefix it declares."""
    if setting := _BY_SETTING.get(model.__tablename__):
        return setting()
    return CodePattern(spec_of(model).options.prefix, CATALOG_LENGTH)


def allot(model: type[Any], how_many: int) -> list[str]:
    """The next free codes of a model, reserved by this transaction until it ends.

    The sequence's row is locked first, so that two writers never get the same number; a number
    whose code is taken already is passed over. A rolled-back transaction gives its numbers back.
    """
    name = model.__tablename__
    session = db.session
    session.execute(
        insert_or_nothing(CodeSequence, dialect_name(session)).values(name=name, last=0)
    )
    mine = CodeSequence.name == name
    last = session.scalar(
        update(CodeSequence).where(mine).values(last=CodeSequence.last).returning(CodeSequence.last)
    )
    pattern, number = pattern_of(model), int(last or 0)
    found: list[str] = []
    size = min(max(how_many, 16), CHUNK)
    while len(found) < how_many:
        codes = {pattern.format(n): n for n in range(number + 1, number + 1 + size)}
        taken = _taken(model, codes)
        for code, n in codes.items():
            if code_key(code) not in taken:
                found.append(code)
                number = n
                if len(found) == how_many:
                    break
        else:
            number = max(codes.values())
    session.execute(update(CodeSequence).where(mine).values(last=number))
    return found


def preview(model: type[Any]) -> str:
    """The code that the next record would probably get; reserves nothing."""
    name = model.__tablename__
    last = db.session.scalar(select(CodeSequence.last).where(CodeSequence.name == name)) or 0
    pattern, number = pattern_of(model), int(last)
    while True:
        codes = [pattern.format(n) for n in range(number + 1, number + 1 + CHUNK)]
        taken = _taken(model, codes)
        free = next((c for c in codes if code_key(c) not in taken), None)
        if free is not None:
            return free
        number += CHUNK


def _taken(model: type[Any], codes: Any) -> set[str]:
    keys = [code_key(c) for c in codes]
    return set(db.session.scalars(select(model.code_key).where(model.code_key.in_(keys))))
