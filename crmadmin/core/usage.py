"""Who refers to a record: counted, and moved to another one, for any model, set-based."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from crmadmin.core.db import Base, actor, db, rows_written, spec_of, utcnow
from crmadmin.core.spec import RecordSpec


@dataclass(frozen=True, slots=True)
class Reference:
    """One ref field, of any model, that points to a table."""

    spec: RecordSpec
    field: str
    column: Any


def references_to(model: type[Any]) -> list[Reference]:
    """Every declared ref to a model; stamps (created by …) are not uses of a record."""
    found = []
    for mapper in Base.registry.mappers:
        if "__record__" not in vars(mapper.class_):
            continue
        spec = spec_of(mapper.class_)
        for f in spec.refs:
            if f.target == model.__name__:
                found.append(Reference(spec, f.name, getattr(mapper.class_, f.column)))
    return found


def usage(
    model: type[Any],
    ids: Sequence[int],
    within: Callable[[type[Any]], Sequence[ColumnElement[bool]]] | None = None,
) -> dict[int, int]:
    """How many records refer to each of these ids; ids that nothing refers to are left out.

    `within` gives the conditions on the records of a model that are counted; all of them without.
    """
    counts: dict[int, int] = {}
    for reference in references_to(model):
        rows = db.session.execute(
            select(reference.column, func.count())
            .where(reference.column.in_(ids), *(within(reference.spec.model) if within else ()))
            .group_by(reference.column)
        )
        for key, number in rows:
            counts[key] = counts.get(key, 0) + number
    return counts


def move_references(model: type[Any], source_id: int, target_id: int) -> int:
    """Point everything that refers to one record to another; gives how many rows were written."""
    moved = 0
    for reference in references_to(model):
        owner: Any = reference.spec.model
        result = db.session.execute(
            update(owner)
            .where(reference.column == source_id)
            .values(
                {
                    reference.column.key: target_id,
                    "version": owner.version + 1,
                    "updated_at": utcnow(),
                    "updated_by_id": actor.get(),
                }
            )
            .execution_options(synchronize_session=False)
        )
        moved += rows_written(result)
    return moved
