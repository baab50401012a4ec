"""Pages of the catalogs: order, default, stop using, merge, and the collaborator's dialog."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import (
    abort,
    flash,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crmadmin.access import reach
from crmadmin.admin import bulk
from crmadmin.admin.cells import value_of
from crmadmin.admin.form import version_of
from crmadmin.admin.form_fields import RecordForm, form_class
from crmadmin.admin.view import RecordView
from crmadmin.admin.view_models import ListColumn, MenuItem, Segment, Tab
from crmadmin.catalogs import acts as catalog_acts
from crmadmin.catalogs import queries, services
from crmadmin.core import codes, fields, marks, outside, records
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import db, utcnow
from crmadmin.core.list_state import ListState
from crmadmin.core.spec import FieldSpec
from crmadmin.core.text import fold
from crmadmin.core.usage import references_to, usage


class CatalogView(RecordView):
    """One of the ten catalogs."""

    siblings: Sequence[type[Any]] = ()

    # List

    def tabs(self) -> list[Tab]:
        """The nine catalogs side by side, with how many records each has."""
        return [
            (
                model.__record__.plural,
                url_for(f"{model.__tablename__}.index_view"),
                sum(self.activity(model)),
                model is self.model,
            )
            for model in self.siblings
        ]

    def activity(self, model: type[Any]) -> tuple[int, int]:
        """How many records of a catalog are in use and stopped; read once for the whole page."""
        if "activity" not in g:
            g.activity = queries.activity([*{self.model, *self.siblings}])
        counts: Mapping[type[Any], tuple[int, int]] = g.activity
        return counts[model]

    def segments(self, state: ListState) -> list[Segment]:
        """All, in use, stopped."""
        used, stopped = self.activity(self.model)
        chosen = state.filters.get("is_active", ())
        parts = (
            (_("All"), None, used + stopped),
            (_("In use"), "1", used),
            (_("Stopped"), "0", stopped),
        )
        here = f"{self.endpoint}.index_view"
        return [
            (
                label,
                count,
                url_for(here, **state.args(is_active=value, page=None)),
                chosen == ((value,) if value else ()),
            )
            for label, value, count in parts
        ]

    def filter_fields(self) -> list[FieldSpec]:
        """In use or stopped is chosen above the table already."""
        return [f for f in super().filter_fields() if f.name != "is_active"]

    def extra_columns(self, rows: Sequence[Any]) -> list[tuple[ListColumn, dict[int, Any]]]:
        """Who uses each record, of those that this user may read, and a link to just these."""
        g.usage = usage(self.model, [r.id for r in rows], reach.conditions)
        counts = {r.id: g.usage.get(r.id, 0) for r in rows}
        found = references_to(self.model)
        one, several = (found[0].spec.label, found[0].spec.plural) if found else ("", _("Used by"))
        return [(ListColumn("usage", several, "usage", width="w-l", one=one), counts)]

    def cell_url(self, column: ListColumn, record: Any) -> str:
        """The usage links to who uses the record."""
        if column.kind == "usage":
            return self.usage_url(record)
        return super().cell_url(column, record)

    def usage_url(self, record: Any) -> str:
        """The list of the records that use this one."""
        for reference in references_to(self.model):
            args: dict[str, Any] = {reference.field: record.id}
            return url_for(f"{reference.spec.name}.index_view", **args)
        return ""

    def urls(self) -> dict[str, str]:
        """Beside the usual ones, where drag-to-order leads."""
        made = super().urls()
        if self.may("order"):
            made["order"] = url_for(f"{self.endpoint}.order")
        return made

    def page_menu(self) -> list[MenuItem]:
        """What Tiện ích offers beside the import."""
        if not self.may("order"):
            return []
        url = url_for(f"{self.endpoint}.order_by_name")
        # An order that somebody made after this page was shown is not to be lost unseen.
        seen = {"seen": marks.moment(utcnow())}
        return [bulk.menu_item(catalog_acts.ORDER, url, "post", fields=seen), *self.acts_item()]

    def row_menu(self, record: Any) -> list[MenuItem]:
        """What the user may do with it; delete with its reason why not."""
        items = self._edits(record) if self.may("edit") else []
        if self.may("merge"):
            url = url_for(f"{self.endpoint}.merge", id=record.id)
            items.append(bulk.menu_item(catalog_acts.MERGE, url))
        if self.may("delete"):
            url, used = url_for(f"{self.endpoint}.delete_view", id=record.id), self.usage_of(record)
            reason = self.in_use(used) if used else ""
            items.append(bulk.menu_item(catalog_acts.DELETE, url, disabled_reason=reason))
        return items

    def _edits(self, record: Any) -> list[MenuItem]:
        """Edit, default, stop using or use again."""

        def at(name: str) -> str:
            return url_for(f"{self.endpoint}.{name}", id=record.id)

        def at_once(kind: str, name: str) -> MenuItem:
            # What is done at once is done to the record as the menu shows it.
            seen = {"version": record.version}
            return bulk.menu_item(kind, at(name), "post", fields=seen)

        items = [MenuItem(_("Edit"), at("edit_view"), "pencil")]
        if not record.is_default and record.is_active:
            items.append(at_once(catalog_acts.DEFAULT, "make_default"))
        if record.is_active:
            items.append(at_once(catalog_acts.STOP, "stop"))
        else:
            items.append(at_once(catalog_acts.USE, "use_again"))
        return items

    def usage_of(self, record: Any) -> int:
        """How many records use this one; on a list, counted once for the whole page."""
        counts = g.get("usage")
        if counts is None:
            counts = usage(self.model, [record.id], reach.conditions)
        return int(counts.get(record.id, 0))

    def alternatives(self, record: Any) -> list[tuple[str, str, str]]:
        """Merging keeps the customers together under another value."""
        if not self.may("merge"):
            return []
        url = url_for(f"{self.endpoint}.merge", id=record.id)
        return [(_("Merge into…"), url, "git-merge")]

    # Form

    def defaults(self) -> dict[str, Any]:
        """A new record is in use and stands last."""
        return {"is_active": True, "color": "gray", "position": services.next_position(self.model)}

    def form(self, record: Any = None, given: MultiDict[str, str] | None = None) -> RecordForm:
        """The code's placeholder shows the code that a blank would get."""
        form = super().form(record, given)
        if record is None and "code" in form:
            form.record_field("code").placeholder = _(
                "Automatic: %(code)s", code=codes.preview(self.model)
            )
        return form

    def save_new(self, form: RecordForm) -> Any:
        """A new default takes the mark from the old one."""
        return services.create(self.model, form.values())

    def save(self, record: Any, form: RecordForm) -> None:
        """The same for an edit."""
        services.change(record, form.values(), version_of(form))

    # Acts on one record

    def _act(self, kind: str, done: str) -> Response:
        record = self.load(request.args.get("id"), "edit")
        try:
            if request.form.get("version") != str(record.version):
                raise records.Stale
            act = catalog_acts.change(kind, record)
            db.session.commit()
        except records.Stale:
            db.session.rollback()
            flash(_("Somebody changed this record just now. Look again and repeat."), "warning")
        else:
            flash(bulk.message(act, done % {"name": record.name}), "success")
        return redirect(url_for(f"{self.endpoint}.index_view", marked=record.id))

    @expose("/stop/", methods=("POST",))
    def stop(self) -> Response:
        """Ngừng sử dụng."""
        return self._act(catalog_acts.STOP, _("Stopped using %(name)s. Customers keep it."))

    @expose("/use-again/", methods=("POST",))
    def use_again(self) -> Response:
        """Dùng lại."""
        return self._act(catalog_acts.USE, _("%(name)s is in use again."))

    @expose("/make-default/", methods=("POST",))
    def make_default(self) -> Response:
        """Đặt làm mặc định."""
        return self._act(catalog_acts.DEFAULT, _("%(name)s is the default now."))

    def erase(self, record: Any) -> BulkAct:
        """Remove a record that nothing uses."""
        return catalog_acts.delete(record)

    @expose("/merge/", methods=("GET", "POST"))
    def merge(self) -> Any:
        """Gộp vào…: says how many records will move, and on POST moves them."""
        source = self.load(request.args.get("id"), "merge")
        form = self.merge_form(source)
        if request.method == "POST" and form.validate():
            target = records.fetch(self.model, form.ref("target").data)
            try:
                if target is None or str(source.version) != form.version.data:
                    raise services.CannotMerge
                name, moved = source.name, services.merge_count(source)
                act = catalog_acts.merge(source, target)
                db.session.commit()
            except (services.CannotMerge, records.InUse, records.Stale):
                db.session.rollback()
                source = self.load(source.id, "merge")
                form.refuse({"target": _("Something changed meanwhile: look again and choose.")})
            else:
                words = ngettext(
                    "Merged %(source)s into %(target)s: %(num)s record moved.",
                    "Merged %(source)s into %(target)s: %(num)s records moved.",
                    moved, source=name, target=target.name,
                )  # fmt: skip
                flash(bulk.message(act, words), "success")
                return redirect(url_for(f"{self.endpoint}.index_view", marked=target.id))
        form.version.data = str(source.version)
        html = render_template(
            "admin/model/merge.html", record=source, count=services.merge_count(source), form=form,
            title=_("Merge %(name)s into…", name=records.describe(source)),
            errors_count=len(form.errors), back_url=url_for(f"{self.endpoint}.index_view"),
        )  # fmt: skip
        return html, 422 if form.errors else 200

    def merge_form(self, source: Any) -> RecordForm:
        """One field: the record that stays."""
        spec = fields.asked("target", fields.ref("target", _l("Merge into"), required=True))
        form = form_class(self.spec, [spec], {"target": self.model})()
        target = form.ref("target")
        target.load(None)
        target.without(source.id)
        target.look_up_at(url_for(f"{self.endpoint}.lookup"))
        return form

    # Order

    @expose("/order/", methods=("POST",))
    def order(self) -> Any:
        """Put the rows of the list in this order: repeated `rows`, the record's key and the place
        that the list showed, 12.kx3f9a:3. Answers their places now."""
        given = request.form.getlist("rows")
        if not given:
            raise marks.NotTheSame(is_told=False)
        shown = [row for row in map(services.OrderedRecord.read, given) if row is not None]
        if len(shown) != len(given) or len(given) > outside.MOST_IDS:
            abort(400)
        try:
            catalog_acts.order(self.model, shown)
        except services.OrderChanged:
            db.session.rollback()
            return jsonify(error={"message": _(
                "This list was changed elsewhere meanwhile, so your move was not saved. "
                "It now shows the order as it is: move again."
            )}), 409  # fmt: skip
        now = services.places(self.model, [row.id for row in shown])
        db.session.commit()
        return jsonify(places=now)

    @expose("/order-by-name/", methods=("POST",))
    def order_by_name(self) -> Response:
        """Xếp lại theo tên."""
        try:
            act = catalog_acts.order(self.model, None, request.form.get("seen", ""))
        except services.OrderChanged:
            db.session.rollback()
            flash(_("Somebody changed this list after you opened it. It was not sorted: look at it "
                    "as it is now, and repeat if you still want that."), "warning")  # fmt: skip
        else:
            db.session.commit()
            flash(bulk.message(act, _("Sorted by name.")), "success")
        return redirect(url_for(f"{self.endpoint}.index_view"))


