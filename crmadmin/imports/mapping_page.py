"""The page on which columns are matched and unknown values decided: what it shows. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import select

from crmadmin.access.models import User
from crmadmin.core import marks
from crmadmin.core.db import db
from crmadmin.core.options import Option
from crmadmin.core.text import as_typed, fold
from crmadmin.imports import queries
from crmadmin.imports.kinds import KINDS, TARGETS, ImportKind
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline.mapping import ColumnMap, ImportColumn, heading_words
from crmadmin.imports.pipeline.references import decision_key
from crmadmin.imports.records import OnUnknown, Rules
from crmadmin.spreadsheets.parts import column_letters

SAMPLES = 3
CHOICES = 50
"""Most records offered for one value; a search narrows them."""


@dataclass(frozen=True, slots=True)
class HeadRow:
    """One of the first rows of the sheet, that may be the header."""

    number: int
    cells: tuple[str, ...]
    is_header: bool


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of the file. `how`: recognised, remembered, by hand, or none."""

    index: int
    letter: str
    heading: str
    samples: tuple[str, ...]
    field: str | None
    how: str
    unknown: int
    """How many of its values no record has."""


@dataclass(frozen=True, slots=True)
class UnknownValue:
    """A catalog value that no record has. `decision`: error, create, blank or a record's id."""

    column: str
    label: str
    letter: str
    value: str
    rows: int
    decision: str | int
    chosen: str
    """The name of the record that it was mapped to."""
    chosen_key: str
    """And its id with the proof (see `core.marks`)."""
    can_create: bool

    @property
    def is_undecided(self) -> bool:
        return self.decision == OnUnknown.ERROR


@dataclass(frozen=True, slots=True)
class MappingPage:
    """Everything that the page shows. `choices` are the fields that a column may be taken for."""

    sheets: tuple[str, ...]
    sheet: str
    heads: tuple[HeadRow, ...]
    columns: tuple[FileColumn, ...]
    choices: tuple[tuple[str, str, bool], ...]
    unknown: tuple[UnknownValue, ...]


def page(batch: ImportBatch) -> MappingPage:
    """What the mapping page of an import shows."""
    kind = KINDS[batch.kind]
    heads = batch.heads or []
    chosen = (batch.mapping or {}).get("sheet") or batch.sheet
    head = next((h for h in heads if h["sheet"] == chosen), heads[0] if heads else None)
    if head is None:
        return MappingPage((), "", (), (), _choices(kind), ())
    header = batch.header_row or (batch.mapping or {}).get("header")
    rows = tuple(HeadRow(n, tuple(cells), n == header) for n, cells in head["rows"])
    return MappingPage(
        sheets=tuple(h["sheet"] for h in heads),
        sheet=head["sheet"],
        heads=rows,
        columns=_columns(batch, rows),
        choices=_choices(kind),
        unknown=_unknown(batch, kind),
    )


def _choices(kind: ImportKind) -> tuple[tuple[str, str, bool], ...]:
    return tuple((c.name, str(c.spec.label), c.name in kind.key_columns) for c in kind.columns)


def _columns(batch: ImportBatch, rows: tuple[HeadRow, ...]) -> tuple[FileColumn, ...]:
    header = next((row for row in rows if row.is_header), None)
    if header is None:
        return ()
    below = [row.cells for row in rows if row.number > header.number][:SAMPLES]
    fields = {i: n for n, i in ColumnMap.from_dict(batch.columns).fields.items()}
    how = str(batch.options.get("mapped") or "recognised")
    strange = Counter(value["column"] for value in batch.unknown or ())
    width = max([len(header.cells), *map(len, below), *(i + 1 for i in fields)])
    found = []
    for index in range(width):
        heading = heading_words(header.cells[index]) if index < len(header.cells) else ""
        samples = tuple(cells[index] if index < len(cells) else "" for cells in below)
        name = fields.get(index)
        if not heading and not any(samples) and name is None:
            continue
        found.append(
            FileColumn(
                index, column_letters(index), heading, samples, name, how if name else "none",
                strange[name] if name else 0,
            )
        )  # fmt: skip
    return tuple(found)


def _unknown(batch: ImportBatch, kind: ImportKind) -> tuple[UnknownValue, ...]:
    rule = Rules.from_mapping(batch.options).unknown
    decided: queries.Decisions = batch.options.get("values") or {}
    places = ColumnMap.from_dict(batch.columns).fields
    user = db.session.get(User, batch.user_id) if batch.user_id is not None else None
    found = []
    names = _chosen_names(kind, decided)
    for value in batch.unknown or ():
        column = kind.column(value["column"])
        if column is None:
            continue
        decision = decided.get(column.name, {}).get(decision_key(value["value"]), rule.value)
        found.append(
            UnknownValue(
                column=column.name,
                label=str(column.spec.label),
                letter=column_letters(places.get(column.name, 0)),
                value=value["value"],
                rows=value["rows"],
                decision=decision,
                chosen=was.text if (was := names.get((column.name, decision))) else "",
                chosen_key=was.key if was else "",
                can_create=user is not None and queries.may_create(column.spec.target, user.role),
            )
        )
    order = {name: place for place, name in enumerate(c.name for c in kind.columns)}
    return tuple(sorted(found, key=lambda v: (order[v.column], -v.rows)))


def _chosen_names(kind: ImportKind, decided: queries.Decisions) -> dict[tuple[str, Any], Option]:
    names: dict[tuple[str, Any], Option] = {}
    for column in kind.refs:
        ids = {v for v in decided.get(column.name, {}).values() if isinstance(v, int)}
        for option in _records(column, ids=ids) if ids else ():
            names[column.name, option.id] = option
    return names


def options_for(kind: ImportKind, name: str, query: str = "") -> list[Option]:
    """Records that a value of a ref column may be mapped to.

    KeyError for a column that names no records. At most CHOICES, by folded name.
    """
    column = next((c for c in kind.refs if c.name == name), None)
    if column is None:
        raise KeyError(name)
    wanted = as_typed(fold(query))
    found = (o for o in _records(column) if any(word in fold(o.text) for word in wanted))
    return list(islice(found, CHOICES))


def _records(column: ImportColumn, ids: set[int] | None = None) -> list[Option]:
    model = TARGETS[column.spec.target]
    is_user = model is User
    shown = model.full_name if is_user else model.name
    color = model.username if is_user else model.color
    statement = select(model.id, shown, color, model.created_at).where(model.is_active)
    if ids is not None:
        statement = statement.where(model.id.in_(ids))
    order = model.username_key if is_user else model.sort_key
    return [
        Option(
            key, str(label or ""), color="" if is_user else str(hue or ""), made=marks.moment(made)
        )
        for key, label, hue, made in db.session.execute(statement.order_by(order))
    ]


def needs_decision(batch: ImportBatch) -> bool:
    """Whether the user should see the mapping page before the preview."""
    kind = KINDS[batch.kind]
    found = ColumnMap.from_dict(batch.columns)
    rule = Rules.from_mapping(batch.options).unknown
    decided: Mapping[str, Mapping[str, object]] = batch.options.get("values") or {}
    undecided = rule is OnUnknown.ERROR and any(
        decision_key(v["value"]) not in decided.get(v["column"], {}) for v in batch.unknown or ()
    )
    by_hand = (batch.mapping or {}).get("fields") is not None
    return undecided or (kind.takes_group and bool(found.ignored or found.unnamed) and not by_hand)
