"""What an import did beside its rows: default marks it took, catalog values and the group it made.

They are few, and come last: what refers to a catalog value has gone by then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import and_, delete, null, select, update
from sqlalchemy.exc import IntegrityError

from crmadmin.core.bulk import among
from crmadmin.core.db import Base, db, present, rows_written, spec_of
from crmadmin.core.records import describe
from crmadmin.core.spec import FieldSpec
from crmadmin.core.usage import usage
from crmadmin.groups.models import CustomerGroup, Membership
from crmadmin.imports import states
from crmadmin.imports.models import ImportBatch, ImportChange, ImportRow
from crmadmin.imports.records import State
from crmadmin.imports.states import Is
from crmadmin.imports.undo.can_undo import EDITED, GONE, TAKEN, USED, ImportScope, KeptLine
from crmadmin.imports.undo.rows import Counts, notes_of_others
from crmadmin.imports.undo.values import Restore, merged, put_back

CHUNK = 500


def model_named(name: str) -> Any:
    """The model that a note names, or None when the product no longer has it."""
    mappers = Base.registry.mappers
    return next((m.class_ for m in mappers if m.class_.__name__ == name), None)


def fields_of(model: Any) -> Sequence[FieldSpec]:
    """The fields of a model that declares some."""
    return spec_of(model).fields if hasattr(model, "__record__") else ()


def notes(scope: ImportScope, *, made: bool) -> dict[str, list[Any]]:
    """What is noted of side records, by model name: (record_id, version, before)."""
    image = ImportChange.before
    where = image.is_(null()) if made else image.is_not(null())
    found = db.session.execute(
        select(
            ImportChange.target, ImportChange.record_id, ImportChange.version, ImportChange.before
        )
        .where(ImportChange.batch_id == scope.batch_id, where)
        .order_by(ImportChange.id)
    )
    grouped: dict[str, list[Any]] = defaultdict(list)
    for note in found:
        grouped[note.target].append(note)
    return grouped


def records_of(scope: ImportScope, model: Any, ids: Sequence[int]) -> dict[int, Any]:
    """Side records that are still there, locked, by id."""
    there = and_(among(model.id, ids), model.created_at <= scope.until)
    found = db.session.scalars(
        select(model).where(there).order_by(model.id).with_for_update()
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return {record.id: record for record in found}


def take_back(scope: ImportScope, counts: Counts) -> list[KeptLine]:
    """Take back everything beside the rows; gives what stays."""
    kept: list[KeptLine] = []
    for name, found in notes(scope, made=False).items():
        kept += _change_back(scope, name, found, counts)
    for name, found in notes(scope, made=True).items():
        if name != CustomerGroup.__name__:
            kept += _remove(scope, name, found, counts)
    kept += _remove_group(scope, counts)
    return kept


# Changed


def _change_back(
    scope: ImportScope, name: str, found: Sequence[Any], counts: Counts
) -> Iterator[KeptLine]:
    """Values of one model that it changed, together with what its rows changed of the same."""
    model = model_named(name)
    if model is None:
        return
    images: dict[int, list[tuple[int, Any]]] = defaultdict(list)
    for note in found:
        images[note.record_id].append((note.version, present(note.before)))
    rows = _rows_of(scope, list(images)) if model is scope.model else []
    numbers = {row.record_id: row.number for row in rows}
    for row in rows:
        images[row.record_id].append((row.version, present(row.before) or {}))
    there = records_of(scope, model, list(images))
    for record_id, several in images.items():
        record = there.get(record_id)
        reason = GONE if record is None else _change_one_back(scope, record, several)
        if record_id in numbers:
            _mark(scope, numbers[record_id], reason or None)
            counts[{"": "restored", GONE: "gone"}.get(reason, "stays")] += 1
        elif not reason:
            counts["changed"] += 1
        elif record is not None:
            yield KeptLine(0, describe(record), reason)


def _rows_of(scope: ImportScope, ids: Sequence[int]) -> Sequence[Any]:
    updated = and_(scope.rows(State.UPDATED.value), among(ImportRow.record_id, ids))
    return db.session.execute(
        select(ImportRow.number, ImportRow.record_id, ImportRow.version, ImportRow.before).where(
            updated
        )
    ).all()


def _mark(scope: ImportScope, number: int, reason: str | None) -> None:
    db.session.execute(
        update(ImportRow)
        .where(ImportRow.batch_id == scope.batch_id, ImportRow.number == number)
        .values(kept=reason)
        .execution_options(synchronize_session=False)
    )


def _change_one_back(scope: ImportScope, record: Any, images: Sequence[tuple[int, Any]]) -> str:
    """Why it could not be brought back; "" when it was."""
    versions = [version for version, _before in images]
    if record.version != max(versions):
        return EDITED
    model = type(record)
    restore = Restore(record.id, record.version, merged(images))
    if put_back(model, [restore]):
        return TAKEN
    for noted in (ImportRow, ImportChange):
        statement = update(noted).where(
            *notes_of_others(scope, noted, model),
            noted.record_id == record.id,
            noted.version < min(versions),
        )
        told = statement.values(version=noted.version + max(versions) - min(versions) + 2)
        db.session.execute(told.execution_options(synchronize_session=False))
    return ""


# Made


def _remove(
    scope: ImportScope, name: str, found: Sequence[Any], counts: Counts
) -> Iterator[KeptLine]:
    """Catalog values that it made, where nothing uses them any more."""
    model = model_named(name)
    if model is None:
        return
    for start in range(0, len(found), CHUNK):
        some = {note.record_id: note.version for note in found[start : start + CHUNK]}
        there = records_of(scope, model, list(some))
        used = usage(model, list(there))
        going = []
        for record_id, record in there.items():
            if record.version != some[record_id]:
                yield KeptLine(0, describe(record), EDITED)
            elif record_id in used:
                yield KeptLine(0, describe(record), USED)
            else:
                going.append(record_id)
        still_used = _delete(model, going)
        counts["made"] += len(going) - len(still_used)
        for record_id in still_used:
            yield KeptLine(0, describe(there[record_id]), USED)


def _delete(model: Any, ids: Sequence[int]) -> list[int]:
    """Delete records; gives those that somebody began to use meanwhile."""
    if not ids:
        return []
    try:
        with db.session.begin_nested():
            statement = delete(model).where(among(model.id, ids))
            db.session.execute(statement.execution_options(synchronize_session=False))
    except IntegrityError:
        if len(ids) == 1:
            return list(ids)
        return [record_id for one in ids for record_id in _delete(model, [one])]
    return []


def _remove_group(scope: ImportScope, counts: Counts) -> Iterator[KeptLine]:
    """The group that it made to be filled, if it is empty now and as it was made."""
    for note in notes(scope, made=True).get(CustomerGroup.__name__, ()):
        group = records_of(scope, CustomerGroup, [note.record_id]).get(note.record_id)
        if group is None:
            continue
        if group.version != note.version:
            yield KeptLine(0, group.name, EDITED)
        elif is_needed(scope, group.id):
            yield KeptLine(0, group.name, USED)
        else:
            statement = delete(CustomerGroup).where(CustomerGroup.id == group.id)
            counts["made"] += rows_written(db.session.execute(statement))


def is_needed(scope: ImportScope, group_id: int, *, but_own: bool = False) -> bool:
    """Whether the group has members (`but_own`: of others), or another import is to fill it."""
    members = select(Membership.customer_id).where(Membership.group_id == group_id)
    if but_own:
        others = Membership.import_id.is_(None) | (Membership.import_id != scope.batch_id)
        members = members.where(others)
    fills = select(ImportBatch.id).where(
        ImportBatch.group_id == group_id,
        ImportBatch.id != scope.batch_id,
        ImportBatch.status.in_(states.those(Is.TO_COME)),
    )
    return any(db.session.scalar(found.limit(1)) is not None for found in (members, fills))
