"""The import's own book: the fate of each row of the file.

Writes `import_row` only, a block at a time. What the counts and pages of it look like is
`report`'s business.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select

from crmadmin.core import bulk
from crmadmin.core.db import db
from crmadmin.core.text import cell_text
from crmadmin.imports.kinds import Kind
from crmadmin.imports.models import ImportRow
from crmadmin.imports.pipeline.blocks import Step
from crmadmin.imports.pipeline.plan import Fate
from crmadmin.imports.pipeline.write import overwritten
from crmadmin.imports.reader import frames
from crmadmin.imports.records import Problem, State

LABEL_LENGTH = 300
VALUE_LENGTH = 200
KEY_LENGTH = 64
RECENT = 5
_NOTHING = "[]"


@dataclass
class Tally:
    """The counts of an import so far; they go with each block into the job's progress."""

    states: Counter[str] = field(default_factory=Counter)
    contacts: Counter[str] = field(default_factory=Counter)
    members: Counter[str] = field(default_factory=Counter)
    recent: list[dict[str, object]] = field(default_factory=list)
    """The latest problems: row and problem, the newest first."""

    def add(self, step: Step) -> None:
        """Count the rows of a block."""
        self.states.update([fate.state.value for fate in step.fates])
        self.states[State.BLANK.value] += len(step.blank)
        self.contacts.update([f.contact_fate for f in step.fates if f.contact_fate])
        self.members.update([f.member_fate for f in step.fates if f.member_fate])
        latest = [
            {"row": fate.number, **problem.to_dict()}
            for fate in reversed(step.fates)
            if fate.problems
            for problem in fate.problems
        ]
        self.recent = [*latest, *self.recent][:RECENT]

    @property
    def total(self) -> int:
        return sum(self.states.values())

    def to_dict(self) -> dict[str, object]:
        """As reports have it."""
        return {
            "rows": {"total": self.total, **{s.value: self.states[s.value] for s in State}},
            "contacts": {name: self.contacts[name] for name in ("created", "skipped")},
            "members": {name: self.members[name] for name in ("added", "already")},
        }

    def to_progress(self, phase: str) -> dict[str, object]:
        """As a job's progress keeps it; `from_progress` reads it back."""
        return {"phase": phase, **self.to_dict(), "recent": self.recent}

    @classmethod
    def from_progress(cls, progress: Mapping[str, Any]) -> Tally:
        states = Counter(dict(progress.get("rows") or {}))
        del states["total"]
        contacts, members = progress.get("contacts") or {}, progress.get("members") or {}
        return cls(states, Counter(contacts), Counter(members), list(progress.get("recent") or ()))


def clear(batch_id: int) -> None:
    """Forget the rows of an import, before its file is read anew."""
    db.session.execute(delete(ImportRow).where(ImportRow.batch_id == batch_id))


def write(
    kind: Kind, batch_id: int, step: Step, promised: Mapping[int, str | None] | None = None
) -> None:
    """Write the fates of a block: as promised, or, beside what was `promised`, as done."""
    numbers = [fate.number for fate in step.fates] + list(step.blank)
    if not numbers:
        return
    rows = [_line(kind, fate, step) for fate in step.fates]
    rows += [_BLANK] * len(step.blank)
    columns: dict[str, bulk.Column] = dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True))
    states = columns.pop("fate")
    columns["number"] = numbers
    if promised is None:
        columns["planned"] = states
    else:
        columns["state"] = states
        columns["planned"] = list(map(promised.get, numbers))
    columns["batch_id"] = bulk.Same(batch_id)
    bulk.insert(ImportRow.__table__, columns)


def take_out(batch_id: int, step: Step) -> dict[int, str | None]:
    """Remove what the preview promised for the rows of a block, and give it: number → state."""
    first = min([step.part.numbers[0], *step.blank[:1]])
    where = (ImportRow.batch_id == batch_id, ImportRow.number.between(first, step.last))
    found = db.session.execute(select(ImportRow.number, ImportRow.planned).where(*where)).all()
    db.session.execute(delete(ImportRow).where(*where).execution_options(synchronize_session=False))
    return dict(found)


_COLUMNS = (
    "fate", "record_id", "version", "before", "key", "label", "contact", "member", "problems",
    "warnings", "has_warnings", "cells",
)  # fmt: skip
_BLANK = (
    State.BLANK.value, None, None, None, None, "", None, None, _NOTHING, _NOTHING, False, _NOTHING,
)  # fmt: skip


def _line(kind: Kind, fate: Fate, step: Step) -> tuple[Any, ...]:
    record_id = fate.subject.record_id if fate.subject is not None else None
    problems = warnings = cells = _NOTHING
    is_fixed = fate.number in step.read
    if fate.problems or fate.warnings or is_fixed:
        problems = _told(fate.problems, fate.number, step)
        warnings = _told(fate.warnings, fate.number, step)
        if fate.problems or is_fixed:
            read = step.read[fate.number] if is_fixed else step.cells(fate.number)
            cells = _dump(frames.encode_cells(read))
    return (
        fate.state.value,
        record_id,
        fate.version,
        overwritten(kind, fate),
        fate.key[:KEY_LENGTH] if fate.key else None,
        _fitting(fate.label, LABEL_LENGTH),
        fate.contact_fate,
        fate.member_fate,
        problems,
        warnings,
        bool(fate.warnings),
        cells,
    )


def _told(problems: Sequence[Problem], number: int, step: Step) -> str:
    return _dump([_with_cell(p, number, step) for p in problems]) if problems else _NOTHING


def _with_cell(problem: Problem, number: int, step: Step) -> dict[str, object]:
    """The problem with the cell as the file has it, which a person will look for there."""
    stored = problem.to_dict()
    index = step.column_map.fields.get(problem.column)
    cells = step.cells(number) if index is not None else ()
    value = cell_text(cells[index]) if index is not None and index < len(cells) else problem.value
    stored["value"] = _fitting(value, VALUE_LENGTH)
    return stored


def _fitting(text: str, most: int) -> str:
    """The text; of a longer one the beginning, and a sign that it goes on."""
    return text if len(text) <= most else text[: most - 1] + "…"


_dump = json.JSONEncoder(ensure_ascii=False).encode
