"""Counts that the catalog pages show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, literal, select, union_all

from crmadmin.core.db import db
from crmadmin.core.text import fold

MOST_NEAR = 5
MOST_LOOKED_AT = 100


def activity(models: Sequence[type[Any]]) -> dict[type[Any], tuple[int, int]]:
    """How many records of each catalog are in use, and how many are not, in one statement."""
    if not models:
        return {}
    parts = [
        select(literal(n), func.sum(case((m.is_active, 1), else_=0)), func.count()).select_from(m)
        for n, m in enumerate(models)
    ]
    rows = db.session.execute(union_all(*parts)).all()
    return {
        models[number]: (int(used or 0), int(total) - int(used or 0))
        for number, used, total in rows
    }


def same_name(model: type[Any], name: str) -> list[Any]:
    """Records whose name is the same without accents, a few.

    Of those that have it somewhere in them, the same ones have the shortest names.
    """
    wanted = fold(name)
    near = model.search_text.contains(wanted, autoescape=True)
    order = (func.length(model.name), model.id)
    found = db.session.scalars(select(model).where(near).order_by(*order).limit(MOST_LOOKED_AT))
    return [r for r in found if fold(r.name) == wanted][:MOST_NEAR]
