"""Acts on many records at once: exactly the rows that were seen, as they were seen; and back again.

A sheet begins with a plan: ids and versions of the rows that it is about, kept by one statement.
Doing it writes those rows that still have that version, and no others; what changed or went
meanwhile is left and can be named. What was there before is kept in the same transaction, so that
an act can be taken back: rows that somebody wrote since stay as they are and can be named, too.

Everything is set-based, whatever the number of rows. Nothing here commits. What an act means for
groups and catalogs is theirs; how rows are kept as JSON and put back is in `core.images`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from crmadmin.core import fields as field
from crmadmin.core import marks, records, retention
from crmadmin.core.bulk import delete_some
from crmadmin.core.db import (
    Base,
    Kept,
    Model,
    UtcDateTime,
    acting_id,
    db,
    dialect_name,
    rows_written,
    spec_of,
    utcnow,
)
from crmadmin.core.field_names import Renamed, in_keys, in_query, keeps
from crmadmin.core.outside import record_id
from crmadmin.core.paging import Page, clamp
from crmadmin.core.retention import Keep
from crmadmin.core.spec import Words
from crmadmin.core.stored import ANY

PLANNED, DONE, UNDONE = "planned", "done", "undone"
DOING, UNDOING = "doing", "undoing"
"""What is long is done, and taken back, block by block in a job (`core.many`)."""
STATES = (PLANNED, DONE, UNDONE, DOING, UNDOING)
SEEN, WRITTEN, SAME, LEFT = "seen", "written", "same", "left"
BACK, PARTLY, STAYS, TAKEN = "back", "partly", "stays", "taken"
"""Fates of a row. Planned: seen. Done: written, the same already, or left (changed or deleted since
it was seen). Undone: back; partly (a value that it referred to is gone); stays (written since); or
taken (its code is another's now, what it belongs to is gone)."""

CHANGE, DELETE, UNLINK, MAKE = "change", "delete", "unlink", "make"
"""How an act touched a row: `before` has the old values; the whole row; the link that a deletion
cut; or the row that it made."""

OLD_PLAN = timedelta(hours=1)
LABEL_LENGTH = 300


def _of_target(table: Any, renamed: Renamed) -> ColumnElement[bool]:
    found: ColumnElement[bool] = table.c.target == renamed.table
    return found


def _in_image(value: Any, renamed: Renamed) -> Any:
    return in_keys(value, renamed.old, renamed.new)


def _in_params(value: Any, renamed: Renamed) -> Any:
    """The list to go back to, and the column that gets a value."""
    if isinstance(value, Mapping) and value.get("column") == renamed.old:
        value = {**value, "column": renamed.new}
    back = value.get("back") if isinstance(value, Mapping) else None
    if not isinstance(back, str) or "?" not in back:
        return value
    path, _mark, query = back.partition("?")
    return {**value, "back": f"{path}?{in_query(query, renamed)}"}


class BulkAct(Model):
    """One act: what (`kind`), of which table, by whom and when, how many rows came to what.

    `params` hold what a sentence about it needs, and the list that it was asked from.
    """

    __table_args__ = (Index("ix_bulk_act_user", "user_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("user.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))
    target: Mapped[str] = mapped_column(String(64))
    params: Mapped[dict[str, Any]] = mapped_column(
        Kept({str: (str, int, None)}), default=dict, info=keeps(_in_params, _of_target)
    )
    state: Mapped[str] = mapped_column(String(8), default=PLANNED)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utcnow, index=True)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    undone_by_id: Mapped[int | None] = field.stamp_user()
    picked: Mapped[int] = mapped_column(Integer, default=0)
    written: Mapped[int] = mapped_column(Integer, default=0)
    left: Mapped[int] = mapped_column(Integer, default=0)
    back: Mapped[int] = mapped_column(Integer, default=0)
    stayed: Mapped[int] = mapped_column(Integer, default=0)


