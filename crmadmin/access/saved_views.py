"""Saved views: the names that a user gave to what a list showed. Only their own, never anybody's.

What a query string may hold is the list's question; it comes here checked. Each write is part of
the caller's transaction, which a refusal for a name that is taken has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from crmadmin.access.models import SavedView
from crmadmin.core.db import db
from crmadmin.core.facets import FacetLine, lines, short_lists
from crmadmin.core.text import Refusal, name_key, text

MOST = 50
"""Saved views of one user for one list."""
LONGEST_NAME = 60
LONGEST_QUERY = 4000
LONGEST_KEY = 240


def part_of(user_id: int, record: str) -> Select[Any]:
    """The views of a list as a part of `core.facets.short_lists`: id, name, query, default."""
    part = lines(SavedView.id, SavedView.name, SavedView.query, SavedView.is_default)
    return part.where(SavedView.user_id == user_id, SavedView.record == record)


def of(user_id: int, record: str) -> list[FacetLine]:
    """The same, read: in the order in which they were saved."""
    return short_lists([part_of(user_id, record)])[0]


def own(user_id: int, record: str) -> dict[int, SavedView]:
    """The same as records, by id."""
    mine = select(SavedView).where(SavedView.user_id == user_id, SavedView.record == record)
    return {view.id: view for view in db.session.scalars(mine)}


def save(
    user_id: int,
    record: str,
    name: str,
    query: str,
    *,
    default: bool = False,
    replace: bool = False,
) -> SavedView:
    """Give a query string a name. `replace` lets it take the place of the view of that name.

    Raises Refusal: required, too_long, view_taken, view_too_long, too_many_views.
    """
    cleaned, key = _name(name)
    if not query:
        raise Refusal("view_empty")
    if len(query) > LONGEST_QUERY:
        raise Refusal("view_too_long", {"limit": str(LONGEST_QUERY)})
    mine = (SavedView.user_id == user_id, SavedView.record == record)
    view = db.session.scalar(select(SavedView).where(*mine, SavedView.name_key == key))
    if view is not None and not replace:
        raise Refusal("view_taken", {"value": view.name})
    if view is None:
        if (db.session.scalar(select(func.count(SavedView.id)).where(*mine)) or 0) >= MOST:
            raise Refusal("too_many_views", {"most": str(MOST)})
        view = SavedView(user_id=user_id, record=record, is_default=False)
        db.session.add(view)
    view.name, view.name_key, view.query = cleaned, key, query
    _flush(cleaned)
    if default:
        set_default(user_id, record, view.id)
    return view


def rename(user_id: int, record: str, view_id: int, name: str) -> None:
    """Another name for a view; a view that is gone is left alone.

    Raises Refusal: required, too_long, view_taken.
    """
    cleaned, key = _name(name)
    view = db.session.scalar(select(SavedView).where(*_one(user_id, record, [view_id])))
    if view is not None and view.name != cleaned:
        view.name, view.name_key = cleaned, key
        _flush(cleaned)


def set_default(user_id: int, record: str, view_id: int | None) -> None:
    """Let the list's bare address open this view; None lets it open everything."""
    mine = (SavedView.user_id == user_id, SavedView.record == record)
    # First none, then one: a list has one default at every moment of the transaction.
    _write(update(SavedView).where(*mine, SavedView.is_default).values(is_default=False))
    if view_id is not None:
        chosen = update(SavedView).where(*mine, SavedView.id == view_id)
        _write(chosen.values(is_default=True))


def remove(user_id: int, record: str, view_ids: Sequence[int]) -> None:
    """Forget views; the lists they named are untouched."""
    _write(delete(SavedView).where(*_one(user_id, record, view_ids)))


def _one(user_id: int, record: str, view_ids: Sequence[int]) -> tuple[Any, ...]:
    mine = (SavedView.user_id == user_id, SavedView.record == record)
    return (*mine, SavedView.id.in_(view_ids))


def _name(typed: str) -> tuple[str, str]:
    cleaned = text(typed)
    if cleaned is None:
        raise Refusal("required", {"field": "name"})
    if len(cleaned) > LONGEST_NAME:
        length, limit = str(len(cleaned)), str(LONGEST_NAME)
        raise Refusal("too_long", {"field": "name", "length": length, "limit": limit})
    return cleaned, name_key(cleaned)[:LONGEST_KEY]


def _flush(name: str) -> None:
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Refusal("view_taken", {"value": name}) from None


def _write(statement: Any) -> None:
    db.session.flush()
    db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.expire_all()
