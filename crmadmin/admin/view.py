"""The one translation from a record spec to Flask-Admin: list, form, details, delete, look-up.

A view asks the permission table for every method, loads records through one scoped query, and
leaves writing to services. What a kind of record adds stands in its own subclass.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_babel import gettext as _
from flask_babel import ngettext

from crmadmin.access import guard, policy
from crmadmin.access.permissions import Permission, find
from crmadmin.admin import bulk, cells, extensions, list_page
from crmadmin.admin.export import ExportPages
from crmadmin.admin.filters import ChoicePages
from crmadmin.admin.form import FormPages
from crmadmin.admin.list import ListPages
from crmadmin.admin.row_acts import RowActs
from crmadmin.admin.saved_views import SavedViewPages
from crmadmin.core import listing, marks, records
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import db, spec_of
from crmadmin.core.list_state import ListState


class RecordView(
    SavedViewPages, ChoicePages, RowActs, ListPages, FormPages, ExportPages, ModelView
):
    """A record's pages. `targets` are the models that refs point to, by class name."""

    targets: dict[str, type[Any]]

    def __init__(self, model: type[Any], targets: dict[str, type[Any]], url: str) -> None:
        self.spec = spec_of(model)
        self.targets = targets
        super().__init__(model, db, endpoint=self.spec.name, url=url)
        policy.register_records(self.endpoint, self.spec.options.resource)

    def create_blueprint(self, admin: Any) -> Blueprint:
        """With the pages that other features add."""
        blueprint: Blueprint = super().create_blueprint(admin)
        extensions.add_pages(self, blueprint)
        return blueprint

    def _refresh_cache(self) -> None:
        """Nothing is scaffolded from columns: everything comes from the spec."""
        self._form_ajax_refs: dict[str, Any] = {}
        self._list_columns: list[Any] = []

    # Methods of Flask-Admin that have no page here; without @expose they get no address.
    ajax_lookup = ajax_update = action_view = None

    # Access

    def permission(self, action: str) -> Permission | None:
        """The permission for an action on this record's resource, if there is one."""
        return find(self.spec.options.resource, action)

    def may(self, action: str) -> bool:
        """Whether the current user may do this here at all."""
        permission = self.permission(action)
        return permission is not None and guard.can(permission)

    def _handle_view(self, name: str, **kwargs: Any) -> None:
        """Asked by Flask-Admin before every view method, beside the guard of every request."""
        rule = policy.rule(f"{self.endpoint}.{name}")
        if not isinstance(rule, Permission | policy.Helper) or not guard.holds(rule):
            abort(403)

    def scope(self, action: str) -> list[Any]:
        """The conditions under which this user may do `action` to records of this kind."""
        permission = self.permission(action)
        if permission is None:
            abort(403)
        owner = guard.limited_to(permission)
        return [] if owner is None else [listing.owned_by(self.model, owner)]

    def load(self, key: Any, action: str) -> Any:
        """The record of an id, if this user may do `action` to it; else 404, like one not there.

        What writes must say which record its page was made of. Raises marks.NotTheSame.
        """
        record = records.fetch(self.model, key)
        permission = self.permission(action)
        owner = getattr(record, self.spec.options.owner, None) if self.spec.options.owner else None
        if record is None or permission is None or not self._reaches(permission, owner):
            abort(404)
        marks.require(record)
        return record

    def _reaches(self, permission: Permission, owner: int | None) -> bool:
        if not self.spec.options.owner:
            return guard.can(permission)
        return guard.owns(permission, owner)

    def reaches(self, action: str, record: Any) -> bool:
        """Whether this user may do `action` to this record."""
        permission = self.permission(action)
        owner = getattr(record, self.spec.options.owner, None) if self.spec.options.owner else None
        return permission is not None and self._reaches(permission, owner)

    # Details and delete

    @expose("/details/")
    def details_view(self) -> str:
        """One record, read only."""
        record = self.load(request.args.get("id"), "read")
        return render_template(self.details_template(), **self.details_context(record))

    def details_template(self) -> str:
        """The page's template."""
        return "admin/model/details.html"

    def details_context(self, record: Any) -> dict[str, Any]:
        """Everything that the details template reads."""
        may_edit = self.reaches("edit", record)
        return {
            "view": self,
            "spec": self.spec,
            "record": record,
            "facts": self.facts(record),
            "title": records.describe(record),
            "edit_url": url_for(f"{self.endpoint}.edit_view", id=record.id) if may_edit else "",
            "back_url": url_for(f"{self.endpoint}.index_view"),
            "cards": [
                card for e in extensions.of(self.spec.name) for card in e.cards(self, record)
            ],
            "acts": [self.delete_item(record)] if self.reaches("delete", record) else [],
        }

    def facts(self, record: Any) -> list[tuple[Any, list[tuple[Any, Any]]]]:
        """(legend, [(label, value)]) by section; what stands in no section comes last."""
        fields = [f for f in self.spec.fields if f.exported]
        columns = list_page.columns(self.endpoint, ListState(), fields, sees_sensitive=False)
        parts: dict[str, list[tuple[Any, Any]]] = {}
        for column, f in zip(columns, fields, strict=True):
            value = cells.cell(column, record, cells.value_of(f, record), "")
            parts.setdefault(f.section, []).append((f.label, value))
        known = [*((s.key, s.label) for s in self.spec.options.sections), ("", None)]
        return [(legend, parts[key]) for key, legend in known if key in parts]

    @expose("/delete/", methods=("GET", "POST"))
    def delete_view(self) -> Any:
        """Says what a delete would do, and on POST does it."""
        record = self.load(request.args.get("id"), "delete")
        if request.method == "POST":
            try:
                if str(record.version) != request.form.get("version"):
                    raise records.Stale
                name = records.describe(record)
                act = self.erase(record)
                db.session.commit()
            except (records.InUse, records.Stale):
                db.session.rollback()
                flash(
                    _("The record changed meanwhile. Look again before you delete it."), "warning"
                )
            else:
                words = _("Deleted %(name)s.", name=name)
                flash(bulk.message(act, words) if act is not None else words, "success")
                return redirect(url_for(f"{self.endpoint}.index_view"))
        return self.delete_page(record), 409 if request.method == "POST" else 200

    def erase(self, record: Any) -> BulkAct | None:
        """Remove the record; gives the act with which it can be brought back, if it can.

        Raises records.InUse and records.Stale.
        """
        records.delete(record)
        return None

    def delete_page(self, record: Any) -> str:
        """The question, or the reason why not and what can be done instead."""
        used = self.usage_of(record)
        return render_template(
            "admin/model/delete.html",
            title=_("Delete %(what)s", what=str(self.spec.label).lower()),
            record_name=records.describe(record),
            reason=self.in_use(used) if used else "",
            alternatives=self.alternatives(record),
            effects=[*self.consequences(record), *self.further_consequences(record)],
            version=record.version,
            back_url=url_for(f"{self.endpoint}.index_view"),
        )

    def usage_of(self, record: Any) -> int:
        """How many records refer to this one and keep it from being deleted."""
        return 0

    def in_use(self, used: int) -> str:
        """Why a delete is refused, and what to do instead."""
        return ngettext(
            "Used by %(num)s record. Stop using it or merge it into another value.",
            "Used by %(num)s records. Stop using it or merge it into another value.",
            used,
        )

    def alternatives(self, record: Any) -> list[tuple[str, str, str]]:
        """What to do instead of deleting: (label, url, icon)."""
        return []

    def consequences(self, record: Any) -> list[str]:
        """What else goes, or stays, when the record is deleted."""
        return []

    def further_consequences(self, record: Any) -> list[str]:
        """The same of what other features keep."""
        return [line for e in extensions.of(self.spec.name) for line in e.consequences(record)]