class BulkRow(Model):
    """A row that an act is about, of any table: its own, or one that depends on it.

    `record_id` is its id (of two keys the last, `other_id` the first). `version` is what it was
    seen with; once written, the one that it has since.
    """

    __table_args__ = (Index("ix_bulk_row_record", "record_id", "target"),)

    act_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("bulk_act.id", ondelete="CASCADE"), primary_key=True
    )
    target: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(Integer, primary_key=True, default=0, autoincrement=False)
    version: Mapped[int | None] = mapped_column(Integer)
    fate: Mapped[str] = mapped_column(String(8), default=SEEN)
    how: Mapped[str | None] = mapped_column(String(8))
    label: Mapped[str] = mapped_column(String(LABEL_LENGTH), default="")
    before: Mapped[dict[str, Any] | None] = mapped_column(
        Kept({str: ANY}, optional=True), info=keeps(_in_image, _of_target)
    )


ROWS: Any = BulkRow.__table__


@dataclass(frozen=True, slots=True)
class ActKind:
    """What there is to know of a kind of act: what records it is about, the action (of
    `access.permissions`) that doing and undoing it ask for, on `resource` or else on that of its
    records, and how it is taken back.

    `label` and `icon` offer it in a list or a menu, `danger` as something to be careful with.
    `title` says what was done: %(name)s and the like are the act's `params`, %(what)s its records.

    `work` writes what the plan's `params` say to the rows that are as they were seen, also to a
    block of them alone; such a kind is taken back by `images.undo`.
    """

    name: str
    models: Callable[[], Iterable[type[Any]]]
    action: str
    undo: Callable[[BulkAct], None]
    title: Words
    label: Words
    icon: str
    resource: str = ""
    work: Callable[[BulkAct], None] | None = None
    danger: bool = False

    @property
    def asks(self) -> frozenset[tuple[str, str]]:
        """(resource, action) of whatever it may be about."""
        if self.resource:
            return frozenset({(self.resource, self.action)})
        return frozenset((spec_of(m).options.resource, self.action) for m in self.models())


_KINDS: dict[str, ActKind] = {}


def register(kind: ActKind) -> None:
    """Add a kind of act. A feature does that where it writes it."""
    _KINDS[kind.name] = kind


def registered(name: str) -> ActKind:
    """The kind of this name. Raises KeyError."""
    return _KINDS[name]


def kind_of(act: BulkAct) -> ActKind:
    """The kind of an act. Raises KeyError where it was of a kind that the product no longer has."""
    return _KINDS[act.kind]


def named_by(act: BulkAct) -> ActKind | None:
    """The same; None of such an act, which an earlier release did."""
    return _KINDS.get(act.kind)


def title_of(act: BulkAct, what: str) -> str:
    """What was done, in a few words; `what` are its records, in words."""
    kind = named_by(act)
    # What an act did not note stays blank; a kind that the product no longer has is told by its
    # name.
    given: defaultdict[str, Any] = defaultdict(str, act.params, what=what)
    return str(kind.title) % given if kind is not None else act.kind


def kinds() -> tuple[ActKind, ...]:
    """All that were registered."""
    return tuple(_KINDS.values())


@dataclass(frozen=True, slots=True)
class IdRange:
    """The rows of one table, from one id to another: what `rows` is about inside `only`."""

    target: str
    first: int
    last: int


_block: ContextVar[IdRange | None] = ContextVar("block_of_an_act", default=None)


@contextmanager
def only(block: IdRange) -> Iterator[None]:
    """Everything inside is about these rows of an act alone."""
    token = _block.set(block)
    try:
        yield
    finally:
        _block.reset(token)


def in_block(target: str, record_id: Any) -> list[ColumnElement[bool]]:
    """The condition of the block at hand, if there is one of this table."""
    block = _block.get()
    if block is None or block.target != target:
        return []
    return [record_id.between(block.first, block.last)]


# Plans


def plan(
    kind: str,
    model: type[Any],
    where: Sequence[ColumnElement[bool]],
    params: Mapping[str, Any] | None = None,
) -> BulkAct:
    """Keep which records an act is to be about, and their versions; written by the acting user."""
    user_id = acting_id()
    act = BulkAct(user_id=user_id, kind=kind, target=model.__tablename__, params=dict(params or {}))
    db.session.add(act)
    db.session.flush()
    seen = select(
        literal(act.id), literal(act.target), model.id, literal(0), model.version,
        literal(SEEN), _label(model),
    ).where(*where)  # fmt: skip
    columns = ["act_id", "target", "record_id", "other_id", "version", "fate", "label"]
    db.session.execute(insert(ROWS).from_select(columns, seen))
    # Drivers do not agree on how many rows an INSERT of a SELECT wrote.
    act.picked = fates(act).get(SEEN, 0)
    db.session.flush()
    return act


