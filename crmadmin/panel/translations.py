"""WTForms' words, taken from our own catalogue instead of its own, which has no Vietnamese."""

from __future__ import annotations

from flask_babel import get_domain


class Words:
    """The two methods WTForms asks of a translations object. It fills in the parameters itself."""

    def gettext(self, string: str) -> str:
        """One message."""
        return str(get_domain().get_translations().ugettext(string))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """A message that counts."""
        return str(get_domain().get_translations().ungettext(singular, plural, n))
