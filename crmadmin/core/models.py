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


def _of_customers(table: Table, renamed: Renamed) -> ColumnElement[bool] | None:
    """The fields that are compared when customers are entered."""
    return table.c.key == "duplicate_check" if renamed.table == "customer" else None


class Setting(Stamped, Model):
    """One named setting; `core.settings` knows the names, the defaults and the shapes."""

    key: Mapped[str] = mapped_column(String(64), primary_key=True, sort_order=-1)
    value: Mapped[Any] = mapped_column(Kept(), nullable=False, info=keeps(_compared, _of_customers))


class CodeSequence(Model):
    """The last number handed out for one table's automatic codes."""

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    last: Mapped[int] = mapped_column(Integer, default=0, nullable=False)
