"""What can be done with one row of a list. The page of a list holds a button a row; the menu behind
it is loaded when it is opened, and is a page of its own without scripts."""

from __future__ import annotations

from flask import render_template, url_for
from flask_babel import gettext as _

from crmadmin.admin.list import ListPages
from crmadmin.core import records
from crmadmin.core.records import AnyRecord


def page(view: ListPages, record: AnyRecord) -> str:
    """The items of a row's menu; for users who may do nothing with the row there are none."""
    return render_template(
        "admin/model/acts.html",
        items=view.row_menu(record),
        title=_("Actions for %(name)s", name=records.describe(record)),
        back_url=url_for(f"{view.endpoint}.index_view"),
    )
