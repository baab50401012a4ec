"""Error pages: what happened, and the way out, in the user's language. Never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app, jsonify, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from crmadmin.core.db import db
from crmadmin.core.spec import Words

log = logging.getLogger(__name__)

PAGES: Mapping[int, tuple[Words, Words, Words]] = {
    400: (
        _l("This request cannot be read"),
        _l("Part of the address or of the form is missing or damaged."),
        _l("Go back, reload the page and try again."),
    ),
    403: (
        _l("You may not do this"),
        _l("Your role does not include this page or action."),
        _l("Ask an administrator if you need it."),
    ),
    404: (
        _l("Nothing is here"),
        _l("The record was deleted by someone else, or the address is wrong."),
        _l("Go back to the list and look for it there."),
    ),
    405: (
        _l("This address is opened in another way"),
        _l("It answers a button, not a link."),
        _l("Go back and use the button on the page."),
    ),
    409: (
        _l("Somebody was faster"),
        _l("The record changed while you were working on it."),
        _l("Reload the page and look again."),
    ),
    413: (
        _l("The file is too large"),
        _l("One upload may have at most %(limit)s MB."),
        _l("Split the file, or remove what is not needed, and upload it again."),
    ),
    429: (
        _l("Too many attempts"),
        _l("There were too many attempts in a short time."),
        _l("Wait a few minutes and try again."),
    ),
    500: (
        _l("Something went wrong on our side"),
        _l("Nothing of this request was saved. The administrators can find it in the log."),
        _l("Try again; if it happens again, tell an administrator when it happened."),
    ),
    503: (
        _l("The system is busy"),
        _l("The database did not answer in time. Nothing of this request was saved."),
        _l("Wait a moment and try again."),
    ),
}


def init_app(app: Flask) -> None:
    """Answer every error with a page, or with JSON where a program asked."""
    app.register_error_handler(CSRFError, expired_form)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(OperationalError, busy)
    app.register_error_handler(Exception, crash)


def http_error(error: HTTPException) -> Any:
    """An HTTP error of Flask, Werkzeug or `abort`."""
    code = error.code or 500
    if error.response is not None or code < 400:
        return error
    db.session.rollback()
    return page(code)


def busy(error: OperationalError) -> Any:
    """The database is locked, full or gone."""
    log.error("database error", exc_info=error)
    db.session.rollback()
    return page(503)


def crash(error: Exception) -> Any:
    """Anything nobody expected: logged with its traceback, shown without."""
    log.error("unhandled error", exc_info=error)
    db.session.rollback()
    return page(500)


def page(code: int) -> Any:
    """The answer for an HTTP status."""
    title, message, way_out = PAGES.get(code, PAGES[400 if code < 500 else 500])
    limit = current_app.config["SETTINGS"].upload_max_mb
    words = {
        "title": str(title),
        "message": str(message) % {"limit": limit} if code == 413 else str(message),
        "way_out": str(way_out),
    }
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return jsonify(error=words), code
    actions = [(_("To the start page"), url_for("admin.index"), True)]
    return render_template("errors/error.html", status=code, actions=actions, **words), code


def expired_form(error: CSRFError) -> Any:
    """A form whose token is too old. Its own session's form is offered again, as it was typed."""
    db.session.rollback()
    if not _own_token(request.form.get("csrf_token", "")):
        return page(400)
    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name != "csrf_token"
        and "password" not in name
        and name not in ("current", "new", "again")
    ]
    return render_template(
        "errors/expired.html", kept=kept, action=request.full_path.rstrip("?"),
        title=_("The form has expired"),
    ), 400  # fmt: skip


def _own_token(token: str) -> bool:
    """Whether a token, however old, was made for this very session: then the form is genuine."""
    signer = URLSafeTimedSerializer(str(current_app.secret_key), salt="wtf-csrf-token")
    try:
        made_for = signer.loads(token)
    except BadData:
        return False
    return bool(made_for) and made_for == session.get("csrf_token")
