"""What can be done with one row of a list. The page of a list holds a button a row; the menu behind
it is loaded when it is opened, and is a page of its own without scripts."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_admin import expose
from flask_babel import gettext as _

from crmadmin.core import records


class RowActs:
    """Mixed into RecordView."""

    endpoint: str
    load: Any
    row_menu: Any

    @expose("/acts/")
    def row_acts(self) -> str:
        """The items of a row's menu; for who may do nothing with the row there are none."""
        record = self.load(request.args.get("id"), "read")
        return render_template(
            "admin/model/acts.html",
            items=self.row_menu(record),
            title=_("Actions for %(name)s", name=records.describe(record)),
            back_url=url_for(f"{self.endpoint}.index_view"),
        )
