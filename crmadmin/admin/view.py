"""The one translation from a record spec to Flask-Admin: list, form, details, delete, look-up.

A view asks the permission table for every method, loads records through one scoped query, and
leaves writing to services. What a kind of record adds stands in its own subclass.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from crmadmin.admin import bulk, cells, export, extensions, list_page, row_acts
from crmadmin.admin.extensions import Card
from crmadmin.admin.saved_views import SavedViewPages
from crmadmin.admin.view_models import BulkAction
from crmadmin.core import records
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import db
from crmadmin.core.list_state import ListState
from crmadmin.core.records import AnyRecord
from crmadmin.core.spec import Words


class RecordView(SavedViewPages):
    """A record's pages."""

    def create_blueprint(self, admin: Any) -> Blueprint:
        """With the pages that other features add."""
        blueprint: Blueprint = super().create_blueprint(admin)
        extensions.add_pages(self, blueprint)
        return blueprint

    # What other features add

    def urls(self) -> dict[str, str]:
        """With the addresses that other features add."""
        made = super().urls()
        for extension in extensions.of(self.spec.name):
            made |= extension.urls(self)
        return made

    def all_bulk_actions(self) -> list[BulkAction]:
        """With those of other features; what destroys comes last."""
        found = self.bulk_actions()
        more = [one for e in extensions.of(self.spec.name) for one in e.bulk_actions(self)]
        safe = [one for one in found if not one.danger]
        return [*safe, *more, *(one for one in found if one.danger)]

    def form_cards(self, record: AnyRecord) -> list[Card]:
        """What they show beside the form of a record."""
        return [card for e in extensions.of(self.spec.name) for card in e.form_cards(self, record)]

    # Pages that are functions of a view

    @expose("/export/")
    def export(self) -> Response:
        """Xuất Excel: the rows that the list's own parameters match."""
        return export.answer(self)

    @expose("/acts/")
    def row_acts(self) -> str:
        """What can be done with one row."""
        return row_acts.page(self, self.load(request.args.get("id"), "read"))

    # Details and delete

    @expose("/details/")
    def details_view(self) -> str:
        """One record, read only."""
        record = self.load(request.args.get("id"), "read")
        return render_template(self.details_template(), **self.details_context(record))

    def details_template(self) -> str:
        """The page's template."""
        return "admin/model/details.html"

    def details_context(self, record: AnyRecord) -> dict[str, object]:
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

    def facts(self, record: AnyRecord) -> list[tuple[Words | None, list[tuple[Words, object]]]]:
        """(legend, [(label, value)]) by section; what stands in no section comes last."""
        fields = [f for f in self.spec.fields if f.exported]
        columns = list_page.columns(self.endpoint, ListState(), fields, sees_sensitive=False)
        parts: dict[str, list[tuple[Words, object]]] = {}
        for column, f in zip(columns, fields, strict=True):
            value = cells.cell(column, record, cells.value_of(f, record), "")
            parts.setdefault(f.section, []).append((f.label, value))
        known = [*((s.key, s.label) for s in self.spec.options.sections), ("", None)]
        return [(legend, parts[key]) for key, legend in known if key in parts]

    @expose("/delete/", methods=("GET", "POST"))
    def delete_view(self) -> ResponseReturnValue:
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

    def erase(self, record: AnyRecord) -> BulkAct | None:
        """Remove the record; gives the act with which it can be brought back, if it can.

        Raises records.InUse and records.Stale.
        """
        records.delete(record)
        return None

    def delete_page(self, record: AnyRecord) -> str:
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

    def usage_of(self, record: AnyRecord) -> int:
        """How many records refer to this one and keep it from being deleted."""
        return 0

    def in_use(self, used: int) -> str:
        """Why a delete is refused, and what to do instead."""
        return ngettext(
            "Used by %(num)s record. Stop using it or merge it into another value.",
            "Used by %(num)s records. Stop using it or merge it into another value.",
            used,
        )

    def alternatives(self, record: AnyRecord) -> list[tuple[str, str, str]]:
        """What to do instead of deleting: (label, url, icon)."""
        return []

    def consequences(self, record: AnyRecord) -> list[str]:
        """What else goes, or stays, when the record is deleted."""
        return []

    def further_consequences(self, record: AnyRecord) -> list[str]:
        """The same of what other features keep."""
        return [line for e in extensions.of(self.spec.name) for line in e.consequences(record)]
