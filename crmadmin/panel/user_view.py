"""Hệ thống > Người dùng và vai trò: who signs in, their role and password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField
from wtforms.validators import Length

from crmadmin.access import services
from crmadmin.access.messages import explain
from crmadmin.access.models import User
from crmadmin.access.passwords import LONGEST
from crmadmin.core import records
from crmadmin.core.text import Refusal
from crmadmin.panel.forms import RecordForm
from crmadmin.panel.model_view import RecordView
from crmadmin.panel.record_form import version_of
from crmadmin.panel.shapes import MenuItem


class UserView(RecordView):
    """Users are never deleted: customers name them as owners. They are disabled instead."""

    extra_form: Mapping[str, Any] = {
        "password": PasswordField(
            _l("Password"), [Length(max=LONGEST)],
            description=_l("At least 10 characters. Leave blank to keep the present one."),
            render_kw={"autocomplete": "new-password"},
        )
    }  # fmt: skip

    def save_new(self, form: RecordForm) -> Any:
        """A new user, with a password if one was typed."""
        return self._save(User(), form)

    def save(self, record: Any, form: RecordForm) -> None:
        """Changing the role or the password ends the user's sessions."""
        if record.version != version_of(form):
            raise records.Stale
        self._save(record, form)

    def _save(self, user: User, form: RecordForm) -> User:
        values = {f.name: f.data for f in form if hasattr(f, "spec")}
        try:
            return services.save_user(user, values, form["password"].data or None)
        except Refusal as refusal:
            field = refusal.params.get("field", "")
            raise records.Invalid({field: explain(refusal)}) from refusal

    def defaults(self) -> dict[str, Any]:
        """A new user sees little until someone decides otherwise."""
        return {"role": "viewer", "locale": "vi", "theme": "auto", "is_active": True}

    def form_context(self, form: RecordForm, record: Any | None) -> dict[str, Any]:
        """The password stands after the generated fields."""
        context = super().form_context(form, record)
        legend, fields = context["sections"][0]
        context["sections"] = [(legend, [*fields, form["password"]]), *context["sections"][1:]]
        return context

    def record_url(self, record: Any) -> str:
        """To the form."""
        return url_for(f"{self.endpoint}.edit_view", id=record.id)

    def row_menu(self, record: Any) -> list[MenuItem]:
        """Edit is all there is."""
        return [MenuItem(_("Edit"), self.record_url(record), "edit")]
