"""Planned fates → the database: one short transaction for each block of rows.

A handful of set-based statements a block, however many rows: catalog values to be made, records,
contacts, memberships. The ledger beside them is `ledger`'s. Decides nothing; that was `plan`. A
record that somebody else wrote since the plan was made is `bulk.Taken`: the caller rolls back and
plans anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import func, select

from crmadmin.core import bulk, codes
from crmadmin.core.bulk import Column, Same
from crmadmin.core.db import db, spec_of
from crmadmin.core.text import code_key, name_key
from crmadmin.customers.models import Contact
from crmadmin.imports.kinds import TARGETS, Family, Kind
from crmadmin.imports.models import ImportBatch, ImportChange
from crmadmin.imports.pipeline.blocks import Step
from crmadmin.imports.pipeline.derived import nothing
from crmadmin.imports.pipeline.new_rows import new_columns, touched
from crmadmin.imports.pipeline.plan import Existing, Fate
from crmadmin.imports.pipeline.target import Joining
from crmadmin.imports.records import NewRef, State

Asked = Callable[[Iterable[str]], set[str]]
"""Which of some code keys the rows of the file up to now have."""


ALIKE = 200
"""So many rows that change the same fields get a statement of their own."""


class Loader:
    """Writes the blocks of one import. The caller commits each block, or rolls it back.

    `made` keeps the catalog records that unknown values became, by model and name key.
    """

    def __init__(self, kind: Kind, batch: ImportBatch) -> None:
        self._kind = kind
        self._batch = batch
        self._made: dict[tuple[str, str], int] = {}
        self._made_now: dict[tuple[str, str], int] = {}
        self._ready = nothing(kind.spec)
        self._contacts_ready = nothing(spec_of(Contact))
        self.joining = Joining(batch)
        self.has_numbered = False
        """Whether rows without a code may have got one from this import."""

    def write(self, step: Step, asked: Asked) -> None:
        """Write everything that the fates of a block ask for, but not the ledger.

        Raises bulk.Taken; inside `bulk.behind` that comes at its end.
        """
        fates = step.fates
        self._ready, self._contacts_ready = step.ready(self._kind)
        self._make_refs(fates)
        self._create([f for f in fates if f.state is State.CREATED], asked)
        self._update([f for f in fates if f.state is State.UPDATED])
        self._add_contacts([f for f in fates if f.contact is not None])
        self.joining.write(fates, _record_id)

    def commit(self) -> None:
        """The blocks stand, and so does what was made for their unknown values."""
        db.session.commit()
        self._made.update(self._made_now)
        self._made_now = {}

    def roll_back(self) -> None:
        """The blocks since the last commit do not stand."""
        db.session.rollback()
        self._made_now = {}

    def _stored(self, value: object) -> object:
        if type(value) is NewRef:
            key = (value.target, name_key(value.name))
            return self._made_now.get(key) or self._made[key]
        return value

    # Records

    def _create(self, fates: Sequence[Fate], asked: Asked) -> None:
        if not fates:
            return
        self._number(fates, asked)
        if self._kind.family is Family.CATALOG:
            _append(self._kind.model, fates)
            self._clear_default(fates)
        model = self._kind.model
        ids = bulk.new_ids(model.__table__, len(fates))
        values = _columns(self._kind, fates)
        for ref in self._kind.refs:
            column = ref.spec.column
            values[column] = [self._stored(fate.values.get(ref.spec.name)) for fate in fates]
        columns = new_columns(self._kind.spec, values, self._ready)
        bulk.insert(model.__table__, {"id": ids, **columns})
        for fate, record_id in zip(fates, ids, strict=True):
            if fate.subject is not None:
                fate.subject.record_id = record_id
            fate.version = 1

    def _number(self, fates: Sequence[Fate], asked: Asked) -> None:
        """Give the next automatic codes, but none that a row of the file asks for itself."""
        blank = [fate for fate in fates if not fate.values.get("code")]
        for fate, code in zip(blank, self._free_codes(len(blank), asked), strict=True):
            fate.values["code"] = code
            self.has_numbered = True

    def _free_codes(self, how_many: int, asked: Asked) -> list[str]:
        free: list[str] = []
        while len(free) < how_many:
            some = codes.allot(self._kind.model, how_many - len(free))
            taken = asked(map(code_key, some))
            free += [code for code in some if code_key(code) not in taken]
        return free

    def give_way(self, numbered: Sequence[Existing], asked: Asked) -> None:
        """Number anew records of this import whose automatic code a later row asks for itself."""
        fresh = self._free_codes(len(numbered), asked)
        fates = [
            Fate(0, State.UPDATED, values={"code": code}, before=record.values)
            for record, code in zip(numbered, fresh, strict=True)
        ]
        changed: dict[str, Column] = {"code": fresh, **self._derived(fates, {"code"})}
        ids = [record.id for record in numbered]
        bulk.update(self._kind.model.__table__, changed, ids)

    def _clear_default(self, fates: Sequence[Fate]) -> None:
        """A catalog has at most one default: a row that becomes it takes the mark from the old."""
        if not any(fate.values.get("is_default") for fate in fates):
            return
        model = self._kind.model
        marked = db.session.execute(select(model.id, model.version).where(model.is_default)).all()
        if not marked:
            return
        ids = [record_id for record_id, _ in marked]
        versions = [version + 1 for _, version in marked]
        columns: dict[str, Column] = {"is_default": Same(False), "version": versions}
        bulk.update(model.__table__, {**columns, **touched()}, ids)
        self._note(self._kind.spec.model.__name__, ids, versions, {"is_default": True})

    def _update(self, fates: Sequence[Fate]) -> None:
        """A few statements, whatever the number of rows and of columns that each changes."""
        if self._kind.family is Family.CATALOG:
            self._clear_default(fates)
        for some, names in _alike(fates):
            self._overwrite(some, names)

    def _overwrite(self, fates: Sequence[Fate], names: Sequence[str]) -> None:
        """Set these fields of records; one that a record keeps is written as it was."""
        column_of = self._kind.column_of
        changed: dict[str, Column] = {
            column_of[n]: [
                self._stored(f.values[n] if n in f.values else f.before.get(n)) for f in fates
            ]
            for n in names
        }
        changed.update(self._derived(fates, set(changed)))
        for fate in fates:
            fate.version = (fate.version or 0) + 1
        changed["version"] = [fate.version for fate in fates]
        changed.update(touched())
        ids = [_record_id(fate) for fate in fates]
        bulk.update(self._kind.model.__table__, changed, ids)

    def _derived(self, fates: Sequence[Fate], changed: set[str]) -> dict[str, list[Any]]:
        """The derived columns that follow any of the changed ones, from the new values."""
        name_of = {column: name for name, column in self._kind.stored_fields}
        found = {}
        for derived in self._kind.spec.derived:
            if changed.isdisjoint(derived.sources):
                continue
            sources = []
            for source in derived.sources:
                name = name_of[source]
                sources.append(
                    [f.values[name] if name in f.values else f.before.get(name) for f in fates]
                )
            found[derived.column] = self._ready.column(derived, zip(*sources, strict=True))
        return found

    # What belongs to customers

    def _add_contacts(self, fates: Sequence[Fate]) -> None:
        if not fates:
            return
        spec = spec_of(Contact)
        contacts = [fate.contact or {} for fate in fates]
        values: dict[str, Column] = {
            f.column: [contact.get(f.name) for contact in contacts] for f in spec.fields
        }
        values["customer_id"] = [_record_id(fate) for fate in fates]
        values["import_id"] = Same(self._batch.id)
        bulk.insert(Contact.__table__, new_columns(spec, values, self._contacts_ready))

    # Catalog values that no record has yet

    def _make_refs(self, fates: Sequence[Fate]) -> None:
        wanted: dict[str, dict[str, str]] = defaultdict(dict)
        refs = [column.spec.name for column in self._kind.refs]
        for fate in fates:
            for name in refs:
                value = fate.values.get(name)
                if type(value) is NewRef:
                    key = name_key(value.name)
                    ref = (value.target, key)
                    if ref not in self._made and ref not in self._made_now:
                        wanted[value.target].setdefault(key, value.name)
        for target, names in wanted.items():
            made = self._make_catalog_values(target, names)
            self._made_now.update({(target, key): record_id for key, record_id in made.items()})

    def _make_catalog_values(self, target: str, names: Mapping[str, str]) -> dict[str, int]:
        """Records of these names: name key → id. One that somebody made meanwhile is taken."""
        model = TARGETS[target]
        there = select(model.name_key, model.id).where(bulk.among(model.name_key, names))
        made: dict[str, int] = dict(db.session.execute(there).all())
        new = [key for key in names if key not in made]
        if not new:
            return made
        place = db.session.scalar(select(func.max(model.position))) or 0
        ids = bulk.new_ids(model.__table__, len(new))
        values: dict[str, Column] = {
            "code": codes.allot(model, len(new)),
            "name": [names[key] for key in new],
            "position": range(place + 1, place + 1 + len(new)),
        }
        bulk.insert(model.__table__, {"id": ids, **new_columns(spec_of(model), values)})
        self._note(target, ids, [1] * len(ids), None)
        return {**made, **dict(zip(new, ids, strict=True))}

    def _note(
        self,
        target: str,
        ids: Sequence[int],
        versions: Sequence[int],
        before: Mapping[str, object] | None,
    ) -> None:
        """Remember records beside the rows' own that this import made or changed."""
        columns: dict[str, Column] = {
            "batch_id": Same(self._batch.id),
            "target": Same(target),
            "record_id": ids,
            "version": versions,
            "before": Same(before),
        }
        bulk.insert(ImportChange.__table__, columns)


