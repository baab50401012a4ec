"""Creating, changing and deleting one record of any model; the database's constraints decide.

Nothing here commits: the screen or command that asked does, once, at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from flask import has_request_context, request
from flask_babel import gettext as _
from sqlalchemy import UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from crmadmin.core import codes, marks
from crmadmin.core.bulk import among
from crmadmin.core.db import db, spec_of
from crmadmin.core.messages import message
from crmadmin.core.outside import MOST_IDS, TooManyIds
from crmadmin.core.spec import FieldSpec, RecordSpec, derived_values


class AnyRecord(Protocol):
    """A stored record, of whatever model."""

    @property
    def id(self) -> int: ...
    @property
    def version(self) -> int: ...


class Invalid(ValueError):
    """The values cannot be kept. `problems`: field name → message in the user's language.

    Of a value that is taken the message says so much and no more; `taken` has the record that has
    it, for whoever knows that the user may read it.
    """

    def __init__(
        self, problems: Mapping[str, str], taken: Mapping[str, TakenValue] | None = None
    ) -> None:
        super().__init__("; ".join(f"{k}: {v}" for k, v in problems.items()))
        self.problems = dict(problems)
        self.taken = dict(taken or {})

    def named(self, reads: Callable[[Any], bool]) -> dict[str, str]:
        """The problems, with the other record's name where the user may read it."""
        words = {name: t.words() for name, t in self.taken.items() if reads(t.other)}
        return {**self.problems, **words}

    def hides(self, reads: Callable[[Any], bool]) -> bool:
        """Whether a value is taken by a record that the user may not read."""
        return any(not reads(taken.other) for taken in self.taken.values())


@dataclass(frozen=True, slots=True)
class TakenValue:
    """A value of a unique field, and the record that has it already."""

    field: FieldSpec
    value: Any
    other: Any

    def words(self) -> str:
        """Which record, and its owner if it has one."""
        owner = getattr(self.other, "owner", None)
        params = {"label": str(self.field.label), "value": str(self.value)}
        params["other"] = describe(self.other)
        if owner is not None:
            return message("duplicate_key_owned", {**params, "owner": str(owner.username)})
        return message("duplicate_key", params)

    def hidden_words(self) -> str:
        """That there is one, never which."""
        params = {"label": str(self.field.label), "value": str(self.value)}
        return message("duplicate_key_hidden", params)


class Stale(RuntimeError):
    """Somebody wrote the record since it was read."""


class InUse(RuntimeError):
    """The record cannot be deleted: `count` others refer to it."""

    def __init__(self, count: int) -> None:
        super().__init__(str(count))
        self.count = count


def create(model: type[Any], values: Mapping[str, Any]) -> Any:
    """A new record, flushed. `values` by column name. Raises Invalid."""
    spec = spec_of(model)
    given = {k: v for k, v in values.items() if v is not None or not _has_default(spec, k)}
    if _numbers_itself(spec) and given.get("code") is None:
        given["code"] = codes.allot(model, 1)[0]
    record = model(**given)
    _write(spec, record, given, lambda: db.session.add(record))
    return record


def change(record: Any, values: Mapping[str, Any], version: int | None = None) -> bool:
    """Write values to a record; says whether anything differed. Raises Invalid, Stale.

    A blank code keeps the one that the record has.
    """
    spec = spec_of(type(record))
    if version is not None and record.version != version:
        raise Stale
    differing = {
        k: v
        for k, v in values.items()
        if getattr(record, k) != v and not (k == "code" and v is None and _numbers_itself(spec))
    }

    def apply() -> None:
        for column, value in differing.items():
            setattr(record, column, value)

    if differing:
        _write(spec, record, {**_columns(record), **differing}, apply)
    return bool(differing)


def delete(record: Any) -> None:
    """Remove a record that nothing refers to. Raises InUse, Stale."""
    from crmadmin.core.usage import usage  # usage reads every spec, records only one

    model, key = type(record), record.id
    used = usage(model, [key]).get(key, 0)
    if used:
        raise InUse(used)
    try:
        with db.session.begin_nested():
            db.session.delete(record)
            db.session.flush()
    except IntegrityError as error:
        # Somebody began to use it between the count and the delete.
        raise InUse(usage(model, [key]).get(key, 1)) from error
    except StaleDataError as error:
        raise Stale from error


def fetch(model: type[Any], key: Any) -> Any | None:
    """The record of an id as it comes from a URL or a form, or None.

    The id may have its proof with it (see `marks`). Raises marks.NotTheSame when the request is
    about another record, which had the id before. The forms of the page carry the record's mark;
    while something is written, nobody deletes the record.
    """
    named = marks.of_key(key)
    if named is None:
        return None
    number, made = named
    record = _held(model, number) if _is_writing() else db.session.get(model, number)
    if marks.is_another(model, number, record):
        raise marks.NotTheSame
    if made and (record is None or made != marks.moment(record.created_at)):
        raise marks.NotTheSame
    if record is not None:
        marks.carry(record)
        if made:
            marks.note(record)
    return record


