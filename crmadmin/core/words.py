"""Words for people, from where no language is known."""

from __future__ import annotations

from flask_babel import gettext

from crmadmin.core.spec import Words


def translated(words: Words) -> str:
    """The words in the user's language: those that a kind of field marked, or lazy ones.

    Words that no translator knows, such as names, stay as they are.
    """
    return gettext(words) if isinstance(words, str) and words else str(words)
