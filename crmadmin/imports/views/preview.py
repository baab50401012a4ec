"""Step 3: what would become of every row; bad cells are corrected here, or their rows left out."""

from __future__ import annotations

from collections.abc import Sequence

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from crmadmin.access.permissions import Permission
from crmadmin.imports import mapping_page, report, standing
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import State
from crmadmin.imports.states import Action
from crmadmin.imports.views import lines
from crmadmin.imports.views.base import (
    PREVIEW,
    again_url,
    back_url,
    batch_of,
    blueprint,
    may_change,
    step_links,
    title_of,
)

EDITED = (State.INVALID, lines.FIXED)
"""Filters whose rows are drawn cell by cell, to be corrected."""


@blueprint.get("/<id>/preview")
def preview(id: str) -> ResponseReturnValue:
    """What was read, and what would happen."""
    batch = batch_of(id, Permission.IMPORTS_READ)
    now = standing.of(batch)
    if not now.allows(Action.PREVIEW):
        return redirect(url_for("imports.show", id=batch.id))
    kind = KINDS[batch.kind]
    context = lines.ledger(batch, "imports.preview")
    asked = context["asked"]
    rows = list(context["page"].rows)
    shown = lines.columns_of(batch, rows) if asked.only in EDITED else None
    return render_template(
        "imports/preview.html",
        **context,
        title=title_of(kind),
        is_catalog=not kind.takes_group,
        steps=step_links(kind, batch, PREVIEW),
        standing=now,
        shown=shown,
        focus=lines.focus_of(asked, rows, shown) if shown else "",
        **_edges(batch, asked, rows),
        aside=lines.aside(batch),
        touched=lines.touched(batch),
        undecided=_undecided(batch),
        again_url=again_url(batch),
        back_url=back_url(batch),
        may_run=may_change(batch),
    )


def _edges(
    batch: ImportBatch, asked: lines.RowsAsked, rows: Sequence[report.ReportLine]
) -> dict[str, str]:
    """Where the bad cells go on before the first row of the page and behind its last one."""
    if not rows:
        return {"cells_next": "", "cells_prev": ""}
    narrowed = {"id": batch.id, **asked.args(page=None, at=None, upto=None)}
    return {
        "cells_next": url_for("imports.preview", **narrowed, at=rows[-1].number + 1),
        "cells_prev": url_for("imports.preview", **narrowed, upto=rows[0].number - 1),
    }


def _undecided(batch: ImportBatch) -> int:
    """How many values of the file no list has, and nobody said what to do with."""
    if not batch.unknown:
        return 0
    return sum(value.is_undecided for value in mapping_page.page(batch).unknown)
