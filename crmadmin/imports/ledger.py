"""The import's own book: the rows of the file as they were read, and the fate of each.

Writes `import_row` only. What the counts and pages of it look like is `report`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, update

from crmadmin.core.db import db
from crmadmin.imports.models import ImportRow
from crmadmin.imports.plan import Fate
from crmadmin.imports.reader import frames
from crmadmin.imports.records import Problem, Row, State

LABEL_LENGTH = 300
VALUE_LENGTH = 200


def clear(batch_id: int) -> None:
    """Forget the rows of an import, before its file is read anew."""
    db.session.execute(delete(ImportRow).where(ImportRow.batch_id == batch_id))


def stage(batch_id: int, rows: Sequence[tuple[Row, str | None]], blank: Sequence[int]) -> None:
    """Keep rows as they were read, each with its key; and the numbers of blank rows."""
    values = [
        _staged(batch_id, row.number, frames.encode_cells(row.cells), key) for row, key in rows
    ]
    for number in blank:
        line = _staged(batch_id, number, [], None)
        line["planned"] = line["state"] = State.BLANK.value
        values.append(line)
    if values:
        db.session.connection().execute(insert(ImportRow), values)


def _staged(batch_id: int, number: int, cells: list[Any], key: str | None) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "number": number,
        "cells": cells,
        "key": key,
        "planned": None,
        "state": None,
        "record_id": None,
        "label": "",
        "contact": None,
        "member": None,
        "problems": [],
        "warnings": [],
        "has_warnings": False,
    }


def record(
    batch_id: int, fates: Sequence[Fate], cells: Mapping[int, Mapping[str, str]], *, done: bool
) -> None:
    """Write the fates of a batch: as promised (`planned`), or as `done` by the run.

    `cells` gives, by row number and import column, what the cells say that problems name.
    """
    if not fates:
        return
    table: Any = ImportRow.__table__
    target = "state" if done else "planned"
    columns = (
        target, "record_id", "label", "contact", "member", "problems", "warnings", "has_warnings",
    )  # fmt: skip
    statement = (
        update(table)
        .where(table.c.batch_id == bindparam("in_batch"), table.c.number == bindparam("at_number"))
        .values({column: bindparam(f"new_{column}") for column in columns})
    )
    rows = [_line(batch_id, fate, cells.get(fate.number, {}), target) for fate in fates]
    db.session.connection().execute(statement, rows)


def _line(batch_id: int, fate: Fate, cells: Mapping[str, str], target: str) -> dict[str, Any]:
    return {
        "in_batch": batch_id,
        "at_number": fate.number,
        f"new_{target}": fate.state.value,
        "new_record_id": fate.subject.record_id if fate.subject else None,
        "new_label": fate.label[:LABEL_LENGTH],
        "new_contact": fate.contact_fate,
        "new_member": fate.member_fate,
        "new_problems": [_with_cell(p, cells) for p in fate.problems],
        "new_warnings": [_with_cell(p, cells) for p in fate.warnings],
        "new_has_warnings": bool(fate.warnings),
    }


def _with_cell(problem: Problem, cells: Mapping[str, str]) -> dict[str, Any]:
    """The problem with the cell as the file has it, which a person will look for there."""
    stored = problem.to_dict()
    stored["value"] = cells.get(problem.column, problem.value)[:VALUE_LENGTH]
    return stored
