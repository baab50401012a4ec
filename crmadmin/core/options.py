"""Options of selects and answers of remote look-ups: active records, and the one already chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select

from crmadmin.core import marks
from crmadmin.core.db import db, spec_of
from crmadmin.core.orders import ordered, terms
from crmadmin.core.search import conditions

LIMIT = 20


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select. `hint` is a second, quieter line."""

    id: int
    text: str
    hint: str = ""
    color: str = ""
    is_active: bool = True
    is_default: bool = False
    made: str = ""
    """The proof that the id still names this record (see `marks`)."""

    @property
    def key(self) -> str:
        """What a form posts for it: the id with its proof."""
        return f"{self.id}.{self.made}" if self.made else str(self.id)

    def as_json(self, *, is_proven: bool = False) -> dict[str, Any]:
        """The shape that the remote select reads; `is_proven` for one of a form."""
        key = self.key if is_proven else self.id
        return {"id": key, "text": self.text, "hint": self.hint, "color": self.color}


def options(model: type[Any], keep: Sequence[int] = ()) -> list[Option]:
    """Every active record in its own order, and those of `keep`, active or not."""
    spec = spec_of(model)
    statement = select(model)
    if hasattr(model, "is_active"):
        statement = statement.where(model.is_active | model.id.in_(keep))
    wanted = ordered(statement, terms(spec, "", descending=False))
    return [_option(r) for r in db.session.scalars(wanted)]


def chosen(model: type[Any], ids: Sequence[int]) -> list[Option]:
    """The options of these ids, in no order; ids of deleted records are left out."""
    return [_option(r) for r in db.session.scalars(select(model).where(model.id.in_(ids)))]


def lookup(
    model: type[Any], query: str, *, sees_sensitive: bool, where: Sequence[ColumnElement[bool]] = ()
) -> list[Option]:
    """Active records that match the query and the conditions, at most LIMIT."""
    spec = spec_of(model)
    found_by = conditions(model, query, sees_sensitive=sees_sensitive)
    statement = select(model).where(*where, *found_by)
    if hasattr(model, "is_active"):
        statement = statement.where(model.is_active)
    wanted = ordered(statement, terms(spec, "", descending=False))
    found = db.session.scalars(wanted.limit(LIMIT))
    return [_option(r) for r in found]


def _option(record: Any) -> Option:
    spec = spec_of(type(record))
    return Option(
        id=record.id,
        text=str(getattr(record, spec.options.display)),
        hint=str(getattr(record, "code", "") or getattr(record, "username", "")),
        color=str(getattr(record, "color", "")),
        is_active=bool(getattr(record, "is_active", True)),
        is_default=bool(getattr(record, "is_default", False)),
        made=marks.moment(record.created_at),
    )
