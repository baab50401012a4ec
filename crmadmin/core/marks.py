"""What proves that an id from a form or an address still names the record that it named.

A record's mark is its table, its id and the moment it was made: another record that has the id by
now was made at another moment. Every form on a page carries the marks of the records that the page
was made of (`csrf` in the templates writes them), htmx sends them along, and lists put them into
the addresses of what is done with a row. `records.fetch` refuses an id whose mark is another one;
what writes asks for one with `require`. Whether the record was changed since is its version's
business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask import g, has_request_context, request

from crmadmin.core.outside import record_id

FIELD = "_mark"
"""The hidden field of a form, and the parameter of an address; may be repeated."""
HEADER = "X-Marks"
MOST = 200
"""Marks that one page carries, and that are read of one request."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MOMENT = re.compile("[0-9a-z]{8,14}")
_LONGEST = 120
READS = ("GET", "HEAD", "OPTIONS")


class NotTheSame(LookupError):
    """The record that the page was made of is gone; or, not `is_told`, the request does not say
    which that was."""

    def __init__(self, *, is_told: bool = True) -> None:
        super().__init__()
        self.is_told = is_told


def mark(record: Any) -> str:
    """The mark of a record: customer.12.kx3f9a."""
    return f"{type(record).__tablename__}.{key(record)}"


def key(record: Any) -> str:
    """Its id with the proof, for what names records of one table only: 12.kx3f9a."""
    return f"{record.id}.{moment(record.created_at)}"


def moment(made: Any) -> str:
    """When a record was made, in as few signs as can be; to the microsecond, as it is stored."""
    number = round(made.timestamp() * 1_000_000) if made is not None else 0
    signs = ""
    while number:
        number, digit = divmod(number, 36)
        signs = _DIGITS[digit] + signs
    return signs or "0"


def is_after(made: Any, seen: str) -> bool:
    """Whether a moment is after the one that a text says; it is after any that cannot be read."""
    return _MOMENT.fullmatch(seen) is None or int(moment(made), 36) > int(seen, 36)


def of_key(value: object) -> tuple[int, str] | None:
    """The id, and the moment or "", that a text names: "12.kx3f9a" or "12"; None for what is none.

    A whole mark is one as well.
    """
    if not isinstance(value, str):
        found = record_id(value)
        return None if found is None else (found, "")
    parts = value[:_LONGEST].split(".")
    number, made = (parts[0], "") if len(parts) == 1 else (parts[-2], parts[-1])
    found = record_id(number)
    if found is None or (len(parts) > 1 and _MOMENT.fullmatch(made) is None):
        return None
    return found, made


# A page and the request that it sends


def carry(*records: Any) -> None:
    """Let the forms of the page that is being made carry the marks of these records."""
    if not has_request_context():
        return
    kept: dict[str, None] = g.setdefault("marks", {})
    for record in records:
        if getattr(record, "created_at", None) is not None and len(kept) < MOST:
            kept[mark(record)] = None


def forget() -> None:
    """Let the page carry none: a refusal must not tell that there is such a record, nor when it was
    made."""
    g.pop("marks", None)


def carried() -> list[str]:
    """The marks that the forms of this page carry."""
    return list(g.get("marks", ()))


def sent() -> dict[str, str]:
    """What the request says of each record: "customer.12" → the moment."""
    if not has_request_context():
        return {}
    if "marks_sent" not in g:
        g.marks_sent = _read(_given())
    found: dict[str, str] = g.marks_sent
    return found


def note(record: Any) -> None:
    """The record's own key came with the request: that says as much as a mark."""
    if has_request_context():
        sent()[f"{type(record).__tablename__}.{record.id}"] = moment(record.created_at)


def _given() -> Iterable[str]:
    yield from request.headers.get(HEADER, "").split()[:MOST]
    yield from request.args.getlist(FIELD)[:MOST]
    yield from request.form.getlist(FIELD)[:MOST]  # what the form itself says counts most


def _read(given: Iterable[str]) -> dict[str, str]:
    found = {}
    for text in given:
        name, dot, made = text[:_LONGEST].rpartition(".")
        if dot:
            found[name] = made
    return found


def is_another(model: type[Any], number: int, record: Any | None) -> bool:
    """Whether the request is about a record of this id that is not, or no longer, this one."""
    said = sent().get(f"{model.__tablename__}.{number}")
    if said is None:
        return False
    return record is None or said != moment(record.created_at)


def is_other_than(model: type[Any], record: Any | None) -> bool:
    """Whether the request is about records of this kind, and none of them is this one."""
    kind = f"{model.__tablename__}."
    said = {name: made for name, made in sent().items() if name.startswith(kind)}
    if not said:
        return False
    return record is None or said.get(f"{kind}{record.id}") != moment(record.created_at)


def require(record: Any | None) -> None:
    """Of what writes: the request must say which record it is about. Raises NotTheSame."""
    if record is None or not has_request_context() or request.method in READS:
        return
    said = sent().get(f"{type(record).__tablename__}.{record.id}")
    if said != moment(record.created_at):
        raise NotTheSame(is_told=said is not None)
