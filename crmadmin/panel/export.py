"""The list as a spreadsheet: what the filters show, in the columns that an import takes back.

Phones and emails are masked for who sees them masked; the permission table decides who may export.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, current_app, flash, redirect, request, send_file, url_for
from flask_admin import expose
from flask_babel import format_decimal
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from crmadmin.access import guard, roles
from crmadmin.core import listing, sheets
from crmadmin.core.spec import FieldKind, FieldSpec

MOST_ROWS = 100_000
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}
NUMBER_FORMATS = {
    FieldKind.DATE: sheets.DATE,
    FieldKind.DATETIME: sheets.MOMENT,
    FieldKind.NUMBER: sheets.WHOLE,
}


class ExportPages:
    """Mixed into RecordView."""

    spec: Any
    endpoint: str
    state: Any
    where: Any

    @expose("/export/")
    def export(self) -> Response:
        """Xuất Excel: the rows that the list's own parameters match, `format` xlsx or csv."""
        kind = request.args.get("format", "xlsx")
        if kind not in TYPES:
            abort(404)
        state = self.state()
        where = self.where(state, "export")
        total, exact = listing.count(listing.select_ids(self.spec, where), all_of_them=True)
        if total > MOST_ROWS or not exact:
            most = format_decimal(MOST_ROWS)
            flash(
                _("One file holds at most %(most)s rows: filter the list first.", most=most),
                "error",
            )
            return redirect(url_for(f"{self.endpoint}.index_view", **state.args()))
        fields = self.spec.having("exported")
        out = io.BytesIO()
        zone = ZoneInfo(current_app.config["SETTINGS"].timezone)
        columns, rows = [_column(f) for f in fields], _rows(self.spec, where, fields)
        if kind == "csv":
            sheets.write_csv(out, columns, rows, zone)
        else:
            sheets.write_xlsx(out, str(self.spec.plural), columns, rows, zone)
        out.seek(0)
        name = f"{self.spec.name.replace('_', '-')}.{kind}"
        return send_file(out, mimetype=TYPES[kind], as_attachment=True, download_name=name)


def _column(field: FieldSpec) -> sheets.SheetColumn:
    return sheets.SheetColumn(str(field.label), NUMBER_FORMATS.get(field.kind, sheets.TEXT))


def _rows(spec: Any, where: Sequence[Any], fields: Sequence[FieldSpec]) -> Iterator[list[Any]]:
    for record in listing.every(spec, where, fields):
        yield [_value(f, record) for f in fields]


def _value(field: FieldSpec, record: Any) -> Any:
    """A value as an import reads it: names of records, words of choices, yes and no."""
    value = getattr(record, field.name)
    if value is None:
        return None
    if field.sensitive and not guard.sees_sensitive():
        return roles.MASK
    if field.kind is FieldKind.REF:
        return getattr(value, "username", None) or value.name
    if field.kind is FieldKind.BOOLEAN:
        return _("Yes") if value else _("No")
    if field.choices:
        return str(field.choice_label(value))
    return value
