"""Step 2: which column of the file is which field, and what unknown values become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crmadmin.core.outside import whole, words
from crmadmin.imports import mapping_page as matching
from crmadmin.imports import report, services, source, standing, states
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.mapping_page import FileColumn, MappingPage
from crmadmin.imports.messages import file_message
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline import corrections
from crmadmin.imports.pipeline.mapping import ColumnMap
from crmadmin.imports.records import FileRefused
from crmadmin.imports.states import Action, Is
from crmadmin.imports.views.base import (
    COLUMNS,
    back_url,
    blueprint,
    changing,
    refusal_of,
    step_links,
)
from crmadmin.imports.views.steps import move_on
from crmadmin.imports.views.values import ValueDecisions, by_column, decided, price, unseen

LEFT_OUT = "-"
"""What the select of a file's column sends when the column is not to be imported."""

SHOWN_VALUES = 200


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column of the file beside what is chosen for it: a field, LEFT_OUT, or "" for undecided."""

    column: FileColumn
    chosen: str

    @property
    def is_pending(self) -> bool:
        return not self.chosen


@blueprint.get("/<id>/mapping", endpoint="mapping")
def mapping_page(id: str) -> ResponseReturnValue:
    """The columns and values as they are understood now."""
    batch = changing(id)
    if not is_open(batch):
        return redirect(url_for("imports.show", id=batch.id))
    page = matching.page(batch)
    return _render(batch, page, [ColumnChoice(c, _proposed(batch, c)) for c in page.columns])


@blueprint.post("/<id>/mapping")
def choose(id: str) -> ResponseReturnValue:
    """Keep what was chosen and preview again (Xem trước)."""
    batch = changing(id)
    if not is_open(batch):
        return redirect(url_for("imports.show", id=batch.id), 303)
    form, page = request.form, matching.page(batch)
    chosen = {c.index: form.get(f"field-{c.index}", _proposed(batch, c)) for c in page.columns}
    problems, fields = _fields(chosen, page)
    if states.is_(batch.status, Is.HEADLESS):
        problems = [str(_("Choose the header row first."))]
    if not problems:
        try:
            is_new = _apply(
                batch, fields, decided(form, page, KINDS[batch.kind]), unseen(batch, page)
            )
        except services.BadMapping as wrong:
            problems = [_wrong(batch, wrong)]
        else:
            return move_on(batch, to=_next(form, is_new=is_new))
    return _render(
        batch, page, [ColumnChoice(c, chosen[c.index]) for c in page.columns], problems
    ), 422


@blueprint.post("/<id>/sheet")
def sheet(id: str) -> ResponseReturnValue:
    """Take another sheet or header row; its columns are proposed anew."""
    batch = changing(id)
    if not is_open(batch):
        return redirect(url_for("imports.show", id=batch.id), 303)
    name = request.form.get("sheet", "")
    header = whole(request.form.get("header")) if name == request.form.get("was") else None
    try:
        services.choose_columns(batch, name, header or None, None)
    except services.BadMapping as wrong:
        page = matching.page(batch)
        choices = [ColumnChoice(c, _proposed(batch, c)) for c in page.columns]
        return _render(batch, page, choices, [_wrong(batch, wrong)]), 422
    return move_on(batch, to="imports.mapping")


@blueprint.post("/<id>/sheets")
def sheets(id: str) -> Response:
    """Look for the other sheets of the workbook, to choose from."""
    batch = changing(id)
    if is_open(batch):
        before = len(batch.heads or ())
        try:
            source.note_sheets(batch)
        except FileRefused as refusal:
            flash(file_message(refusal.code, refusal.params), "error")
        else:
            if len(batch.heads) == before:
                flash(_("The workbook has no further sheet."), "info")
    return redirect(url_for("imports.mapping", id=batch.id), 303)


@blueprint.get("/<id>/options")
def options(id: str) -> Response:
    """Records that a value of `?column=` may be mapped to, found by `?q=`."""
    batch = changing(id)
    query = words(request.args.get("q"))
    try:
        found = matching.options_for(KINDS[batch.kind], request.args.get("column", ""), query)
    except KeyError:
        found = []
    return jsonify(results=[option.as_json(is_proven=True) for option in found])


def is_open(batch: ImportBatch) -> bool:
    """Whether columns and values can still be decided."""
    return standing.of(batch).allows(Action.MAP)


def _apply(
    batch: ImportBatch, fields: dict[str, int], decisions: ValueDecisions, seen: ValueDecisions
) -> bool:
    """Hand over what differs from what is in force; whether anything does.

    Values that were left alone go along as errors: they were seen, and are not asked about again.
    """
    known = ColumnMap.from_dict(batch.columns)
    is_by_hand = (batch.mapping or {}).get("fields") is not None
    leaves_out = bool(known.ignored or known.unnamed) and not is_by_hand
    has_fields = fields != known.fields or leaves_out
    if not decisions and not has_fields:
        return False
    every = {name: seen.get(name, {}) | decisions.get(name, {}) for name in seen | decisions}
    if every:
        services.decide(batch, every)
    if has_fields:
        services.choose_columns(batch, batch.sheet or "", batch.header_row, fields)
    return True


def _next(form: MultiDict[str, str], *, is_new: bool) -> str:
    """Deciding a whole list stays on the page; with nothing new there is nothing to wait for."""
    if "all" in form:
        return "imports.mapping"
    return "imports.show" if is_new else "imports.preview"


def _proposed(batch: ImportBatch, column: FileColumn) -> str:
    """What the select of a file's column shows before anybody touched it."""
    if column.field is not None:
        return column.field
    return LEFT_OUT if (batch.mapping or {}).get("fields") is not None else ""


