"""Any record's list: what the URL asks for, and the statements that answer it.

Ids first, then the rows of one page with their related names: a page costs the same number of
statements whatever the columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import selectinload
from werkzeug.datastructures import MultiDict

from crmadmin.core.db import db, spec_of
from crmadmin.core.paging import COUNT_CAP, DEFAULT_PER_PAGE, PER_PAGE, Page, clamp, positive
from crmadmin.core.spec import FieldKind, FieldSpec, RecordSpec
from crmadmin.core.text import fold

UNSET = "-"  # the filter value for "not set"
MAX_QUERY = 200
BATCH = 1000
MAX_VALUES = 100
RANGES = (FieldKind.DATE, FieldKind.DATETIME)
SORT_COLUMNS = {"name": "sort_key", "code": "code_key"}


@dataclass(frozen=True, slots=True)
class ListState:
    """What a list URL asks for; unknown or malformed parts are left out, never an error."""

    query: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[date | None, date | None]] = field(default_factory=dict)
    sort: str = ""
    descending: bool = False
    page: int = 1
    per_page: int = DEFAULT_PER_PAGE
    count_all: bool = False

    def args(self, **changes: Any) -> dict[str, Any]:
        """The URL parameters of this state; `changes` replace parameters, None drops one."""
        given: dict[str, Any] = {
            "q": self.query or None,
            **{name: list(values) for name, values in self.filters.items()},
            "sort": (f"-{self.sort}" if self.descending else self.sort) or None,
            "per_page": self.per_page if self.per_page != DEFAULT_PER_PAGE else None,
            "page": self.page if self.page > 1 else None,
        }
        for name, (first, last) in self.ranges.items():
            given[f"{name}_from"] = first.isoformat() if first else None
            given[f"{name}_to"] = last.isoformat() if last else None
        return {k: v for k, v in {**given, **changes}.items() if v not in (None, [])}


def read_state(
    spec: RecordSpec, args: MultiDict[str, str], *, sees_sensitive: bool = True
) -> ListState:
    """The state that a query string asks for.

    Who sees a field masked cannot filter or sort by it: the order of the rows would tell it.
    """
    filters: dict[str, tuple[str, ...]] = {}
    ranges: dict[str, tuple[date | None, date | None]] = {}
    for f in spec.having("filtered"):
        if f.sensitive and not sees_sensitive:
            continue
        if f.kind in RANGES:
            span = (_day(args.get(f"{f.name}_from")), _day(args.get(f"{f.name}_to")))
            if any(span):
                ranges[f.name] = span
        elif values := tuple(v for v in args.getlist(f.name)[:MAX_VALUES] if _fits(f, v)):
            filters[f.name] = tuple(dict.fromkeys(values))
    sort = args.get("sort", "")
    name = sort.removeprefix("-")
    by = spec.by_name.get(name)
    sortable = by is not None and by.sortable and (sees_sensitive or not by.sensitive)
    per_page = positive(args.get("per_page"), DEFAULT_PER_PAGE)
    return ListState(
        query=args.get("q", "").replace("\0", "").strip()[:MAX_QUERY],
        filters=filters,
        ranges=ranges,
        sort=name if sortable else "",
        descending=sortable and sort.startswith("-"),
        page=positive(args.get("page"), 1),
        per_page=per_page if per_page in PER_PAGE else DEFAULT_PER_PAGE,
        count_all=args.get("count") == "all",
    )


def _fits(f: FieldSpec, value: str) -> bool:
    if value == UNSET:
        return not f.required and f.kind is not FieldKind.BOOLEAN
    if f.kind is FieldKind.REF:
        return positive(value, 0) > 0
    if f.kind is FieldKind.BOOLEAN:
        return value in ("0", "1")
    if f.choices:
        return value in [c.value for c in f.choices]
    return 0 < len(value) <= (f.max_length or MAX_QUERY) and "\0" not in value


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def clauses(
    spec: RecordSpec, state: ListState, *, sees_sensitive: bool, zone: str
) -> list[ColumnElement[bool]]:
    """The conditions of a state: filters, ranges and every word of the query."""
    model, found = spec.model, []
    for name, values in state.filters.items():
        found.append(_equals(getattr(model, spec.field(name).column), spec.field(name), values))
    for name, (first, last) in state.ranges.items():
        column = getattr(model, spec.field(name).column)
        moment = spec.field(name).kind is FieldKind.DATETIME
        if first:
            found.append(column >= (_midnight(first, zone) if moment else first))
        if last:
            after = last + timedelta(days=1)
            found.append(column < (_midnight(after, zone) if moment else after))
    return found + search(model, state.query, sees_sensitive=sees_sensitive)


def _equals(column: Any, f: FieldSpec, values: Sequence[str]) -> ColumnElement[bool]:
    wanted: list[Any] = [v for v in values if v != UNSET]
    if f.kind is FieldKind.REF:
        wanted = [int(v) for v in wanted]
    elif f.kind is FieldKind.BOOLEAN:
        wanted = [v == "1" for v in wanted]
    clause: ColumnElement[bool] = column.in_(wanted) if wanted else false()
    return or_(clause, column.is_(None)) if UNSET in values else clause


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def search(model: type[Any], query: str, *, sees_sensitive: bool) -> list[ColumnElement[bool]]:
    """One condition a word; `%`, `_` and `\\` are ordinary characters.

    Who sees phones and emails masked cannot find by them either, or the list would tell them.
    """
    columns = [model.search_text] if hasattr(model, "search_text") else []
    if sees_sensitive and hasattr(model, "search_private"):
        columns.append(model.search_private)
    words = fold(query).split()
    if words and not columns:
        return [false()]
    return [or_(*(c.contains(word, autoescape=True) for c in columns)) for word in words]


def select_ids(spec: RecordSpec, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The ids of the records that meet the conditions, in no order."""
    return select(spec.model.id).where(*where)


