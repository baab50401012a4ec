"""Saved views of a list: the tabs above it, saving what it shows now, and tidying them up.

A view is a name for the list's query string; the address itself holds the filters, so sharing a
view is sharing the address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, StringField

from crmadmin.access import guard, saved_views
from crmadmin.access.messages import explain
from crmadmin.admin.filters import ChoicePages
from crmadmin.admin.list import HTMX
from crmadmin.admin.list_page import FIRST_PAGE
from crmadmin.admin.selection import leave
from crmadmin.core import marks, outside
from crmadmin.core.db import db
from crmadmin.core.facets import FacetLine
from crmadmin.core.forms import PageForm
from crmadmin.core.list_state import ListState, Unread, UnreadSearch
from crmadmin.core.paging import Page
from crmadmin.core.spec import FieldSpec
from crmadmin.core.text import Refusal

ALL = "all"
"""The parameter that opens everything where a view is the default."""


class ViewForm(PageForm):
    """Naming what a list shows."""

    name = StringField(
        _l("Name"), render_kw={"maxlength": saved_views.LONGEST_NAME, "autofocus": True}
    )
    is_default = BooleanField(_l("Open the list with this"))
    replace = BooleanField(_l("Replace the saved view of this name"))


class SavedViewPages(ChoicePages):
    """The views above the list, and the pages on which they are kept."""

    def list_page(self) -> ResponseReturnValue:
        """The list; its bare address opens the user's default view, if there is one."""
        if not request.query_string and HTMX not in request.headers:
            default = next((view for view in self.views() if view.flag), None)
            if default is not None:
                return redirect(self.stored_url(default.more))
        return super().list_page()

    def views(self) -> list[FacetLine]:
        """The user's views of this list; read once a request."""
        if "saved_views" not in g:
            g.saved_views = saved_views.of(self._user_id(), self.spec.name)
        found: list[FacetLine] = g.saved_views
        return found

    def short_lists(self, parts: Sequence[Any]) -> list[list[FacetLine]]:
        """With the views, which come in the same statement as the names of what is chosen."""
        wanted = "saved_views" not in g
        if wanted:
            parts = [*parts, saved_views.part_of(self._user_id(), self.spec.name)]
        found = super().short_lists(parts)
        if wanted:
            g.saved_views = found.pop()
        return found

    def list_context(
        self, state: ListState, page: Page, fields: list[FieldSpec]
    ) -> dict[str, object]:
        """With the views, which of them this is, and where this one is saved."""
        context = super().list_context(state, page, fields)
        query, views = self.query_of(state), self.views()
        everything = self.view_url(f"{ALL}=1" if any(view.flag for view in views) else "")
        shown = [(v.text, self.stored_url(v.more), v.more == query, v.flag) for v in views]
        is_saved = any(is_on for _name, _url, is_on, _default in shown)
        save_url = url_for(f"{self.endpoint}.save_view")
        return {
            **context,
            "clear_url": everything,
            "views": shown,
            "all_url": everything,
            "is_everything": not query,
            "save_view_url": f"{save_url}?{query}" if query and not is_saved else "",
            "views_url": url_for(f"{self.endpoint}.saved_views"),
        }

    def query_of(self, state: ListState) -> str:
        """What a view keeps of a state: the same text for the same list, less the page."""
        args = state.args(**FIRST_PAGE, last=None, count=None)
        return urlencode(sorted(args.items()), doseq=True)

    def view_url(self, query: str) -> str:
        """The list as a view shows it."""
        here = url_for(f"{self.endpoint}.index_view")
        return f"{here}?{query}" if query else here

    def stored_url(self, query: str) -> str:
        """The list as a stored view shows it; one that cannot be read leads to where it is mended.

        It is written anew: whatever is stored, an address is what comes of it.
        """
        given = outside.parameters(query)
        if given is None:
            return url_for(f"{self.endpoint}.saved_views")
        return self.view_url(urlencode(list(given.items(multi=True))) or f"{ALL}=1")

    def trouble(self, query: str) -> list[str]:
        """The parts of a saved view that cannot be read (any more), in words."""
        given = outside.parameters(query)
        if given is None:
            return [Unread("text", query).words]
        state = self.state(given)
        unread = state.unread or (() if self.query_of(state) else (Unread("text", query),))
        return [part.words for part in unread]

    @expose("/views/new/", methods=("GET", "POST"))
    def save_view(self) -> ResponseReturnValue:
        """Lưu bộ lọc: a name for the query string that came along."""
        sent = request.form.get("query", "") if request.method == "POST" else _query_string()
        state = self.state(_parameters(sent))
        query = self.query_of(state)
        form = ViewForm()
        if request.method == "POST":
            try:
                view = saved_views.save(
                    self._user_id(), self.spec.name, form.name.data or "", query,
                    default=form.is_default.data, replace=form.replace.data,
                )  # fmt: skip
            except Refusal as refusal:
                db.session.rollback()
                form.name.errors = [*form.name.errors, explain(refusal)]
            else:
                db.session.commit()
                flash(_("Saved the view “%(name)s”.", name=view.name), "success")
                return leave(self.view_url(query))
        html = render_template(
            "groups/act.html", title=_("Save this view"), form=form, label=_("Save"),
            fields=[form.name, form.is_default, *([form.replace] if form.name.errors else [])],
            action=url_for(f"{self.endpoint}.save_view"), hidden=[("query", query)],
            texts=[_("It keeps search, filters and order. What fits later appears by itself.")],
            notes=[("warn", _("Left out: %(what)s", what=part.words)) for part in state.unread],
            back_url=self.view_url(query),
        )  # fmt: skip
        return html, 422 if form.name.errors else 200

    @expose("/views/", methods=("GET", "POST"))
    def saved_views(self) -> ResponseReturnValue:
        """Rename, forget, and choose which view the list opens with."""
        problem, user_id, record = "", self._user_id(), self.spec.name
        if request.method == "POST":
            try:
                self._tidy(user_id, record)
            except Refusal as refusal:
                db.session.rollback()
                problem = explain(refusal)
            else:
                db.session.commit()
                flash(_("Saved views updated."), "success")
                return leave(self.view_url(f"{ALL}=1"))
        marks.carry(*saved_views.own(user_id, record).values())
        html = render_template(
            "admin/model/views.html", title=_("Saved views"), problem=problem,
            saved=(saved := saved_views.of(user_id, record)),
            trouble={view.id: self.trouble(view.more) for view in saved},
            longest=saved_views.LONGEST_NAME,
            action=url_for(f"{self.endpoint}.saved_views"), back_url=self.view_url(""),
        )  # fmt: skip
        return html, 422 if problem else 200

    def _tidy(self, user_id: int, record: str) -> None:
        """What was posted: `name-ID`, `remove` (ids), `default` (an id or '')."""
        self._require_seen(saved_views.own(user_id, record))
        gone = outside.record_ids(request.form.getlist("remove"))
        saved_views.remove(user_id, record, gone)
        for field, typed in request.form.items():
            key = outside.record_id(field.removeprefix("name-"))
            if key and field.startswith("name-") and key not in gone:
                saved_views.rename(user_id, record, key, typed)
        if "default" in request.form:
            saved_views.set_default(user_id, record, outside.record_id(request.form["default"]))

    def _require_seen(self, views: Mapping[int, Any]) -> None:
        """Of each view that is posted the page must say that it is the one it showed."""
        posted = [name.removeprefix("name-") for name in request.form if name.startswith("name-")]
        chosen = [*request.form.getlist("remove"), request.form.get("default")]
        for key in outside.record_ids([*posted, *chosen]):
            marks.require(views.get(key))

    def _user_id(self) -> int:
        user = guard.current_user()
        return user.id if user is not None else 0


def _query_string() -> str:
    return request.query_string.decode("utf-8", "replace")


def _parameters(query: str) -> MultiDict[str, str]:
    found = outside.parameters(query)
    if found is None:
        raise UnreadSearch([Unread("text", query)])
    return found
