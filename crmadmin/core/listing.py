"""Any record's list: the statements that answer what its URL asks for.

Ids first, then the rows of one page with their related names: a page costs the same number of
statements whatever the columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import joinedload

from crmadmin.core import orders
from crmadmin.core.bulk import among
from crmadmin.core.db import db, spec_of
from crmadmin.core.indexes import held_order
from crmadmin.core.keyset import Keyset
from crmadmin.core.list_state import UNSET, ListState, chosen_value
from crmadmin.core.orders import (
    Order,
    by_relevance,
    has_relevance,
    matching_in_order,
    relevance,
    walkable,
)
from crmadmin.core.paging import COUNT_CAP, Page, clamp
from crmadmin.core.search import Listed, as_found, aside, conditions
from crmadmin.core.spec import FieldSpec, RecordSpec

BATCH = 1000
BY_INDEX = 3
"""Times as many matches are sorted where an index holds what they are sorted by."""


def clauses(
    spec: RecordSpec, state: ListState, *, sees_sensitive: bool, zone: str
) -> list[ColumnElement[bool]]:
    """The conditions of a state: filters, ranges and every word of the query."""
    model, found = spec.model, []
    for name, values in state.filters.items():
        found.append(_equals(getattr(model, spec.field(name).column), spec.field(name), values))
    for name, (first, last) in state.ranges.items():
        column = getattr(model, spec.field(name).column)
        if spec.field(name).kind.is_moment:
            found += _days(column, first, last, zone)
            continue
        found += [] if first is None else [column >= first]
        found += [] if last is None else [column <= last]
    return found + conditions(model, state.query, sees_sensitive=sees_sensitive)


def _equals(column: Any, f: FieldSpec, values: Sequence[str]) -> ColumnElement[bool]:
    chosen = (chosen_value(f, v) for v in values if v != UNSET)
    wanted = [value for value in chosen if value is not None]
    clause: ColumnElement[bool] = column.in_(wanted) if wanted else false()
    return or_(clause, column.is_(None)) if UNSET in values else clause


def _days(column: Any, first: date | None, last: date | None, zone: str) -> Iterator[Any]:
    """The moments from the first day to the last, in a time zone."""
    if first is not None:
        yield column >= _midnight(first, zone)
    if last is not None:
        yield column < _midnight(last + timedelta(days=1), zone)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def count(
    spec: RecordSpec,
    where: Sequence[ColumnElement[bool]],
    *,
    all_of_them: bool = False,
    most: int | None = None,
) -> tuple[int, bool]:
    """How many records, and whether that is exact; counting stops past `most` unless asked.

    `most`: COUNT_CAP where it is not given.
    """
    ids, cap = _ids(spec, where), COUNT_CAP if most is None else most
    limited = ids if all_of_them else ids.limit(cap + 1)
    total = db.session.scalar(select(func.count()).select_from(limited.subquery())) or 0
    return (total, True) if all_of_them or total <= cap else (cap, False)


def _ids(spec: RecordSpec, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The ids of the records that meet the conditions, in no order; what the index finds first."""
    model, found = spec.model, as_found(where)
    if len(where) == 1 and isinstance(where[0], Listed):
        return select(where[0].ids.subquery("listed").c[0])
    if found is None:
        return select(model.id).where(*where)
    hits = found.ids.subquery("found")
    others = [clause for clause in where if clause is not found]
    # SQLite would ask the index again for each record of a filter: minutes, where this takes 50 ms.
    return select(model.id).join(hits, hits.c.id == model.id).where(*aside(others))


