"""What is done to catalog records, so that it can be taken back: stop, default, delete, merge,
order. See `core.acts`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, or_, select, true, update

from crmadmin.catalogs import services
from crmadmin.catalogs.models import Catalog, all_catalogs
from crmadmin.catalogs.services import OrderedRecord
from crmadmin.core import acts, images, records
from crmadmin.core.acts import BACK, ROWS, STAYS, WRITTEN, ActKind, BulkAct
from crmadmin.core.db import actor, db, utcnow
from crmadmin.core.usage import references_to

STOP, USE, DEFAULT = "catalog.stop", "catalog.use", "catalog.default"
DELETE, MERGE, ORDER = "catalog.delete", "catalog.merge", "catalog.order"

FLAGS = ("is_active", "is_default")

CHANGES: dict[str, Callable[[Any], None]] = {
    STOP: services.stop_using, USE: services.use_again, DEFAULT: services.make_default,
}  # fmt: skip


def change(kind: str, record: Catalog) -> BulkAct:
    """Stop using a record, use it again, or make it the default; the old default is in it, too."""
    model: Any = type(record)
    where = model.id == record.id
    if kind == DEFAULT:
        where = or_(where, model.is_default)
    act = acts.plan(kind, model, [where], {"name": record.name})
    images.keep_seen(act, model, FLAGS)
    CHANGES[kind](record)
    db.session.flush()
    # What had nothing to be changed has the version that it had.
    acts.mark(act, acts.SAME, ROWS.c.fate == WRITTEN, _is_older(model))
    return acts.finish(act)


def _is_older(model: type[Any]) -> Any:
    table: Any = model.__table__
    return exists().where(ROWS.c.record_id == table.c.id, ROWS.c.version > table.c.version)


def merge(source: Catalog, target: Catalog) -> BulkAct:
    """Move everything that uses `source` to `target` and delete `source`.

    Raises services.CannotMerge, records.InUse and records.Stale.
    """
    model: Any = type(source)
    params = {"name": source.name, "into": target.name}
    act = acts.plan(MERGE, model, [model.id == source.id], params)
    names: dict[Any, list[str]] = {}
    for reference in references_to(model):
        table = reference.spec.model.__table__
        names.setdefault(table, []).append(reference.column.key)
    for table, columns in names.items():
        uses = or_(*(table.c[name] == source.id for name in columns))
        images.keep_changing(act, table, [uses], columns)
    images.keep_deleting(act, model)
    services.merge(source, target)
    return acts.finish(act)


def delete(record: Catalog) -> BulkAct:
    """Remove a record that nothing refers to. Raises records.InUse and records.Stale."""
    model: Any = type(record)
    act = acts.plan(DELETE, model, [model.id == record.id], {"name": record.name})
    images.keep_deleting(act, model)
    records.delete(record)
    return acts.finish(act)


def order(model: type[Catalog], shown: Sequence[OrderedRecord] | None, seen: str = "") -> BulkAct:
    """Put records in this order; None: all of them in that of their names, on a list that was
    `seen` at that moment.

    Raises services.OrderChanged if the list is not as it was shown any more.
    """
    found: Any = model
    services.hold_order(model, shown)
    if shown is None and services.is_changed_since(model, seen):
        raise services.OrderChanged
    act = acts.plan(ORDER, model, [true()])
    # Places have no version: what is kept as such is the place that the act gives.
    images.keep_seen(act, model, ["position"])
    if shown is None:
        services.order_by_name(model)
    else:
        services.reorder(model, [row.id for row in shown])
    table: Any = found.__table__
    place = select(table.c.position).where(table.c.id == ROWS.c.record_id).scalar_subquery()
    db.session.execute(update(ROWS).where(*acts.rows(act, WRITTEN)).values(version=place))
    acts.mark(act, acts.SAME, ROWS.c.fate == WRITTEN, images.kept(table.c.position) == place)
    return acts.finish(act)


def undo_order(act: BulkAct) -> None:
    """Back to their places, but those that were given another one since."""
    table: Any = acts.table_of(act)
    mine = acts.rows(act, WRITTEN)
    there = exists().where(table.c.id == ROWS.c.record_id, table.c.position == ROWS.c.version)
    acts.mark(act, STAYS, *mine, ~there)
    values = {
        "position": images.kept(table.c.position), "updated_at": utcnow(),
        "updated_by_id": actor.get(),
    }  # fmt: skip
    again = update(table).where(table.c.id == ROWS.c.record_id, *mine).values(values)
    db.session.execute(again.execution_options(synchronize_session=False))
    acts.mark(act, BACK, *mine)


acts.register(ActKind(
    STOP, all_catalogs, "edit", images.undo,
    title=_l("Stop using “%(name)s”"), label=_l("Stop using"), icon="eye-off",
))  # fmt: skip
acts.register(ActKind(
    USE, all_catalogs, "edit", images.undo,
    title=_l("Use “%(name)s” again"), label=_l("Use again"), icon="eye",
))  # fmt: skip
acts.register(ActKind(
    DEFAULT, all_catalogs, "edit", images.undo,
    title=_l("Make “%(name)s” the default"), label=_l("Make default"), icon="star",
))  # fmt: skip
acts.register(ActKind(
    DELETE, all_catalogs, "delete", images.undo, danger=True,
    title=_l("Delete “%(name)s”"), label=_l("Delete"), icon="trash",
))  # fmt: skip
acts.register(ActKind(
    MERGE, all_catalogs, "merge", images.undo,
    title=_l("Merge “%(name)s” into “%(into)s”"), label=_l("Merge into…"), icon="git-merge",
))  # fmt: skip
acts.register(ActKind(
    ORDER, all_catalogs, "order", undo_order,
    title=_l("Order of %(what)s"), label=_l("Sort by name"), icon="arrows-sort",
))  # fmt: skip
