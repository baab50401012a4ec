"""What fills a step of a draft, or a group, from outside the form: today imports.

They stand above this layer, so they say themselves what groups need to know of them: a `Source` is
registered, and asked in conditions and selects, never row by row. Without one nothing is filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Boolean, Integer, Select, String, false, literal, null, select

from crmadmin.core.db import UtcDateTime, db


class Brought(NamedTuple):
    """What one filling brought straight into a group: its own id, who asked for it, how many."""

    id: int
    user_id: int | None
    at: datetime
    added: int
    name: str


class Source:
    """What fills steps and groups, and as it stands here: nothing that does."""

    def filled(self) -> Select[int | None, int, str, bool]:
        """`step_id`, `id`, `name` and `is_writing` (right now) of each filling of a step."""
        return select(
            literal(None, Integer()).label("step_id"), literal(0, Integer()).label("id"),
            literal("", String()).label("name"), literal(False, Boolean()).label("is_writing"),
        ).where(false())  # fmt: skip

    def straight(self, group_id: int) -> Select[datetime, None, int]:
        """`at`, nothing, and `id` of each filling that wrote into the group without a draft."""
        return select(
            literal(None, UtcDateTime()).label("at"), null(), literal(0, Integer()).label("id")
        ).where(false())

    def brought(self, ids: Sequence[int]) -> Sequence[Brought]:
        """What these fillings, which `straight` named, brought."""
        return ()

    def saved(self, step_ids: Select[Any], group_id: int) -> None:
        """The draft of these steps was saved: what is filled from now on goes into the group."""


_registered = [Source()]


def register(source: Source) -> None:
    """Let groups ask this one."""
    _registered[:] = [source]


def source() -> Source:
    """The one that was registered."""
    return _registered[0]


def of_steps(step_ids: Sequence[int]) -> dict[int, int]:
    """Step → the filling that filled it, of these steps; one statement."""
    filled = source().filled().subquery()
    found = select(filled.c.step_id, filled.c.id).where(filled.c.step_id.in_(step_ids))
    return dict(db.session.execute(found).all())


def writing(step_ids: Select[Any]) -> tuple[str, int] | None:
    """Name and id of a filling that writes into one of these steps right now; one statement."""
    filled = source().filled().subquery()
    found = select(filled.c.name, filled.c.id).where(
        filled.c.step_id.in_(step_ids), filled.c.is_writing
    )
    running = db.session.execute(found.limit(1)).first()
    return None if running is None else (running[0], running[1])
