"""Screens of access: log-in, log-out, first run, profile. No SQL; the rules are `signin`'s,
`setup`'s and `services`'.
"""

from __future__ import annotations

from typing import Any

import flask_babel
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from crmadmin.access import guard, messages, preferences, services, sessions, setup, signin
from crmadmin.access.forms import LoginForm, PasswordForm, ProfileForm, SetupForm
from crmadmin.access.models import User
from crmadmin.access.passwords import BusyError
from crmadmin.access.throttle import ThrottledError
from crmadmin.core import records
from crmadmin.core.db import db
from crmadmin.core.redirects import path_of, redirect_back, safe_path
from crmadmin.core.text import Refusal

blueprint = Blueprint("access", __name__)
BUSY_SECONDS = 5


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Sign in; who has signed in already goes on to where they wanted."""
    if setup.is_open():
        return redirect(url_for("access.setup"))
    wanted = safe_path(request.values.get("next"))
    if request.method != "POST":
        if guard.current_user() is not None:
            return redirect_back(wanted, _start_page())
        preferences.remember_locale()
        return _login_page(LoginForm(), wanted)
    form = LoginForm()
    if not form.validate():
        return _login_page(form, wanted, status=422)
    return _signed_in(form, wanted)


def _signed_in(form: LoginForm, wanted: str | None) -> ResponseReturnValue:
    before = guard.current_user()
    before_token = before.session_token if before else None
    is_kept = bool(form.remember.data)
    try:
        user = signin.sign_in(
            form.username.data,
            form.password.data,
            address=request.remote_addr or "",
            device=guard.device_cookie(),
            is_kept=is_kept,
        )
    except Refusal as refusal:
        return _login_page(form, wanted, messages.explain(refusal), 422)
    except ThrottledError as throttled:
        return _login_page(form, wanted, messages.wait(throttled.seconds), 429, throttled.seconds)
    except BusyError:
        return _login_page(form, wanted, messages.busy(), 503, BUSY_SECONDS)
    if before_token:
        sessions.end(before_token)
        db.session.commit()
    guard.let_in(user, is_kept=is_kept)
    return guard.mark_device(redirect_back(wanted, _start_page()), user)


def _login_page(
    form: LoginForm,
    wanted: str | None,
    problem: str | None = None,
    status: int = 200,
    retry_after: int | None = None,
) -> ResponseReturnValue:
    form.next.data = wanted or ""
    if problem:
        form.form_errors.append(problem)
    page = render_template("access/login.html", form=form)
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return page, status, headers


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    """Sign out of this browser; a copy of its cookie is worth nothing from here on."""
    user = guard.current_user()
    if user is not None:
        signin.sign_out(user)
    guard.let_out()
    flash(messages.signed_out(), "success")
    return redirect(url_for("access.login"), code=303)


@blueprint.route("/setup", methods=["GET", "POST"], endpoint="setup")
def first_run() -> ResponseReturnValue:
    """The first run: the printed token makes the first administrator; 404 ever after."""
    if not setup.is_open():
        abort(404)
    preferences.remember_locale()
    form = SetupForm()
    if form.validate_on_submit():
        try:
            setup.complete(
                form.token.data,
                username=form.username.data,
                full_name=form.full_name.data,
                email=form.email.data,
                password=_same(form.password.data, form.password_again.data, "password_again"),
            )
        except Refusal as refusal:
            _put_under_field(form, refusal, "password")
        except BusyError:
            form.form_errors.append(messages.busy())
            return _setup_page(form, 503)
        else:
            flash(messages.set_up(), "success")
            return redirect(url_for("access.login"), code=303)
    return _setup_page(form, 422 if form.errors else 200)


def _setup_page(form: SetupForm, status: int) -> ResponseReturnValue:
    return render_template("access/setup.html", form=form), status


@blueprint.route("/profile", methods=["GET", "POST"])
def profile() -> ResponseReturnValue:
    """One's own name, email, language and theme; changed meanwhile, both versions."""
    user = _me()
    stored, seen = _details(user), str(user.version)
    form = ProfileForm(obj=user)
    if request.method == "GET":
        return _profile_page(user, form.open_with(stored, seen), 200)
    if form.validate() or "merging" in request.form:
        chosen = form.chosen(stored, seen)
        if chosen is None:
            return _profile_conflict(user, form)
        form = chosen
    if form.validate():
        try:
            services.save_user(user, {name: form[name].data for name in stored})
        except Refusal as refusal:
            _put_under_field(form, refusal, "full_name")
        except records.Stale:
            return _profile_conflict(_me_again(), form)
        else:
            flask_babel.refresh()
            flash(messages.saved(), "success")
            return redirect(url_for("access.profile"), code=303)
    return _profile_page(user, form, 422)


