"""Tables of the house itself: settings that people change, and the automatic numbering."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from crmadmin.core.db import Kept, Model
from crmadmin.core.field_names import Renamed, in_list, keeps
from crmadmin.core.stamps import Stamped


def _compared(value: Any, renamed: Renamed) -> Any:
    return in_list(value, renamed.old_field, renamed.new_field)


_NAMING: dict[str, str] = {}


def names_fields(setting: str, model: type[Any]) -> None:
    """Say that a setting lists names of a model's fields, so that it follows a renamed one."""
    _NAMING[setting] = model.__tablename__


def _naming(table: Table, renamed: Renamed) -> ColumnElement[bool] | None:
    """The settings that name fields of this table."""
    settings = [key for key, name in _NAMING.items() if name == renamed.table]
    return table.c.key.in_(settings) if settings else None


class Setting(Stamped, Model):
    """One named setting; `core.settings` knows the names, the defaults and the shapes."""

    key: Mapped[str] = mapped_column(String(64), primary_key=True, sort_order=-1)
    value: Mapped[Any] = mapped_column(Kept(), nullable=False, info=keeps(_compared, _naming))


class CodeSequence(Model):
    """The last number handed out for one table's automatic codes."""

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    last: Mapped[int] = mapped_column(Integer, default=0, nullable=False)
