"""Forms of log-in, first run and profile: fields and shapes only; what may be is `services`' word.

Every page carries the app's CSRF token (Flask-WTF's global protection), never Flask-Admin's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
)
from wtforms.validators import InputRequired, Length

from crmadmin.access import guard
from crmadmin.access.models import LOCALES, THEMES
from crmadmin.access.passwords import LONGEST
from crmadmin.core.forms import GuardedForm, PageForm
from crmadmin.core.spec import Words

REQUIRED = _l("A value is required here.")


def _choices(pairs: Sequence[tuple[str, Words]]) -> list[SelectChoice]:
    return [SelectChoice(value, words) for value, words in pairs]


class LoginForm(PageForm):
    """User name or email, and password; `remember` keeps the session for 30 days."""

    next = HiddenField()
    username = StringField(_l("User name or email"), [InputRequired(REQUIRED), Length(max=254)])
    password = PasswordField(_l("Password"), [InputRequired(REQUIRED), Length(max=LONGEST)])
    remember = BooleanField(_l("Keep me signed in on this computer for 30 days"))


class SetupForm(PageForm):
    """The first administrator, made with the token that the server printed."""

    token = StringField(_l("Setup token"), [InputRequired(REQUIRED), Length(max=200)])
    username = StringField(_l("User name"), [InputRequired(REQUIRED), Length(max=64)])
    full_name = StringField(_l("Full name"), [InputRequired(REQUIRED), Length(max=120)])
    email = EmailField(_l("Email"), [Length(max=254)])
    password = PasswordField(_l("Password"), [InputRequired(REQUIRED)])
    password_again = PasswordField(_l("Password again"), [InputRequired(REQUIRED)])


class ProfileForm(GuardedForm):
    """One's own details."""

    full_name = StringField(_l("Full name"), [InputRequired(REQUIRED), Length(max=120)])
    email = EmailField(_l("Email"), [Length(max=254)])
    locale = SelectField(_l("Language"), choices=_choices(LOCALES))
    theme = SelectField(_l("Theme"), choices=_choices(THEMES))
    # Its own id: the form of the password, on the same page, asks for it as well.
    current = PasswordField(
        _l("Current password"), [Length(max=LONGEST)], id="profile-current",
        description=_l("Needed only when you change your email, which you can sign in with."),
        render_kw={"autocomplete": "current-password"},
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Without what the user's role may not set."""
        super().__init__(*args, **kwargs)
        for name in guard.closed_fields("profile"):
            del self[name]
        if not self.email:
            del self["current"]


class PasswordForm(PageForm):
    """Another password for oneself."""

    current = PasswordField(_l("Current password"), [InputRequired(REQUIRED), Length(max=LONGEST)])
    new = PasswordField(_l("New password"), [InputRequired(REQUIRED)])
    again = PasswordField(_l("New password again"), [InputRequired(REQUIRED)])
