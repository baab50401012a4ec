"""Planned outcomes → the database: one short transaction for each block of rows.

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
from crmadmin.core.bulk import ColumnValues, Same
from crmadmin.core.db import db, spec_of
from crmadmin.core.text import code_key, name_key
from crmadmin.customers.models import Contact
from crmadmin.imports.kinds import TARGETS, Family, ImportKind
from crmadmin.imports.models import ImportBatch, ImportChange
from crmadmin.imports.pipeline.blocks import PlannedBlock
from crmadmin.imports.pipeline.derived import none_derived
from crmadmin.imports.pipeline.new_rows import new_columns, touched
from crmadmin.imports.pipeline.plan import Existing, RowOutcome
from crmadmin.imports.pipeline.target import GroupTarget
from crmadmin.imports.records import NewRef, State

AskedCodes = Callable[[Iterable[str]], set[str]]
"""Which of some code keys the rows of the file up to now have."""


ALIKE = 200
"""So many rows that change the same fields get a statement of their own."""


class Loader:
    """Writes the blocks of one import. The caller commits each block, or rolls it back.

    `made` keeps the catalog records that unknown values became, by model and name key.
    """

    def __init__(self, kind: ImportKind, batch: ImportBatch) -> None:
        self._kind = kind
        self._batch = batch
        self._made: dict[tuple[str, str], int] = {}
        self._made_now: dict[tuple[str, str], int] = {}
        self._ready = none_derived(kind.spec)
        self._contacts_ready = none_derived(spec_of(Contact))
        self.group_target = GroupTarget(batch)
        self.has_numbered = False
        """Whether rows without a code may have got one from this import."""

    def write(self, block: PlannedBlock, asked: AskedCodes) -> None:
        """Write everything that the outcomes of a block ask for, but not the ledger.

        Raises bulk.Taken; inside `bulk.behind` that comes at its end.
        """
        outcomes = block.outcomes
        self._ready, self._contacts_ready = block.ready(self._kind)
        self._make_refs(outcomes)
        self._create([f for f in outcomes if f.state is State.CREATED], asked)
        self._update([f for f in outcomes if f.state is State.UPDATED])
        self._add_contacts([f for f in outcomes if f.contact is not None])
        self.group_target.write(outcomes, _record_id)

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

    def _create(self, outcomes: Sequence[RowOutcome], asked: AskedCodes) -> None:
        if not outcomes:
            return
        self._number(outcomes, asked)
        if self._kind.family is Family.CATALOG:
            _append(self._kind.model, outcomes)
            self._clear_default(outcomes)
        model = self._kind.model
        ids = bulk.new_ids(model.__table__, len(outcomes))
        values = _columns(self._kind, outcomes)
        for ref in self._kind.refs:
            column = ref.spec.column
            values[column] = [
                self._stored(outcome.values.get(ref.spec.name)) for outcome in outcomes
            ]
        columns = new_columns(self._kind.spec, values, self._ready)
        bulk.insert(model.__table__, {"id": ids, **columns})
        for outcome, record_id in zip(outcomes, ids, strict=True):
            if outcome.subject is not None:
                outcome.subject.record_id = record_id
            outcome.version = 1

    def _number(self, outcomes: Sequence[RowOutcome], asked: AskedCodes) -> None:
        """Give the next automatic codes, but none that a row of the file asks for itself."""
        blank = [outcome for outcome in outcomes if not outcome.values.get("code")]
        for outcome, code in zip(blank, self._free_codes(len(blank), asked), strict=True):
            outcome.values["code"] = code
            self.has_numbered = True

    def _free_codes(self, how_many: int, asked: AskedCodes) -> list[str]:
        free: list[str] = []
        while len(free) < how_many:
            some = codes.allot(self._kind.model, how_many - len(free))
            taken = asked(map(code_key, some))
            free += [code for code in some if code_key(code) not in taken]
        return free

    def give_way(self, numbered: Sequence[Existing], asked: AskedCodes) -> None:
        """Number anew records of this import whose automatic code a later row asks for itself."""
        fresh = self._free_codes(len(numbered), asked)
        outcomes = [
            RowOutcome(0, State.UPDATED, values={"code": code}, before=record.values)
            for record, code in zip(numbered, fresh, strict=True)
        ]
        changed: dict[str, ColumnValues] = {"code": fresh, **self._derived(outcomes, {"code"})}
        ids = [record.id for record in numbered]
        bulk.update(self._kind.model.__table__, changed, ids)

    def _clear_default(self, outcomes: Sequence[RowOutcome]) -> None:
        """A catalog has at most one default: a row that becomes it takes the mark from the old."""
        if not any(outcome.values.get("is_default") for outcome in outcomes):
            return
        model = self._kind.model
        marked = db.session.execute(select(model.id, model.version).where(model.is_default)).all()
        if not marked:
            return
        ids = [record_id for record_id, _ in marked]
        versions = [version + 1 for _, version in marked]
        columns: dict[str, ColumnValues] = {"is_default": Same(False), "version": versions}
        bulk.update(model.__table__, {**columns, **touched()}, ids)
        self._note(self._kind.spec.model.__name__, ids, versions, {"is_default": True})

    def _update(self, outcomes: Sequence[RowOutcome]) -> None:
        """A few statements, whatever the number of rows and of columns that each changes."""
        if self._kind.family is Family.CATALOG:
            self._clear_default(outcomes)
        for some, names in _alike(outcomes):
            self._overwrite(some, names)

    def _overwrite(self, outcomes: Sequence[RowOutcome], names: Sequence[str]) -> None:
        """Set these fields of records; one that a record keeps is written as it was."""
        column_of = self._kind.column_of
        changed: dict[str, ColumnValues] = {
            column_of[n]: [
                self._stored(f.values[n] if n in f.values else f.before.get(n)) for f in outcomes
            ]
            for n in names
        }
        changed.update(self._derived(outcomes, set(changed)))
        for outcome in outcomes:
            outcome.version = (outcome.version or 0) + 1
        changed["version"] = [outcome.version for outcome in outcomes]
        changed.update(touched())
        ids = [_record_id(outcome) for outcome in outcomes]
        bulk.update(self._kind.model.__table__, changed, ids)

    def _derived(self, outcomes: Sequence[RowOutcome], changed: set[str]) -> dict[str, list[Any]]:
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
                    [f.values[name] if name in f.values else f.before.get(name) for f in outcomes]
                )
            found[derived.column] = self._ready.column(derived, zip(*sources, strict=True))
        return found

    # What belongs to customers

    def _add_contacts(self, outcomes: Sequence[RowOutcome]) -> None:
        if not outcomes:
            return
        spec = spec_of(Contact)
        contacts = [outcome.contact or {} for outcome in outcomes]
        values: dict[str, ColumnValues] = {
            f.column: [contact.get(f.name) for contact in contacts] for f in spec.fields
        }
        values["customer_id"] = [_record_id(outcome) for outcome in outcomes]
        values["import_id"] = Same(self._batch.id)
        bulk.insert(Contact.__table__, new_columns(spec, values, self._contacts_ready))

    # Catalog values that no record has yet

    def _make_refs(self, outcomes: Sequence[RowOutcome]) -> None:
        wanted: dict[str, dict[str, str]] = defaultdict(dict)
        refs = [column.spec.name for column in self._kind.refs]
        for outcome in outcomes:
            for name in refs:
                value = outcome.values.get(name)
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
        values: dict[str, ColumnValues] = {
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
        columns: dict[str, ColumnValues] = {
            "batch_id": Same(self._batch.id),
            "target": Same(target),
            "record_id": ids,
            "version": versions,
            "before": Same(before),
        }
        bulk.insert(ImportChange.__table__, columns)


def _alike(outcomes: Sequence[RowOutcome]) -> Iterator[tuple[list[RowOutcome], tuple[str, ...]]]:
    """The rows that overwrite something, with the fields that are to be written.

    Many rows that change the same fields go by themselves, so that no index of another one is
    touched; the rest, in which nearly every row changes fields of its own, go together.
    """
    groups: dict[tuple[str, ...], list[RowOutcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[tuple(sorted(outcome.values))].append(outcome)
    rest: list[RowOutcome] = []
    for names, some in groups.items():
        if len(some) >= ALIKE:
            yield some, names
        else:
            rest += some
    if rest:
        yield rest, tuple(sorted({name for outcome in rest for name in outcome.values}))


def _columns(kind: ImportKind, outcomes: Sequence[RowOutcome]) -> dict[str, ColumnValues]:
    """The values of new records, column by column; columns that none of them has are left out."""
    names = tuple(dict.fromkeys(name for outcome in outcomes for name in outcome.values))
    if all(len(outcome.values) == len(names) for outcome in outcomes):
        rows = map(itemgetter(*names, names[0]), [outcome.values for outcome in outcomes])
        found = zip(names, zip(*rows, strict=True), strict=False)
        return {kind.column_of[name]: column for name, column in found}
    return {kind.column_of[n]: [outcome.values.get(n) for outcome in outcomes] for n in names}


def overwritten(kind: ImportKind, outcome: RowOutcome) -> dict[str, object] | None:
    """The before-image of a row that overwrote something: column → the value until then."""
    if outcome.state is not State.UPDATED:
        return None
    column_of, before = kind.column_of, outcome.before
    return {
        column_of[name]: value.isoformat() if type(value := before.get(name)) is date else value
        for name in outcome.values
    }


def _append(model: type[Any], outcomes: Sequence[RowOutcome]) -> None:
    """Catalog records without a position go to the end of their list, in file order."""
    place = db.session.scalar(select(func.max(model.position))) or 0
    for outcome in outcomes:
        if outcome.values.get("position") is None:
            place += 1
            outcome.values["position"] = place
        else:
            place = max(place, outcome.values["position"])


def _record_id(outcome: RowOutcome) -> int:
    if outcome.subject is None or outcome.subject.record_id is None:
        raise RuntimeError(f"row {outcome.number} has no record to write to")
    return outcome.subject.record_id
