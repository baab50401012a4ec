"""The way back to Excel: the rows that did not go in, ready to be mended, and the whole ledger.

The workbook of the rows has the columns of the file itself, in its order, and the reason beside
them; uploaded again it is matched like the file was, and the reason is left out without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, BinaryIO

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Text, cast, func, select

from crmadmin.core.bulk import among, json_length
from crmadmin.core.db import db
from crmadmin.core.facets import Condition
from crmadmin.core.kinds import FieldKind
from crmadmin.core.spec import Words
from crmadmin.core.text import cell_text, heading_key
from crmadmin.imports import report, states
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.messages import STATE_LABELS
from crmadmin.imports.models import ImportBatch, ImportRow
from crmadmin.imports.pipeline import corrections
from crmadmin.imports.pipeline.mapping import OUR_HEADINGS, ColumnMap
from crmadmin.imports.reader import frames
from crmadmin.imports.records import Cell, CellError, State
from crmadmin.imports.states import Is
from crmadmin.imports.undo import REASONS as KEPT_REASONS
from crmadmin.spreadsheets.book import DATE, GENERAL, TEXT, WHOLE, Book, ColumnFormat, ErrorCell

ROWS_AT_ONCE = 2000
REASON = {"vi": "Lý do", "en": "Reason"}
"""The heading of our own column, which `mapping` knows by OUR_HEADINGS."""

MOST_KNOWN = 10_000
_MIDNIGHT = time(0)

_BESIDE: Mapping[str, Words] = {
    "created": _l("Added"),
    "added": _l("Added"),
    "skipped": _l("There already"),
    "already": _l("There already"),
}


class CellsGone(LookupError):
    """The cells of the refused rows were deleted with the file, when its days were over."""


def can_write(batch: ImportBatch) -> bool:
    """Whether the cells of the rows that did not go in, if there are any, are still kept."""
    refused = _count(*_refused(batch))
    return not refused or _count(*_refused(batch), _has_cells()) > 0


def _count(*where: Condition) -> int:
    return db.session.scalar(select(func.count()).select_from(ImportRow).where(*where)) or 0


def write_errors(batch: ImportBatch, out: BinaryIO) -> int:
    """Write the rows that did not go in, each with why; gives how many. Raises CellsGone."""
    if not can_write(batch):
        raise CellsGone(batch.id)
    many = _count(*_refused(batch), _has_cells())
    layout = _layout(batch)
    columns = [*map(ColumnFormat, layout.widths, layout.formats), ColumnFormat(60, TEXT)]
    headings = [*layout.headings, _reason_heading()]
    with Book(out) as book:
        title = batch.sheet or _("Data")
        with book.sheet(title, columns, headings=headings, rows=many) as sheet:
            return sheet.add_marked(_mended(batch, layout))


def _refused(batch: ImportBatch) -> tuple[Any, ...]:
    return ImportRow.batch_id == batch.id, report.fate_of(batch) == State.INVALID.value


def _has_cells() -> Any:
    return cast(ImportRow.cells, Text) != "[]"


def _reason_heading() -> str:
    return REASON["en" if str(get_locale()) == "en" else "vi"]


@dataclass(frozen=True)
class _Layout:
    """The columns of the file; `places` gives the one of each import column."""

    headings: list[str]
    formats: list[str]
    widths: list[float]
    places: Mapping[str, int]
    as_text: frozenset[int]


def _layout(batch: ImportBatch) -> _Layout:
    mapped = ColumnMap.from_dict(batch.columns)
    header = _header(batch)
    if header and heading_key(header[-1]) in OUR_HEADINGS:
        header.pop()  # from the workbook of refused rows that this file is
    width = max([len(header), *(place + 1 for place in mapped.fields.values()), _widest(batch)])
    header += [""] * (width - len(header))
    kinds: dict[int, FieldKind] = {}
    for name, place in mapped.fields.items():
        column = KINDS[batch.kind].column(name)
        if column is not None:
            kinds[place] = column.spec.kind
        # The first rows of the file are kept in short; these are the words as they are.
        header[place] = header[place] if len(header[place]) < 80 else mapped.headings.get(name, "")
    as_text = frozenset(place for place, kind in kinds.items() if kind.keeps_zeros)
    days = {place for place, kind in kinds.items() if kind.format == DATE}
    formats = [
        TEXT if place in as_text else DATE if place in days else GENERAL for place in range(width)
    ]
    widths = [float(min(max(len(words) + 3, 14), 36)) for words in header]
    return _Layout(header, formats, widths, mapped.fields, as_text)


def _header(batch: ImportBatch) -> list[str]:
    """The header row as the file has it, without the blank cells at its end."""
    for head in batch.heads or ():
        for number, cells in head["rows"]:
            if head["sheet"] == batch.sheet and number == batch.header_row:
                words = [str(cell) for cell in cells]
                while words and not words[-1].strip():
                    words.pop()
                return words
    return []


def _widest(batch: ImportBatch) -> int:
    """How many cells the longest of the refused rows has; our own old reason does not count."""
    longest = select(func.max(json_length(ImportRow.cells))).where(*_refused(batch))
    found = db.session.scalar(longest) or 0
    header = _header(batch)
    has_reason = bool(header) and heading_key(header[-1]) in OUR_HEADINGS
    return found - 1 if has_reason and found == len(header) else found


def _mended(
    batch: ImportBatch, layout: _Layout
) -> Iterator[tuple[list[object], Mapping[int, str]]]:
    """Each refused row as the file has it, what the user typed put in; and its bad cells."""
    width, tell = len(layout.headings), _Teller(batch)
    for rows in _pages(batch, ImportRow.cells, ImportRow.problems, where=_refused(batch)):
        fixes = corrections.of_rows(batch.id, [row.number for row in rows])
        for number, cells, problems in rows:
            if not cells:
                continue
            values = list(frames.decode_cells(cells))[:width]
            values += [None] * (width - len(values))
            for name, text in fixes.get(number, {}).items():
                if name in layout.places:
                    values[layout.places[name]] = text or None
            row = [
                v if v is None or type(v) is str else _value(v, as_text=place in layout.as_text)
                for place, v in enumerate(values)
            ]
            bad: dict[int, str] = {}
            for problem in problems:
                place = layout.places.get(problem["column"])
                if place is not None:
                    words = tell(problem)[1]
                    bad[place] = f"{bad[place]}\n{words}" if place in bad else words
            yield [*row, tell.all(problems)], bad


class _Teller:
    """What problems say, by themselves and behind the heading of their column; many are alike."""

    def __init__(self, batch: ImportBatch) -> None:
        self._batch = batch
        self._known: dict[tuple[Any, ...], tuple[str, str]] = {}

    def __call__(self, problem: Mapping[str, Any]) -> tuple[str, str]:
        params = problem.get("params") or {}
        key = (problem["code"], problem["column"], *params.items())
        told = self._known.get(key)
        if told is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            [spoken] = report.spoken(self._batch, [{"row": 0, **problem}])
            words = str(spoken["message"])
            told = (f"{spoken['column']}: {words}" if spoken["column"] else words, words)
            self._known[key] = told
        return told

    def all(self, problems: Sequence[Mapping[str, Any]]) -> str | None:
        """The sentences of a row; None when there are none."""
        return " ".join([self(problem)[0] for problem in problems]) or None


def _value(cell: Cell, *, as_text: bool) -> object:
    """A cell as a workbook takes it. A code that Excel took for a number stays the digits it is."""
    if isinstance(cell, CellError):
        return ErrorCell(cell.text)
    if as_text and isinstance(cell, int | float) and not isinstance(cell, bool):
        return cell_text(cell)
    if isinstance(cell, datetime) and cell.time() == _MIDNIGHT:
        return cell.date()
    return cell


def _pages(
    batch: ImportBatch, *columns: Any, where: Iterable[Condition]
) -> Iterator[Sequence[Any]]:
    """The ledger in file order, some rows at a time: number and the columns asked for."""
    statement = select(ImportRow.number, *columns).where(*where).order_by(ImportRow.number)
    last = -1
    while True:
        rows = db.session.execute(
            statement.where(ImportRow.number > last).limit(ROWS_AT_ONCE)
        ).all()
        if not rows:
            return
        yield rows
        last = rows[-1].number


# The whole ledger


def write_ledger(batch: ImportBatch, out: BinaryIO) -> int:
    """Write what became of every row, in file order; gives how many rows there are."""
    columns = [
        (_("Row"), 10, WHOLE), (_("Result"), 20, TEXT), (_("Name"), 40, TEXT),
        (_("Code"), 16, TEXT), (_("Contact"), 14, TEXT), (_("Group member"), 16, TEXT),
        (_("Problems"), 60, TEXT), (_("Warnings"), 60, TEXT), (_("As previewed"), 20, TEXT),
        (_("When undone"), 40, TEXT),
    ]  # fmt: skip
    made = [ColumnFormat(width, format_) for _heading, width, format_ in columns]
    headings = [heading for heading, _width, _format in columns]
    many = _count(ImportRow.batch_id == batch.id)
    with Book(out) as book, book.sheet(_("Import"), made, headings=headings, rows=many) as sheet:
        return sheet.add_all(_ledger(batch))


def _ledger(batch: ImportBatch) -> Iterator[list[object]]:
    row = ImportRow
    columns = (
        row.state, row.planned, row.label, row.cells, row.record_id, row.contact, row.member,
        row.problems, row.warnings, row.kept,
    )  # fmt: skip
    place = ColumnMap.from_dict(batch.columns).fields.get("code")
    states = {state.value: str(words) for state, words in STATE_LABELS.items()}
    beside = {word: str(words) for word, words in _BESIDE.items()}
    kept = {word: str(words) for word, words in KEPT_REASONS.items()}
    tell = _Teller(batch)
    for rows in _pages(batch, *columns, where=[row.batch_id == batch.id]):
        codes = _codes(batch, rows)
        for line in rows:
            state = line.state or line.planned
            changed = line.planned if line.state and line.planned != line.state else None
            yield [
                line.number, states.get(state), line.label or None,
                codes.get(line.record_id) or _code(line.cells, place), beside.get(line.contact),
                beside.get(line.member), tell.all(line.problems), tell.all(line.warnings),
                states.get(changed or ""), kept.get(line.kept),
            ]  # fmt: skip


def _codes(batch: ImportBatch, rows: Sequence[Any]) -> dict[int, str]:
    """The codes of the records that rows became or met; a record that undoing took has none."""
    is_undone = states.is_(batch.status, Is.UNDONE)
    ids = {
        row.record_id
        for row in rows
        if row.record_id and not (is_undone and row.state == State.CREATED and not row.kept)
    }
    model = KINDS[batch.kind].model
    if not ids or not hasattr(model, "code"):
        return {}
    found = db.session.execute(select(model.id, model.code).where(among(model.id, ids)))
    return {row.id: row.code for row in found}


def _code(cells: Sequence[Any] | None, place: int | None) -> str | None:
    """The code of a refused row as the file has it."""
    if not cells or place is None or place >= len(cells):
        return None
    return cell_text(frames.decode_cell(cells[place])) or None
