"""What is done to many customers at once: set a catalog value, change the owner, delete.

The sheet is about the rows as they were when it opened. It says the field, the old values, the new
one and to how many; what was shown is carried out, and what changed meanwhile is left and named.
Nothing is chosen beforehand, and emptying a field is a choice of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import abort, render_template, request, url_for
from flask_admin import expose
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import SelectChoice
from wtforms.validators import StopValidation

from crmadmin.admin import bulk as acting
from crmadmin.admin.form_fields import ChoiceField, RecordForm, RefField, chosen_id, form_class
from crmadmin.admin.selection import parameters, selection
from crmadmin.admin.view import RecordView
from crmadmin.admin.view_models import BulkAction
from crmadmin.core import acts, fields, options, outside
from crmadmin.core.acts import BulkAct
from crmadmin.core.spec import Choice, FieldSpec
from crmadmin.customers import acts as customer_acts
from crmadmin.customers.models import Customer, catalog_fields

KINDS = {
    "set": customer_acts.SET, "owner": customer_acts.OWNER, "delete": customer_acts.DELETE,
}  # fmt: skip
BLANK = "-"
"""The choice that empties a field; "" is no choice."""
MOST_LINES = 12


class ValueField(RefField):
    """A record of a catalog, or BLANK; unchosen at first, and then refused."""

    def __init__(self, spec: FieldSpec, target: type[Any], remote: bool, **kwargs: Any) -> None:
        super().__init__(spec, target, remote, **kwargs)
        self.coerce = _value

    def load(self, current: int | None) -> None:
        """The records, after the two choices that are none."""
        typed, self.data = self.data, outside.record_id(self.data)
        super().load(current)
        self.data = typed
        first = [SelectChoice("", _("Choose a value")), SelectChoice(BLANK, _("Leave blank"))]
        self.choices = [*first, *(c for c in self.choices if c.value)]

    def pre_validate(self, form: Any) -> None:
        """Refuses no choice."""
        if not self.data:
            raise StopValidation(_("Choose a value, or “Leave blank” to empty the field."))
        if self.data != BLANK:
            super().pre_validate(form)


def _value(value: Any) -> Any:
    return BLANK if value == BLANK else chosen_id(value)


class BulkPages(RecordView):
    """Acts on ticked customers."""

    def bulk_actions(self) -> list[BulkAction]:
        """What this user may do to ticked rows."""
        if not self.may("bulk"):
            return []
        here = f"{self.endpoint}.bulk"
        return [
            acting.offer(kind, act, url_for(here, act=act))
            for act, kind in KINDS.items()
            if act != "delete" or self.may("delete")
        ]

    @expose("/bulk/<act>/", methods=("GET", "POST"))
    def bulk(self, act: str) -> Any:
        """The sheet of an act, from the ticks of a list; sent itself, the act."""
        if act not in KINDS:
            abort(404)
        action = "delete" if act == "delete" else "bulk"
        if not self.may(action):
            abort(403)
        plan = acting.opened(
            KINDS[act], lambda: self.plan(KINDS[act], action),
            lambda key: f"{url_for(f'{self.endpoint}.bulk', act=act)}?act={key}",
            url_for(f"{self.endpoint}.index_view"),
        )  # fmt: skip
        if not isinstance(plan, BulkAct):
            return plan
        form = self.bulk_form(act, parameters())
        changes = self.changes(act, form, plan)
        is_told = request.form.get("seen", "") == changes["seen"]
        confirmed = acting.is_confirmed() and (act == "delete" or form.validate())
        if confirmed and is_told:
            self.settle_on(act, form, plan)
            return acting.carry_out(plan, lambda done: _words(act, done))
        html = render_template(
            f"customers/bulk_{act}.html", form=form, act=plan, count=plan.picked,
            action=url_for(f"{self.endpoint}.bulk", act=act), back_url=plan.params["back"],
            is_new=confirmed, danger=act == "delete", notes=acting.notes(plan),
            **_texts(act), **changes,
        )  # fmt: skip
        return html, 422 if acting.is_confirmed() else 200

    def plan(self, kind: str, action: str) -> BulkAct:
        """Keep which customers the ticks are about, and the list that they were ticked in."""
        given = parameters()
        back = self.back_to_list(given.get("query", ""))
        return acts.plan(
            kind, Customer, self.of_selection(selection(Customer, given), action), {"back": back}
        )

    def bulk_form(self, act: str, given: MultiDict[str, str]) -> RecordForm:
        """What the sheet asks: an owner, or a catalog and one of its records, or nothing."""
        if act == "delete":
            return RecordForm(given)
        if act == "owner":
            form = form_class(self.spec, [self.spec.field("owner")], self.targets)(given)
            owner = form.ref("owner")
            owner.load(None)
            unchosen = SelectChoice("", _("Choose an owner"))
            owner.choices = [unchosen, *(c for c in owner.choices if c.value)]
            owner.look_up_at(url_for("user.lookup"))
            return form
        refs = [self.spec.field(n) for n in catalog_fields()]
        offered = [Choice(f.name, f.label) for f in refs]
        which = fields.asked("field", fields.choice(_l("Catalog"), offered, required=True))
        named = next((f for f in refs if f.name == given.get("field")), None)
        extra = {}
        if named is not None:
            target = self.targets[named.target]
            value = replace(named, name="value", required=False)
            extra["value"] = ValueField(value, target, bool(target.__record__.is_large))
        form = form_class(self.spec, [which], self.targets, extra=extra)(given)
        which_one = form["field"]
        if isinstance(which_one, ChoiceField):
            which_one.choices = [SelectChoice("", _("Choose a catalog")), *which_one.choices]
        if named is not None:
            chosen = form.ref("value")
            chosen.load(None)
            chosen.look_up_at(url_for(f"{chosen.target.__tablename__}.lookup"))
        return form

    def changes(self, act: str, form: RecordForm, plan: BulkAct) -> dict[str, Any]:
        """What the sheet says will happen: `lines` (old, new, customers, the same already), and
        `seen`, which tells that this was shown."""
        if act == "delete":
            return {"seen": "", "contacts": customer_acts.beside(plan), "lines": []}
        name = "owner" if act == "owner" else "value"
        field = form.ref(name) if name in form else None
        typed = str(field.data or "") if field is not None else ""
        if field is None or not (field.data == BLANK or field.data in field.records):
            return {"seen": "", "lines": [], "more": 0}
        new = outside.record_id(typed)
        found = customer_acts.values_now(plan, field.spec.column)
        names = _names(field.target, [value for value, _n in found] + [new])
        lines = [(names[value], names[new], n, value == new) for value, n in found]
        same = [line for line in lines if line[3]]  # at most one; it is never among “more”
        others = [line for line in lines if not line[3]]
        shown = MOST_LINES - len(same)
        return {
            "seen": f"{field.spec.column}:{typed}",
            "lines": others[:shown] + same,
            "more": sum(line[2] for line in others[shown:]),
        }

    def settle_on(self, act: str, form: RecordForm, plan: BulkAct) -> None:
        """Note on the plan what the sheet asked, and was answered."""
        if act == "delete":
            return
        field = form.ref("owner" if act == "owner" else "value")
        key = outside.record_id(str(field.data or ""))
        value = _names(field.target, [key])[key]
        plan.params = {**plan.params, "field": str(field.spec.label), "value": value}
        customer_acts.want(plan, field.spec.column, key)


def _names(target: type[Any], keys: list[int | None]) -> dict[int | None, str]:
    """Names by id; None is no value, and what is gone its number."""
    known = {o.id: o.text for o in options.chosen(target, [k for k in keys if k])}
    return {key: known.get(key, f"#{key}") if key else _("Not set") for key in keys}


def _texts(act: str) -> dict[str, Any]:
    """Title and button of a sheet."""
    return {
        "set": {"title": _("Set a catalog value"), "label": _("Update")},
        "owner": {"title": _("Change owner"), "label": _("Update")},
        "delete": {"title": _("Delete customers"), "label": _("Delete")},
    }[act]


def _words(act: str, done: int) -> str:
    if act == "delete":
        return ngettext(
            "Deleted %(count)s customer.", "Deleted %(count)s customers.", done,
            count=format_decimal(done),
        )  # fmt: skip
    return ngettext(
        "Changed %(count)s customer.", "Changed %(count)s customers.", done,
        count=format_decimal(done),
    )  # fmt: skip
