"""The ledger of an import as people and programs read it: counts, problems, pages of rows.

Reads only. The same shapes serve the command line, the preview page and the result page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute

from crmadmin.core.bulk import among
from crmadmin.core.db import Lost, LostError, db, spec_of, utcnow
from crmadmin.core.paging import Page, clamp
from crmadmin.core.text import cell_text
from crmadmin.customers.models import Customer
from crmadmin.imports import states
from crmadmin.imports.kinds import KINDS, TARGETS, Family, ImportKind
from crmadmin.imports.messages import REASONS, file_message, message
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.pipeline import corrections
from crmadmin.imports.pipeline.mapping import ColumnMap
from crmadmin.imports.reader import frames
from crmadmin.imports.records import PREVIEW, RUN, State
from crmadmin.imports.states import Is
from crmadmin.jobs import services as jobs

WITH_WARNINGS = "warnings"
CHANGED = "changed"

_ROWS_AT_ONCE = 1000
_CHANGED_SHOWN = 50


class UnknownState(LostError):
    """What became of a row is a word of another release."""

    def __init__(self, batch: ImportBatch) -> None:
        super().__init__(f"import {batch.id} has a row of an unknown state")
        self.batch = batch


@dataclass(frozen=True)
class Report:
    """What became of an import, or would. `rows` has every state; their sum is `total`."""

    batch: ImportBatch
    rows: Mapping[str, int]
    contacts: Mapping[str, int]
    members: Mapping[str, int]
    ignored: tuple[str, ...]
    changed: tuple[int, ...] = ()
    """Numbers of the first rows whose outcome is not the one that the preview promised."""
    changed_count: int = 0
    warned: int = 0

    @property
    def total(self) -> int:
        return self.rows["total"]

    @property
    def went_in(self) -> int:
        """Rows that did not stay behind: neither invalid nor blank."""
        return self.total - self.rows[State.INVALID] - self.rows[State.BLANK]

    @property
    def has_problems(self) -> bool:
        """Whether the data had something wrong: what makes the command exit with 1."""
        return states.is_(self.batch.status, Is.HELD_UP) or bool(self.rows[State.INVALID])

    def to_json(self) -> dict[str, Any]:
        """The object that `import --json` prints (docs: the contract)."""
        found = {
            "import": self.batch.id,
            "kind": self.batch.kind,
            "status": self.batch.status,
            "rows": {"total": self.total, **{s.value: self.rows[s] for s in State}},
            "contacts": dict(self.contacts),
            "members": dict(self.members),
            "columns": {"ignored": list(self.ignored)},
        }
        if self.batch.refusal is not None:
            return {**found, "problems": [_refusal(self.batch.refusal)], "warnings": []}
        return {
            **found,
            "problems": [_public(p) for p in said(self.batch, "problems")],
            "warnings": [_public(p) for p in said(self.batch, "warnings")],
        }


def _public(problem: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in problem.items() if name != "name"}


def _written(batch: ImportBatch) -> Mapping[str, Any]:
    """The counts of an import that was carried out, be it in part."""
    if batch.counts:
        return batch.counts
    job = jobs.latest(RUN, batch.id)
    progress = job.progress if job is not None else {}
    return {name: progress[name] for name in ("rows", "contacts", "members") if name in progress}


def build(batch: ImportBatch) -> Report:
    """The report of an import where it stands now."""
    is_done = states.is_(batch.status, Is.WRITTEN)
    found = (_written(batch) if is_done else batch.planned) or {}
    column_map = ColumnMap.from_dict(batch.columns)
    unnamed = [_("Column %(letter)s", letter=letter) for letter in column_map.unnamed]
    changed: tuple[int, ...] = ()
    changed_count = 0
    if is_done and batch.planned:
        where = _filter(batch, CHANGED)
        changed_count = _count(batch, where)
        changed = tuple(
            db.session.scalars(
                select(ImportRow.number)
                .where(ImportRow.batch_id == batch.id, where)
                .order_by(ImportRow.number)
                .limit(_CHANGED_SHOWN)
            )
        )
    return Report(
        batch=batch,
        rows={"total": 0, **dict.fromkeys(State, 0), **(found.get("rows") or {})},
        contacts={"created": 0, "skipped": 0, **(found.get("contacts") or {})},
        members={"added": 0, "already": 0, **(found.get("members") or {})},
        ignored=(*column_map.ignored, *unnamed),
        changed=changed,
        changed_count=changed_count,
        warned=_count(batch, _filter(batch, WITH_WARNINGS)),
    )


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One row of the ledger, ready to be shown. Problems and warnings are as in the JSON."""

    number: int
    state: State | None
    planned: State | None
    label: str
    record_id: int | None
    problems: list[dict[str, Any]]
    warnings: list[dict[str, object]]
    cells: dict[str, str]
    """What the cells say, by import column, fixes put in; of rows that are or were invalid."""
    fixed: frozenset[str] = frozenset()
    """Import columns of the cells that the user corrected."""
    is_left_out: bool = False
    kept: str = ""
    """Why undoing left the record alone: `edited` or `used`."""
    is_gone: bool = False
    """Whether the record that it names is there no more; its id may be another one's by now."""


