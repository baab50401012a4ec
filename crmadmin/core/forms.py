"""The base of every form: WTForms speaks with our words, for it has none in Vietnamese."""

from __future__ import annotations

from typing import Any

from flask_babel import get_domain
from flask_wtf import FlaskForm


def _l(message: str) -> str:
    """Marks a message for the translators; WTForms itself looks it up."""
    return message


def lazy_ngettext(singular: str, _plural: str) -> str:
    """The same for a message that counts."""
    return singular


WTFORMS = (
    _l("Not a valid integer value."),
    _l("Not a valid choice."),
    _l("Number must be between %(min)s and %(max)s."),
    _l("This field is required."),
    lazy_ngettext(
        "Field cannot be longer than %(max)d character.",
        "Field cannot be longer than %(max)d characters.",
    ),
)
"""What WTForms' own validators say in our forms."""


class Words:
    """The two methods WTForms asks of a translations object. It fills in the parameters itself."""

    def gettext(self, string: str) -> str:
        """One message."""
        return str(get_domain().get_translations().ugettext(string))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """A message that counts."""
        return str(get_domain().get_translations().ungettext(singular, plural, n))


class PageForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A form of a page. CSRF is the app's global protection, asked before any view."""

    class Meta:
        csrf = False

        def get_translations(self, form: Any) -> Words:
            """Our own words for WTForms' messages."""
            return Words()
