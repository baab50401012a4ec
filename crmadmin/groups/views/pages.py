"""What the pages of marketing groups share: the head of a group's pages, and deleting one."""

from __future__ import annotations

from flask import url_for
from flask_babel import format_date, format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from crmadmin.access import guard
from crmadmin.access.permissions import Permission
from crmadmin.admin import extensions
from crmadmin.admin.cells import local
from crmadmin.admin.view import RecordView
from crmadmin.admin.view_models import MenuItem
from crmadmin.core import acts, records
from crmadmin.core.acts import BulkAct
from crmadmin.core.records import AnyRecord
from crmadmin.groups import acts as group_acts
from crmadmin.groups import following, lists, queries
from crmadmin.groups.models import CustomerGroup

HIDDEN = _l("The members are found by values that your role sees masked, so it does not see them.")


class GroupPages(RecordView):
    """What is done with whole groups, their members, the list and the form stand on this, in one
    line: `acts`, `members`, `list`, `form`, `view`."""

    def may(self, action: str) -> bool:
        """A new group is made in the form, whose parts are those of an edit."""
        return super().may(action) and (action != "create" or super().may("edit"))

    def record_url(self, record: AnyRecord) -> str:
        """A group's name leads to its members."""
        return url_for(f"{self.endpoint}.details_view", id=record.id)

    # One group

    def head(self, group: CustomerGroup) -> dict[str, object]:
        """What the head of each of a group's pages reads."""
        may_edit, here = self.may("edit"), self.endpoint
        exports = self.may("export") and guard.can(Permission.CUSTOMERS_EXPORT)
        export_url = url_for(f"{here}.export_members", id=group.id) if exports else ""
        members_url = url_for(f"{here}.details_view", id=group.id)
        return {
            "view": self,
            "record": group,
            "title": group.name,
            "facts_line": self.facts_line(group),
            "tabs": [
                (_("Members"), members_url, None),
                (_("Change history"), url_for(f"{here}.history", id=group.id), None),
            ],
            "members_url": members_url,
            "edit_url": url_for(f"{here}.edit_view", id=group.id) if may_edit else "",
            "import_url": self.import_url(group),
            "export_url": export_url,
            "filter_url": self.filter_url(group),
            "hidden": HIDDEN if following.is_hidden(group.filter) else "",
            "back_url": url_for(f"{here}.index_view"),
            "acts": self.acts(group, export_url),
        }

    def acts(self, group: CustomerGroup, export_url: str) -> list[MenuItem]:
        """The items of Tiện ích."""
        found = []
        if export_url:
            found.append(MenuItem(_("Export to Excel"), export_url, "download", "sheet"))
        if self.may("create"):
            copy = url_for(f"{self.endpoint}.clone", id=group.id)
            combine = url_for(f"{self.endpoint}.combine", id=group.id)
            found.append(MenuItem(_("Duplicate"), copy, "copy", "sheet"))
            found.append(MenuItem(_("Combine with another group"), combine, "git-merge"))
        if self.may("delete"):
            found.append(self.delete_item(group))
        return found

    def facts_line(self, group: CustomerGroup) -> list[str]:
        """Who made the group, and when it last changed."""
        owner = lists.owners([group]).get(group.id)
        changed = format_date(local(group.updated_at), "dd/MM/yyyy")
        line = [_("Changed %(when)s", when=changed)]
        if owner is not None:
            line.insert(0, _("Owner: %(name)s", name=owner.full_name or owner.username))
        return line

    def filter_url(self, group: CustomerGroup) -> str:
        """The members of a dynamic group as the customer list shows them."""
        if group.filter is None or following.is_hidden(group.filter):
            return ""
        return url_for("customer.index_view", group=group.id)

    def import_url(self, group: CustomerGroup) -> str:
        """Where Nhập khẩu leads; '' for users who may not, and for a group that follows a
        filter."""
        if group.filter is not None:
            return ""
        return str(extensions.ask(self.spec.name, "import_into", group=group.id))

    def erase(self, record: AnyRecord) -> BulkAct:
        """With a last line in its history."""
        act = acts.plan(group_acts.DELETE_GROUPS, CustomerGroup, [CustomerGroup.id == record.id])
        if not group_acts.delete_groups(act).written:
            raise records.Stale
        return act

    def consequences(self, record: AnyRecord) -> list[str]:
        """Deleting a group says that the customers stay."""
        count = queries.member_counts([record.id]).get(record.id, 0)
        return [
            ngettext(
                "%(count)s customer leaves the group and stays in the system.",
                "%(count)s customers leave the group and stay in the system.",
                count, count=format_decimal(count),
            )
        ]  # fmt: skip
