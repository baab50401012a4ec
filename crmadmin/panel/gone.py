"""The page for a form whose record is gone: what was typed into it, in words, and what one can do.

The id may name another record by now; nothing of the form is written there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import current_app, request, url_for
from flask_babel import gettext as _

from crmadmin.access import guard
from crmadmin.admin.form_fields import chosen_id
from crmadmin.core import marks, options, outside
from crmadmin.core.db import all_records, spec_of
from crmadmin.core.spec import FieldSpec, RecordSpec, Words
from crmadmin.customers.models import Contact
from crmadmin.groups.models import CustomerGroup
from crmadmin.imports.kinds import KINDS

NOT_TYPED = re.compile(
    r"csrf_token|_.*|version|seen.*|opened|merging|back|ids|more|password.*|current|new|again"
)
"""Names of what a page sends along without anybody having typed it; and of what is never shown."""
OF_CONTACT = re.compile(r"contacts-([0-9]{1,4})-([a-z_]+)")
OF_CELL = "cell-"


def words(error: marks.NotTheSame) -> dict[str, str]:
    """Title, message and way out."""
    if error.is_told:
        return {
            "title": _("This record is gone"),
            "message": _(
                "Somebody deleted it after you opened this page. Nothing was saved, neither to it "
                "nor to the record that may have its number now."
            ),
            "way_out": _("What you typed stands below. Look in the list for what is there now."),
        }
    return {
        "title": _("Open this page again"),
        "message": _(
            "This page does not say which record it was opened for, so nothing was saved. "
            "It may have been opened before the system was updated."
        ),
        "way_out": _("What you typed stands below. Open the record from the list and repeat it."),
    }


def context(error: marks.NotTheSame) -> dict[str, Any]:
    """What the page shows beside the words: what was typed, and where one can go."""
    spec = _spec()
    add_url = _add_url(spec) if error.is_told else ""
    return {
        "typed": list(_typed(spec)),
        "list_url": _list_url(spec),
        "add_url": add_url,
        "kept": list(_kept()) if add_url else [],
    }


def _spec() -> RecordSpec | None:
    """The kind of record that the request was about."""
    name = (request.endpoint or "").partition(".")[0]
    if name == "groups":
        return spec_of(CustomerGroup)
    model = next((m for m in all_records() if m.__tablename__ == name), None)
    return spec_of(model) if model is not None else None


def _list_url(spec: RecordSpec | None) -> str:
    name = f"{spec.name}.index_view" if spec is not None else "imports.index"
    return url_for(name) if guard.reaches(name) else url_for("admin.index")


def _add_url(spec: RecordSpec | None) -> str:
    """Where what was typed makes a new record; "" where it would not."""
    name = f"{spec.name}.create_view" if spec is not None else ""
    is_form = request.endpoint == f"{name.partition('.')[0]}.edit_view"
    may = is_form and name in current_app.view_functions and guard.reaches(name)
    return url_for(name) if may else ""


def _kept() -> Iterator[tuple[str, str]]:
    """What the form of a new record is to hold; contacts become new ones too."""
    for name, value in request.form.items(multi=True):
        contact = OF_CONTACT.fullmatch(name)
        is_id = contact is not None and contact[2] == "id"
        if NOT_TYPED.fullmatch(name) is None and not is_id:
            yield name, value


def _typed(spec: RecordSpec | None) -> Iterator[tuple[Words, str]]:
    """What people typed and chose: (label, words)."""
    for name, value in request.form.items(multi=True):
        if not value.strip() or NOT_TYPED.fullmatch(name) is not None:
            continue
        label, field = _field(spec, name)
        if field is not None:
            yield label, _words(field, value)


def _field(spec: RecordSpec | None, name: str) -> tuple[Words, FieldSpec | None]:
    contact = OF_CONTACT.fullmatch(name)
    if contact is not None:
        field = spec_of(Contact).by_name.get(contact[2])
        label = field.label if field is not None else ""
        return _(
            "%(label)s, contact %(n)s", label=label, n=(outside.whole(contact[1]) or 0) + 1
        ), field
    known: Mapping[str, FieldSpec] = spec.by_name if spec is not None else {}
    if name.startswith(OF_CELL):
        known = {c.name: c.spec for kind in KINDS.values() for c in kind.columns}
        name = name.removeprefix(OF_CELL)
    field = known.get(name)
    return (field.label if field is not None else ""), field


def _words(field: FieldSpec, value: str) -> str:
    if field.is_ref:
        number = chosen_id(value)
        model = next((m for m in all_records() if m.__name__ == field.target), None)
        found = options.chosen(model, [number]) if number is not None and model is not None else ()
        return found[0].text if found else "–"
    if field.kind.is_yes_no:
        return _("Yes")
    return str(field.choice_label(value)) if field.choices else value
