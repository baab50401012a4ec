"""The database: the model base, keys kept on every write, what differs between the two dialects.

Tables live in the features' `models`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, MetaData, event, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase, Mapper, Session, relationship
from sqlalchemy.types import TypeDecorator

from crmadmin.core import numbering
from crmadmin.core.engine import reads_only as reads_only
from crmadmin.core.indexes import index_lists
from crmadmin.core.spec import RecordSpec, derive, derived_values
from crmadmin.core.stored import ANY, fits

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

actor: ContextVar[int | None] = ContextVar("actor", default=None)
"""Id of the user on whose behalf this context writes; stamps come from it."""


class Base(DeclarativeBase):
    """Declarative base with predictable constraint names, which migrations need."""

    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base, session_options={"autoflush": False, "expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


@event.listens_for(Mapper, "after_mapper_constructed")
def _number_once(mapper: Mapper[Any], _model: type[Any]) -> None:
    """Ids leave the database in forms, links and ledgers: those of every model are given once."""
    numbering.never_again(mapper.local_table)


@event.listens_for(Mapper, "after_mapper_constructed")
def _add_relationships(mapper: Mapper[Any], model: type[Any]) -> None:
    """Every ref field gets its relationship: the column `industry_id` brings `industry`."""
    if "__record__" in vars(model):
        _relate(mapper, derive(model))


def _relate(mapper: Mapper[Any], spec: RecordSpec) -> None:
    index_lists(spec)
    for field in spec.refs:
        if not mapper.has_property(field.name):
            column = spec.model.__table__.columns[field.column]
            mapper.add_property(field.name, relationship(field.target, foreign_keys=[column]))


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite, which has no zones, keeps it as naive UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: in UTC; refuses a naive datetime, whose zone nobody knows."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime for the database needs its zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Lost:
    """Mixed into what stands in the place of stored JSON that cannot be read: empty, and marked."""


class LostObject(Lost, dict[str, Any]):
    """No JSON, or none of the shape that the column promises."""


class LostList(Lost, list[Any]):
    """The same where the column holds a list."""


class LostError(ValueError):
    """Something cannot be done without what was stored, and that cannot be read."""


class _Promise:
    """A shape that can be a part of a key of SQLAlchemy's cache, as no dict can."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape


class Kept(TypeDecorator[Any]):
    """JSON of one shape (see `core.stored`). What is stored otherwise is read as an empty object or
    list that is `Lost`: whoever reads the table goes on, and the record's own page can say so."""

    impl = JSON
    cache_ok = True

    def __init__(self, shape: Any = ANY, *, optional: bool = False) -> None:
        """`optional` columns may hold nothing, which is None."""
        super().__init__(none_as_null=optional)
        self.shape = _Promise((shape, None) if optional else shape)
        self.holds_list = isinstance(shape, list)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any]:
        """From the database; around SQLAlchemy's own reader, which raises for what is no JSON."""
        read = super().result_processor(dialect, coltype)

        def processed(value: Any) -> Any:
            try:
                found = value if read is None else read(value)
            except (ValueError, RecursionError):
                return self._lost()
            return found if fits(found, self.shape.shape) else self._lost()

        return processed

    def _lost(self) -> Lost:
        return LostList() if self.holds_list else LostObject()


def lost(record: Any) -> list[str]:
    """The columns of a record whose stored JSON cannot be read."""
    return [c.key for c in record.__table__.columns if isinstance(getattr(record, c.key), Lost)]


def present(value: Any) -> Any:
    """The value. Raises LostError where what was stored cannot be read."""
    if isinstance(value, Lost):
        raise LostError("what was stored cannot be read")
    return value


def is_json(kind: object) -> bool:
    """Whether a column of this type holds JSON."""
    return isinstance(kind, JSON | Kept)


def prepare_request() -> None:
    """Before every request: one that only reads takes no write lock on SQLite."""
    reads_only.set(request.method in ("GET", "HEAD", "OPTIONS"))


def utcnow() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


CLOCKS_APART = timedelta(minutes=5)
"""How far apart the clocks of honest machines may be. A moment further ahead was written while a
clock went wrong, and is not waited for: that could take years."""


