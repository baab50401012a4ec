"""Words for what access refuses: one sentence per code, naming the value and the way out.

Codes that every feature has (required, bad_email, …) have their words in `core.messages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from crmadmin.core.messages import message
from crmadmin.core.spec import Words
from crmadmin.core.text import Refusal

EXPLANATIONS: Mapping[str, Words] = MappingProxyType(
    {
        "bad_login": _l("The user name or the password is not right."),
        "wrong_password": _l("This is not your current password."),
        "current_needed": _l(
            "Enter your current password: what you sign in with changes only with it."
        ),
        "password_short": _l("A password needs at least %(least)s characters."),
        "password_long": _l("A password can have at most %(most)s characters."),
        "password_common": _l(
            "This password is made of words that are guessed first. "
            "Take four words or more that nobody would put together."
        ),
        "password_pattern": _l(
            "Figures in a row, repeats, dates and neighbouring keys are guessed first. "
            "Take four words or more that nobody would put together."
        ),
        "password_is_name": _l(
            "This password is made of your own name or email, which is guessed first. "
            "Take four words or more that nobody would put together."
        ),
        "password_is_company": _l(
            "This password is made of the company's own words, which are guessed first. "
            "Take four words or more that nobody would put together."
        ),
        "password_differs": _l("The two passwords are not the same."),
        "bad_token": _l("This is not the setup token that was printed when the server started."),
        "bad_username": _l(
            "A user name has 2 to 64 letters, digits, dots, dashes or underscores, "
            "and begins with a letter or a digit."
        ),
        "username_taken": _l("There is already a user named “%(value)s”."),
        "email_taken": _l("Another user already has the email “%(value)s”."),
        "view_taken": _l("There is already a saved view named “%(value)s”."),
        "view_empty": _l("Search or filter the list first: a saved view is what it shows then."),
        "view_too_long": _l("The list is filtered by too much to be saved: choose fewer values."),
        "too_many_views": _l(
            "A list has at most %(most)s saved views. Remove one you do not need."
        ),
        "last_admin": _l(
            "%(username)s is the last active administrator. Give somebody else that role first."
        ),
    }
)


def explain(refusal: Refusal) -> str:
    """The sentence for a refusal that a service of `access` raised, in the request's language."""
    words = EXPLANATIONS.get(refusal.code)
    return message(refusal.code, refusal.params) if words is None else str(words) % refusal.params


def wait(seconds: int) -> str:
    """The sentence for too many guesses."""
    minutes = max(1, -(-seconds // 60))
    words = ngettext(
        "Too many attempts. Try again in %(num)s minute.",
        "Too many attempts. Try again in %(num)s minutes.",
        minutes,
    )
    return str(words)


def too_many_questions(seconds: int) -> str:
    """The sentence for too many questions about other people's records."""
    minutes = max(1, -(-seconds // 60))
    words = ngettext(
        "You have compared values with other people's records too often. "
        "Try again in %(num)s minute.",
        "You have compared values with other people's records too often. "
        "Try again in %(num)s minutes.",
        minutes,
    )
    return str(words)


def signed_out() -> str:
    """Said once after signing out."""
    return str(_("You have signed out."))


def signed_out_everywhere() -> str:
    """Said once after ending all one's sessions."""
    return str(_("You have signed out on every device."))


def set_up() -> str:
    """Said once when the first administrator was made."""
    return str(_("Your administrator is ready. Sign in with it."))


def saved() -> str:
    """Said once after saving the profile."""
    return str(_("Your profile was saved."))


def password_changed() -> str:
    """Said once after changing one's password."""
    return str(_("Your password was changed. You have been signed out everywhere else."))


def log_in_changed() -> str:
    """Said once after changing one's email or user name."""
    return str(_("Your profile was saved. You have been signed out everywhere else."))


def changed_meanwhile() -> str:
    """Why a profile was not saved: somebody else saved it first."""
    return str(_("Your profile was changed elsewhere in the meantime. Check it and save again."))


def busy() -> str:
    """Why no password was looked at."""
    return str(_("Many people are signing in at this moment. Try again in a few seconds."))
