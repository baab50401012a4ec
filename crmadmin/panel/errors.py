"""Error pages: what happened, and the way out, in the user's language. Never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from flask import (
    Flask,
    current_app,
    jsonify,
    make_response,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import force_locale, format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from crmadmin.access import messages, preferences
from crmadmin.access.headers import harden
from crmadmin.access.passwords import RETRY_SECONDS, BusyError
from crmadmin.access.questions import TooManyQuestions
from crmadmin.access.throttle import ThrottledError
from crmadmin.core import database_errors, marks
from crmadmin.core.database_errors import DatabaseTrouble
from crmadmin.core.db import db
from crmadmin.core.list_state import UnreadSearch
from crmadmin.core.outside import TooManyIds
from crmadmin.core.spec import Words
from crmadmin.panel import gone
from crmadmin.telemetry.metrics import figures
from crmadmin.telemetry.requests import number

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
    431: (
        _l("The request is too long"),
        _l("The address, or what the browser sends along with it, is longer than a server reads."),
        _l("Take some filters away, or delete this site's cookies and sign in again."),
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

TROUBLES: Mapping[DatabaseTrouble, tuple[Words, Words, Words]] = {
    DatabaseTrouble.SLOW: (
        _l("This takes too long"),
        _l(
            "The database was still searching after %(seconds)s seconds and was stopped, so that "
            "others can go on working. Nothing of this request was saved."
        ),
        _l("Narrow it down: add a filter, or search by code, phone number or more of the name."),
    ),
    DatabaseTrouble.BUSY: PAGES[503],
    DatabaseTrouble.DOWN: (
        _l("The database cannot be reached"),
        _l("Nothing of this request was saved. What was saved before is safe."),
        _l("Try again in a minute; if it lasts, tell an administrator."),
    ),
    DatabaseTrouble.FULL: (
        _l("The server has no room left"),
        _l("The disk of the database is full. Nothing of this request was saved."),
        _l("Tell an administrator: after room is made, everything goes on by itself."),
    ),
}
BUSY = (
    _l("Many people are signing in"),
    _l(
        "Only a few passwords are checked at a time, so that every page stays quick. "
        "Nothing of this request was saved."
    ),
    _l("Try again in a few seconds."),
)
BY_THE_SERVER = "answer before the app is asked"
"""Key of `app.extensions`: the web server's own errors look like ours (`cli.server`)."""
MOST_NAMED = 5
RETRY_AFTER = 5
"""Seconds after which a program may ask again."""


def init_app(app: Flask) -> None:
    """Answer every error with a page, or with JSON where a program asked."""
    app.register_error_handler(CSRFError, expired_form)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(marks.NotTheSame, another_record)
    app.register_error_handler(TooManyQuestions, too_many_questions)
    for kind in database_errors.ERRORS:
        app.register_error_handler(kind, database_error)
    app.register_error_handler(UnreadSearch, unread_search)
    app.register_error_handler(TooManyIds, too_many_ids)
    app.register_error_handler(BusyError, no_turn)
    app.register_error_handler(ThrottledError, too_many_guesses)
    app.register_error_handler(Exception, crash)
    app.extensions[BY_THE_SERVER] = by_the_server


def http_error(error: HTTPException) -> Any:
    """An HTTP error of Flask, Werkzeug or `abort`."""
    code = error.code or 500
    if error.response is not None or code < 400:
        return error
    db.session.rollback()
    marks.forget()
    return page(code)


def too_many_questions(error: TooManyQuestions) -> Any:
    """The user asked too often what tells of other people's records."""
    title, _message, _way_out = PAGES[429]
    words = {"title": str(title), "message": messages.too_many_questions(error.seconds)}
    answer = make_response(_answer(429, {**words, "way_out": ""}, [_start()]))
    answer.headers["Retry-After"] = str(error.seconds)
    return answer


def database_error(error: Exception) -> Any:
    """An error of the database: slow, busy, gone or full; anything else is ours."""
    what = database_errors.of(error)
    if what is None:
        return crash(error)
    figures().troubles.labels(what.value).inc()
    log.error("database trouble", exc_info=error, extra={"trouble": what.value})
    if what is not DatabaseTrouble.SLOW:
        return _without_database(TROUBLES[what], RETRY_AFTER)
    db.session.rollback()
    seconds = current_app.config["SETTINGS"].statement_timeout
    title, message, way_out = map(str, TROUBLES[what])
    words = {"title": title, "message": message % {"seconds": seconds}, "way_out": way_out}
    actions = [_start()]
    if request.method == "GET" and request.query_string:
        actions.insert(0, (_("Without search and filters"), request.path, False))
    return _answer(503, words, actions)


