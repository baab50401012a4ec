"""The ledger as the preview and the result show it: tiles, filters, pages of rows."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from crmadmin.access import guard
from crmadmin.core.outside import page_number, whole
from crmadmin.core.paging import Page, clamp
from crmadmin.imports import error_workbook, report, standing, states
from crmadmin.imports.kinds import KINDS, ImportKind
from crmadmin.imports.messages import STATE_LABELS, STATE_MEANINGS
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline import corrections
from crmadmin.imports.records import State
from crmadmin.imports.states import Action, Is
from crmadmin.imports.views.base import PER_PAGE, STATE_COLORS
from crmadmin.spreadsheets.parts import column_letters

ALL = "all"
FIXED = "fixed"
FILTERS = frozenset({ALL, FIXED, report.WITH_WARNINGS, report.CHANGED, *(s.value for s in State)})
"""What the rows can be narrowed to."""

LEFT_OUT = "left_out"
"""The reason of rows that the user leaves behind."""

MOST_REASONED = 10_000

WIDE = 4
"""Columns with problems that stand side by side; those of the other columns share one more."""

KEYS = ("code", "name")


@dataclass(frozen=True, slots=True)
class RowsAsked:
    """Which rows were asked for: by state or another filter, by reason, and the page of them.

    Or the page with a row: the first one from number `at` on, or the last one up to `upto`.
    """

    only: str
    reason: str = ""
    page: int = 1
    at: int | None = None
    upto: int | None = None

    def args(self, **changes: object) -> dict[str, Any]:
        """The same as parameters of an address; what is as by default is left out."""
        made = {"only": self.only, "reason": self.reason, "page": self.page, **changes}
        return {k: v for k, v in made.items() if v and (k, v) != ("page", 1)}


@dataclass(frozen=True, slots=True)
class Touched:
    """Rows that the user worked on in the preview, by their numbers."""

    corrected: tuple[int, ...]
    left_out: tuple[int, ...]


def touched(batch: ImportBatch) -> Touched:
    """Which rows were corrected or left behind."""
    found = sorted(corrections.of(batch.id).items())
    return Touched(
        tuple(n for n, cells in found if corrections.LEAVE_OUT not in cells),
        tuple(n for n, cells in found if corrections.LEAVE_OUT in cells),
    )


def asked(found: report.Report) -> RowsAsked:
    """What the address narrows to: the errors first, if there are any."""
    only = request.args.get("only", "")
    if only not in FILTERS:
        only = State.INVALID.value if found.rows[State.INVALID] else ALL
    reason = request.args.get("reason", "") if only == State.INVALID else ""
    if not re.fullmatch(r"[a-z_]{1,40}", reason):
        reason = ""
    page = page_number(request.args.get("page"), most=10_000_000)
    at, upto = whole(request.args.get("at")), whole(request.args.get("upto"))
    return RowsAsked(only, reason, page, at, upto)


def page_of(batch: ImportBatch, chosen: RowsAsked) -> Page:
    """The rows that were asked for."""
    if chosen.at is not None:
        chosen = replace(chosen, page=_before(batch, chosen, chosen.at) // PER_PAGE + 1)
    elif chosen.upto is not None:
        last = max(_before(batch, chosen, chosen.upto + 1) - 1, 0)
        chosen = replace(chosen, page=last // PER_PAGE + 1)
    if chosen.only != FIXED:
        return report.lines(batch, chosen.only, chosen.page, PER_PAGE, chosen.reason)
    numbers = touched(batch).corrected
    number = clamp(chosen.page, len(numbers), PER_PAGE)
    shown = numbers[(number - 1) * PER_PAGE : number * PER_PAGE]
    return Page([report.line(batch, n) for n in shown], number, PER_PAGE, len(numbers))


def _before(batch: ImportBatch, chosen: RowsAsked, number: int) -> int:
    """How many of the rows that were asked for have a smaller number."""
    if chosen.only == FIXED:
        return bisect_left(touched(batch).corrected, number)
    return report.place(batch, chosen.only, chosen.reason, number)


def ledger(batch: ImportBatch, endpoint: str) -> dict[str, Any]:
    """What the preview and the result have in common."""
    kind = KINDS[batch.kind]
    found = report.build(batch)
    chosen = asked(found)
    page = page_of(batch, chosen)
    chosen = replace(chosen, page=page.number)
    is_needed = chosen.only == State.INVALID or states.is_(batch.status, Is.WRITTEN)
    why = reasons(batch, found) if is_needed else []

    def at(**args: Any) -> str:
        return url_for(endpoint, id=batch.id, **args)

    return {
        **sums(batch, found, endpoint, chosen),
        "asked": chosen,
        "only": chosen.only,
        "only_label": STATE_LABELS[State(chosen.only)] if chosen.only in set(State) else "",
        "states": [
            (s, STATE_LABELS[s], STATE_MEANINGS[s], found.rows[s], STATE_COLORS[s]) for s in State
        ],
        "page": page,
        "total": page.total,
        "prev_url": at(**chosen.args(page=page.number - 1)) if page.number > 1 else "",
        "next_url": at(**chosen.args(page=page.number + 1)) if page.has_next else "",
        "all_url": at(only=ALL),
        "here_url": at(),
        "has_error_book": _has_error_book(batch, found),
        "why": [
            (words, column, many, at(only=State.INVALID.value, reason=code))
            for code, words, column, many in why
        ],
        "reasons": _choices(why, chosen),
        "too_many_for_reasons": found.rows[State.INVALID] > MOST_REASONED,
        **row_context(kind),
    }


def _has_error_book(batch: ImportBatch, found: report.Report) -> bool:
    """Whether the rows with errors can be taken out."""
    has_rows = bool(found.rows[State.INVALID]) and error_workbook.can_write(batch)
    return has_rows and standing.of(batch).allows(Action.ERRORS)


@dataclass(frozen=True, slots=True)
class Aside:
    """A correction that does not count as things stand: its sheet ("" for the one in force), row,
    column in letters ("" for a whole row) and what was typed."""

    sheet: str
    number: int
    column: str
    text: str


def aside(batch: ImportBatch) -> list[Aside]:
    """Corrections that do not count now, in the order of the file."""
    found = []
    for sheet, rows in corrections.aside(batch):
        for number, cells in rows.items():
            for place, text in cells.items():
                column = whole(place)
                letter = place if column is None else column_letters(column)
                shown = "" if place == corrections.LEAVE_OUT else text
                where = "" if sheet == (batch.sheet or "") else sheet
                found.append(Aside(where, whole(number) or 0, letter, shown))
    return sorted(found, key=lambda one: (one.sheet, one.number, one.column))


def reasons(batch: ImportBatch, found: report.Report) -> list[tuple[str, str, str, int]]:
    """Why rows stay behind: (code, words, column, rows), the most frequent first.

    Of too many bad rows none are told, and the page says so: reading all of them would hold it up.
    """
    many = found.rows[State.INVALID]
    return report.reasons(batch) if 0 < many <= MOST_REASONED else []


def _choices(
    why: list[tuple[str, str, str, int]], chosen: RowsAsked
) -> list[tuple[str, str, bool]]:
    """What the rows with errors can be narrowed to: (code, words, chosen); all of them first."""
    words = {code: text for code, text, _column, _rows in why}
    every = [("", str(_("Every reason"))), *words.items()]
    return [(code, text, code == chosen.reason) for code, text in every]


def row_context(kind: ImportKind) -> dict[str, Any]:
    """What drawing one row needs."""
    return {
        "kind": kind,
        "labels": STATE_LABELS,
        "colors": STATE_COLORS,
        "record_url": lambda line: record_url(kind, line),
    }


def sums(
    batch: ImportBatch, found: report.Report, endpoint: str, chosen: RowsAsked
) -> dict[str, Any]:
    """The counts above the rows; each of them leads to its rows."""

    def at(only: str) -> str:
        return url_for(endpoint, id=batch.id, only=only)

    return {
        "batch": batch,
        "report": found,
        "tiles": [
            (STATE_LABELS[s], found.rows[s], STATE_COLORS[s], at(s.value), chosen.only == s)
            for s in State
        ],
        "parts": [(STATE_LABELS[s], found.rows[s], STATE_COLORS[s]) for s in State],
        "warnings_url": at(report.WITH_WARNINGS),
        "fixed_url": at(FIXED),
        "left_out_url": url_for(endpoint, id=batch.id, only=State.INVALID.value, reason=LEFT_OUT),
        "changed_url": at(report.CHANGED),
    }


def record_url(kind: ImportKind, line: report.ReportLine) -> str:
    """The record that a row became or met, where the user may open it."""
    endpoint = f"{kind.spec.name}.{'details_view' if kind.takes_group else 'edit_view'}"
    if line.record_id is None or not guard.reaches(endpoint):
        return ""
    return url_for(endpoint, id=line.record_id)


@dataclass(frozen=True, slots=True)
class ShownColumns:
    """The columns of a table of bad rows, name → heading: what tells a row apart, then the columns
    in which the rows are wrong. What is wrong elsewhere stands beside the row's result."""

    keys: Mapping[str, str]
    wide: Mapping[str, str]
    headings: Mapping[str, str]
    mapped: frozenset[str]
    """Columns that the file has: the others have no cell that could be corrected."""

    def cells(self, line: report.ReportLine) -> list[str]:
        """Columns of this row whose cells are shown, in the order in which they stand."""
        return [*self.keys, *self.wide, *self.rest(line)]

    def rest(self, line: report.ReportLine) -> list[str]:
        """Columns of this row that have to be shown and have no place of their own."""
        bad = {p["name"] for p in line.problems} | set(line.fixed)
        return [n for n in self.headings if n in bad and n not in self.keys and n not in self.wide]


