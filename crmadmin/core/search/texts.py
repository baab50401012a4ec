"""The search texts of records as their fields say today: a field was marked as searched, or as
sensitive, since the records were written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, select

from crmadmin.core import bulk
from crmadmin.core.db import db, spec_of
from crmadmin.core.search.engines import TEXTS
from crmadmin.core.spec import DerivedSpec

BLOCK = 5000
"""Records of one transaction: some tenths of a second on either engine."""


def remake(model: type[Any], told: Callable[[int], None] = lambda _n: None) -> int:
    """Write the search texts of a model's records anew; gives how many had others.

    A transaction a block, so that others save in between. It is no change of the record: version
    and stamps stay. `told` hears how many records were looked at.
    """
    made = [d for d in spec_of(model).derived if d.column in TEXTS]
    if not made:
        return 0
    changed = last = seen = 0
    while rows := _block(model, made, last):
        changed += _write(model, made, rows)
        db.session.commit()
        last, seen = rows[-1].id, seen + len(rows)
        told(seen)
    db.session.rollback()
    return changed


def _block(model: type[Any], made: Sequence[DerivedSpec], last: int) -> Sequence[Row[Any]]:
    """The next records, locked until they are written: who saves meanwhile comes after."""
    table = model.__table__
    names = {"id", *(d.column for d in made), *(name for d in made for name in d.sources)}
    some = select(*(table.c[name] for name in sorted(names))).where(table.c.id > last)
    return db.session.execute(some.order_by(table.c.id).limit(BLOCK).with_for_update()).all()


def _write(model: type[Any], made: Sequence[DerivedSpec], rows: Sequence[Row[Any]]) -> int:
    """Write the texts that are not as they should be; gives of how many records."""
    right = [tuple(d.make([getattr(row, s) for s in d.sources]) for d in made) for row in rows]
    stored = [tuple(getattr(row, d.column) for d in made) for row in rows]
    wrong = [n for n, text in enumerate(right) if text != stored[n]]
    columns: dict[str, bulk.ColumnValues] = {
        d.column: [right[n][place] for n in wrong] for place, d in enumerate(made)
    }
    bulk.update(model.__table__, columns, [rows[n].id for n in wrong])
    return len(wrong)
