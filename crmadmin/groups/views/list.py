"""The list of marketing groups: what it shows beside names, its filters, and deleting many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from crmadmin.access import guard, reach
from crmadmin.access.models import User
from crmadmin.access.permissions import Permission
from crmadmin.admin import bulk as acting
from crmadmin.admin import extensions
from crmadmin.admin.cells import macro
from crmadmin.admin.extra_filters import ExtraFilter, is_id
from crmadmin.admin.selection import Selection, leave, selection
from crmadmin.admin.view_models import BulkAction, ListColumn, MenuItem
from crmadmin.core import acts, exports
from crmadmin.core.acts import BulkAct
from crmadmin.core.db import db
from crmadmin.core.facets import Condition
from crmadmin.core.list_state import ListState
from crmadmin.core.outside import record_ids
from crmadmin.core.paging import Page
from crmadmin.core.records import AnyRecord
from crmadmin.core.spec import FieldSpec, Words
from crmadmin.customers.models import Customer
from crmadmin.groups import acts as group_acts
from crmadmin.groups import following, lists, queries
from crmadmin.groups.models import CustomerGroup
from crmadmin.groups.views.members import MemberPages
from crmadmin.groups.views.pages import HIDDEN
from crmadmin.spreadsheets import table

COLUMNS = ("name", "description", "members", "contactless", "owner", "updated_at")


class GroupList(MemberPages):
    """The list of groups."""

    def list_fields(self) -> list[FieldSpec]:
        """Name and description, and when the group last changed."""
        return [*self.spec.listed, self.spec.field("updated_at")]

    def extra_columns(self, rows: Sequence[Any]) -> list[tuple[ListColumn, dict[int, Any]]]:
        """Members, how many of them are not to be contacted, and who made the group."""
        ids = [r.id for r in rows if following.is_readable(r.filter)]
        counts, quiet = queries.list_counts(rows, reach.conditions(Customer))
        whole = reach.is_whole(Customer)
        label = _("Members") if whole else _("Your customers")
        members = ListColumn(
            "members", label, "count", width="w-s2" if whole else "w-m", align="end"
        )
        contactless = ListColumn(
            "contactless", _("Do not contact"), "count", width="w-m", align="end"
        )
        owner = ListColumn("owner", _("Owner"), "owner", width="w-l")
        return [
            (members, {key: counts.get(key, 0) for key in ids}),
            (contactless, {key: quiet.get(key, 0) for key in ids}),
            (owner, dict(lists.owners(rows))),
        ]

    def list_context(
        self, state: ListState, page: Page, fields: list[FieldSpec]
    ) -> dict[str, object]:
        """The guide's two buttons stand beside the search box, and Sửa in every row."""
        context = super().list_context(state, page, fields)
        return {
            **context,
            "search_buttons": True,
            "edit_url": self.edit_url if self.may("edit") else None,
            "empty_template": "groups/_empty.html",
            "may_import": bool(extensions.ask(self.spec.name, "import_into")),
            "catalog_url": _reached("sales_group.index_view"),
        }

    def in_order(self, columns: list[ListColumn]) -> list[ListColumn]:
        """Counts and owner stand between the description and the date."""
        return sorted(columns, key=lambda column: _place(column.name))

    def edit_url(self, record: AnyRecord) -> str:
        """Where Sửa leads."""
        return url_for(f"{self.endpoint}.edit_view", id=record.id)

    def cell(self, column: ListColumn, record: Any) -> Markup:
        """A group that follows a filter says so beside its name."""
        if column.kind == "count" and following.is_hidden(record.filter):
            return Markup('<span class="muted" title="{}">–</span>').format(str(HIDDEN))
        shown = super().cell(column, record)
        if column.name != "name" or record.filter is None:
            return shown
        hue = macro("admin/_macros.html", "hue")
        words = (_("Dynamic group"), "purple")
        if not following.is_readable(record.filter):
            words = (_("Unreadable filter"), "red")
        badge = hue(*words)
        return Markup('<span class="row-x">{} {}</span>').format(shown, badge)

    def cell_url(self, column: ListColumn, record: AnyRecord) -> str:
        """A count leads to the customers that were counted."""
        details = f"{self.endpoint}.details_view"
        if column.name == "contactless":
            return url_for(details, id=record.id, contact="no")
        return url_for(details, id=record.id) if column.name in ("name", "members") else ""

    def more_filters(self) -> Sequence[ExtraFilter]:
        """By who made the group, and by whether it follows a filter."""
        return (
            ExtraFilter(
                "owner", _l("Owner"), is_id,
                lambda values: lists.owned_by(record_ids(values)),
                model=User, options=_makers,
            ),
            ExtraFilter(
                "follows", _l("Kind of group"), (lists.FOLLOWING, lists.ORDINARY).__contains__,
                lists.of_kind, fixed=KINDS,
            ),
        )  # fmt: skip

    def page_menu(self) -> list[MenuItem]:
        """Putting two groups together."""
        if not self.may("create"):
            return []
        url = url_for(f"{self.endpoint}.combine")
        return [MenuItem(_("Combine two groups"), url, "git-merge"), *self.acts_item()]

    def row_menu(self, record: AnyRecord) -> list[MenuItem]:
        """Beside Sửa: a copy, the history, delete."""
        items = []
        if self.may("create"):
            url = url_for(f"{self.endpoint}.clone", id=record.id)
            items.append(MenuItem(_("Duplicate"), url, "copy", "sheet"))
        url = url_for(f"{self.endpoint}.history", id=record.id)
        items.append(MenuItem(_("Change history"), url, "history"))
        if self.may("delete"):
            items.append(self.delete_item(record))
        return items

    def bulk_actions(self) -> list[BulkAction]:
        """Ticked groups can be deleted."""
        if not (self.may("bulk") and self.may("delete")):
            return []
        url = url_for(f"{self.endpoint}.bulk", act="delete")
        return [acting.offer(group_acts.DELETE_GROUPS, "delete", url)]

    @expose("/bulk/<act>/", methods=("GET", "POST"))
    def bulk(self, act: str) -> ResponseReturnValue:
        """Delete the ticked groups, or all that match: first a sheet with the numbers."""
        if act != "delete":
            abort(404)
        guard.require(Permission.GROUPS_DELETE)
        back = url_for(f"{self.endpoint}.index_view")
        plan = acting.opened(
            group_acts.DELETE_GROUPS, self.plan_deleting,
            lambda key: f"{url_for(f'{self.endpoint}.bulk', act='delete')}?act={key}", back,
        )  # fmt: skip
        if not isinstance(plan, BulkAct):
            return plan
        if acting.is_confirmed():
            done = group_acts.delete_groups(plan)
            db.session.commit()
            words = ngettext(
                "Deleted %(num)s group. Its customers stay.",
                "Deleted %(num)s groups. Their customers stay.", done.written,
            )  # fmt: skip
            acting.tell(done, words)
            return leave(plan.params["back"])
        members = sum(queries.member_counts(acts.ids(plan, acts.SEEN)).values())
        return render_template(
            "groups/act.html", title=_("Delete groups"), danger=True, label=_("Delete"),
            action=url_for(f"{self.endpoint}.bulk", act="delete"), hidden=acting.named(plan),
            notes=acting.notes(plan),
            disabled=not plan.picked, back_url=plan.params["back"],
            lead=ngettext("%(num)s group selected", "%(num)s groups selected", plan.picked),
            texts=[
                ngettext(
                    "They have %(count)s membership. The customer stays in the system.",
                    "They have %(count)s memberships. The customers stay in the system.", members,
                    count=format_decimal(members),
                ),
                _("You can take this back for some time afterwards."),
            ],
        )  # fmt: skip

    def plan_deleting(self) -> BulkAct:
        """Keep which groups the ticks are about, and the list that they were ticked in."""
        chosen = selection(CustomerGroup)
        where = (
            self.where(self.asked(chosen.args), "delete")
            if chosen.query is not None
            else [*self.scope("delete"), CustomerGroup.id.in_(chosen.ids)]
        )
        state = self.state(Selection(query=request.form.get("query", "")).args)
        back = url_for(f"{self.endpoint}.index_view", **state.args())
        return acts.plan(group_acts.DELETE_GROUPS, CustomerGroup, where, {"back": back})

    def export_extra(self, where: Sequence[Condition]) -> Sequence[exports.Extra]:
        """The counts of the list, and who made the group."""
        ids = lists.matching(where)
        unreadable = {group.id for group in lists.unreadable()}
        none = dict.fromkeys({*db.session.scalars(ids)} - unreadable, 0)
        return (
            exports.Extra(_("Members"), none | queries.member_counts(ids)),
            exports.Extra(_("Do not contact"), none | queries.contactless_counts(ids)),
            exports.Extra(_("Owner"), lists.owner_names(where), table.TEXT),
        )


def _reached(endpoint: str) -> str:
    """Where it is, for users who may go there."""
    return url_for(endpoint) if guard.reaches(endpoint) else ""


def _place(name: str) -> int:
    return COLUMNS.index(name) if name in COLUMNS else len(COLUMNS)


def _makers() -> list[tuple[str, Words]]:
    return [(str(user.id), user.full_name or user.username) for user in lists.makers()]


KINDS = ((lists.ORDINARY, _l("List of its own")), (lists.FOLLOWING, _l("Dynamic group")))
