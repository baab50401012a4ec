"""The import's own book: the outcome of each row of the file.

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
from crmadmin.imports.kinds import ImportKind
from crmadmin.imports.models import ImportRow
from crmadmin.imports.pipeline.blocks import PlannedBlock
from crmadmin.imports.pipeline.plan import RowOutcome
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

    def add(self, block: PlannedBlock) -> None:
        """Count the rows of a block."""
        self.states.update([outcome.state.value for outcome in block.outcomes])
        self.states[State.BLANK.value] += len(block.blank)
        self.contacts.update([f.contact_outcome for f in block.outcomes if f.contact_outcome])
        self.members.update([f.member_outcome for f in block.outcomes if f.member_outcome])
        latest = [
            {"row": outcome.number, **problem.to_dict()}
            for outcome in reversed(block.outcomes)
            if outcome.problems
            for problem in outcome.problems
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
    kind: ImportKind,
    batch_id: int,
    block: PlannedBlock,
    promised: Mapping[int, str | None] | None = None,
) -> None:
    """Write the outcomes of a block: as promised, or, beside what was `promised`, as done."""
    numbers = [outcome.number for outcome in block.outcomes] + list(block.blank)
    if not numbers:
        return
    rows = [_line(kind, outcome, block) for outcome in block.outcomes]
    rows += [_BLANK] * len(block.blank)
    columns: dict[str, bulk.ColumnValues] = dict(
        zip(_COLUMNS, zip(*rows, strict=True), strict=True)
    )
    states = columns.pop("outcome")
    columns["number"] = numbers
    if promised is None:
        columns["planned"] = states
    else:
        columns["state"] = states
        columns["planned"] = list(map(promised.get, numbers))
    columns["batch_id"] = bulk.Same(batch_id)
    bulk.insert(ImportRow.__table__, columns)


def take_out(batch_id: int, block: PlannedBlock) -> dict[int, str | None]:
    """Remove what the preview promised for the rows of a block, and give it: number → state."""
    first = min([block.checked_block.numbers[0], *block.blank[:1]])
    where = (ImportRow.batch_id == batch_id, ImportRow.number.between(first, block.last))
    found = db.session.execute(select(ImportRow.number, ImportRow.planned).where(*where)).all()
    db.session.execute(delete(ImportRow).where(*where).execution_options(synchronize_session=False))
    return dict(found)


_COLUMNS = (
    "outcome", "record_id", "version", "before", "key", "label", "contact", "member", "problems",
    "warnings", "has_warnings", "cells",
)  # fmt: skip
_BLANK = (
    State.BLANK.value, None, None, None, None, "", None, None, _NOTHING, _NOTHING, False, _NOTHING,
)  # fmt: skip


def _line(kind: ImportKind, outcome: RowOutcome, block: PlannedBlock) -> tuple[Any, ...]:
    record_id = outcome.subject.record_id if outcome.subject is not None else None
    problems = warnings = cells = _NOTHING
    is_fixed = outcome.number in block.read
    if outcome.problems or outcome.warnings or is_fixed:
        problems = _told(outcome.problems, outcome.number, block)
        warnings = _told(outcome.warnings, outcome.number, block)
        if outcome.problems or is_fixed:
            read = block.read[outcome.number] if is_fixed else block.cells(outcome.number)
            cells = _dump(frames.encode_cells(read))
    return (
        outcome.state.value,
        record_id,
        outcome.version,
        overwritten(kind, outcome),
        outcome.key[:KEY_LENGTH] if outcome.key else None,
        _fitting(outcome.label, LABEL_LENGTH),
        outcome.contact_outcome,
        outcome.member_outcome,
        problems,
        warnings,
        bool(outcome.warnings),
        cells,
    )


def _told(problems: Sequence[Problem], number: int, block: PlannedBlock) -> str:
    return _dump([_with_cell(p, number, block) for p in problems]) if problems else _NOTHING


def _with_cell(problem: Problem, number: int, block: PlannedBlock) -> dict[str, object]:
    """The problem with the cell as the file has it, which a person will look for there."""
    stored = problem.to_dict()
    index = block.column_map.fields.get(problem.column)
    cells = block.cells(number) if index is not None else ()
    value = cell_text(cells[index]) if index is not None and index < len(cells) else problem.value
    stored["value"] = _fitting(value, VALUE_LENGTH)
    return stored


def _fitting(text: str, most: int) -> str:
    """The text; of a longer one the beginning, and a sign that it goes on."""
    return text if len(text) <= most else text[: most - 1] + "…"


_dump = json.JSONEncoder(ensure_ascii=False).encode
