"""Tables of the house itself: settings that people change, and the automatic numbering."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from crmadmin.core.db import Model
from crmadmin.core.stamps import Stamped


class Setting(Stamped, Model):
    """One named setting; `core.settings` knows the names, the defaults and the shapes."""

    key: Mapped[str] = mapped_column(String(64), primary_key=True, sort_order=-1)
    value: Mapped[Any] = mapped_column(JSON, nullable=False)


class CodeSequence(Model):
    """The last number handed out for one table's automatic codes."""

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    last: Mapped[int] = mapped_column(Integer, default=0, nullable=False)
