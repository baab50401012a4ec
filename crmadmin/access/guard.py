"""Who is asking, and whether they may: the one place that answers, for every request and command.

A `before_request` refuses what `policy` does not allow, before anything else of the request is
looked at. Views, templates, queries and the panel ask `can`, `scope_of` and `limited_to`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import flask_login
from flask import (
    Flask,
    abort,
    current_app,
    g,
    has_request_context,
    jsonify,
    redirect,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response

from crmadmin.access import devices, policy, roles, sessions
from crmadmin.access.models import User
from crmadmin.access.permissions import Permission
from crmadmin.access.policy import PUBLIC
from crmadmin.access.roles import Scope
from crmadmin.core import htmx, outside
from crmadmin.core.db import acting_as, actor, db
from crmadmin.core.redirects import path_of, safe_path

log = logging.getLogger(__name__)
login_manager: Any = flask_login.LoginManager()
_acting: ContextVar[User | None] = ContextVar("acting", default=None)


def init_app(app: Flask) -> None:
    """Guard every endpoint of the app. Call it before any other `before_request`, CSRF's too:
    who may not come in is told so whatever their form looks like.
    """
    app.config.update(cookie_settings(secure=app.config["SETTINGS"].behind_proxy))
    login_manager.init_app(app, add_context_processor=False)
    login_manager.user_loader(_load_user)
    app.before_request(check_request)
    app.teardown_request(_forget)
    app.jinja_env.globals.update(can=can, scope_of=scope_of, reaches=reaches)
    app.context_processor(lambda: {"current_user": current_user()})


def cookie_settings(*, secure: bool) -> dict[str, Any]:
    """Flask's settings of the session cookie; `secure` means that browsers reach us over TLS."""
    return {
        "SESSION_COOKIE_NAME": "__Host-crm" if secure else "crm",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": sessions.LIFETIME,
        # Flask-Login's own guess at stolen cookies trusts X-Forwarded-For; `sessions` does better.
        "SESSION_PROTECTION": None,
    }


def current_user() -> User | None:
    """The user of this request or command; None when nobody is signed in."""
    acts = _acting.get()
    if acts is not None:
        return acts
    if not has_request_context():
        return None
    user = known_user()
    if user is None:  # nobody asked yet in this request: Flask-Login looks who it is
        user = flask_login.current_user._get_current_object()
    return user if user is not None and user.is_authenticated else None


def known_user() -> User | None:
    """The user of this request if that was found out already: asks the database nothing."""
    return g.get("_login_user") if has_request_context() else None


def scope_of(permission: Permission | str) -> Scope:
    """On which records the current user holds a permission; NONE for nobody.

    Raises ValueError for a word that is no permission.
    """
    asked = Permission(permission)
    user = current_user()
    if user is None or not user.is_active:
        return Scope.NONE
    return roles.scope(user.role, asked)


def can(permission: Permission | str) -> bool:
    """Whether the current user holds a permission on any record at all."""
    return scope_of(permission) is not Scope.NONE


def require(permission: Permission | str) -> Scope:
    """The scope of a permission; aborts with 403 when it is NONE."""
    scope = scope_of(permission)
    if scope is Scope.NONE:
        abort(403)
    return scope


def limited_to(permission: Permission | str) -> int | None:
    """The owner to whose records a query must keep: None for all records, else the user's own id.

    Aborts with 403 when the permission is not held.
    """
    if require(permission) is Scope.ALL:
        return None
    user = current_user()
    return None if user is None else user.id


def owns(permission: Permission | str, owner_id: int | None) -> bool:
    """Whether the permission reaches a record of this owner."""
    scope = scope_of(permission)
    user = current_user()
    return scope is Scope.ALL or (scope is Scope.OWN and user is not None and owner_id == user.id)


def sees_sensitive() -> bool:
    """Whether the current user sees sensitive values in full."""
    user = current_user()
    return roles.sees_sensitive(user.role if user else None)


def closed_fields(resource: str) -> frozenset[str]:
    """Fields of a resource that the current user may not set (see roles.closed_fields)."""
    user = current_user()
    return roles.closed_fields(user.role if user else None, resource)


def reaches(endpoint: str) -> bool:
    """Whether the current user may call an endpoint: for menus and buttons."""
    return holds(policy.rule(endpoint))


