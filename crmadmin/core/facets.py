"""The choices of a list's filters: names of chosen records, and how many rows each choice has.

Names of several tables come in one statement, and so do the counts of one filter. Counting stops
past COUNT_CAP a choice, or after MOST_LOOKED_AT rows: "10,000+" is all that a menu says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, select, true, union_all

from crmadmin.core.db import db, spec_of
from crmadmin.core.options import Option
from crmadmin.core.paging import COUNT_CAP
from crmadmin.core.search import conditions

MOST_PARTS = 60
"""Choices that are counted one by one in one statement; more are counted by going over all rows."""

MOST_LOOKED_AT = 50_000
"""Rows that meet the other filters and are looked at for the counts of one."""

Condition = ColumnElement[bool]
Where = Sequence[Condition]


class FacetCounts(NamedTuple):
    """Value → rows; unless the counts are `complete`, there may be more."""

    rows: dict[Any, int]
    complete: bool

    def of(self, value: Any) -> int:
        """How many rows of a value were counted."""
        return self.rows.get(value, 0)


class FacetLine(NamedTuple):
    """A row of a short list: an id, its words, one more text, yes or no."""

    id: int
    text: str
    more: str
    flag: bool


def short_lists(parts: Sequence[Select[Any]]) -> list[list[FacetLine]]:
    """The rows of several statements, which `lines` made, in one; each part sorted by id."""
    found: list[list[FacetLine]] = [[] for _part in parts]
    if parts:
        marked = [part.add_columns(literal(n)) for n, part in enumerate(parts)]
        for key, text, more, flag, number in db.session.execute(union_all(*marked)):
            found[number].append(FacetLine(key, text or "", more or "", bool(flag)))
    return [sorted(rows) for rows in found]


def lines(key: Any, text: Any, more: Any = "", flag: Any = None) -> Select[Any]:
    """One part of `short_lists`; `more` and `flag` may be left out."""
    quieter = literal("") if isinstance(more, str) else cast(more, String)
    return select(
        key.label("id"),
        cast(text, String).label("text"),
        quieter.label("more"),
        (true() if flag is None else flag).label("flag"),
    )


def names_of(model: type[Any], ids: Iterable[int]) -> Select[Any]:
    """A part of `short_lists`: the names of these records, their colours, whether in use."""
    display = getattr(model, spec_of(model).options.display)
    color, active = getattr(model, "color", ""), getattr(model, "is_active", None)
    return lines(model.id, display, color, active).where(model.id.in_(list(ids)))


def matching(model: type[Any], query: str, most: int, *, sees_sensitive: bool) -> Select[Any]:
    """A part of `short_lists`: records that match a search, the first of them by their order."""
    spec = spec_of(model)
    order = [_term(model, name) for name in (*spec.options.order, "id")]
    found = conditions(model, query, sees_sensitive=sees_sensitive)
    whole = lines(model.id, getattr(model, spec.options.display)).where(*found)
    return select(*whole.order_by(*order).limit(most).subquery().c)


def option(line: FacetLine) -> Option:
    """A line of `names_of` as an option."""
    return Option(line.id, line.text, color=line.more, is_active=line.flag)


def known(model: type[Any], ids: Iterable[int]) -> list[Option]:
    """Those of the records that this session has read already, a page's rows say."""
    display = spec_of(model).options.display
    found = []
    for key in ids:
        record = db.session.identity_map.get(db.session.identity_key(model, key))
        if record is not None:
            color, active = getattr(record, "color", ""), getattr(record, "is_active", True)
            text = str(getattr(record, display))
            found.append(Option(key, text, color=str(color), is_active=bool(active)))
    return found


def every(model: type[Any], most: int) -> list[Option]:
    """Every record in its own order, those no longer in use as well; `most` of them at most."""
    spec = spec_of(model)
    display = getattr(model, spec.options.display)
    color, active = getattr(model, "color", ""), getattr(model, "is_active", None)
    order = [_term(model, name) for name in (*spec.options.order, "id")]
    found = db.session.execute(lines(model.id, display, color, active).order_by(*order).limit(most))
    return [
        option(FacetLine(key, text or "", more or "", bool(flag)))
        for key, text, more, flag in found
    ]


def counts_of(column: Any, where: Where, values: Sequence[Any] | None = None) -> FacetCounts:
    """How many rows that meet the conditions have each value of a column, in one statement.

    Without conditions each of `values` (None is "not set") is counted along its index until the
    cap; where there is no index, or every value is asked for, all rows are gone over once. With
    conditions MOST_LOOKED_AT of the rows that meet them are looked at: at a million customers a
    count for each value would take half a minute, for no index leads to two conditions at once.
    """
    if where:
        some = select(column.label("choice")).where(*where).limit(MOST_LOOKED_AT + 1).subquery()
        found = _grouped(select(some.c.choice, func.count()).group_by(some.c.choice))
        return FacetCounts(found, sum(found.values()) <= MOST_LOOKED_AT)
    if values is not None and _is_indexed(column) and len(values) <= MOST_PARTS:
        wanted = {str(n): column == v for n, v in enumerate(values)}
        by_number = counts_by(column.class_, where, wanted)
        return FacetCounts({v: by_number[str(n)] for n, v in enumerate(values)}, True)
    return FacetCounts(_grouped(select(column, func.count()).group_by(column)), True)


def counts_by(
    model: type[Any], where: Where, conditions: Mapping[str, ColumnElement[bool]]
) -> dict[str, int]:
    """The same for choices that are conditions: name → rows, each up to COUNT_CAP + 1."""
    parts = []
    for name, condition in conditions.items():
        some = select(model.id).where(*where, condition).limit(COUNT_CAP + 1).subquery()
        parts.append(select(literal(name), func.count()).select_from(some))
    return _grouped(union_all(*parts)) if parts else {}


def _term(model: type[Any], name: str) -> Any:
    column = getattr(model, name.lstrip("-"))
    return column.desc() if name.startswith("-") else column.asc()


def _grouped(statement: Any) -> dict[Any, int]:
    return dict(db.session.execute(statement).all())


def _is_indexed(column: Any) -> bool:
    made = column.property.columns[0]
    return bool(made.index or made.unique) or any(
        next(iter(index.columns)) is made for index in made.table.indexes if len(index.columns)
    )
