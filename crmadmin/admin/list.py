"""The list pages of a record: rows, filters, what may be done to them, and remote look-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import current_app, g, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import format_decimal
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crmadmin.access import guard
from crmadmin.admin import cells, extensions, extra_filters, list_page
from crmadmin.admin.extra_filters import ExtraFilter
from crmadmin.admin.page_links import neighbours
from crmadmin.admin.record import Record
from crmadmin.admin.selection import Selection
from crmadmin.admin.view_models import BulkAction, ListColumn, MenuItem, PageView, Segment, Tab
from crmadmin.core import exports, listing, options, outside
from crmadmin.core.facets import Condition
from crmadmin.core.list_state import ListState, UnreadSearch, read_state, unknown
from crmadmin.core.paging import Page
from crmadmin.core.records import AnyRecord
from crmadmin.core.spec import FieldSpec, Words

HTMX = "HX-Request"
OTHER_PARAMETERS = frozenset({"marked", "all", "lang", "format", "id"})
"""What the addresses of a list's pages hold beside its search."""


class ListPages(Record):
    """The list, and what its rows and other pages of rows need."""

    list_template_name = "admin/model/list.html"

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """The list."""
        return self.list_page()

    def list_page(self) -> ResponseReturnValue:
        """The list, or only its results when htmx asks."""
        state = self.state()
        fields = self.list_fields()
        page = listing.page(
            self.spec, state, self.where(state), fields, sees_sensitive=guard.sees_sensitive()
        )
        partial = HTMX in request.headers and "HX-Boosted" not in request.headers
        template = "admin/model/_results.html" if partial else self.list_template_name
        return render_template(template, **self.list_context(state, page, fields))

    def state(self, args: MultiDict[str, str] | None = None) -> ListState:
        """What the URL (or the given parameters) asks for."""
        given = request.args if args is None else args
        found = read_state(self.spec, given, sees_sensitive=guard.sees_sensitive())
        more = self.more_filters()
        strange = unknown(self.spec, given, {*OTHER_PARAMETERS, *(extra.name for extra in more)})
        found = replace(found, unread=(*found.unread, *strange))
        return extra_filters.read(found, more, given)

    def asked(self, args: MultiDict[str, str] | None = None) -> ListState:
        """The same for an act or a file, which keeps to the whole search or is not done.

        Raises UnreadSearch.
        """
        found = self.state(args)
        if found.unread:
            raise UnreadSearch(found.unread)
        return found

    def where(self, state: ListState, action: str = "read") -> list[Condition]:
        """Scope and filters of a state."""
        own, more = extra_filters.split(state, self.more_filters())
        conditions = listing.clauses(
            self.spec, own, sees_sensitive=guard.sees_sensitive(),
            zone=current_app.config["SETTINGS"].timezone,
        )  # fmt: skip
        return [*self.scope(action), *conditions, *more]

    def more_filters(self) -> Sequence[ExtraFilter]:
        """Filters that are no fields of the records."""
        return [one for e in extensions.of(self.spec.name) for one in e.filters()]

    def list_fields(self) -> list[FieldSpec]:
        """The fields shown as columns."""
        return list(self.spec.listed)

    def export_extra(self, where: Sequence[Condition]) -> Sequence[exports.Extra]:
        """Columns of the file that are no fields."""
        return ()

    def extra_columns(self, rows: Sequence[AnyRecord]) -> list[tuple[ListColumn, dict[int, Any]]]:
        """Columns that are no fields: (column, id → value)."""
        return []

    def list_context(
        self, state: ListState, page: Page, fields: list[FieldSpec]
    ) -> dict[str, object]:
        """Everything that the list's templates read."""
        sees = guard.sees_sensitive()
        extra = self.extra_columns(page.rows)
        self_url = f"{self.endpoint}.index_view"
        columns = list_page.columns(self.endpoint, state, fields, sees_sensitive=sees)
        g.extra_values = {column.name: by_id for column, by_id in extra}
        return {
            "view": self,
            "spec": self.spec,
            "state": state,
            "page": self.page_view(state, page),
            "columns": self.in_order([*columns, *(column for column, _by_id in extra)]),
            "least_width": list_page.least_width,
            "q": state.query,
            "query": urlencode(state.args(page=None), doseq=True),
            "unread": [part.words for part in state.unread],
            "search_label": self.search_label(),
            "clear_url": url_for(self_url),
            "tabs": self.tabs(),
            "segments": self.segments(state),
            "bulk_actions": self.all_bulk_actions(),
            "can": self.abilities(),
            "urls": self.urls(),
            "utilities": self.page_menu(),
            "row_menu": self.row_menu,
            "empty_help": self.empty_help(),
            "marked": outside.record_id(request.args.get("marked")),
        }  # fmt: skip

    def in_order(self, columns: list[ListColumn]) -> list[ListColumn]:
        """The columns as they stand from left to right."""
        return columns

    def page_view(self, state: ListState, page: Page) -> PageView:
        """The page with its links."""

        def link(**changes: object) -> str:
            return url_for(f"{self.endpoint}.index_view", **state.args(**changes))

        return PageView.of(
            page,
            total_text=total_text(page),
            count_url="" if page.exact else link(count="all"),
            **neighbours(page, link),
        )

    def empty_help(self) -> Words | None:
        """What the list says while it holds nothing: what stands in it."""
        return self.spec.help

    def abilities(self) -> dict[str, bool]:
        """What the page offers this user."""
        urls = self.urls()
        return {
            **{word: self.may(word) for word in ("create", "edit", "delete", "order")},
            **{word: word in urls for word in ("import_", "export")},
        }

    def cell(self, column: ListColumn, record: AnyRecord) -> Markup:
        """One cell of the table."""
        if column.field is not None:
            value = cells.value_of(column.field, record)
        else:
            value = g.extra_values[column.name].get(record.id)
        return cells.list_cell(column, record, value, self.cell_url(column, record))

    def cell_url(self, column: ListColumn, record: AnyRecord) -> str:
        """Where a cell leads: the name to its record, others nowhere."""
        return self.record_url(record) if column.kind == "name" else ""

    def search_label(self) -> str:
        """What the search box says it looks through; nothing that this user sees masked."""
        sees = guard.sees_sensitive()
        found = [f for f in self.spec.having("searched") if sees or not f.sensitive]
        return ", ".join(str(f.label) for f in found[:4])

    def urls(self) -> dict[str, str]:
        """Addresses of what this user may do on the list."""
        made = {"list": url_for(f"{self.endpoint}.index_view")}
        if self.may("create"):
            made["create"] = url_for(f"{self.endpoint}.create_view")
        if self.may("export"):
            made["export"] = url_for(f"{self.endpoint}.export", **self.state().args(page=None))
        return made

    def tabs(self) -> list[Tab]:
        """Lists beside this one."""
        return []

    def segments(self, state: ListState) -> list[Segment]:
        """The coarse filter above the table."""
        return []

    def bulk_actions(self) -> list[BulkAction]:
        """What can be done to ticked rows."""
        return []

    def all_bulk_actions(self) -> list[BulkAction]:
        """Everything that can be done to them."""
        return self.bulk_actions()

    def of_selection(self, chosen: Selection, action: str) -> list[Condition]:
        """The conditions of a selection, within what this user may do that to."""
        if chosen.query is not None:
            return list(self.where(self.asked(chosen.args), action))
        return [*self.scope(action), self.model.id.in_(chosen.ids)]

    def back_to_list(self, query: str) -> str:
        """The list with the search, filters, sort and page that it had."""
        args = Selection(query=query).args
        return url_for(f"{self.endpoint}.index_view", **self.state(args).args())

    def page_menu(self) -> list[MenuItem]:
        """The items of Tiện ích."""
        return self.acts_item() if self.may("bulk") else []

    def acts_item(self) -> list[MenuItem]:
        """What was done to many records, to look at or take back."""
        return [MenuItem(_("Done to many"), url_for("acts.index"), "history")]

    def record_url(self, record: AnyRecord) -> str:
        """Where a row's name leads."""
        action = "edit_view" if self.may("edit") else "details_view"
        return url_for(f"{self.endpoint}.{action}", id=record.id)

    def row_menu(self, record: AnyRecord) -> list[MenuItem]:
        """The acts on one row."""
        items = []
        if self.may("edit"):
            url = url_for(f"{self.endpoint}.edit_view", id=record.id)
            items.append(MenuItem(_("Edit"), url, "pencil"))
        if self.may("delete"):
            items.append(self.delete_item(record))
        return items

    def delete_item(self, record: AnyRecord) -> MenuItem:
        """The delete act of a row: a page that says what it will do."""
        url = url_for(f"{self.endpoint}.delete_view", id=record.id)
        return MenuItem(_("Delete"), url, "trash", danger=True)

    @expose("/lookup/")
    def lookup(self) -> Response:
        """Active records that match `q`, for remote selects; with `proof` for those of forms."""
        found = options.lookup(
            self.model, outside.words(request.args.get("q")), sees_sensitive=guard.sees_sensitive(),
            where=self.scope("lookup" if self.permission("lookup") else "read"),
        )  # fmt: skip
        is_proven = request.args.get("proof") == "1"
        return jsonify(results=[o.as_json(is_proven=is_proven) for o in found])


def total_text(page: Page) -> str:
    """How many there are, in words: the number, or that there are more than were counted."""
    if page.exact:
        return str(format_decimal(page.total))
    return _("more than %(count)s", count=format_decimal(page.total))
