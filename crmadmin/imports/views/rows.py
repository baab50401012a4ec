"""One row of the preview: a cell corrected and checked again at once, the row left out, or back."""

from __future__ import annotations

import json
from collections.abc import Callable

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from crmadmin.core import htmx
from crmadmin.imports import correct as fixes
from crmadmin.imports import report, services, standing
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.pipeline.mapping import ColumnMap
from crmadmin.imports.records import State
from crmadmin.imports.states import Action
from crmadmin.imports.views import lines
from crmadmin.imports.views.base import blueprint, changing
from crmadmin.imports.views.steps import settle

ROW = "/<id>/rows/<whole(most=1048576):number>"
"""The address of a row; Excel has no more of them."""

CELL, WAS = "cell-", "was-"
"""Before an import column's name in the form of a row: what is typed, and what was there."""

LOOK_AGAIN = 2
"""Seconds after which the browser may send a correction again that came too early."""


@blueprint.post(f"{ROW}/fix")
def fix(id: str, number: int) -> ResponseReturnValue:
    """Correct cells of a row; all its problems are found anew."""
    cells = _sent(CELL)
    before = _sent(WAS)

    def correct(batch: ImportBatch) -> report.ReportLine:
        names = {c.name for c in KINDS[batch.kind].columns}
        if not cells or not cells.keys() <= names:
            abort(400)
        # A row is sent whole; only what was typed otherwise than the page had it was corrected:
        # another page of the same row may have corrected its other cells meanwhile.
        line = report.line(batch, number)
        was = {name: before.get(name, line.cells.get(name, "")) for name in cells}
        typed = {name: text for name, text in cells.items() if text != was[name]}
        if not typed.keys() <= ColumnMap.from_dict(batch.columns).fields.keys():
            # Where another page matched the columns otherwise, it would count for nothing.
            flash(_("The columns were matched anew: what you typed last was not taken."), "warning")
            raise services.BadState("a column that is not imported")
        return fixes.fix(batch, number, typed) if typed else line

    return _act(id, number, correct)


def _sent(start: str) -> dict[str, str]:
    return {
        name.removeprefix(start): value
        for name, value in request.form.items()
        if name.startswith(start)
    }


@blueprint.post(f"{ROW}/leave-out")
def leave_out(id: str, number: int) -> ResponseReturnValue:
    """Leave the row in the file (Để lại dòng này)."""
    return _act(id, number, lambda batch: fixes.leave_out(batch, number))


@blueprint.post(f"{ROW}/take-back")
def take_back(id: str, number: int) -> ResponseReturnValue:
    """Take a row that was left out back into the import."""
    return _act(id, number, lambda batch: fixes.take_back(batch, number))


def _act(
    id: str, number: int, act: Callable[[ImportBatch], report.ReportLine]
) -> ResponseReturnValue:
    batch = changing(id)
    _await_look(batch)
    if not _is_open(batch):
        return _leave(batch)
    try:
        line = act(batch)
    except services.BadState:
        return _leave(batch)  # somebody carried it out meanwhile
    except LookupError:
        if _is_open(batch):
            abort(404)
        return _leave(batch)  # the whole file is looked at anew
    if not _is_open(batch):
        return _leave(batch)
    chosen = lines.asked(report.build(batch))
    if not htmx.is_asking():
        where = url_for("imports.preview", id=batch.id, **chosen.args(page=None), at=number)
        return redirect(where, 303)
    return _row(batch, line, chosen)


def _is_open(batch: ImportBatch) -> bool:
    return standing.of(batch).allows(Action.CORRECT)


def _leave(batch: ImportBatch) -> Response:
    """The import went on meanwhile: to where it stands. While the file is looked at, what was typed
    is not taken yet: the browser keeps it and sends it again."""
    where = url_for("imports.show", id=batch.id)
    if htmx.is_asking():
        if standing.of(batch).is_looking:
            return Response(status=503, headers={"Retry-After": str(LOOK_AGAIN)})
        return Response(status=204, headers={"HX-Redirect": where})
    if standing.of(batch).is_looking:
        flash(_("The file is being looked at: what you typed last was not taken."), "warning")
    return redirect(where, 303)


def _await_look(batch: ImportBatch) -> None:
    """Another cell that was typed just before may have the whole file looked at anew."""
    if standing.of(batch).is_looking:
        settle(batch)


def _row(batch: ImportBatch, line: report.ReportLine, chosen: lines.RowsAsked) -> Response:
    """The row as it is now, and the counts that moved with it."""
    names = request.args.get("columns", "").split(",")
    answer = make_response(
        render_template(
            "imports/_row_answer.html",
            **lines.sums(batch, report.build(batch), "imports.preview", chosen),
            **lines.row_context(KINDS[batch.kind]),
            asked=chosen,
            line=line,
            shown=lines.columns_named(batch, names),
            touched=lines.touched(batch),
            may_run=True,
        )
    )
    answer.headers["HX-Trigger"] = json.dumps({"say": {"text": _said(line)}})
    return answer


def _said(line: report.ReportLine) -> str:
    """What a screen reader says of the row."""
    if line.is_left_out:
        return str(_("Row %(row)s stays behind.", row=line.number))
    if line.planned == State.INVALID:
        left = ngettext("%(num)s error", "%(num)s errors", len(line.problems))
        return str(_("Row %(row)s: %(errors)s.", row=line.number, errors=left))
    return str(_("Row %(row)s is valid.", row=line.number))
