"""One row of the preview: a cell corrected and checked again at once, the row left out, or back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from crmadmin.imports import fixes, report, services, standing
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import State
from crmadmin.imports.states import Act
from crmadmin.imports.views import lines
from crmadmin.imports.views.base import blueprint, changing, is_part

ROW = "/<id>/rows/<whole(most=1048576):number>"
"""The address of a row; Excel has no more of them."""

CELL = "cell-"
"""Before an import column's name in the form of a row."""


@blueprint.post(f"{ROW}/fix")
def fix(id: str, number: int) -> Any:
    """Correct cells of a row; all its problems are found anew."""
    cells = {
        name.removeprefix(CELL): value
        for name, value in request.form.items()
        if name.startswith(CELL)
    }

    def correct(batch: ImportBatch) -> report.Line:
        names = {c.name for c in KINDS[batch.kind].columns}
        if not cells or not cells.keys() <= names:
            abort(400)
        # A row is sent whole; only what reads otherwise now was corrected.
        line = report.line(batch, number)
        typed = {name: text for name, text in cells.items() if text != line.cells.get(name, "")}
        return fixes.fix(batch, number, typed) if typed else line

    return _act(id, number, correct)


@blueprint.post(f"{ROW}/leave-out")
def leave_out(id: str, number: int) -> Any:
    """Leave the row in the file (Để lại dòng này)."""
    return _act(id, number, lambda batch: fixes.leave_out(batch, number))


@blueprint.post(f"{ROW}/take-back")
def take_back(id: str, number: int) -> Any:
    """Take a row that was left out back into the import."""
    return _act(id, number, lambda batch: fixes.take_back(batch, number))


def _act(id: str, number: int, act: Callable[[ImportBatch], report.Line]) -> Any:
    batch = changing(id)
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
    if not is_part():
        where = url_for("imports.preview", id=batch.id, **chosen.args(), _anchor=f"row-{number}")
        return redirect(where, 303)
    return _row(batch, line, chosen)


def _is_open(batch: ImportBatch) -> bool:
    return standing.of(batch).allows(Act.CORRECT)


def _leave(batch: ImportBatch) -> Response:
    """The import went on meanwhile: to where it stands."""
    where = url_for("imports.show", id=batch.id)
    if is_part():
        return Response(status=204, headers={"HX-Redirect": where})
    return redirect(where, 303)


def _row(batch: ImportBatch, line: report.Line, chosen: lines.Asked) -> Response:
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


def _said(line: report.Line) -> str:
    """What a screen reader says of the row."""
    if line.is_left_out:
        return str(_("Row %(row)s stays behind.", row=line.number))
    if line.planned == State.INVALID:
        left = ngettext("%(num)s error", "%(num)s errors", len(line.problems))
        return str(_("Row %(row)s: %(errors)s.", row=line.number, errors=left))
    return str(_("Row %(row)s is valid.", row=line.number))
