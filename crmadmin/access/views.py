"""Screens of access: log-in, log-out, first run, profile. No SQL; the rules are `signin`'s,
`setup`'s and `services`'.
"""

from __future__ import annotations

from typing import Any

import flask_babel
from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from crmadmin.access import (
    devices,
    guard,
    messages,
    passwords,
    preferences,
    questions,
    services,
    sessions,
    setup,
    signin,
)
from crmadmin.access.forms import LoginForm, PasswordForm, ProfileForm, SetupForm
from crmadmin.access.models import User
from crmadmin.access.passwords import RETRY_SECONDS, BusyError
from crmadmin.access.permissions import Permission
from crmadmin.access.questions import Question, TooManyQuestions
from crmadmin.access.throttle import ThrottledError
from crmadmin.core import records
from crmadmin.core.db import db
from crmadmin.core.redirects import path_of, redirect_back, safe_path
from crmadmin.core.text import Refusal

blueprint = Blueprint("access", __name__)


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Sign in; who has signed in already goes on to where they wanted."""
    if request.method == "POST":
        # Before the database is asked anything: turning many away has to be cheap.
        passwords.knock(is_known=devices.is_one(guard.device_cookie()))
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
    return render_template("access/login.html", form=form), status, _retry(retry_after)


def _retry(seconds: int | None) -> dict[str, str]:
    return {"Retry-After": str(seconds)} if seconds else {}


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
                address=request.remote_addr or "",
            )
        except Refusal as refusal:
            _put_under_field(form, refusal, "password")
        except ThrottledError as throttled:
            form.token.errors = [messages.wait(throttled.seconds)]
            return _setup_page(form, 429, throttled.seconds)
        except BusyError:
            form.form_errors.append(messages.busy())
            return _setup_page(form, 503, RETRY_SECONDS)
        else:
            flash(messages.set_up(), "success")
            return redirect(url_for("access.login"), code=303)
    return _setup_page(form, 422 if form.errors else 200)


def _setup_page(
    form: SetupForm, status: int, retry_after: int | None = None
) -> ResponseReturnValue:
    return render_template("access/setup.html", form=form), status, _retry(retry_after)


@blueprint.route("/profile", methods=["GET", "POST"])
def profile() -> ResponseReturnValue:
    """One's own name, email, language and theme; changed meanwhile, both versions. Another email,
    which is a log-in name, takes the password, ends every other session and begins this one anew.
    """
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
    if not form.validate():
        return _profile_page(user, form, 422)
    current = request.form.get("current")
    try:
        _save_profile(user, {name: form[name].data for name in stored}, current)
    except records.Stale:
        return _profile_conflict(_me_again(), form)
    except (Refusal, ThrottledError, BusyError, TooManyQuestions) as problem:
        return _profile_page(user, form, *_told(form, problem, "full_name"))
    flask_babel.refresh()
    if user.email == stored.get("email", user.email):
        flash(messages.saved(), "success")
    else:
        guard.renew(user)
        flash(messages.log_in_changed(), "success")
    return redirect(url_for("access.profile"), code=303)


DETAILS = ("full_name", "email", "locale", "theme")


def _details(user: User) -> dict[str, Any]:
    """What the user may change of themselves, as it is stored."""
    closed = guard.closed_fields("profile")
    return {name: getattr(user, name) for name in DETAILS if name not in closed}


def _save_profile(user: User, changes: dict[str, Any], current: str | None) -> None:
    """As `services.save_user`. That an address is somebody else's is counted for users who may not
    read users. Raises TooManyQuestions as well."""
    key, address = user.id, changes.get("email")
    is_asked = address not in (None, user.email) and not guard.can(Permission.USERS_READ)
    if is_asked:
        questions.look(key, Question.TOLD)
    try:
        services.save_user(user, changes, current=current)
    except Refusal as refusal:
        if is_asked and refusal.code == "email_taken":
            questions.ask(key, Question.TOLD)
        raise


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
    answer: tuple[int, int | None] = (422, None)
    if form.validate():
        try:
            chosen = _same(form.new.data, form.again.data, "again")
            services.set_password(user, chosen, current=form.current.data)
        except (Refusal, ThrottledError, BusyError) as problem:
            answer = _told(form, problem, "new")
        else:
            guard.renew(user)
            flash(messages.password_changed(), "success")
            return redirect(url_for("access.profile"), code=303)
    details = ProfileForm(None, obj=user).open_with(_details(user), str(user.version))
    return _profile_page(user, details, *answer, form)


def _told(
    form: FlaskForm,
    problem: Refusal | ThrottledError | BusyError | TooManyQuestions,
    otherwise: str,
) -> tuple[int, int | None]:
    """Say in the form why nothing was saved; gives the status and Retry-After."""
    if isinstance(problem, TooManyQuestions):
        form["email"].errors = [messages.too_many_questions(problem.seconds)]
        return 429, problem.seconds
    if isinstance(problem, Refusal):
        _put_under_field(form, problem, otherwise)
        return 422, None
    if isinstance(problem, ThrottledError):
        form["current"].errors = [messages.wait(problem.seconds)]
        return 429, problem.seconds
    form["current"].errors = [messages.busy()]
    return 503, RETRY_SECONDS


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


def _profile_page(
    user: User,
    form: ProfileForm,
    status: int,
    retry_after: int | None = None,
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
    return page, status, _retry(retry_after)


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
    return url_for(current_app.config["START_PAGE"])
