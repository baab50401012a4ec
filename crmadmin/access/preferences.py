"""Language of a request: the signed-in user's, else the visitor's, else the default."""

from __future__ import annotations

from flask import current_app, has_request_context, request, session

from crmadmin.access import guard
from crmadmin.access.models import LOCALES

LOCALE_CODES = tuple(code for code, _ in LOCALES)


def locale_selector() -> str:
    """`vi` or `en`, for Flask-Babel. Before sign-in `?lang=en` chooses, and the cookie keeps it."""
    default = str(current_app.config["SETTINGS"].locale)
    user = guard.current_user()
    if user is not None:
        return user.locale if user.locale in LOCALE_CODES else default
    if not has_request_context():
        return default
    chosen = request.args.get("lang") or session.get("locale")
    return chosen if chosen in LOCALE_CODES else default


def known_locale() -> str:
    """The language of this request as far as it is known without asking the database."""
    # Not the attribute itself, which would be read again if a rollback had made it forgotten.
    kept = vars(guard.known_user() or object).get("locale")
    chosen = kept or request.args.get("lang") or session.get("locale")
    return chosen if chosen in LOCALE_CODES else str(current_app.config["SETTINGS"].locale)


def remember_locale() -> None:
    """Keep `?lang=…` of a signed-out visitor in their cookie; nothing is stored on the server."""
    chosen = request.args.get("lang")
    if chosen in LOCALE_CODES:
        session["locale"] = chosen
