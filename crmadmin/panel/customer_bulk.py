"""What is done to many customers at once: set a catalog value, change the owner, delete, put them
into a marketing group.

First a sheet that says to how many, then the act. Rows that someone wrote since the list was shown
are left as they are and counted; being in a group changes nothing of a customer, so that goes on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from crmadmin.core import outside
from crmadmin.core.db import db, utcnow
from crmadmin.core.spec import Choice, FieldKind, FieldSpec
from crmadmin.customers import queries, services
from crmadmin.customers.models import Customer, catalog_fields
from crmadmin.panel.forms import RecordForm, form_class
from crmadmin.panel.selection import leave, parameters, selection
from crmadmin.panel.shapes import BulkAction

ACTS = ("set", "owner", "delete")


class BulkPages:
    """Mixed into the customer view."""

    def bulk_actions(self: Any) -> list[BulkAction]:
        """What this user may do to ticked rows."""
        if not self.may("bulk"):
            return []
        here = f"{self.endpoint}.bulk"
        found = [
            BulkAction("set", _("Set catalog value"), "tag", url_for(here, act="set")),
            BulkAction("owner", _("Change owner"), "user-share", url_for(here, act="owner")),
        ]
        if self.may("delete"):
            found.append(
                BulkAction("delete", _("Delete"), "trash", url_for(here, act="delete"), True)
            )
        return found

    @expose("/bulk/<act>/", methods=("GET", "POST"))
    def bulk(self: Any, act: str) -> Any:
        """GET: the sheet that says what will happen to how many. POST: the act."""
        if act not in ACTS:
            abort(404)
        if act == "delete" and not self.may("delete"):
            abort(403)
        given = parameters()
        where, context = self.selected(given, "delete" if act == "delete" else "bulk")
        form = self.bulk_form(act, given)
        if request.method == "POST" and (act == "delete" or form.validate()):
            wanted = queries.count(where)
            done = self.do(act, form, [*where, Customer.updated_at <= _as_of(given)])
            db.session.commit()
            self.tell(act, done, wanted)
            return leave(url_for(f"{self.endpoint}.index_view"))
        context.update(
            form=form,
            count=queries.count(where),
            action=url_for(f"{self.endpoint}.bulk", act=act),
            value_url=url_for(f"{self.endpoint}.bulk", act=act),
        )
        html = render_template(f"customers/_bulk_{act}.html", **context)
        return html, 422 if request.method == "POST" else 200

    def bulk_form(self: Any, act: str, given: MultiDict[str, str]) -> Any:
        """What the sheet asks: an owner, or a catalog and one of its records, or nothing."""
        fields = [self.spec.field(n) for n in catalog_fields()]
        if act == "delete":
            return RecordForm(given)
        if act == "owner":
            form = form_class(self.spec, [self.spec.field("owner")], self.targets)(given)
            form.owner.load(None)
            form.owner.look_up_at(url_for("user.lookup"))
            return form
        name = given.get("field", fields[0].name)
        field = self.spec.field(name if name in catalog_fields() else fields[0].name)
        which = FieldSpec(
            FieldKind.CHOICE, _l("Catalog"), "field", "field", required=True,
            choices=tuple(Choice(f.name, f.label) for f in fields),
        )  # fmt: skip
        value = replace(field, name="value", required=False)
        form = form_class(self.spec, [which, value], self.targets)(given)
        form.value.load(None)
        form.value.look_up_at(url_for(f"{form.value.target.__tablename__}.lookup"))
        return form

    def selected(
        self: Any, given: MultiDict[str, str], action: str
    ) -> tuple[list[Any], dict[str, Any]]:
        """The conditions of the ticked rows, or of all that match; and what the sheet repeats."""
        chosen = selection(given)
        context = {**chosen.context(), "as_of": given.get("as_of") or utcnow().isoformat()}
        if chosen.query is not None:
            return self.where(self.asked(chosen.args), action), context
        return [*self.scope(action), Customer.id.in_(chosen.ids)], context

    def do(self: Any, act: str, form: Any, where: list[Any]) -> int:
        """Write; says to how many."""
        if act == "delete":
            return services.bulk_delete(where)
        if act == "owner":
            return services.bulk_set(where, "owner_id", form.owner.data)
        return services.bulk_set(where, form.value.spec.column, form.value.data)

    def tell(self: Any, act: str, done: int, wanted: int) -> None:
        """Say what was done, and to how many it was not."""
        if act == "delete":
            words = ngettext("Deleted %(num)s customer.", "Deleted %(num)s customers.", done)
        else:
            words = ngettext("Changed %(num)s customer.", "Changed %(num)s customers.", done)
        left = wanted - done
        if left > 0:
            words += " " + ngettext(
                "%(num)s was left: it had the value already or was changed since you looked.",
                "%(num)s were left: they had the value already or were changed since you looked.",
                left,
            )
        flash(words, "success")


def _as_of(given: MultiDict[str, str]) -> datetime:
    """When the sheet was shown; now when the field was forged."""
    return outside.moment(given.get("as_of")) or utcnow()
