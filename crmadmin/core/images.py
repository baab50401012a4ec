"""Rows as they were before an act, kept as JSON by one statement, and put back by one.

What uses it is in `acts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from crmadmin.core import acts
from crmadmin.core.acts import (
    BACK,
    CHANGE,
    DELETE,
    PARTLY,
    ROWS,
    SAME,
    STAYS,
    TAKEN,
    UNLINK,
    WRITTEN,
    BulkAct,
    rows,
)
from crmadmin.core.db import Base, actor, db, dialect_name, rows_written, utcnow

FEW = 40
"""Columns of one JSON object: SQLite gives a function 127 arguments."""

MARK = "is_default"
"""At most one record of a catalog has it: who has it now keeps it."""


class Moved(RuntimeError):
    """A record was written between being held and being written: nothing is."""


# Doing


def change(act: BulkAct, model: type[Any], values: Mapping[str, Any]) -> None:
    """Give columns a value on the act's records that are as they were seen. Raises Moved."""
    table: Any = model.__table__
    differs = or_(*(table.c[name].is_distinct_from(value) for name, value in values.items()))
    keep_seen(act, model, list(values), differs)
    _run(update(ROWS).where(*rows(act, acts.SEEN), *acts.unchanged(model)).values(fate=SAME))
    write(act, model, values)


def keep_seen(
    act: BulkAct, model: type[Any], names: Sequence[str], *where: ColumnElement[bool]
) -> int:
    """Keep columns of the act's records that are as they were seen, held until the transaction
    ends; whoever asks writes them, each version moving by one. Says how many."""
    acts.lock(act, model)
    table: Any = model.__table__
    seen = [*rows(act, acts.SEEN), *acts.unchanged(model), *where]
    values = {"version": ROWS.c.version + 1, "before": _as_json(table, names)}
    return _run(update(ROWS).where(*seen).values(fate=WRITTEN, how=CHANGE, **values))


def write(act: BulkAct, model: type[Any], values: Mapping[str, Any]) -> None:
    """Write to the records whose images were just kept, by their version. Raises Moved."""
    table: Any = model.__table__
    mine = rows(act, WRITTEN, target=table.name, how=CHANGE)
    written = _run(
        update(table)
        .where(ROWS.c.record_id == table.c.id, ROWS.c.version == table.c.version + 1, *mine)
        .values(**values, **_moved_on(table))
    )
    if written != _count(*mine):
        raise Moved


def keep_changing(
    act: BulkAct, table: Any, where: Sequence[ColumnElement[bool]], names: Sequence[str]
) -> None:
    """Keep columns of other records that an act is about to change, each version moving by one."""
    kept = select(
        literal(act.id), literal(table.name), table.c.id, literal(0), table.c.version + 1,
        literal(WRITTEN), literal(CHANGE), literal(""), _as_json(table, names),
    ).where(*where)  # fmt: skip
    _run(insert(ROWS).from_select(_COLUMNS, kept))


def keep_deleting(act: BulkAct, model: type[Any]) -> None:
    """Keep the act's records that are as they were seen, and everything that goes with them.

    Whoever asks deletes them then: those that are WRITTEN.
    """
    table: Any = model.__table__
    acts.lock(act, model)
    seen = [*rows(act, acts.SEEN), *acts.unchanged(model)]
    whole = _as_json(table, [c.name for c in table.columns])
    _run(update(ROWS).where(*seen).values(fate=WRITTEN, how=DELETE, before=whole))
    _keep_dependents(act, table)


def _keep_dependents(act: BulkAct, table: Any) -> None:
    going = select(ROWS.c.record_id).where(*rows(act, WRITTEN, target=table.name, how=DELETE))
    for other, link in acts.dependents(table):
        key = next(iter(link.foreign_keys))
        goes = key.ondelete == "CASCADE"
        keep_rows(
            act, other, [link.in_(going)], DELETE if goes else UNLINK,
            None if goes else [link.name],
        )  # fmt: skip
        if goes and acts.dependents(other):
            _keep_dependents(act, other)


def keep_rows(
    act: BulkAct, table: Any, where: Sequence[ColumnElement[bool]], how: str,
    names: Sequence[str] | None = None,
) -> None:  # fmt: skip
    """Keep rows of a table, whole or some columns of them."""
    other, record = _keys(table)
    kept = select(
        literal(act.id), literal(table.name), record, other, literal_column("NULL"),
        literal(WRITTEN), literal(how), literal(""),
        _as_json(table, names or [c.name for c in table.columns]),
    ).where(*where)  # fmt: skip
    _run(insert(ROWS).from_select(_COLUMNS, kept))


_COLUMNS = [
    "act_id", "target", "record_id", "other_id", "version", "fate", "how", "label", "before",
]  # fmt: skip


def _keys(table: Any) -> tuple[Any, Any]:
    """What stands in `other_id` and in `record_id` of a row of this table."""
    keys = list(table.primary_key)
    return (literal(0) if len(keys) == 1 else keys[0]), keys[-1]