def _alike(fates: Sequence[Fate]) -> Iterator[tuple[list[Fate], tuple[str, ...]]]:
    """The rows that overwrite something, with the fields that are to be written.

    Many rows that change the same fields go by themselves, so that no index of another one is
    touched; the rest, in which nearly every row changes fields of its own, go together.
    """
    groups: dict[tuple[str, ...], list[Fate]] = defaultdict(list)
    for fate in fates:
        groups[tuple(sorted(fate.values))].append(fate)
    rest: list[Fate] = []
    for names, some in groups.items():
        if len(some) >= ALIKE:
            yield some, names
        else:
            rest += some
    if rest:
        yield rest, tuple(sorted({name for fate in rest for name in fate.values}))


def _columns(kind: Kind, fates: Sequence[Fate]) -> dict[str, Column]:
    """The values of new records, column by column; columns that none of them has are left out."""
    names = tuple(dict.fromkeys(name for fate in fates for name in fate.values))
    if all(len(fate.values) == len(names) for fate in fates):
        rows = map(itemgetter(*names, names[0]), [fate.values for fate in fates])
        found = zip(names, zip(*rows, strict=True), strict=False)
        return {kind.column_of[name]: column for name, column in found}
    return {kind.column_of[n]: [fate.values.get(n) for fate in fates] for n in names}


def overwritten(kind: Kind, fate: Fate) -> dict[str, object] | None:
    """The before-image of a row that overwrote something: column → the value until then."""
    if fate.state is not State.UPDATED:
        return None
    column_of, before = kind.column_of, fate.before
    return {
        column_of[name]: value.isoformat() if type(value := before.get(name)) is date else value
        for name in fate.values
    }


def _append(model: type[Any], fates: Sequence[Fate]) -> None:
    """Catalog records without a position go to the end of their list, in file order."""
    place = db.session.scalar(select(func.max(model.position))) or 0
    for fate in fates:
        if fate.values.get("position") is None:
            place += 1
            fate.values["position"] = place
        else:
            place = max(place, fate.values["position"])


def _record_id(fate: Fate) -> int:
    if fate.subject is None or fate.subject.record_id is None:
        raise RuntimeError(f"row {fate.number} has no record to write to")
    return fate.subject.record_id
