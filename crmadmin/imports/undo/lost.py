"""Old values that can come back no more: their field is gone, or holds less than it did.

Before-images know a field by its column, which a migration that renames it carries along
(`core.field_names`). What it did not carry, or removed, is said before anything is taken back.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import case, func, null, select, true

from crmadmin.core.bulk import json_keys
from crmadmin.core.db import db
from crmadmin.imports.models import ImportRow
from crmadmin.imports.records import State
from crmadmin.imports.undo import side_effects
from crmadmin.imports.undo.can_undo import ImportScope
from crmadmin.imports.undo.values import length_of, restorable


class LostValue(NamedTuple):
    """A field (its label, or the column's name where it has none any more), of how many records
    the old value stays lost, and whether the field is gone or only too short."""

    field: str
    rows: int
    is_gone: bool = True


def of(scope: ImportScope) -> list[LostValue]:
    """What undoing the import could not bring back as things stand, by name. Reads only."""
    found = Counter(_of_rows(scope))
    for name, notes in side_effects.notes(scope, made=False).items():
        model = side_effects.model_named(name)
        for note in notes:
            found.update(_of_note(model, note.before or {}))
    return [LostValue(name, rows, is_gone) for (name, is_gone), rows in sorted(found.items())]


def token(lost: Iterable[LostValue]) -> str:
    """The same for the same losses; "" for none: what a page shows that it told them."""
    told = "|".join(f"{item.field}:{item.rows}:{item.is_gone}" for item in lost)
    return hashlib.sha256(told.encode()).hexdigest()[:16] if told else ""


def _of_note(model: Any, before: Mapping[str, object]) -> list[tuple[str, bool]]:
    if model is None:
        return [(name, True) for name in before]
    table = model.__table__
    kept = restorable(table, before)
    return [(_label(model, n), n not in table.c) for n in before if n not in kept]


def _label(model: Any, column: str) -> str:
    spec = next((f for f in side_effects.fields_of(model) if f.column == column), None)
    return str(spec.label) if spec is not None else column


def _of_rows(scope: ImportScope) -> dict[tuple[str, bool], int]:
    """Counted by the database: an import may have overwritten a million records."""
    mine = (scope.rows(State.UPDATED.value), ImportRow.before.is_not(null()))
    keys = json_keys(ImportRow.before)
    counted = select(keys.c.key, func.count()).select_from(ImportRow).join(keys, true())
    names: dict[str, int] = dict(
        db.session.execute(counted.where(*mine).group_by(keys.c.key)).all()
    )
    table = scope.model.__table__
    found = {(name, True): rows for name, rows in names.items() if name not in table.c}
    limits = {n: limit for n in names if n in table.c and (limit := length_of(table.c[n]))}
    if limits:
        longer = [
            func.sum(case((func.length(ImportRow.before[n].as_string()) > limit, 1), else_=0))
            for n, limit in limits.items()
        ]
        counts = db.session.execute(select(*longer).where(*mine)).one()
        for name, rows in zip(limits, counts, strict=True):
            if rows:
                found[_label(scope.model, name), False] = int(rows)
    return found
