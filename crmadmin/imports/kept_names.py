"""How what imports keep follows a field that was renamed: see `core.field_names`.

Before-images call a field by its column, everything else by the import column's name, which is the
field's own, or the contact's with `contact_` before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Table, select

from crmadmin.core.db import Base
from crmadmin.core.field_names import Renamed, in_items, in_keys, keeps
from crmadmin.customers.models import Contact
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.pipeline.mapping import CONTACT_PREFIX
from crmadmin.imports.records import JOBS

CONTACT = Contact.__tablename__


def _names(renamed: Renamed) -> tuple[str, str]:
    """The import column, until now and from now on."""
    prefix = CONTACT_PREFIX if renamed.table == CONTACT else ""
    return prefix + renamed.old_field, prefix + renamed.new_field


def _kinds(renamed: Renamed) -> list[str]:
    """The kinds of import that have columns of this table."""
    return [
        kind.name
        for kind in KINDS.values()
        if kind.spec.name == renamed.table or (kind.with_contacts and renamed.table == CONTACT)
    ]


def _of_kinds(table: Table, renamed: Renamed) -> ColumnElement[bool] | None:
    kinds = _kinds(renamed)
    if not kinds:
        return None
    if "kind" in table.c:
        return table.c.kind.in_(kinds)
    batch = table.metadata.tables["import_batch"].c
    return table.c.batch_id.in_(select(batch.id).where(batch.kind.in_(kinds)))


def _of_own_kinds(table: Table, renamed: Renamed) -> ColumnElement[bool] | None:
    return None if renamed.table == CONTACT else _of_kinds(table, renamed)


def _of_target(table: Table, renamed: Renamed) -> ColumnElement[bool]:
    """Notes name the model: by Flask-SQLAlchemy's rule, or as it is declared now."""
    declared = {m.class_.__name__ for m in Base.registry.mappers if _table_of(m) == renamed.table}
    by_rule = "".join(part.capitalize() for part in renamed.table.split("_"))
    return table.c.target.in_(sorted({by_rule, *declared}))


def _table_of(mapper: Any) -> str:
    return str(mapper.local_table.name)


def _of_imports(table: Table, renamed: Renamed) -> ColumnElement[bool] | None:
    """Jobs of these imports."""
    kinds = _kinds(renamed)
    if not kinds:
        return None
    batch = table.metadata.tables["import_batch"].c
    ours = select(batch.id).where(batch.kind.in_(kinds))
    return table.c.task.startswith(JOBS) & table.c.subject_id.in_(ours)


def _by(change: Callable[[Any, str, str], Any]) -> Callable[[Any, Renamed], Any]:
    return lambda value, renamed: change(value, *_names(renamed))


def _within(*names: str) -> Callable[[Any, str, str], Any]:
    """Mappings by import column that stand inside another one, under these names."""

    def change(value: object, old: str, new: str) -> object:
        if not isinstance(value, dict):
            return value
        return {k: in_keys(v, old, new) if k in names else v for k, v in value.items()}

    return change


def _said_of(value: object, old: str, new: str) -> object:
    """Problems and unknown values: each names its column."""
    return in_items(value, "column", old, new)


def _recent(value: object, old: str, new: str) -> object:
    if not isinstance(value, dict) or "recent" not in value:
        return value
    return {**value, "recent": _said_of(value["recent"], old, new)}


BY_COLUMN = keeps(_by(in_keys), _of_kinds)
"""A mapping of which the keys are import columns."""
SAID_OF = keeps(_by(_said_of), _of_kinds)
"""A list of problems, or of values, each with its import column."""
MAPPED = keeps(_by(_within("fields", "headings")), _of_kinds)
"""A match of columns."""
DECIDED = keeps(_by(_within("values")), _of_kinds)
"""The options of an import, with what was decided about values by import column."""
NAMED = keeps(_by(lambda value, old, new: new if value == old else value), _of_kinds)
"""The name of an import column."""
RECENT = keeps(_by(_recent), _of_imports)
"""The progress of an import's job, with the latest problems."""

OWN_IMAGE = keeps(lambda value, r: in_keys(value, r.old, r.new), _of_own_kinds)
"""The before-image of a row's own record, by the table's columns."""
SIDE_IMAGE = keeps(lambda value, r: in_keys(value, r.old, r.new), _of_target)
"""The before-image of a record beside the rows."""
