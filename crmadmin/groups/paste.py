"""Dán danh sách mã: a pasted list of codes, phones or emails, and whom each line names.

A line is looked up as a code first, then, if it has an @, as an email, else as a phone number in
any of the ways people write one. The look-up takes a few statements, whatever the length.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select

from crmadmin.core.bulk import among
from crmadmin.core.db import db, spec_of
from crmadmin.core.text import as_typed, code_key, dialled, email_key
from crmadmin.customers.models import Customer

MOST_LINES = 100_000
LONGEST = 254
"""Longer than any code, phone or email."""

_BETWEEN = re.compile(r"[\r\n,;]")


class TooManyLines(ValueError):
    """More lines than can be looked up at once. `lines` says how many there are."""

    def __init__(self, lines: int) -> None:
        super().__init__(str(lines))
        self.lines = lines


class NamedCustomer(NamedTuple):
    """A customer whom a line names."""

    id: int
    code: str
    name: str
    created_at: datetime


class LineMatch(NamedTuple):
    """A line, and the customer it names."""

    customer: NamedCustomer
    line: str


@dataclass
class Pasted:
    """What became of the `lines` that are not blank.

    `found` maps customer ids to the first line that named them; `twice` are later lines that name
    one of them again; `several` are lines that fit more than one customer, such as a shared phone
    (nobody of them is found by that line); `not_found` are the others.
    """

    lines: int = 0
    found: dict[int, LineMatch] = field(default_factory=dict)
    twice: list[LineMatch] = field(default_factory=list)
    several: list[tuple[str, list[NamedCustomer]]] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)

    @property
    def ids(self) -> list[int]:
        """The customers found, in the order of the lines."""
        return list(self.found)


def look_up(
    text: str, scope_where: Sequence[ColumnElement[bool]] = (), *, sees_sensitive: bool = True
) -> Pasted:
    """Whom the lines name, among the customers within `scope_where`. Raises TooManyLines.

    Commas and semicolons end a line, too; of a row with tabs, as copied from a sheet, the first
    cell counts. Users who see phones and emails masked cannot find anybody by them.
    """
    lines = _lines(text)
    if len(lines) > MOST_LINES:
        raise TooManyLines(len(lines))
    by_line = _by_line(lines, scope_where, sees_sensitive=sees_sensitive)
    pasted = Pasted(len(lines))
    for line in lines:
        named = by_line.get(line, ())
        if not named:
            pasted.not_found.append(line)
        elif len(named) > 1:
            pasted.several.append((line, list(named)))
        elif named[0].id in pasted.found:
            pasted.twice.append(LineMatch(named[0], line))
        else:
            pasted.found[named[0].id] = LineMatch(named[0], line)
    return pasted


def _lines(text: str) -> list[str]:
    cells = (line.replace("\0", "").strip().split("\t", 1)[0].strip()
             for line in _BETWEEN.split(text))  # fmt: skip
    return [cell for cell in cells if cell]


def _by_line(
    lines: Sequence[str], scope: Sequence[ColumnElement[bool]], *, sees_sensitive: bool
) -> Mapping[str, Sequence[NamedCustomer]]:
    distinct = [line for line in dict.fromkeys(lines) if len(line) <= LONGEST]
    found: dict[str, Sequence[NamedCustomer]] = {}

    def take(name: str, column: Any, key_of: Callable[[str], str | None]) -> None:
        if sees_sensitive or not spec_of(Customer).field(name).sensitive:
            rest = (line for line in distinct if line not in found)
            keys = {line: key for line in rest if (key := key_of(line))}
            found.update(_matching(column, keys, scope))

    take("code", Customer.code_key, code_key)
    take("code", Customer.code_key, _narrow_key)
    take("email", Customer.email_key, lambda line: email_key(line) if "@" in line else None)
    take("phone", Customer.phone, lambda line: None if "@" in line else dialled(line))
    return found


def _narrow_key(line: str) -> str | None:
    """The code that an Asian keyboard's full width stands for; None for another line."""
    typed = as_typed(line)
    return code_key(typed[-1]) if len(typed) > 1 else None


def _matching(
    column: Any, keys: Mapping[str, str], scope: Sequence[ColumnElement[bool]]
) -> dict[str, Sequence[NamedCustomer]]:
    """Line → the customers whose column has the line's key."""
    if not keys:
        return {}
    by_key = _by_key(column, dict.fromkeys(keys.values()), scope)
    return {line: by_key[key] for line, key in keys.items() if key in by_key}


def _by_key(
    column: Any, keys: Iterable[str], scope: Sequence[ColumnElement[bool]]
) -> dict[str, list[NamedCustomer]]:
    rows = db.session.execute(
        select(column, Customer.id, Customer.code, Customer.name, Customer.created_at)
        .where(among(column, keys), *scope)
        .order_by(Customer.id)
    )
    found: dict[str, list[NamedCustomer]] = defaultdict(list)
    for key, *named in rows:
        found[key].append(NamedCustomer(*named))
    return dict(found)
