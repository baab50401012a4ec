"""The orders of a list: as terms of a statement, and as key ranges that an index can walk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, false, or_, select

from crmadmin.core.db import db
from crmadmin.core.keyset import Cursor, KeyRange
from crmadmin.core.search import aside, find, first_all
from crmadmin.core.spec import FieldSpec, RecordSpec
from crmadmin.core.text import Refusal, fold, sort_ranges

MOST_EXACT = 50
"""Records that are told apart because a code or number of theirs is what was asked for."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order that an index can walk; `columns` of a row tell where in it the row stands."""

    key_ranges: Sequence[KeyRange]
    descending: bool
    columns: tuple[Any, ...]
    place: Callable[[Any], tuple[int, Any] | None]

    def cursor(self, model: Any, id: int, where: Sequence[ColumnElement[bool]]) -> Cursor | None:
        """Where a row of the list stands, None when it is not in the list any more."""
        columns = [c.label(f"c{n}") for n, c in enumerate(self.columns)]
        row = db.session.execute(select(model.id, *columns).where(model.id == id, *where)).first()
        found = self.place(tuple(row)[1:]) if row is not None else None
        return Cursor(*found, id) if found is not None else None


@dataclass(frozen=True, slots=True)
class Term:
    """One key of an order; records without it stand at the end, whichever way one sorts."""

    key: Any
    descending: bool = False

    def by(self, key: Any = None) -> Any:
        """The ORDER BY term, by the key or by a column that holds it."""
        column = self.key if key is None else key
        term = column.desc() if self.descending else column.asc()
        return term.nulls_last() if getattr(self.key, "nullable", True) else term


def terms(spec: RecordSpec, sort: str, descending: bool) -> list[Term]:
    """The sort asked for, else the record's own, always ended by the id."""
    model = spec.model
    if sort:
        return [Term(_sort_column(spec, spec.field(sort)), descending), Term(model.id, descending)]
    order = spec.options.order
    made = [Term(getattr(model, name.lstrip("-")), name.startswith("-")) for name in order]
    return [*made, Term(model.id, len(made) == 1 and made[0].descending)]


def ordered(statement: Select[Any], terms: Sequence[Term]) -> Select[Any]:
    """The statement in this order."""
    return statement.order_by(*(term.by() for term in terms))


def matching_in_order(
    model: Any, where: Sequence[ColumnElement[bool]], terms: Sequence[Term]
) -> Select[Any]:
    """The ids of all that meet the conditions, in this order.

    They are found with their keys before anything is sorted: a planner that may walk the order
    instead would look at most of a large table for what a filter leaves of it.
    """
    if not where:
        return ordered(select(model.id), terms)
    keys = [term.key.label(f"key{n}") for n, term in enumerate(terms)]
    found = first_all(select(model.id.label("id"), *keys).where(*where), "matching")
    by = (term.by(found.c[f"key{n}"]) for n, term in enumerate(terms))
    return select(found.c.id).order_by(*by)


def _sort_column(spec: RecordSpec, f: FieldSpec) -> Any:
    """Vietnamese order for names: the sort key of the record, or of the one a ref points to."""
    model = spec.model
    if not f.is_ref:
        return getattr(model, f.sort_key, getattr(model, f.column))
    target = _target(model, f)
    key = getattr(target, "sort_key", target.id)
    return select(key).where(target.id == getattr(model, f.column)).scalar_subquery()


def _target(model: Any, f: FieldSpec) -> Any:
    return getattr(model, f.name).property.mapper.class_


def relevance(spec: RecordSpec, query: str, *, sees_sensitive: bool) -> list[Term]:
    """The order of a search: the code or number asked for, names that begin so, by name."""
    model, folded = spec.model, fold(query)
    tier = case(
        (_exact(spec, query, sees_sensitive=sees_sensitive), 0),
        (model.name_text.startswith(folded, autoescape=True), 1),
        else_=2,
    )
    return [Term(tier), Term(model.sort_key), Term(model.id)]


def has_relevance(spec: RecordSpec) -> bool:
    """Whether a search of these records is sorted by how well they match."""
    return find(spec.model) is not None


def _exact(spec: RecordSpec, query: str, *, sees_sensitive: bool) -> ColumnElement[bool]:
    """Records with a code, phone, email or tax code that is the query."""
    found: list[ColumnElement[bool]] = []
    for f in spec.having("searched"):
        column = getattr(spec.model, f.column + f.kind.exact_suffix, None)
        if f.kind.exact is None or column is None or (f.sensitive and not sees_sensitive):
            continue
        try:
            wanted = f.kind.exact(query)
        except Refusal:
            continue
        if wanted:
            found.append(column == wanted)
    return or_(false(), *found)


def walkable(spec: RecordSpec, sort: str, descending: bool) -> Order | None:
    """The order as key ranges of an index; None for one of several keys."""
    model, name = spec.model, sort
    if not sort:
        if len(spec.options.order) != 1:
            return None
        name = spec.options.order[0]
        descending, name = name.startswith("-"), name.lstrip("-")
    f = spec.by_name.get(name)
    if f is not None and f.is_ref:
        return _by_choice(spec, f, descending)
    column = getattr(model, name) if f is None else _sort_column(spec, f)
    if not column.nullable:
        return Order([KeyRange((), column)], descending, (column,), lambda row: (0, row[0]))
    # NULLs stand at the end, whichever way one sorts.
    key_ranges = [KeyRange((column.is_not(None),), column), KeyRange((column.is_(None),))]
    return Order(
        key_ranges, descending, (column,), lambda row: (0 if row[0] is not None else 1, row[0])
    )


def _by_choice(spec: RecordSpec, f: FieldSpec, descending: bool) -> Order:
    """One key range for every record that the ref can name, in their order by name."""
    column, target = getattr(spec.model, f.column), _target(spec.model, f)
    key = getattr(target, "sort_key", target.id)
    wanted = select(target.id).order_by(key.desc() if descending else key, target.id)
    ids: list[int | None] = [*db.session.scalars(wanted), *([] if f.required else [None])]
    places = {value: place for place, value in enumerate(ids)}

    def place(row: Any) -> tuple[int, Any] | None:
        return (places[row[0]], None) if row[0] in places else None

    key_ranges = [KeyRange((column.is_(None) if i is None else column == i,)) for i in ids]
    return Order(key_ranges, descending, (column,), place)


def by_relevance(
    spec: RecordSpec, query: str, where: Sequence[ColumnElement[bool]], *, sees_sensitive: bool
) -> Order:
    """The order of `relevance` as key ranges, for a query that finds a great many."""
    model, folded = spec.model, fold(query)
    exact = list(
        db.session.scalars(
            select(model.id)
            .where(_exact(spec, query, sees_sensitive=sees_sensitive), *aside(where))
            .limit(MOST_EXACT)
        )
    )
    others = model.id.not_in(exact)
    begins = model.name_text.startswith(folded, autoescape=True)
    key, ranges = model.sort_key, sort_ranges(folded)
    key_ranges = [
        KeyRange((model.id.in_(exact),), key),
        *(KeyRange((others, key >= first, key < last, begins), key) for first, last in ranges),
        KeyRange((others, ~begins), key, is_far=True),
    ]

    def place(row: Any) -> tuple[int, Any]:
        id, at, name = row
        if id in exact:
            return 0, at
        if not name.startswith(folded):
            return len(key_ranges) - 1, at
        return 1 + next(n for n, (first, last) in enumerate(ranges) if first <= at < last), at

    return Order(key_ranges, False, (model.id, key, model.name_text), place)
