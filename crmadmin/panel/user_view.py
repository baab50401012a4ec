"""Hệ thống > Người dùng và vai trò: who signs in, their role and password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import Field, PasswordField
from wtforms.validators import Length, StopValidation

from crmadmin.access import guard, services
from crmadmin.access.messages import explain, wait
from crmadmin.access.models import User
from crmadmin.access.passwords import LONGEST
from crmadmin.access.throttle import ThrottledError
from crmadmin.admin.cells import macro
from crmadmin.admin.form import version_of
from crmadmin.admin.form_fields import RecordForm
from crmadmin.admin.view import RecordView
from crmadmin.admin.view_models import ListColumn, MenuItem
from crmadmin.core import merging, records
from crmadmin.core.merging import THEIRS, Difference
from crmadmin.core.messages import message
from crmadmin.core.spec import Words
from crmadmin.core.text import Refusal

ASKED_AGAIN = "\0"
PASSWORD = "password"  # noqa: S105 - the name of a field


def _needed(_form: Any, field: Field) -> None:
    """A field that must not be blank, in our words."""
    if not field.data:
        raise StopValidation(message("required", {"label": str(field.label.text)}))


class UserView(RecordView):
    """Users are never deleted: customers name them as owners. They are disabled instead."""

    extra_form: Mapping[str, Any] = {
        "password": PasswordField(
            _l("Password"), [Length(max=LONGEST)],
            description=_l("At least 10 characters. Leave blank to keep the present one."),
            render_kw={"autocomplete": "new-password"},
        ),
        "current": PasswordField(
            _l("Your current password"), [Length(max=LONGEST)],
            description=_l("Needed only when you change your user name, email or password."),
            render_kw={"autocomplete": "current-password"},
        ),
    }  # fmt: skip

    def form(self, record: Any = None, *args: Any) -> RecordForm:
        """Nobody could sign in as a new user without a password, so one is asked for."""
        form = super().form(record, *args)
        if record is None:
            password = form["password"]
            password.validators = [_needed, *password.validators]
            password.flags.required = True
            password.description = _("At least 10 characters.")
        return form

    def cell(self, column: ListColumn, record: Any) -> Markup:
        """A user without a password cannot sign in, whatever else the list says."""
        shown = super().cell(column, record)
        if column.name != "is_active" or record.password_hash:
            return shown
        hue = macro("admin/_macros.html", "hue")
        return shown + " " + hue(_("No password"), "orange")

    def save_new(self, form: RecordForm) -> Any:
        """A new user with a password."""
        return self._save(User(), form)

    def save(self, record: Any, form: RecordForm) -> None:
        """Changing the role, the password or a log-in name ends the user's sessions. What one signs
        in with oneself takes one's password; then this browser begins anew.
        """
        if record.version != version_of(form):
            raise records.Stale
        before = record.session_epoch
        self._save(record, form)
        if _is_me(record) and record.is_active and record.session_epoch != before:
            guard.renew(record)

    def _save(self, user: User, form: RecordForm) -> User:
        values = {f.name: f.data for f in form if hasattr(f, "spec")}
        try:
            return services.save_user(
                user, values, form["password"].data or None, current=form["current"].data
            )
        except ThrottledError as throttled:
            raise records.Invalid({"current": wait(throttled.seconds)}) from throttled
        except Refusal as refusal:
            field = refusal.params.get("field", "")
            raise records.Invalid({field: explain(refusal)}) from refusal

    # When somebody saved meanwhile. A page repeats no password: it is typed again.

    def stored_values(self, record: Any) -> dict[str, Any]:
        """With the password, told by its hash."""
        return {**super().stored_values(record), PASSWORD: record.password_hash}

    def form_values(self, form: RecordForm) -> dict[str, Any]:
        """With the password; a blank one leaves it as it is."""
        # An answer that chooses a password without one: it is asked for again.
        blank = ASKED_AGAIN if f"pick-{PASSWORD}" in request.form else merging.KEPT
        return {**super().form_values(form), PASSWORD: form[PASSWORD].data or blank}

    def in_words(self, form: RecordForm, key: str, column: str, value: Any) -> tuple[Words, str]:
        """A password is told by who set it."""
        if key != PASSWORD:
            return super().in_words(form, key, column, value)
        is_typed = value is not None and value in (ASKED_AGAIN, form[PASSWORD].data)
        return form[PASSWORD].label.text, _("A new password") if is_typed else _("As it is now")

    def lines(self, form: RecordForm, record: Any) -> Sequence[Difference]:
        """Where a password was typed, it is asked for again."""
        found = super().lines(form, record)
        again = {PASSWORD: PASSWORD}
        return [replace(line, retype=again.get(line.key, "")) for line in found]

    def merged(
        self, mine: RecordForm, record: Any, picks: Mapping[str, str]
    ) -> MultiDict[str, str]:
        """Without the password where theirs stays."""
        given = super().merged(mine, record, picks)
        if picks.get(PASSWORD) == THEIRS:
            given.setlist(PASSWORD, [""])
        return given

    def defaults(self) -> dict[str, Any]:
        """A new user sees little until someone decides otherwise."""
        return {"role": "viewer", "locale": "vi", "theme": "auto", "is_active": True}

    def form_context(self, form: RecordForm, record: Any | None) -> dict[str, Any]:
        """The passwords stand after the generated fields."""
        context = super().form_context(form, record)
        legend, fields = context["sections"][0]
        own = [form["current"]] if record is not None and _is_me(record) else []
        fields = [*fields, form["password"], *own]
        context["sections"] = [(legend, fields), *context["sections"][1:]]
        return context

    def row_menu(self, record: Any) -> list[MenuItem]:
        """Edit is all there is."""
        if not self.may("edit"):
            return []
        return [MenuItem(_("Edit"), self.record_url(record), "edit")]


def _is_me(user: User) -> bool:
    me = guard.current_user()
    return me is not None and me.id == user.id
