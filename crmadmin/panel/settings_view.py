"""Hệ thống > Thiết lập: customer codes, what is compared on entry, words of no password."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_admin import BaseView, expose
from flask_babel import format_datetime
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Regexp

from crmadmin.access import guard, policy
from crmadmin.access.models import User
from crmadmin.access.permissions import Permission
from crmadmin.core import codes, records, settings
from crmadmin.core.db import db, utcnow
from crmadmin.core.forms import GuardedForm
from crmadmin.customers.models import Customer

PLAIN = Regexp(r"^[A-Za-z0-9._/-]*$", message=_l("Letters, digits and . _ / - only."))


UNREAD = {
    settings.CODES: _l("How customers are numbered"),
    settings.DUPLICATES: _l("What is compared with other customers on entry"),
}
"""Words for a setting whose stored value cannot be read."""


class SettingsForm(GuardedForm):
    """What an administrator sets for everybody."""

    prefix = StringField(_l("Prefix of customer codes"), [Length(max=16), PLAIN])
    length = IntegerField(
        _l("Digits of customer codes"),
        [InputRequired(_l("A value is required here.")), NumberRange(1, 12)],
    )
    suffix = StringField(_l("Suffix of customer codes"), [Length(max=8), PLAIN])
    phone = BooleanField(_l("Phone"))
    email = BooleanField(_l("Email"))
    tax_code = BooleanField(_l("Tax code"))
    company_words = StringField(
        _l("The company's own words"), [Length(max=1000)],
        description=_l(
            "Names of the company, its products and places, with commas between: "
            "no password can be made of them."
        ),
    )  # fmt: skip

    def pattern(self) -> settings.CodePattern:
        """How customers are numbered, as it was typed."""
        length = self.length.data
        return settings.CodePattern(self.prefix.data or "", length, self.suffix.data or "")

    def compared(self) -> tuple[str, ...]:
        """The fields that are compared on entry."""
        return tuple(name for name in settings.DUPLICATE_FIELDS if self[name].data)

    def words(self) -> tuple[str, ...]:
        """The company's own words, each once."""
        words = (w.strip() for w in (self.company_words.data or "").split(","))
        return tuple(dict.fromkeys(w for w in words if w))


class SettingsView(BaseView):
    """One page."""

    def __init__(self) -> None:
        super().__init__(name="settings", endpoint="settings", url="/admin/settings")
        policy.register("settings.index", Permission.SETTINGS_EDIT)

    def _handle_view(self, name: str, **kwargs: Any) -> None:
        guard.require(Permission.SETTINGS_EDIT)

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Shows the settings, and on POST keeps them; changed meanwhile, both versions."""
        stored, seen = stored_values(), settings.version()
        form = SettingsForm(data=stored)
        if request.method == "GET":
            return self._page(form.open_with(stored, seen))
        if form.validate() or "merging" in request.form:
            chosen = form.chosen(stored, seen)
            if chosen is None:
                return self._conflict(form)
            form = chosen
        if form.validate():
            try:
                settings.keep(form.pattern(), form.compared(), form.words(), seen)
            except records.Stale:
                db.session.rollback()
                return self._conflict(form)
            db.session.commit()
            flash(_("Settings saved."), "success")
            return redirect(url_for("settings.index"))
        return self._page(form)

    def _page(self, form: SettingsForm) -> Any:
        html = render_template(
            "admin/settings.html", form=form, title=_("Settings"), errors_count=len(form.errors),
            sections=[
                (_("Customer codes"), [form.prefix, form.length, form.suffix]),
                (_("Compared with other customers on entry, beside the code"),
                 [form[f] for f in settings.DUPLICATE_FIELDS]),
                (_("Passwords"), [form.company_words]),
            ],
            unread=[str(UNREAD[name]) for name in settings.unreadable()],
            facts=[(_("Next code"), [(_("Customer code"), codes.preview(Customer))])],
        )  # fmt: skip
        return html, 422 if form.errors else 200

    def _conflict(self, form: SettingsForm) -> Any:
        """Another administrator saved meanwhile: both versions, to choose from."""
        by, at = settings.last_change() or (None, utcnow())
        html = render_template(
            "errors/conflict.html", title=_("Changed meanwhile"),
            **form.conflict_context(stored_values(), settings.version()),
            who=(db.session.get(User, by) if by else None) or _("Somebody"),
            when=format_datetime(at, "HH:mm dd/MM/yyyy"), edit_url=url_for("settings.index"),
        )  # fmt: skip
        return html, 409


def stored_values() -> dict[str, Any]:
    """What is stored of everything that the form writes, by field."""
    pattern, compared = settings.customer_codes(), settings.duplicate_fields()
    texts = {
        "prefix": pattern.prefix,
        "length": pattern.length,
        "suffix": pattern.suffix,
        "company_words": ", ".join(settings.company_words()),
    }
    return {**texts, **{name: name in compared for name in settings.DUPLICATE_FIELDS}}
