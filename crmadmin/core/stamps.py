"""Who wrote a record and when, and the version that guards against lost updates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, declared_attr

from crmadmin.core import fields as field
from crmadmin.core.db import utcnow


class Stamped:
    """Mixin: created and updated at and by, and `version` (asked for by every UPDATE)."""

    created_at: Mapped[datetime] = field.moment(
        _l("Created"), filtered=True, sortable=True, order=field.LAST
    )
    updated_at: Mapped[datetime] = field.moment(_l("Updated"), sortable=True, order=field.LAST)
    created_by_id: Mapped[int | None] = field.stamp_user()
    updated_by_id: Mapped[int | None] = field.stamp_user()
    version: Mapped[int] = field.version()

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - declared_attr is a class method
        return {"version_id_col": cls.version}

    def stamp(self, user_id: int | None) -> None:
        """Called on every ORM write."""
        now = utcnow()
        if self.created_at is None:
            self.created_at = now
            self.created_by_id = user_id
        self.updated_at = now
        self.updated_by_id = user_id
