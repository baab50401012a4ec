"""Hệ thống > Thiết lập: automatic codes of customers, and what is compared on entry."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_admin import BaseView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Regexp

from crmadmin.access import guard, policy
from crmadmin.access.permissions import Permission
from crmadmin.core import codes, settings
from crmadmin.core.db import db
from crmadmin.core.forms import PageForm
from crmadmin.customers.models import Customer

PLAIN = Regexp(r"^[A-Za-z0-9._/-]*$", message=_l("Letters, digits and . _ / - only."))


class SettingsForm(PageForm):
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


class SettingsView(BaseView):
    """One page."""

    def __init__(self) -> None:
        super().__init__(name="settings", endpoint="settings", url="/admin/settings")
        policy.register("settings.index", Permission.SETTINGS_EDIT)

    def _handle_view(self, name: str, **kwargs: Any) -> None:
        guard.require(Permission.SETTINGS_EDIT)

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Shows the settings, and on POST keeps them."""
        pattern = settings.customer_codes()
        form = SettingsForm(
            data={
                "prefix": pattern.prefix,
                "length": pattern.length,
                "suffix": pattern.suffix,
                **dict.fromkeys(settings.duplicate_fields(), True),
            }
        )
        if request.method == "POST" and form.validate():
            settings.set_customer_codes(
                settings.CodePattern(
                    form.prefix.data or "", form.length.data, form.suffix.data or ""
                )
            )
            compared = tuple(f for f in settings.DUPLICATE_FIELDS if form[f].data)
            settings.set_duplicate_fields(compared)
            db.session.commit()
            flash(_("Settings saved."), "success")
            return redirect(url_for("settings.index"))
        html = render_template(
            "admin/settings.html", form=form, title=_("Settings"), errors_count=len(form.errors),
            sections=[
                (_("Customer codes"), [form.prefix, form.length, form.suffix]),
                (_("Compared with other customers on entry, beside the code"),
                 [form[f] for f in settings.DUPLICATE_FIELDS]),
            ],
            facts=[(_("Next code"), [(_("Customer code"), codes.preview(Customer))])],
        )  # fmt: skip
        return html, 422 if form.errors else 200