def no_turn(_error: BusyError) -> Any:
    """No place is left among those who wait for their password to be checked."""
    return _without_database(BUSY, RETRY_SECONDS)


def too_many_guesses(error: ThrottledError) -> Any:
    """Passwords were guessed too often, where no form could say so."""
    db.session.rollback()
    answer = make_response(page(429))
    answer.headers["Retry-After"] = str(error.seconds)
    return answer


def _without_database(told: tuple[Words, Words, Words], retry_after: int) -> Any:
    """A page that asks the database nothing: neither for who is asking, nor for their language."""
    locale = preferences.known_locale()
    # Whatever the request held of a connection is given back; a dead one cannot be rolled back.
    db.session.remove()
    with force_locale(locale):
        title, message, way_out = map(str, told)
        words = {"title": title, "message": message, "way_out": way_out}
        if _wants_json():
            answer = make_response(jsonify(error=words), 503)
        else:
            may_ask_again = request.method == "GET" or request.endpoint == "access.login"
            again = request.full_path.rstrip("?") if may_ask_again else ""
            actions = [(_("Try again"), again, True)] if again else []
            answer = make_response(_plain(503, words, actions), 503)
    answer.headers["Retry-After"] = str(retry_after)
    return answer


def by_the_server(app: Flask, code: int) -> Response:
    """The page for a request that a web server could not hand on, with every header of ours.

    Nothing is known of the user who asked; call it outside any request.
    """
    # Another request's context would be somebody's: this one is nobody's, and asks no database.
    with app.test_request_context("/"):
        words, actions = _of_status(code), [_start()]
        return harden(make_response(_plain(code, words, actions), code))


def _plain(status: int, words: Mapping[str, str], actions: list[tuple[str, str, bool]]) -> str:
    """A page that asks the database nothing: neither for who is asking, nor for their language."""
    # Not render_template: that would gather what pages need of the database.
    made = current_app.jinja_env.get_template("errors/plain.html")
    locale = preferences.known_locale()
    return made.render(status=status, actions=actions, reference=number(), locale=locale, **words)


def _first_of(sentences: Sequence[str]) -> str:
    """The first sentences, and how many more there are."""
    more = len(sentences) - MOST_NAMED
    told = " ".join(sentences[:MOST_NAMED])
    return f"{told} … (+{format_decimal(more)})" if more > 0 else told


def unread_search(error: UnreadSearch) -> Any:
    """An act on all that a search matches, of which a part cannot be read."""
    db.session.rollback()
    words = {
        "title": _("This search cannot be read"),
        "message": _first_of([part.words for part in error.unread]),
        "way_out": _("Nothing was done. Open the list again, choose its filters and repeat."),
    }
    return _answer(400, words, [_start()])


def too_many_ids(error: TooManyIds) -> Any:
    """More ticked rows than are taken at once: part of them would be done, and nobody told."""
    db.session.rollback()
    words = {
        "title": _("Too many rows at once"),
        "message": _("At most %(most)s rows can be ticked one by one. Nothing was done.",
                     most=format_decimal(error.most)),
        "way_out": _("Narrow the list and use “Select all that match”, or tick fewer rows."),
    }  # fmt: skip
    return _answer(400, words, [_start()])


def crash(error: Exception) -> Any:
    """Anything nobody expected: logged with its traceback, shown without."""
    log.error("unhandled error", exc_info=error)
    db.session.rollback()
    return page(500)


def page(code: int) -> Any:
    """The answer for an HTTP status."""
    return _answer(code, _of_status(code), [_start()])


def _of_status(code: int) -> dict[str, str]:
    title, message, way_out = PAGES.get(code, PAGES[400 if code < 500 else 500])
    limit = current_app.config["SETTINGS"].upload_max_mb
    return {
        "title": str(title),
        "message": str(message) % {"limit": limit} if code == 413 else str(message),
        "way_out": str(way_out),
    }


def _start() -> tuple[str, str, bool]:
    return _("To the start page"), url_for("admin.index"), True


def _answer(code: int, words: Mapping[str, str], actions: list[tuple[str, str, bool]]) -> Any:
    if _wants_json():
        return jsonify(error=words), code
    reference = number() if code >= 500 else ""
    return render_template(
        "errors/error.html", status=code, actions=actions, reference=reference, **words
    ), code


def _wants_json() -> bool:
    known = ["text/html", "application/json"]
    return request.accept_mimetypes.best_match(known) == "application/json"


def another_record(error: marks.NotTheSame) -> Any:
    """A form of a record that is gone, or of nobody knows which: nothing is written, and what was
    typed is shown."""
    db.session.rollback()
    marks.forget()
    words = gone.words(error)
    if _wants_json():
        return jsonify(error=words), 409
    return render_template("errors/gone.html", **words, **gone.context(error)), 409


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
