"""The list as a spreadsheet: what the filters show, in the columns that an import takes back.

Sensitive values are masked for users who see them masked; the permission table decides who may
export.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from flask import abort, current_app, flash, redirect, request, send_file, url_for
from flask_babel import format_decimal
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from crmadmin.access import guard
from crmadmin.admin.list import ListPages
from crmadmin.core import exports
from crmadmin.core.facets import Condition
from crmadmin.core.spec import RecordSpec


def answer(view: ListPages) -> Response:
    """The rows that the list's own parameters match, `format` xlsx or csv."""
    state = view.asked()
    where = view.where(state, "export")
    back = url_for(f"{view.endpoint}.index_view", **state.args())
    name = view.spec.name.replace("_", "-")
    return as_file(view.spec, where, name, back, view.export_extra(where))


def as_file(
    spec: RecordSpec,
    where: Sequence[Condition],
    name: str,
    back: str,
    extra: Sequence[exports.Extra] = (),
) -> Response:
    """The records as a file called `name`, its ending as the address asks; when they are too many
    for one, `back` with the reason."""
    ending = request.args.get("format", "xlsx")
    if ending not in exports.TYPES:
        abort(404)
    zone = ZoneInfo(current_app.config["SETTINGS"].timezone)
    look = exports.ExportStyle(zone, guard.sees_sensitive())
    out = io.BytesIO()
    try:
        exports.write(out, ending, spec, where, look, extra)
    except exports.TooMany:
        most = format_decimal(exports.MOST_ROWS)
        flash(_("One file holds at most %(most)s rows: filter the list first.", most=most), "error")
        return redirect(back)
    out.seek(0)
    return send_file(
        out, mimetype=exports.TYPES[ending], as_attachment=True, download_name=f"{name}.{ending}"
    )