def _fields(chosen: Mapping[int, str], page: MappingPage) -> tuple[list[str], dict[str, int]]:
    """Field → column of the file; with a sentence for each field that two columns want."""
    labels = {name: label for name, label, _needed in page.choices}
    fields: dict[str, int] = {}
    problems = []
    for index, name in chosen.items():
        if not name or name == LEFT_OUT:
            continue
        if name not in labels:
            abort(400)
        if name in fields:
            problems.append(str(_("Two columns cannot both be “%(field)s”.", field=labels[name])))
        fields.setdefault(name, index)
    return problems, fields


def _wrong(batch: ImportBatch, wrong: services.BadMapping) -> str:
    """Why the columns cannot be matched like that."""
    kind = KINDS[batch.kind]
    keys = ", ".join(str(c.spec.label) for c in kind.columns if c.name in kind.key_columns)
    sentences = {
        "no_key_column": _("One column has to be one of: %(fields)s.", fields=keys),
        "column_twice": _("One column of the file cannot fill two fields."),
        "no_such_sheet": _("The file has no such sheet."),
        "no_such_row": _("The sheet has no such row."),
        "bad_decision": _("A value cannot be decided like that: choose again."),
    }
    return str(sentences.get(wrong.code) or _("Choose the columns again."))


def _render(
    batch: ImportBatch, page: MappingPage, choices: list[ColumnChoice], problems: Sequence[str] = ()
) -> str:
    kind = KINDS[batch.kind]
    total = report.build(batch).total
    shown = page.unknown[:SHOWN_VALUES]
    taken = {choice.chosen for choice in choices}
    open_values = [value for value in page.unknown if value.is_undecided]
    return render_template(
        "imports/mapping.html",
        title=_("Match columns"),
        batch=batch,
        total=total,
        page=page,
        heads=_heads(page),
        choices=choices,
        matched=sum(c.chosen not in ("", LEFT_OUT) for c in choices),
        missing=_missing(page, taken) if choices else [],
        values=list(by_column(shown)),
        hidden_values=len(page.unknown) - len(shown),
        options={c: matching.options_for(kind, c) for c in {v.column for v in shown}},
        price=price(sum(c.is_pending for c in choices), open_values, total),
        problems=list(problems),
        refusal=refusal_of(batch) if states.is_(batch.status, Is.HEADLESS) else "",
        steps=step_links(kind, batch, COLUMNS),
        corrected=len(corrections.of(batch.id)),
        back_url=back_url(batch),
    )


def _heads(page: MappingPage) -> list[tuple[int, str, bool]]:
    """The rows that may be the header: (number, what they say, whether it is this one)."""
    return [
        (row.number, " · ".join(cell for cell in row.cells if cell), row.is_header)
        for row in page.heads
    ]


def _missing(page: MappingPage, taken: set[str]) -> list[str]:
    """Labels of the fields of which a file needs one, when it has none of them."""
    needed = [(name, label) for name, label, is_key in page.choices if is_key]
    return [] if any(name in taken for name, _label in needed) else [label for _n, label in needed]