def columns_of(batch: ImportBatch, rows: Sequence[report.ReportLine]) -> ShownColumns:
    """Which columns a page of bad rows shows: those in which most of them are wrong."""
    headings, keys, used = _columns(batch)
    bad: dict[str, int] = {}
    for line in rows:
        for name in {p["name"] for p in line.problems} | set(line.fixed):
            bad[name] = bad.get(name, 0) + 1
    order = [n for n in headings if n not in keys]
    most = sorted((n for n in order if n in bad), key=lambda n: -bad[n])
    # Room that no problem needs shows what tells the rows apart.
    fill = [n for n in order if n in used and n not in bad]
    wide = set((most + fill)[:WIDE])
    return ShownColumns(
        keys, {n: headings[n] for n in order if n in wide}, headings, frozenset(used)
    )


def focus_of(chosen: RowsAsked, rows: Sequence[report.ReportLine], shown: ShownColumns) -> str:
    """The id of the bad cell with which one goes on, where the address says so; else ""."""
    bad = [
        (line.number, cell_id(line, name))
        for line in rows
        if not line.is_left_out
        for name in shown.cells(line)
        if name in shown.mapped and any(p["name"] == name for p in line.problems)
    ]
    if not bad or (chosen.at is None and chosen.upto is None):
        return ""
    if chosen.at is not None:
        at = chosen.at
        return next((key for number, key in bad if number >= at), bad[-1][1])
    upto = chosen.upto or 0
    return next((key for number, key in reversed(bad) if number <= upto), bad[0][1])


def cell_id(line: report.ReportLine, name: str) -> str:
    """The id of the input of a cell."""
    return f"x{line.number}-{name}"


def columns_named(batch: ImportBatch, names: Collection[str]) -> ShownColumns:
    """The same columns as a page that was drawn before."""
    headings, keys, used = _columns(batch)
    wide = {n: headings[n] for n in headings if n in names and n not in keys}
    return ShownColumns(keys, wide, headings, frozenset(used))


def _columns(batch: ImportBatch) -> tuple[dict[str, str], dict[str, str], set[str]]:
    used = set(batch.columns.get("fields") or {})
    headings = {c.name: str(c.spec.label) for c in KINDS[batch.kind].columns}
    return headings, {n: headings[n] for n in KEYS if n in headings and n in used}, used
