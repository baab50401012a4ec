"""What is done to catalog records beside editing: default, stop using, order, merge.

A use is any ref field of any model that points to the record (`core.usage`). Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import bindparam, func, inspect, or_, select, update

from crmadmin.catalogs.models import Catalog
from crmadmin.core import marks, outside, records
from crmadmin.core.bulk import among
from crmadmin.core.db import actor, db, utcnow
from crmadmin.core.usage import move_references, usage


class CannotMerge(ValueError):
    """A record cannot be merged into itself, nor into one that is not used any more."""


class OrderChanged(RuntimeError):
    """The list is not as it was seen any more: no record was moved."""


@dataclass(frozen=True, slots=True)
class OrderedRecord:
    """A record on a list that somebody orders: its id, the proof of it (see `core.marks`), and the
    place that the list showed."""

    id: int
    made: str
    place: int

    @classmethod
    def read(cls, text: object) -> OrderedRecord | None:
        """One of a form: 12.kx3f9a:3; None for what is none."""
        key, colon, place = text.rpartition(":") if isinstance(text, str) else ("", "", "")
        named, number = marks.of_key(key), outside.whole(place)
        if not colon or named is None or not named[1] or number is None:
            return None
        return cls(*named, number)


def create(model: type[Catalog], values: Mapping[str, Any]) -> Any:
    """A new record of a catalog, at the end of its order unless told. Raises records.Invalid."""
    given = dict(values)
    if not given.get("position"):
        given["position"] = next_position(model)
    if given.get("is_default"):
        _clear_default(model)
    return records.create(model, given)


def change(record: Catalog, values: Mapping[str, Any], version: int | None = None) -> bool:
    """Write values to a record; a new default takes the mark from the old one."""
    if values.get("is_default") and not record.is_default:
        _clear_default(type(record))
    return records.change(record, values, version)


def stop_using(record: Catalog) -> None:
    """Keep it on the records that have it, offer it nowhere else; a default ends being one."""
    records.change(record, {"is_active": False, "is_default": False})


def use_again(record: Catalog) -> None:
    """Offer it again."""
    records.change(record, {"is_active": True})


def make_default(record: Catalog) -> None:
    """New customers get this value when nothing else is chosen. It is in use from then on."""
    change(record, {"is_default": True, "is_active": True})


def merge_count(record: Catalog) -> int:
    """How many records a merge would move."""
    return usage(type(record), [record.id]).get(record.id, 0)


def merge(source: Catalog, target: Catalog) -> int:
    """Move everything that uses `source` to `target` and delete `source`; gives how many moved."""
    if source.id == target.id or type(source) is not type(target) or not target.is_active:
        raise CannotMerge
    moved = move_references(type(source), source.id, target.id)
    db.session.expire_all()
    records.delete(source)
    return moved


def hold_order(model: type[Catalog], shown: Sequence[OrderedRecord] | None = None) -> None:
    """Let nobody else order these records until the transaction ends.

    Raises OrderChanged if one of those that were shown has another place by now, or is gone: among
    the rest a move would mean something else than what was on screen, or undo somebody's.
    """
    statement = select(model.id, model.created_at, model.position).order_by(model.id)
    rows = db.session.execute(statement.with_for_update()).all()
    now = {key: (marks.moment(made), place) for key, made, place in rows}
    if any(now.get(row.id) != (row.made, row.place) for row in shown or ()):
        raise OrderChanged


def is_changed_since(model: type[Catalog], seen: str) -> bool:
    """Whether somebody else wrote one of these records after this moment (see `core.marks`)."""
    by_others = or_(model.updated_by_id.is_(None), model.updated_by_id != actor.get())
    latest = db.session.scalar(select(func.max(model.updated_at)).where(by_others))
    return latest is not None and marks.is_after(latest, seen)


def places(model: type[Catalog], ids: Sequence[int]) -> list[int]:
    """The places of records, in the order that they are asked for."""
    found = select(model.id, model.position).where(among(model.id, ids))
    known: dict[int, int] = dict(db.session.execute(found).all())
    return [known[key] for key in ids]


def reorder(model: type[Catalog], ids: Sequence[int]) -> None:
    """Put these records in this order, in the places that they have among all of them.

    Records that are not named (a filter hides them, or another page has them) keep theirs.
    """
    rows = db.session.execute(
        select(model.id, model.position).order_by(model.position, model.sort_key, model.id)
    ).all()
    known: dict[int, int] = dict(rows)
    wanted = iter([key for key in dict.fromkeys(ids) if key in known])
    named = set(ids)
    order = [next(wanted) if key in named else key for key in known]
    places = list(known.values())
    if any(place >= following for place, following in pairwise(places)):
        # Two of one place stand by their names, which no order can change: count anew.
        places = list(range(1, len(order) + 1))
    moved = [
        {"key": key, "place": place, "at": utcnow(), "by": actor.get()}
        for key, place in zip(order, places, strict=True)
        if known[key] != place
    ]
    if moved:
        # One prepared statement for all. The version stays: an edit of the name goes on beside.
        table: Any = inspect(model).local_table
        statement = (
            update(table)
            .where(table.c.id == bindparam("key"))
            .values(
                position=bindparam("place"),
                updated_at=bindparam("at"),
                updated_by_id=bindparam("by"),
            )
        )
        db.session.connection().execute(statement, moved)


def order_by_name(model: type[Catalog]) -> None:
    """Put every record in Vietnamese name order."""
    reorder(model, list(db.session.scalars(select(model.id).order_by(model.sort_key, model.id))))


def next_position(model: type[Catalog]) -> int:
    """The place after the last one."""
    return (db.session.scalar(select(func.max(model.position))) or 0) + 1


def _clear_default(model: type[Catalog]) -> None:
    db.session.execute(
        update(model)
        .where(model.is_default)
        .values(is_default=False, version=model.version + 1, updated_at=utcnow())
    )