def holds(rule: policy.Rule | None) -> bool:
    """Whether a rule lets the current user in."""
    if rule is PUBLIC:
        return True
    user = current_user()
    if user is None or not user.is_active:
        return False
    return policy.scope(user.role, rule) is not Scope.NONE


@contextmanager
def acting(user: User) -> Iterator[User]:
    """Everything inside is done by `user`, with their permissions: for commands and jobs."""
    token = _acting.set(user)
    try:
        with acting_as(user.id):
            yield user
    finally:
        _acting.reset(token)


def check_request() -> Response | None:
    """The guard of every request: None lets it in, anything else is the answer."""
    # A thread serves many requests: nobody writes in the name of the one before.
    actor.set(None)
    if request.routing_exception is not None:
        return None  # no such address, or another method: Flask says so
    rule = policy.rule(request.endpoint)
    if rule is PUBLIC:
        return None
    if rule is None:
        log.error("endpoint without a rule refused", extra={"endpoint": request.endpoint})
        abort(403)
    user = current_user()
    if user is None:
        return _ask_to_sign_in()
    actor.set(user.id)
    _note_seen()
    if not holds(rule):
        abort(403)
    return None


def let_in(user: User, *, is_kept: bool) -> None:
    """Put a session that was just started into the browser's cookie, and nothing from before it."""
    session.clear()
    session.permanent = is_kept
    session.update(cookie_values(user.session_token))
    flask_login.login_user(user)
    actor.set(user.id)


def renew(user: User) -> None:
    """A new session in this browser for the user, whose sessions have all ended. Commits."""
    kept = is_kept()
    sessions.start(user, is_kept=kept)
    db.session.commit()
    let_in(user, is_kept=kept)


def let_out() -> None:
    """Take the session out of the cookie. The session itself was ended by `signin.sign_out`."""
    flask_login.logout_user()
    session.clear()
    actor.set(None)


def cookie_values(token: str) -> dict[str, Any]:
    """What the signed cookie holds for a session's token."""
    return {"_user_id": token, "_fresh": True, "seen": int(time.time())}


def _seen() -> int:
    """When this browser was last noted, in seconds; 0 where the cookie says nothing of the kind."""
    return outside.whole(session.get("seen"), most=2**53) or 0


def is_kept() -> bool:
    """Whether the person asked to be kept signed in on this browser."""
    return bool(session.permanent)


def device_cookie() -> str | None:
    """The device cookie that came with the request."""
    return request.cookies.get(_device_cookie_name())


def mark_device(response: Response, user: User) -> Response:
    """Remember on the answer that this browser has signed in to the user's account."""
    mark = devices.mark_of(device_cookie(), user.id)
    response.set_cookie(
        _device_cookie_name(),
        devices.issue(user.id, mark),
        max_age=devices.LIFETIME,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def _device_cookie_name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}_device"


def _load_user(token: str) -> User | None:
    found = sessions.find(str(token))
    if found is None:
        return None
    user, row = found
    idle = time.time() - _seen()
    return user if row.is_kept or idle <= sessions.IDLE.total_seconds() else None


def _note_seen() -> None:
    """Move the cookie's last moment on, now and then; the cookie is all that is written."""
    now = int(time.time())
    if now - _seen() >= sessions.SEEN_EVERY.total_seconds():
        session["seen"] = now


def _ask_to_sign_in() -> Response:
    """401 for scripts, with the way to the log-in page; for people that page itself."""
    if htmx.is_asking():
        back = path_of(request.headers.get("HX-Current-URL"))
        answer = jsonify(error="sign_in")
        answer.headers["HX-Redirect"] = url_for("access.login", next=back)
        answer.status_code = 401
        return answer
    if request.accept_mimetypes.best == "application/json":
        answer = jsonify(error="sign_in")
        answer.status_code = 401
        return answer
    is_page = request.method in ("GET", "HEAD")
    asked = f"{request.path}?{request.query_string.decode('latin-1')}".rstrip("?")
    back = safe_path(asked) if is_page and request.path != "/" else None
    return redirect(url_for("access.login", next=back))


def _forget(_error: BaseException | None) -> None:
    actor.set(None)
