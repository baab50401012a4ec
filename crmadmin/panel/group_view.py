"""Pages of marketing groups: search with Tìm kiếm and Mặc định, the form, the members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from crmadmin.access import guard
from crmadmin.core.listing import owned_by, search
from crmadmin.core.paging import DEFAULT_PER_PAGE, positive
from crmadmin.customers.models import Customer
from crmadmin.groups import queries
from crmadmin.panel.forms import RecordForm
from crmadmin.panel.model_view import RecordView
from crmadmin.panel.record_list import total_text
from crmadmin.panel.shapes import Column, PageView


class GroupView(RecordView):
    """Marketing > Nhóm khách hàng."""

    form_template = "groups/form.html"

    def extra_columns(self, rows: Sequence[Any]) -> list[tuple[Column, dict[int, Any]]]:
        """How many members each group has."""
        counts = queries.member_counts([r.id for r in rows])
        column = Column("members", _("Members"), "number", width="w-s2", align="end")
        return [(column, {r.id: counts.get(r.id, 0) for r in rows})]

    def list_context(self, state: Any, page: Any, fields: Any) -> dict[str, Any]:
        """The guide's two buttons stand beside the search box."""
        context = super().list_context(state, page, fields)
        return {
            **context,
            "search_buttons": True,
            "empty_template": "groups/_empty.html",
            "catalog_url": url_for("sales_group.index_view"),
        }

    def record_url(self, record: Any) -> str:
        """A group's name leads to its members."""
        return url_for(f"{self.endpoint}.details_view", id=record.id)

    def form_context(self, form: RecordForm, record: Any | None) -> dict[str, Any]:
        """The guide's words: Lưu for a new group, Cập nhật for one that is there."""
        context = super().form_context(form, record)
        if record is not None:
            context["buttons"] = [("_save", _("Update"), True)]
            context["import_url"] = self._import_url(record)
        return context

    def details_template(self) -> str:
        """With the members."""
        return "groups/details.html"

    def details_context(self, record: Any) -> dict[str, Any]:
        """With a page of the members that this user may see."""
        owner = guard.limited_to("customers:read")
        query = request.args.get("q", "").replace("\0", "").strip()[:200]
        where = search(Customer, query, sees_sensitive=guard.sees_sensitive())
        if owner is not None:
            where.append(owned_by(Customer, owner))
        number = positive(request.args.get("page"), 1)
        page = queries.members(record.id, number, DEFAULT_PER_PAGE, where)

        def link(to: int) -> str:
            args = {"id": record.id, "page": to, "q": query or None}
            return url_for(f"{self.endpoint}.details_view", **args)

        shown = PageView.of(
            page, total_text=total_text(page), count_url="",
            prev_url=link(page.number - 1) if page.number > 1 else "",
            next_url=link(page.number + 1) if page.has_next else "",
        )  # fmt: skip
        return {
            **super().details_context(record),
            "page": replace(shown, per_page_choices=()),
            "q": query,
            "member_url": lambda customer: url_for("customer.details_view", id=customer.id),
            "import_url": self._import_url(record),
        }

    def _import_url(self, record: Any) -> str:
        if not (self.may("import") and guard.can("customers:import")):
            return ""
        return url_for("imports.new", kind="customers-contacts", group=record.id)

    def consequences(self, record: Any) -> list[str]:
        """Deleting a group says that the customers stay."""
        count = queries.member_counts([record.id]).get(record.id, 0)
        return [
            ngettext(
                "%(num)s customer leaves the group and stays in the system.",
                "%(num)s customers leave the group and stay in the system.",
                count,
            )
        ]