def lines(batch: ImportBatch, only: str, number: int, per_page: int, reason: str = "") -> Page:
    """A page of the ledger in file order, narrowed to a state, `warnings` or `changed`, and to
    rows with one code of problem."""
    where = _narrowed(batch, only, reason)
    total = _count(batch, where)
    number = clamp(number, total, per_page)
    rows = db.session.scalars(
        select(ImportRow)
        .where(ImportRow.batch_id == batch.id, where)
        .order_by(ImportRow.number)
        .offset((number - 1) * per_page)
        .limit(per_page)
    )
    found = rows.all()
    return Page(_lines(batch, found), number, per_page, total)


def place(batch: ImportBatch, only: str, reason: str, number: int) -> int:
    """How many rows of what `lines` is narrowed to come before this one."""
    return _count(batch, _narrowed(batch, only, reason) & (ImportRow.number < number))


def line(batch: ImportBatch, number: int) -> ReportLine:
    """One row of the ledger; KeyError for one that is not there."""
    row = db.session.get(ImportRow, (batch.id, number), populate_existing=True)
    if row is None:
        raise KeyError(number)
    return _lines(batch, [row])[0]


def _lines(batch: ImportBatch, rows: Sequence[ImportRow]) -> list[ReportLine]:
    speak = _Speaker(batch)
    places = ColumnMap.from_dict(batch.columns).fields
    fixes = corrections.of_rows(batch.id, [row.number for row in rows])
    there = _there(batch, [row.record_id for row in rows if row.record_id is not None])
    return [_line(batch, row, speak, places, fixes.get(row.number, {}), there) for row in rows]


def _there(batch: ImportBatch, ids: Sequence[int]) -> set[int]:
    """Which records of the ledger are still there: not one that was made after it was written."""
    model = KINDS[batch.kind].model
    until = batch.finished_at
    if until is None:
        job = jobs.latest(RUN, batch.id) or jobs.latest(PREVIEW, batch.id)
        until = (job and (job.finished_at or job.heartbeat_at)) or utcnow()
    found = select(model.id).where(among(model.id, ids), model.created_at <= until)
    return set(db.session.scalars(found)) if ids else set()


def _state(batch: ImportBatch, text: str | None) -> State | None:
    """What is stored as the outcome of a row. Raises UnknownState."""
    if text and text not in set(State):
        raise UnknownState(batch)
    return State(text) if text else None


def _line(
    batch: ImportBatch,
    row: ImportRow,
    speak: _Speaker,
    places: Mapping[str, int],
    fixes: Mapping[str, str],
    there: Collection[int],
) -> ReportLine:
    cells = [cell_text(cell) for cell in frames.decode_cells(row.cells or [])]
    texts = {name: cells[i] if i < len(cells) else "" for name, i in places.items()}
    texts.update((name, text) for name, text in fixes.items() if name in places)
    return ReportLine(
        row.number,
        _state(batch, row.state),
        _state(batch, row.planned),
        row.label,
        row.record_id if row.record_id in there else None,
        [speak.lost(row.number)]
        if isinstance(row.problems, Lost)
        else [speak(row.number, p) for p in row.problems],
        [speak(row.number, w) for w in row.warnings],
        texts if row.cells else {},
        frozenset(fixes) - {corrections.LEAVE_OUT},
        corrections.LEAVE_OUT in fixes,
        row.kept or "",
        is_gone=row.record_id is not None and row.record_id not in there,
    )


def fate_of(batch: ImportBatch) -> InstrumentedAttribute[str | None]:
    """Where the ledger has the outcomes that count: what was done, or before that what would be."""
    is_written = states.is_(batch.status, Is.WRITTEN)
    return ImportRow.state if is_written else ImportRow.planned


