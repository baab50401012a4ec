"""How values look in lists and details: one macro of templates/admin/_cells.html a kind.

Masking happens here, before anything reaches a template.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from flask import current_app, get_template_attribute, request
from markupsafe import Markup

from crmadmin.access import guard
from crmadmin.admin.view_models import ListColumn
from crmadmin.core import masks
from crmadmin.core.records import AnyRecord
from crmadmin.core.spec import FieldSpec


def macro(template: str, name: str) -> Callable[..., Markup]:
    """A macro of a template, to be called like a function."""
    found: Callable[..., Markup] = get_template_attribute(template, name)
    return found


def cell(column: ListColumn, record: AnyRecord, value: object, url: str) -> Markup:
    """One value of a details page; `url` is where it leads, or ''."""
    shown = macro("admin/model/_cells.html", "cell")
    return shown(_look(column, value), value, record, column, url)


def list_cell(column: ListColumn, record: AnyRecord, value: object, url: str) -> Markup:
    """The same for a row of a list, in fewer words: addresses below the list's are relative."""
    shown = macro("admin/model/_cells.html", "bare")
    url = url.removeprefix(request.path) or url
    return shown(_look(column, value), value, record, column, url)


def value_of(field: FieldSpec, record: AnyRecord) -> object:
    """What the current user may see of a field: refs as records, sensitive values masked.

    Every value of a record that people read comes through here (tests/contracts/test_canaries.py).
    """
    value = getattr(record, field.name)
    if field.sensitive and not guard.sees_sensitive():
        value = masks.shown(field, value, partial(getattr, record))
    if value is None or isinstance(value, masks.Masked):
        return value
    if field.kind.display is not None:
        return field.kind.display(value)
    if field.kind.is_moment:
        return local(value)
    if field.choices:
        return field.choice_label(value)
    return value


def _look(column: ListColumn, value: object) -> str:
    """The macro that draws a value: one for all masks, whatever the column holds."""
    return "masked" if isinstance(value, masks.Masked) else column.kind


def local(moment: datetime) -> datetime:
    """A moment in the product's time zone."""
    return moment.astimezone(ZoneInfo(current_app.config["SETTINGS"].timezone))