def page(
    spec: RecordSpec,
    state: ListState,
    where: Sequence[ColumnElement[bool]],
    columns: Sequence[FieldSpec],
    *,
    sees_sensitive: bool,
) -> Page:
    """The page that a state asks for; a page beyond the end becomes the last one.

    A few thousand matches are found once, counted and sorted; more are walked in their order by its
    index, where every page costs the same.
    """
    most = _most_sorted(spec, state, where)
    found = _matches(spec, where, most, all_of_them=state.count_all)
    order = None
    if found.total > most or not found.exact or not where:
        order = _order(spec, state, where, sees_sensitive=sees_sensitive)
    if order is not None:
        cut = _walk(spec, state, where, order, found)
    else:
        cut = _sorted(spec, state, where, found, sees_sensitive=sees_sensitive)
    rows = records(spec, cut.ids, columns)
    return Page(
        [rows[i] for i in cut.ids if i in rows], cut.number, state.per_page,
        found.total, found.exact, follows=cut.follows, walks=order is not None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Matches:
    """How many records meet the conditions, whether that is all, and their ids where they help."""

    total: int
    exact: bool
    ids: Sequence[int] | None = None


def _most_sorted(spec: RecordSpec, state: ListState, where: Sequence[ColumnElement[bool]]) -> int:
    """How many matches are sorted; of more, a page of their order is looked for one by one.

    Records of a span of days may lie together, far down in the order: an index that holds the order
    sorts more of them sooner than they are come upon.
    """
    ends = [end for span in state.ranges.values() for end in span if end is not None]
    is_span = len(state.ranges) == 1 and len(where) == len(ends) and not state.sort
    return COUNT_CAP * (BY_INDEX if is_span and held_order(spec) else 1)


def _matches(
    spec: RecordSpec, where: Sequence[ColumnElement[bool]], most: int, *, all_of_them: bool
) -> _Matches:
    """Count, and for sorting find, the records that meet the conditions.

    A search is asked once, for to match is what it costs. An index counts the rows of a filter for
    less than it takes to fetch their ids.
    """
    if as_found(where) is not None:
        ids = _some_ids(spec, where)
        if len(ids) <= COUNT_CAP:
            return _Matches(len(ids), True, ids)
        if not all_of_them:
            return _Matches(COUNT_CAP, False)
    return _Matches(*count(spec, where, all_of_them=all_of_them, most=most))


def _some_ids(spec: RecordSpec, where: Sequence[ColumnElement[bool]]) -> list[int]:
    """The ids of the records that meet the conditions, in no order; one more than are sorted."""
    return list(db.session.scalars(_ids(spec, where).limit(COUNT_CAP + 1)))


def _is_relevance(spec: RecordSpec, state: ListState) -> bool:
    return not state.sort and bool(state.query) and has_relevance(spec)


def _order(
    spec: RecordSpec,
    state: ListState,
    where: Sequence[ColumnElement[bool]],
    *,
    sees_sensitive: bool,
) -> Order | None:
    if _is_relevance(spec, state):
        return by_relevance(spec, state.query, _plain(where), sees_sensitive=sees_sensitive)
    return walkable(spec, state.sort, state.descending)


def _plain(where: Sequence[ColumnElement[bool]]) -> list[ColumnElement[bool]]:
    """The conditions as one asks them of a record at hand."""
    return [clause.plain if isinstance(clause, Listed) else clause for clause in where]


@dataclass(frozen=True, slots=True)
class _Cut:
    """The ids of one page, its number (0 when nobody counted so far), whether rows follow."""

    ids: Sequence[int]
    number: int
    follows: bool


def _sorted(
    spec: RecordSpec, state: ListState, where: Sequence[ColumnElement[bool]], found: _Matches,
    *, sees_sensitive: bool,
) -> _Cut:  # fmt: skip
    """A page of all that meet the conditions, sorted."""
    model, size = spec.model, state.per_page
    number = clamp(state.page, found.total, size)
    end = number * size
    if _is_relevance(spec, state):
        terms = relevance(spec, state.query, sees_sensitive=sees_sensitive)
    else:
        terms = orders.terms(spec, state.sort, state.descending)
    if found.ids is not None:
        where = [among(model.id, found.ids)]
    wanted = matching_in_order(model, where, terms).offset(end - size).limit(size)
    return _Cut(list(db.session.scalars(wanted)), number, end < found.total)


def _walk(
    spec: RecordSpec, state: ListState, where: Sequence[ColumnElement[bool]], order: Order,
    found: _Matches,
) -> _Cut:  # fmt: skip
    plain, size = _plain(where), state.per_page
    total, exact = found.total, found.exact
    keyset = Keyset(spec.model, plain, order.key_ranges, order.descending)
    if state.is_last:
        number = clamp(state.page, total, size) if exact else 0
        rest = total - (number - 1) * size if exact else size
        return _Cut(keyset.page(rest, backwards=True), number, follows=False)
    cursor = order.cursor(spec.model, state.behind, plain) if state.behind else None
    if cursor is not None and state.after:
        ids = keyset.page(size + 1, after=cursor)
        return _Cut(ids[:size], state.page, len(ids) > size)
    if cursor is not None:
        ids = keyset.page(size, after=cursor, backwards=True)
        if len(ids) == size:
            return _Cut(ids, state.page, follows=True)
    number = 1 if cursor is not None else clamp(state.page, total, size)
    ids = keyset.page(size + 1, skip=(number - 1) * size)
    return _Cut(ids[:size], number, len(ids) > size)


def records(spec: RecordSpec, ids: Sequence[int], columns: Sequence[FieldSpec]) -> dict[int, Any]:
    """Records by id, with the refs of the shown columns, in one statement.

    These are few rows, and what they refer to are small tables: the joins are cheap.
    """
    model = spec.model
    shown = [joinedload(getattr(model, f.name)) for f in columns if f.is_ref]
    found = db.session.scalars(select(model).where(model.id.in_(ids)).options(*shown))
    return {record.id: record for record in found}


def owned_by(model: type[Any], user_id: int) -> ColumnElement[bool]:
    """The condition of an own-records scope."""
    column: Any = getattr(model, spec_of(model).options.owner)
    clause: ColumnElement[bool] = column == user_id
    return clause