def count(ids: Select[Any], *, all_of_them: bool = False) -> tuple[int, bool]:
    """How many ids, and whether that is exact; counting stops past COUNT_CAP unless asked."""
    limited = ids if all_of_them else ids.limit(COUNT_CAP + 1)
    total = db.session.scalar(select(func.count()).select_from(limited.subquery())) or 0
    return (total, True) if all_of_them or total <= COUNT_CAP else (COUNT_CAP, False)


def ordering(spec: RecordSpec, sort: str, descending: bool) -> list[Any]:
    """ORDER BY terms: the sort asked for, else the record's own, always ended by the id."""
    model = spec.model
    terms: list[Any] = []
    if sort:
        column = _sort_column(spec, spec.field(sort))
        terms.append(column.desc().nulls_last() if descending else column.asc().nulls_last())
    else:
        for name in spec.options.order:
            column = getattr(model, name.lstrip("-"))
            terms.append(column.desc() if name.startswith("-") else column.asc())
    return [*terms, model.id.desc() if descending else model.id.asc()]


def _sort_column(spec: RecordSpec, f: FieldSpec) -> Any:
    """Vietnamese order for names: the sort key of the record, or of the one a ref points to."""
    model = spec.model
    if f.kind is not FieldKind.REF:
        return getattr(model, SORT_COLUMNS.get(f.name, f.column), getattr(model, f.column))
    target = getattr(model, f.name).property.mapper.class_
    key = getattr(target, "sort_key", target.id)
    return select(key).where(target.id == getattr(model, f.column)).scalar_subquery()


def page(
    spec: RecordSpec,
    state: ListState,
    where: Sequence[ColumnElement[bool]],
    columns: Sequence[FieldSpec],
) -> Page:
    """The page that a state asks for; a page beyond the end becomes the last one."""
    ids = select_ids(spec, where)
    total, exact = count(ids, all_of_them=state.count_all)
    number = clamp(state.page, total, state.per_page)
    wanted = db.session.scalars(
        ids.order_by(*ordering(spec, state.sort, state.descending))
        .offset((number - 1) * state.per_page)
        .limit(state.per_page)
    ).all()
    rows = records(spec, wanted, columns)
    return Page([rows[i] for i in wanted if i in rows], number, state.per_page, total, exact)


def records(spec: RecordSpec, ids: Sequence[int], columns: Sequence[FieldSpec]) -> dict[int, Any]:
    """Records by id, with the refs of the shown columns loaded, one statement a ref."""
    model = spec.model
    shown = [selectinload(getattr(model, f.name)) for f in columns if f.kind is FieldKind.REF]
    found = db.session.scalars(select(model).where(model.id.in_(ids)).options(*shown))
    return {record.id: record for record in found}


def every(
    spec: RecordSpec, where: Sequence[ColumnElement[bool]], columns: Sequence[FieldSpec]
) -> Iterator[Any]:
    """Every record that meets the conditions, by id, a batch at a time; for exports."""
    last = 0
    while True:
        ids = db.session.scalars(
            select_ids(spec, where).where(spec.model.id > last).order_by(spec.model.id).limit(BATCH)
        ).all()
        if not ids:
            return
        rows = records(spec, ids, columns)
        yield from (rows[i] for i in ids if i in rows)
        last = ids[-1]
        db.session.expunge_all()


def owned_by(model: type[Any], user_id: int) -> ColumnElement[bool]:
    """The condition of an own-records scope."""
    column: Any = getattr(model, spec_of(model).options.owner)
    clause: ColumnElement[bool] = column == user_id
    return clause
