"""The form in which one marketing group is chosen that customers are put into."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import SelectChoice

from crmadmin.admin.form_fields import RecordForm, form_class
from crmadmin.core import fields, records
from crmadmin.core.db import spec_of
from crmadmin.groups import lists
from crmadmin.groups.models import CustomerGroup

TARGET = fields.asked("target", fields.ref("target", _l("Marketing group"), required=True))


def choice(given: MultiDict[str, str], but: Collection[int] = ()) -> RecordForm:
    """A form with one field, `target`: the groups that are lists of their own, less `but`.

    A group that follows a filter has no list to put anybody into.
    """
    form = form_class(spec_of(CustomerGroup), [TARGET], {"target": CustomerGroup})(given)
    target = form.ref("target")
    target.load(None)
    for key in {*but, *lists.following_ids()}:
        target.without(key)
    blank = SelectChoice("", _("Choose a group"))
    target.choices = [blank, *(c for c in target.choices if c.value)]
    return form


def chosen(form: RecordForm) -> CustomerGroup | None:
    """The group that stands in the form, if it is there and may be chosen."""
    target = form.ref("target")
    return records.fetch(CustomerGroup, target.data) if target.data in target.records else None