class CollaboratorView(CatalogView):
    """Cộng tác viên: Thêm cộng tác viên opens a dialog, Thêm và chọn saves and selects."""

    def list_context(self, state: Any, page: Any, fields: Any) -> dict[str, Any]:
        """The guide's word for adding one."""
        context = super().list_context(state, page, fields)
        return {**context, "create_label": _("Add collaborator")}

    def form_context(self, form: RecordForm, record: Any | None) -> dict[str, Any]:
        """On its own page the guide's button adds and goes to the list with the new one marked."""
        context = super().form_context(form, record)
        if record is None:
            context["title"] = _("Add collaborator")
            context["buttons"] = [
                ("_add_another", _("Save and add another"), False),
                ("_save", _("Add and select"), True),
            ]
        return context

    @expose("/create-and-select/", methods=("GET", "POST"))
    def create_and_select(self) -> Any:
        """The dialog inside the customer form, and its answer to htmx."""
        form = self.form()
        for field in form:
            field.id = f"sheet-{field.id}"  # the page below has its own `name`, `phone`, …
        status = 200
        if request.method == "POST":
            record = self.added(form)
            if record is not None:
                answer = make_response("", 204)
                event = {"id": marks.key(record), "text": record.name, "color": record.color}
                answer.headers["HX-Trigger"] = json.dumps({"collaborator-added": event})
                return answer
            status = 422
        html = render_template(
            "catalogs/_collaborator_sheet.html", form=form, near=self.near(form),
            action=url_for(f"{self.endpoint}.create_and_select"),
        )  # fmt: skip
        return html, status

    def near(self, form: RecordForm) -> list[dict[str, Any]]:
        """People of the same name without accents, who may be the one that is meant."""
        typed = (form["name"].raw_data or [""])[0]
        if not fold(typed):
            return []
        phone = self.spec.field("phone")
        return [
            {"id": marks.key(r), "text": f"{r.code} – {r.name}", "color": r.color,
             "hint": value_of(phone, r) or ""}
            for r in queries.same_name(self.model, typed)
        ]  # fmt: skip