def is_row(table: Any) -> ColumnElement[bool]:
    """On a row and a record of the table: they are the same."""
    other, record = _keys(table)
    return and_(ROWS.c.record_id == record, ROWS.c.other_id == other)


def keep_made(act: BulkAct, table: Any) -> None:
    """Keep rows that an act made, as they are now: those noted as such."""
    whole = _as_json(table, [c.name for c in table.columns])
    made = rows(act, WRITTEN, target=table.name, how=acts.MAKE)
    _run(update(ROWS).where(*made, is_row(table)).values(before=whole))


def is_as_kept(table: Any, name: str) -> ColumnElement[bool]:
    """On a row and a record: they are the same, and the column has the value that was kept."""
    return and_(is_row(table), table.c[name] == _value(table.c[name]))


def put_values(table: Any, where: Sequence[ColumnElement[bool]], names: Sequence[str]) -> None:
    """Give columns of a table without versions the values that were kept."""
    values = {name: _value(table.c[name]) for name in names}
    for key in _links(table, names):
        values[key.parent.name] = case(
            (_has(key, values[key.parent.name]), values[key.parent.name])
        )
    _run(update(table).where(is_row(table), *where).values(values))


def kept(column: Any) -> Any:
    """On a row: what the column had."""
    return _value(column)


# Undoing


def undo(act: BulkAct) -> None:
    """Take back what the images tell: the deleted come back, the changed are as they were."""
    for _how, table, take_back in steps(act):
        take_back(act, table)


def steps(act: BulkAct) -> list[tuple[str, Table, Callable[[BulkAct, Any], None]]]:
    """How an act touched which table, and what takes that back, in their order."""
    found = db.session.execute(
        select(ROWS.c.target, ROWS.c.how)
        .where(ROWS.c.act_id == act.id, ROWS.c.fate == WRITTEN)
        .distinct()
    )
    touched = {tuple(row) for row in found}
    # Parents first: what is referred to has to be there.
    tables = [t for t in Base.metadata.sorted_tables if t.name in {name for name, _how in touched}]
    ways = ((DELETE, insert_back), (UNLINK, _link_again), (CHANGE, put_back))
    return [
        (how, table, take_back)
        for how, take_back in ways
        for table in tables
        if (table.name, how) in touched
    ]


def put_back(act: BulkAct, table: Any) -> None:
    """Give changed records their old values, where nobody wrote them since."""
    mine = rows(act, WRITTEN, target=table.name, how=CHANGE)
    there = exists().where(is_row(table), table.c.version == ROWS.c.version)
    same = [is_row(table), table.c.version == ROWS.c.version]
    held = select(table.c.id).where(*same, *mine).order_by(table.c.id).with_for_update(of=table)
    db.session.execute(select(func.count()).select_from(held.subquery()))
    acts.mark(act, STAYS, *mine, ~there, target=table.name)
    names = _names(act, table)
    for key in _links(table, names):
        value = _value(key.parent)
        acts.mark(act, TAKEN, *mine, value.is_not(None), ~_has(key, value), target=table.name)
    values = {name: _value(table.c[name]) for name in names}
    if MARK in names:
        _free_the_mark(act, table, mine)
    _run(update(table).where(*same, *mine).values(**values, **_moved_on(table)))
    _tell_earlier(act, table)
    back = select(ROWS.c.record_id).where(*mine)
    for tell in _TOLD:
        tell(table, back)
    acts.mark(act, BACK, *mine, target=table.name)


def _free_the_mark(act: BulkAct, table: Any, mine: Sequence[ColumnElement[bool]]) -> None:
    """Only one record may have the mark: those of the act give it up first; another's stays."""
    own = table.c.id.in_(select(ROWS.c.record_id).where(*mine))
    _run(update(table).where(own).values({MARK: False}))
    other = table.alias("marked")
    acts.mark(
        act, TAKEN, *mine, _value(table.c[MARK]), exists().where(other.c[MARK]), target=table.name
    )


_TOLD: list[Callable[[Any, Any], None]] = []


def tell_also(told: Callable[[Any, Any], None]) -> None:
    """Call this with a table and the ids (a SELECT) of records that have their old values back.

    What was noted of their versions before the act is as true as it was: they are two versions on.
    """
    _TOLD.append(told)


def _tell_earlier(act: BulkAct, table: Any) -> None:
    """Earlier acts on these records may be taken back next: let their rows name the new version.

    A record that one act left at version 4, and this one at 5, is at 6 now: the rows of both say 6.
    """
    this = ROWS.alias("this")
    mine = [
        this.c.act_id == act.id, this.c.target == table.name, this.c.fate == WRITTEN,
        this.c.how == CHANGE, *acts.in_block(table.name, this.c.record_id),
    ]  # fmt: skip
    _run(
        update(ROWS)
        .where(
            ROWS.c.act_id < act.id, ROWS.c.target == table.name, ROWS.c.fate == WRITTEN,
            ROWS.c.how == CHANGE, ROWS.c.record_id == this.c.record_id,
            ROWS.c.version == this.c.version - 1, *mine,
        )
        .values(version=this.c.version + 1)
    )  # fmt: skip