DETAILS = ("full_name", "email", "locale", "theme")


def _details(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in DETAILS}


def _profile_conflict(user: User, form: ProfileForm) -> ResponseReturnValue:
    """Somebody changed this user meanwhile: both versions, to choose from."""
    who = db.session.get(User, user.updated_by_id) if user.updated_by_id else None
    page = render_template(
        "errors/conflict.html",
        title=messages.changed_meanwhile(),
        **form.conflict_context(_details(user), str(user.version)),
        who=who or user,
        when=flask_babel.format_datetime(user.updated_at, "HH:mm dd/MM/yyyy"),
        edit_url=url_for("access.profile"),
    )
    return page, 409


@blueprint.post("/profile/password")
def password() -> ResponseReturnValue:
    """Another password for oneself: every other session ends, this one begins anew."""
    user = _me()
    form = PasswordForm()
    status = 422
    if form.validate():
        try:
            chosen = _same(form.new.data, form.again.data, "again")
            signin.confirm(user, form.current.data, address=request.remote_addr or "")
            services.set_password(user, chosen)
        except Refusal as refusal:
            _put_under_field(form, refusal, "new")
        except ThrottledError as throttled:
            form.current.errors = [messages.wait(throttled.seconds)]
            status = 429
        except BusyError:
            form.current.errors = [messages.busy()]
            status = 503
        else:
            return _with_new_session(user)
    details = ProfileForm(None, obj=user).open_with(_details(user), str(user.version))
    return _profile_page(user, details, status, form)


@blueprint.post("/profile/choice")
def choose() -> ResponseReturnValue:
    """Theme or language from the account menu; then the page on which it was chosen, again."""
    changes = {n: request.form[n] for n in ("theme", "locale") if n in request.form}
    try:
        services.save_user(_me(), changes)
    except Refusal:
        abort(400)
    if "X-CSRFToken" in request.headers:
        return "", 204  # a script asked, which has shown the choice already
    return redirect_back(path_of(request.referrer), _start_page())


@blueprint.post("/profile/sessions")
def end_sessions() -> ResponseReturnValue:
    """Sign out everywhere, here included."""
    signin.sign_out_everywhere(_me())
    guard.let_out()
    flash(messages.signed_out_everywhere(), "success")
    return redirect(url_for("access.login"), code=303)


def _with_new_session(user: User) -> ResponseReturnValue:
    is_kept = guard.is_kept()
    sessions.start(user, is_kept=is_kept)
    db.session.commit()
    guard.let_in(user, is_kept=is_kept)
    flash(messages.password_changed(), "success")
    return redirect(url_for("access.profile"), code=303)


def _profile_page(
    user: User,
    form: ProfileForm,
    status: int,
    password_form: PasswordForm | None = None,
) -> ResponseReturnValue:
    page = render_template(
        "access/profile.html",
        user=user,
        form=form,
        password_form=password_form or PasswordForm(None),
        password_url=url_for("access.password"),
        sessions_url=url_for("access.end_sessions"),
    )
    return page, status


def _me() -> User:
    user = guard.current_user()
    if user is None:
        abort(401)  # the guard lets nobody come this far; the type checker cannot know
    return user


def _me_again() -> User:
    """Oneself as stored now, after an attempt to write that came too late."""
    user = _me()
    db.session.refresh(user)
    return user


def _same(first: str, second: str, field: str) -> str:
    if first != second:
        raise Refusal("password_differs", {"field": field})
    return first


def _put_under_field(form: FlaskForm, refusal: Refusal, otherwise: str) -> None:
    """Show a refusal under the field it names, or under `otherwise`."""
    name = refusal.params.get("field", otherwise)
    field: Any = form[name if name in form else otherwise]
    field.errors = [*field.errors, messages.explain(refusal)]


def _start_page() -> str:
    return url_for("admin.index")