def same_ids(model: type[Any], named: Iterable[object]) -> list[int]:
    """The ids that texts name (see `marks.of_key`), each once, in their order. Raises TooManyIds.

    One that names another record by now, or none, is given below zero, where no record is.
    """
    wanted: dict[int, str] = {}
    for text in named:
        found = marks.of_key(text)
        if found is not None:
            wanted[found[0]] = found[1]
        if len(wanted) > MOST_IDS:
            raise TooManyIds(MOST_IDS)
    proven = [number for number, made in wanted.items() if made]
    there: dict[int, Any] = dict(
        db.session.execute(select(model.id, model.created_at).where(among(model.id, proven))).all()
        if proven
        else ()
    )
    return [
        number if not made or (number in there and marks.moment(there[number]) == made) else -number
        for number, made in wanted.items()
    ]


def _is_writing() -> bool:
    return has_request_context() and request.method not in marks.READS


def _held(model: type[Any], number: int) -> Any | None:
    """A record as it is now, with PostgreSQL's lock that a reference takes: it is in the way of
    nothing but a delete.

    Not by `Session.get`, which gives up with StaleDataError where the session has read the record
    before and somebody saved it since: by the form and its version that is told, not here.
    """
    return db.session.scalar(
        select(model)
        .where(model.id == number)
        .with_for_update(read=True, key_share=True)
        .execution_options(populate_existing=True)
    )


def default_id(model: type[Any]) -> int | None:
    """The id of a catalog's default record, if it has one that is in use."""
    if not hasattr(model, "is_default"):
        return None
    return db.session.scalar(select(model.id).where(model.is_default, model.is_active))


def _columns(record: Any) -> dict[str, Any]:
    return {c.key: getattr(record, c.key) for c in type(record).__table__.columns}


def _has_default(spec: RecordSpec, column: str) -> bool:
    return spec.model.__table__.columns[column].default is not None


def _numbers_itself(spec: RecordSpec) -> bool:
    code = spec.by_name.get("code")
    return code is not None and code.kind.numbers_itself


def _write(
    spec: RecordSpec, record: Any, values: Mapping[str, Any], apply: Callable[[], None]
) -> None:
    """Apply and flush inside a savepoint: opening one flushes, so nothing may be applied before."""
    key = _id(record)
    try:
        with db.session.begin_nested():
            apply()
            db.session.flush()
    except IntegrityError as error:
        taken = _conflicts(spec, key, values)
        hidden = {name: t.hidden_words() for name, t in taken.items()}
        raise Invalid(hidden or _missing(spec, values), taken) from error
    except StaleDataError as error:
        raise Stale from error


def _conflicts(spec: RecordSpec, key: int, values: Mapping[str, Any]) -> dict[str, TakenValue]:
    """Field name → each unique key that another record has."""
    keyed = {**values, **derived_values(spec, values)}
    taken: dict[str, TakenValue] = {}
    for column, field in _unique_fields(spec).items():
        value = keyed.get(column)
        if value is None:
            continue
        same = getattr(spec.model, column) == value
        other = db.session.scalar(select(spec.model).where(same, spec.model.id != key))
        if other is not None:
            taken[field.name] = TakenValue(field, values.get(field.column), other)
    return taken


def _id(record: Any) -> int:
    return int(record.id or 0)


def _unique_fields(spec: RecordSpec) -> dict[str, FieldSpec]:
    """Unique column → the field that people see it through (code_key → code)."""
    table = spec.model.__table__
    unique = {c.name for c in table.columns if c.unique}
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint) and len(constraint.columns) == 1:
            unique.add(next(iter(constraint.columns)).name)
    sources = {d.column: d.sources[0] for d in spec.derived if len(d.sources) == 1}
    by_column = {f.column: f for f in spec.fields}
    named = {c: by_column.get(sources.get(c, c)) for c in unique}
    return {c: f for c, f in named.items() if f is not None}


def describe(record: Any) -> str:
    """Code and name of a record: KH000012 – Công ty A."""
    code = getattr(record, "code", None)
    name = getattr(record, "name", None) or str(record)
    return f"{code} – {name}" if code else str(name)


def _missing(spec: RecordSpec, values: Mapping[str, Any]) -> dict[str, str]:
    """A constraint failed that is no unique key: a ref whose record is gone, or nothing known."""
    for f in spec.refs:
        value = values.get(f.column)
        if value is None:
            continue
        target = getattr(spec.model, f.name).property.mapper.class_
        if db.session.get(target, value) is None:
            return {f.name: _("The record chosen here was deleted meanwhile: choose another.")}
    return {"": message("not_saved", {})}