def acting_id() -> int:
    """Id of the user on whose behalf this context writes. Raises RuntimeError where nobody is."""
    user_id = actor.get()
    if user_id is None:
        raise RuntimeError("nobody acts here")
    return user_id


@contextmanager
def acting_as(user_id: int | None) -> Iterator[None]:
    """Writes inside are stamped with this user."""
    token = actor.set(user_id)
    try:
        yield
    finally:
        actor.reset(token)


_SPECS: dict[type[Any], RecordSpec] = {}


def spec_of(model: type[Any]) -> RecordSpec:
    """The record spec of a declared model, derived once."""
    if model not in _SPECS:
        _SPECS[model] = derive(model)
    return _SPECS[model]


def read_again(model: type[Any]) -> None:
    """Take in fields that were added to a model after its class was mapped.

    Called once for every record when an app is made; whatever was derived before is forgotten.
    """
    _SPECS[model] = derive(model)
    _relate(model.__mapper__, _SPECS[model])


def all_records() -> tuple[type[Any], ...]:
    """Every model that declares itself a record, in the order of declaration."""
    order = list(Base.metadata.tables)
    found = [m.class_ for m in Base.registry.mappers if "__record__" in vars(m.class_)]
    return tuple(sorted(found, key=lambda model: order.index(model.__tablename__)))


def rows_written(result: Any) -> int:
    """How many rows an INSERT, UPDATE or DELETE wrote."""
    return int(result.rowcount)


@event.listens_for(Mapper, "before_insert")
@event.listens_for(Mapper, "before_update")
def _keep_derived(_mapper: Any, _connection: Connection, record: Any) -> None:
    """Keys and stamps follow on every ORM write; bulk writers call derived_values themselves."""
    if hasattr(type(record), "__record__"):
        spec = spec_of(type(record))
        values = {c.key: getattr(record, c.key) for c in type(record).__table__.columns}
        for column, value in derived_values(spec, values).items():
            if getattr(record, column) != value:
                setattr(record, column, value)
    stamp = getattr(record, "stamp", None)
    if stamp is not None:
        stamp(actor.get())


def insert_or_nothing(table: Any, dialect_name: str) -> Any:
    """An INSERT that leaves rows alone which any unique constraint already has."""
    make = postgresql.insert if dialect_name == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing()


def dialect_name(session: Session | Any) -> str:
    """'sqlite' or 'postgresql'."""
    return str(session.get_bind().dialect.name)


@contextmanager
def rebuilding_tables(connection: Connection) -> Iterator[None]:
    """For migrations. SQLite changes a table by making it anew, and would refuse to drop the old
    one while others refer to it: references are checked once, at the end. Raises IntegrityError.
    A table that was made anew gives no id a second time.

    The connection must be outside a transaction; what is done inside is one, committed at the end.
    """
    if connection.dialect.name != "sqlite":
        yield
        connection.commit()
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        connection.begin()
        with numbering.kept(connection):
            yield
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise sqlite3.IntegrityError(f"{broken[0]} row {broken[1]} refers to no {broken[2]}")
        connection.commit()
    finally:
        connection.rollback()  # the setting is ignored inside a transaction
        driver.execute("PRAGMA foreign_keys=ON")


def missing_tables(database: SQLAlchemy) -> list[str]:
    """Declared tables that the database does not have, sorted."""
    present = set(inspect(database.engine).get_table_names())
    return sorted(set(database.metadata.tables) - present)


def storage_faults(database: SQLAlchemy) -> list[str]:
    """Settings of the database that differ from what this product needs; [] when all is well."""
    if database.engine.dialect.name != "sqlite":
        return []
    wanted = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"}
    with database.engine.connect() as connection:
        found = {k: str(connection.exec_driver_sql(f"PRAGMA {k}").scalar()) for k in wanted}
        again = numbering.giving_again(connection, database.metadata.tables)
    faults = [f"PRAGMA {k} is {v}, not {wanted[k]}" for k, v in found.items() if v != wanted[k]]
    return faults + [
        f"table {name} gives the ids of deleted rows out again: its statement has no AUTOINCREMENT"
        for name in again
    ]