def planned(key: object, kind: str) -> BulkAct | None:
    """The acting user's plan of this key (see `core.marks`) and kind, locked; None when there is
    none, and where another one has its number by now."""
    named = marks.of_key(key)
    act = _locked(named[0]) if named is not None else None
    if act is None or named is None or marks.moment(act.created_at) != named[1]:
        return None
    if (act.user_id, act.kind, act.state) != (acting_id(), kind, PLANNED):
        return None
    return act


def _locked(key: object) -> BulkAct | None:
    number = record_id(key)
    if number is None:
        return None
    return db.session.scalar(
        select(BulkAct)
        .where(BulkAct.id == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _label(model: type[Any]) -> ColumnElement[str]:
    name: Any = getattr(model, "name", None)
    named = name if name is not None else model.full_name
    label: ColumnElement[str] = model.code + " – " + named if hasattr(model, "code") else named
    return label


def rows(act: BulkAct, *fates: str, target: str = "", how: str = "") -> list[ColumnElement[bool]]:
    """The conditions of an act's own rows (or of another table's), of these fates."""
    found: list[ColumnElement[bool]] = [
        ROWS.c.act_id == act.id, ROWS.c.target == (target or act.target)
    ]  # fmt: skip
    found += in_block(target or act.target, ROWS.c.record_id)
    if fates:
        found.append(ROWS.c.fate.in_(fates))
    if how:
        found.append(ROWS.c.how == how)
    return found


def ids(act: BulkAct, *fates: str) -> Select[Any]:
    """The ids of an act's own rows of these fates."""
    return select(ROWS.c.record_id).where(*rows(act, *fates))


def lock(act: BulkAct, model: type[Any]) -> None:
    """Hold the records until the transaction ends, in the order of their ids."""
    held = (
        select(model.id)
        .join(ROWS, ROWS.c.record_id == model.id)
        .where(*rows(act))
        .order_by(model.id)
        .with_for_update(of=model)
        .subquery()
    )
    db.session.execute(select(func.count()).select_from(held))


def mark(act: BulkAct, fate: str, *where: ColumnElement[bool], target: str = "") -> int:
    """Give rows a fate; `where` is about them (and what else it names)."""
    statement = update(ROWS).where(*rows(act, target=target), *where).values(fate=fate)
    return rows_written(db.session.execute(statement))


def unchanged(model: type[Any]) -> list[ColumnElement[bool]]:
    """On a row and its record: it has the version that it was seen with."""
    table: Any = model.__table__
    return [ROWS.c.record_id == table.c.id, ROWS.c.version == table.c.version]


def finish(act: BulkAct, now: datetime | None = None) -> BulkAct:
    """The act is done: what was only seen was changed meanwhile, and is left."""
    mark(act, LEFT, ROWS.c.fate == SEEN)
    act.state, act.done_at = DONE, now or utcnow()
    counts = fates(act)
    act.written, act.left = counts.get(WRITTEN, 0), counts.get(LEFT, 0)
    db.session.flush()
    db.session.expire_all()
    return act


def fates(act: BulkAct) -> dict[str, int]:
    """How many of an act's own rows came to what."""
    found = db.session.execute(
        select(ROWS.c.fate, func.count()).where(*rows(act)).group_by(ROWS.c.fate)
    )
    return dict(found.all())


# What became of it


def find(key: object) -> BulkAct | None:
    """An act of any state, by the number of an address. Raises marks.NotTheSame."""
    found: BulkAct | None = records.fetch(BulkAct, key)
    return found


def page(user_id: int | None, number: int, per_page: int) -> Page:
    """A page of what a user did to many records (None: everybody), the latest first."""
    where = [BulkAct.state != PLANNED]
    if user_id is not None:
        where.append(BulkAct.user_id == user_id)
    total = db.session.scalar(select(func.count()).select_from(BulkAct).where(*where)) or 0
    number = clamp(number, total, per_page)
    wanted = select(BulkAct).where(*where).order_by(BulkAct.id.desc())
    found = db.session.scalars(wanted.limit(per_page).offset((number - 1) * per_page))
    return Page(list(found), number, per_page, total)


def named(act: BulkAct, *fates: str, number: int = 1, per_page: int = 3) -> Page:
    """A page of (id, label, fate) of an act's own rows of these fates, by their label."""
    where = rows(act, *fates)
    total = db.session.scalar(select(func.count()).select_from(ROWS).where(*where)) or 0
    number = clamp(number, total, per_page)
    wanted = select(ROWS.c.record_id, ROWS.c.label, ROWS.c.fate).where(*where)
    found = db.session.execute(
        wanted.order_by(ROWS.c.label, ROWS.c.record_id)
        .limit(per_page)
        .offset((number - 1) * per_page)
    )
    return Page([tuple(row) for row in found], number, per_page, total)


def undoing(key: object) -> BulkAct | None:
    """The act of this number, locked, if it is done and can be taken back."""
    act = _locked(key)
    return act if act is not None and act.state == DONE and act.kind in _KINDS else None


def is_unfinished(act: BulkAct) -> bool:
    """Whether a job does it, or takes it back."""
    return act.state in (DOING, UNDOING)


def undo(act: BulkAct) -> BulkAct:
    """Take an act back, as its kind does that; rows that somebody wrote since stay."""
    know_sizes()
    kind_of(act).undo(act)
    return finish_undoing(act)


def finish_undoing(act: BulkAct) -> BulkAct:
    """The act is taken back: count what came to what.

    If nothing came back it is not used up: it is as it was done, and can be taken back when what
    stands in its way is gone, such as a later act on the same records. `stayed` tells of the try.
    """
    db.session.flush()
    counts = fates(act)
    act.back = counts.get(BACK, 0) + counts.get(PARTLY, 0)
    act.stayed = counts.get(STAYS, 0) + counts.get(TAKEN, 0)
    if act.stayed and not _has_come_back(act):
        again = update(ROWS).where(ROWS.c.act_id == act.id, ROWS.c.fate.in_((STAYS, TAKEN)))
        db.session.execute(again.values(fate=WRITTEN))
        act.state, act.undone_by_id = DONE, None
    else:
        act.state, act.undone_at, act.undone_by_id = UNDONE, utcnow(), acting_id()
    db.session.flush()
    db.session.expire_all()
    return act


def _has_come_back(act: BulkAct) -> bool:
    """Whether any row of it is back, of whatever table."""
    back = exists().where(ROWS.c.act_id == act.id, ROWS.c.fate.in_((BACK, PARTLY)))
    return bool(db.session.scalar(select(back)))


def know_sizes() -> None:
    """Let PostgreSQL look at rows that were just written by the thousand: taking them for a few, it
    would go through all of them once for each."""
    if dialect_name(db.session) == "postgresql":
        db.session.execute(text("ANALYZE bulk_row"))


# Keeping


def forget() -> int:
    """Delete acts that are past their days, and plans that nobody carried out.

    Their rows first, some thousand in a transaction: nobody waits for a million of them.
    """
    past = retention.kept_since(Keep.FILES)
    old = (BulkAct.created_at < past) | (
        (BulkAct.state == PLANNED) & (BulkAct.created_at < utcnow() - OLD_PLAN)
    )
    found = db.session.scalars(select(BulkAct.id).where(old).order_by(BulkAct.id)).all()
    db.session.commit()
    for key in found:
        while delete_some(ROWS, ROWS.c.act_id == key):
            db.session.commit()
        db.session.execute(delete(BulkAct).where(BulkAct.id == key))
        db.session.commit()
    return len(found)


retention.register(
    retention.Copy(
        "acts on many records", ("bulk_row.before", "bulk_row.label"), Keep.FILES, forget
    )
)


def table_of(act: BulkAct) -> Any:
    """The table of an act's own rows."""
    return Base.metadata.tables[act.target]


def dependents(table: Any) -> list[tuple[Any, Any]]:
    """(table, its column) of everything that goes, or loses its link, with a row of this table."""
    found = []
    for other in Base.metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table is table and key.ondelete in ("CASCADE", "SET NULL"):
                found.append((other, key.parent))
    return found