def _link_again(act: BulkAct, table: Any) -> None:
    mine = rows(act, WRITTEN, target=table.name, how=UNLINK)
    for key in _links(table, _names(act, table, UNLINK)):
        value = _value(key.parent)
        _run(
            update(table)
            .where(is_row(table), key.parent.is_(None), _has(key, value), *mine)
            .values({key.parent.name: value})
        )
    acts.mark(act, BACK, *mine, target=table.name)


def insert_back(act: BulkAct, table: Any) -> None:
    """Insert deleted rows again, under their own ids, where nothing stands in their place."""
    mine = rows(act, WRITTEN, PARTLY, target=table.name, how=DELETE)
    fits, lacks = list(_free(table)), []
    values: dict[str, Any] = {column.name: _value(column) for column in table.columns}
    for key in table.foreign_keys:
        value = _value(key.parent)
        if key.parent.nullable:
            lacks.append(and_(value.is_not(None), ~_has(key, value)))
            values[key.parent.name] = case((_has(key, value), value))
        else:
            fits.append(_has(key, value))
    if MARK in table.c:
        other = table.alias("marked")
        values[MARK] = case((exists().where(other.c[MARK]), false()), else_=values[MARK])
    if lacks:
        acts.mark(act, PARTLY, *mine, *fits, or_(*lacks), target=table.name)
    chosen = select(*values.values()).where(*mine, *fits)
    _run(insert(table).from_select(list(values), chosen))
    acts.mark(act, TAKEN, *mine, ~exists().where(is_row(table)), target=table.name)
    acts.mark(act, BACK, *mine, ROWS.c.fate == WRITTEN, target=table.name)


def _free(table: Any) -> Iterator[ColumnElement[bool]]:
    """On a row: no record has its key, nor any other value that only one may have."""
    other = table.alias("other")
    uniques = [list(table.primary_key)]
    uniques += [list(c.columns) for c in table.constraints if isinstance(c, UniqueConstraint)]
    uniques += [list(i.columns) for i in table.indexes if i.unique and not _is_partial(i)]
    uniques += [[c] for c in table.columns if c.unique]
    for columns in uniques:
        taken = [other.c[column.name] == _value(column) for column in columns]
        yield ~exists().where(*taken)


def _is_partial(index: Index) -> bool:
    return index.dialect_options["postgresql"].get("where") is not None


def _links(table: Table, names: Sequence[str]) -> list[ForeignKey]:
    return [key for key in table.foreign_keys if key.parent.name in names]


def _has(key: ForeignKey, value: Any) -> ColumnElement[bool]:
    target = key.column.table.alias("linked")
    return exists().where(target.c[key.column.name] == value)


def _names(act: BulkAct, table: Table, how: str = CHANGE) -> list[str]:
    """The columns that the images of a table have, as far as it still has them."""
    found = db.session.scalar(
        select(ROWS.c.before).where(*rows(act, WRITTEN, target=table.name, how=how)).limit(1)
    )
    return [name for name in found or {} if name in table.c]


# JSON


def _as_json(table: Any, names: Sequence[str]) -> ColumnElement[Any]:
    if dialect_name(db.session) == "postgresql":
        if len(names) > FEW or len(names) == len(table.columns):
            return literal_column(f'row_to_json("{table.name}")', JSON())
        return func.json_build_object(*_pairs(table, names), type_=JSON())
    parts = [names[i : i + FEW] for i in range(0, len(names), FEW)]
    found: ColumnElement[Any] = func.json_object(*_pairs(table, parts[0]), type_=JSON())
    for part in parts[1:]:
        # A value that is NULL is left out of the whole: reading it gives NULL again.
        found = func.json_patch(found, func.json_object(*_pairs(table, part)), type_=JSON())
    return found


def _pairs(table: Any, names: Sequence[str]) -> Iterator[Any]:
    for name in names:
        yield literal(name, Text()).cast(Text)
        yield table.c[name]


def _value(column: Any) -> Any:
    """On a row: what the column had."""
    if dialect_name(db.session) != "postgresql":
        return func.json_extract(ROWS.c.before, literal(f'$."{column.name}"'), type_=column.type)
    name = literal(column.name, Text())
    if isinstance(column.type, JSON):
        return cast(ROWS.c.before.op("->")(name), JSON)
    return cast(cast(ROWS.c.before.op("->>")(name), Text), column.type)


def _moved_on(table: Any) -> dict[str, Any]:
    return {
        "version": table.c.version + 1, "updated_at": utcnow(), "updated_by_id": actor.get(),
    }  # fmt: skip


def _count(*where: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(ROWS).where(*where)) or 0


def _run(statement: Any) -> int:
    return rows_written(db.session.execute(statement))