def _filter(batch: ImportBatch, only: str) -> ColumnElement[bool]:
    state = fate_of(batch)
    if only == WITH_WARNINGS:
        return ImportRow.has_warnings.is_(True)
    if only == CHANGED:
        return (ImportRow.planned.is_not(None)) & (ImportRow.planned != ImportRow.state)
    return state == only if only in set(State) else ImportRow.batch_id == batch.id


def _narrowed(batch: ImportBatch, only: str, reason: str) -> ColumnElement[bool]:
    where = _filter(batch, only)
    if not reason:
        return where
    text = cast(ImportRow.problems, Text)
    return where & text.contains(f'"code": "{reason}"', autoescape=True)


def _count(batch: ImportBatch, where: ColumnElement[bool]) -> int:
    statement = select(func.count()).where(ImportRow.batch_id == batch.id, where)
    return db.session.scalar(statement) or 0


def said(batch: ImportBatch, what: str) -> Iterator[dict[str, object]]:
    """Every problem (or warning) of the ledger, in file order, in the user's language."""
    speak = _Speaker(batch)
    flag = _filter(batch, State.INVALID if what == "problems" else WITH_WARNINGS)
    after = 0
    while True:
        rows = db.session.execute(
            select(ImportRow.number, getattr(ImportRow, what))
            .where(ImportRow.batch_id == batch.id, ImportRow.number > after, flag)
            .order_by(ImportRow.number)
            .limit(_ROWS_AT_ONCE)
        ).all()
        if not rows:
            return
        for number, found in rows:
            after = number
            for problem in found:
                yield speak(number, problem)


def reasons(batch: ImportBatch) -> list[tuple[str, str, str, int]]:
    """Why rows stayed behind: (code, words, column, rows), the most frequent first.

    A row may have several reasons.
    """
    found: Counter[tuple[str, str]] = Counter()
    after = 0
    flag = _filter(batch, State.INVALID)
    while True:
        rows = db.session.execute(
            select(ImportRow.number, ImportRow.problems)
            .where(ImportRow.batch_id == batch.id, ImportRow.number > after, flag)
            .order_by(ImportRow.number)
            .limit(_ROWS_AT_ONCE)
        ).all()
        if not rows:
            break
        after = rows[-1].number
        for _number, problems in rows:
            found.update({(p["code"], p["column"]) for p in problems})
    speak = _Speaker(batch)
    return [
        (code, str(REASONS.get(code, code)), speak.heading(column), many)
        for (code, column), many in found.most_common()
    ]


def spoken(batch: ImportBatch, problems: Sequence[Mapping[str, Any]]) -> list[dict[str, object]]:
    """Stored problems, each with its `row`, in the user's language."""
    speak = _Speaker(batch)
    return [speak(problem["row"], problem) for problem in problems]


def _refusal(refusal: Mapping[str, Any]) -> dict[str, object]:
    code, params = refusal.get("code", ""), refusal.get("params") or {}
    words = file_message(code, params)
    return {"row": 0, "column": "", "code": code, "value": "", "message": words}


class _Speaker:
    """Turns stored problems into sentences that use the file's own headings."""

    def __init__(self, batch: ImportBatch) -> None:
        self._kind: ImportKind = KINDS[batch.kind]
        self._headings = ColumnMap.from_dict(batch.columns).headings

    def __call__(self, row: int, problem: Mapping[str, Any]) -> dict[str, object]:
        column, params = problem["column"], dict(problem.get("params") or {})
        if problem["code"] == "differs_from_first_row":
            names = params.get("columns", "").split(",")
            params["columns"] = ", ".join(map(self.heading, names))
        params.setdefault("label", self._list_name(column, problem["code"]))
        return {
            "row": row,
            "column": self.heading(column),
            "name": column,
            "code": problem["code"],
            "value": problem["value"],
            "message": message(problem["code"], params),
        }

    def lost(self, row: int) -> dict[str, object]:
        """What stands in the place of problems that cannot be read."""
        told = {"row": row, "column": "", "name": "", "code": "lost", "value": ""}
        return {**told, "message": _("What was noted of this row cannot be read any more.")}

    def heading(self, name: str) -> str:
        """The words over a column in the file; those of the field where the file lacks it."""
        column = self._kind.column(name)
        return self._headings.get(name) or (str(column.spec.label) if column else name)

    def _list_name(self, name: str, code: str) -> str:
        column = self._kind.column(name)
        if column is None or code == "duplicate_key":
            return self.heading(name)
        if column.spec.is_ref:
            return str(spec_of(TARGETS[column.spec.target]).plural)
        if self._kind.family is Family.MEMBERS:
            return str(spec_of(Customer).plural)
        return str(column.spec.label)
