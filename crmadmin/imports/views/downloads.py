"""The ways back to Excel: the rows that did not go in, the whole ledger, the file as it came."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from flask import flash, redirect, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from crmadmin.access.permissions import Permission
from crmadmin.core.exports import TYPES
from crmadmin.imports import error_workbook, source, standing
from crmadmin.imports.messages import file_message
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.records import FileRefused
from crmadmin.imports.states import Action
from crmadmin.imports.views.base import batch_of, blueprint

IN_MEMORY = 8 * 1024 * 1024
"""A workbook that is larger waits on the disk while it is sent."""


@blueprint.get("/<id>/errors.xlsx")
def errors(id: str) -> Response:
    """The rows that did not go in, with their reasons (Tải các dòng lỗi)."""
    batch = batch_of(id, Permission.IMPORTS_READ)
    if not standing.of(batch).allows(Action.ERRORS):
        return _not_yet(batch)
    return _workbook(batch, error_workbook.write_errors, _("errors"), _("No row has an error."))


@blueprint.get("/<id>/ledger.xlsx")
def ledger(id: str) -> Response:
    """Every row with its result (Tải sổ kết quả)."""
    batch = batch_of(id, Permission.IMPORTS_READ)
    if not standing.of(batch).allows(Action.LEDGER):
        return _not_yet(batch)
    return _workbook(batch, error_workbook.write_ledger, _("ledger"), _("The ledger is empty."))


def _not_yet(batch: ImportBatch) -> Response:
    """What an address that no page offers now says, such as one from an older page."""
    flash(_("There is nothing to take out where this import stands."), "warning")
    return redirect(url_for("imports.show", id=batch.id))


def _workbook(
    batch: ImportBatch, write: Callable[[ImportBatch, BinaryIO], int], word: str, nothing: str
) -> Response:
    # Closed by the answer, once it is sent.
    out: Any = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    try:
        written = write(batch, out)
    except error_workbook.CellsGone:
        written, nothing = 0, _("The cells of these rows are no longer kept.")
    except BaseException:
        out.close()
        raise
    if not written:
        out.close()
        flash(nothing, "warning")
        return redirect(url_for("imports.show", id=batch.id))
    out.seek(0)
    name = f"{Path(batch.file_name).stem}-{word}.xlsx"
    return send_file(out, TYPES["xlsx"], as_attachment=True, download_name=name)


@blueprint.get("/<id>/file")
def file(id: str) -> Response:
    """The file as it was uploaded, while it is kept."""
    batch = batch_of(id, Permission.IMPORTS_READ)
    if not batch.file_path:
        flash(_("The file is no longer kept."), "warning")
        return redirect(url_for("imports.show", id=batch.id))
    try:
        path = source.path_of(batch)
    except FileRefused as refusal:
        flash(file_message(refusal.code, refusal.params), "warning")
        return redirect(url_for("imports.show", id=batch.id))
    # Never shown by the browser, whatever it is: it was somebody's upload.
    return send_file(
        path, "application/octet-stream", as_attachment=True, download_name=batch.file_name
    )
