"""The base of every form: WTForms speaks with our words, for it has none in Vietnamese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from flask import request
from flask_babel import get_domain
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, HiddenField, SelectField

from crmadmin.core import merging
from crmadmin.core.spec import Words as Texts


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


class FormWords:
    """The two methods WTForms asks of a translations object. It fills in the parameters itself."""

    def gettext(self, string: str) -> str:
        """One message."""
        return str(get_domain().get_translations().ugettext(string))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """A message that counts."""
        return str(get_domain().get_translations().ungettext(singular, plural, n))


class PageForm(FlaskForm):
    """A form of a page. CSRF is the app's global protection, asked before any view."""

    class Meta:
        csrf = False

        def get_translations(self, form: Any) -> FormWords:
            """Our own words for WTForms' messages."""
            return FormWords()


class GuardedForm(PageForm):
    """A form of plain fields over something that others may change meanwhile.

    `stored` is always what is stored of the fields now, by name; `seen` the version of that. The
    forms of records do the same field by field (`admin.form`).
    """

    version = HiddenField()
    opened = HiddenField()

    def open_with(self, stored: Mapping[str, Any], seen: str) -> Self:
        """Carry what the form is opened with; gives the form."""
        self.version.data, self.opened.data = seen, merging.opened(stored)
        return self

    def lines(self, stored: Mapping[str, Any]) -> list[merging.Difference]:
        """In what the form and what is stored differ."""
        mine = {name: self[name].data for name in stored}
        base = merging.read_opened(self.opened.data)
        return list(merging.lines(base, mine, stored, self._in_words))

    def chosen(self, stored: Mapping[str, Any], seen: str) -> Self | None:
        """The form to save: itself; what was chosen on the conflict page; or None, if that page is
        to be shown."""
        if "merging" not in request.form:
            return self if self.version.data == seen else None
        found = self.lines(stored)
        picks = merging.picked(found, request.form)
        is_old = request.form["merging"] != seen
        if is_old or merging.unsettled(found, picks, request.form):
            return None
        given = MultiDict(request.form)
        for name, value in stored.items():
            if picks.get(name) == merging.THEIRS:
                given.setlist(name, _posted(self[name], value))
        return type(self)(given).open_with(stored, seen)

    def conflict_context(self, stored: Mapping[str, Any], seen: str) -> dict[str, Any]:
        """What `errors/conflict.html` reads beside who saved and when."""
        return merging.page_context(self.lines(stored), request.form, seen)

    def _in_words(self, key: str, _column: str, value: Any) -> tuple[Texts, str]:
        field = self[key]
        if isinstance(field, BooleanField):
            return field.label.text, _("Yes") if value else _("No")
        if isinstance(field, SelectField):
            words = {choice.value: str(choice.label) for choice in field.choices}
            return field.label.text, words.get(value, str(value))
        return field.label.text, "" if value is None else str(value)


def _posted(field: Any, value: Any) -> list[str]:
    if isinstance(field, BooleanField):
        return ["y"] if value else []
    return ["" if value is None else str(value)]
