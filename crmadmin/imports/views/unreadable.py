"""An import of which something stored cannot be read: what that is, and the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from crmadmin.access.permissions import Permission
from crmadmin.core.spec import Words
from crmadmin.imports import report, services, standing
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.views.base import (
    UnreadableImport,
    any_batch,
    blueprint,
    changeable,
    may_change,
)

ROWS = "rows"

PARTS: Mapping[str, Words] = {
    "options": _l("what was chosen for the import"),
    "columns": _l("which column is which field"),
    "planned": _l("the counts of the preview"),
    "counts": _l("the counts of the import"),
    "refusal": _l("why the file was refused"),
    "heads": _l("the first rows of the file"),
    "mapping": _l("the columns chosen by hand"),
    "unknown": _l("the values that no list has"),
    "undone": _l("what undoing gave"),
    "kind": _l("what the file brings: this version does not know that kind of import"),
    "status": _l("where the import stands: this version does not know that state"),
    ROWS: _l("what became of some rows: this version does not know those results"),
}


@blueprint.errorhandler(UnreadableImport)
def unreadable(error: UnreadableImport) -> ResponseReturnValue:
    """The page of such an import, at whatever address of it was asked for."""
    return _page(error.batch, standing.unreadable(error.batch))


@blueprint.errorhandler(report.UnknownState)
def unreadable_rows(error: report.UnknownState) -> ResponseReturnValue:
    """The same of an import whose rows cannot be shown."""
    return _page(error.batch, [ROWS])


def _page(batch: ImportBatch, parts: Sequence[str]) -> ResponseReturnValue:
    html = render_template(
        "imports/unreadable.html",
        title=_("This import cannot be read"),
        batch=batch,
        parts=[PARTS[name] for name in parts if name in PARTS],
        looks_anew=services.would_look(batch),
        is_foreign="kind" in parts,
        mend_url=url_for("imports.mend", id=batch.id) if may_change(batch) else "",
        back_url=url_for("imports.index"),
    )
    return html, 409


@blueprint.post("/<id>/mend")
def mend(id: str) -> Response:
    """Forget what cannot be read; the file is looked at anew where nothing was written yet."""
    batch = changeable(any_batch(id, Permission.IMPORTS_EDIT))
    if standing.unreadable(batch) or services.has_unknown_rows(batch):
        services.forget_lost(batch)
        flash(_("What could not be read is forgotten."), "success")
    return redirect(url_for("imports.show", id=batch.id), 303)
