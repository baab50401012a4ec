"""Marketing groups as one view: each part of their pages is a module beside this one."""

from __future__ import annotations

from typing import Any

from crmadmin.access import policy
from crmadmin.access.permissions import Permission
from crmadmin.groups import following
from crmadmin.groups.views.form import GroupForm

RULES = {
    "clone": Permission.GROUPS_CREATE,
    "combine": Permission.GROUPS_CREATE,
    "history": Permission.GROUPS_READ,
    "remove_members": Permission.GROUPS_EDIT,
    "move_members": Permission.GROUPS_EDIT,
    "copy_members": Permission.GROUPS_EDIT,
    "export_members": Permission.GROUPS_EXPORT,
}


class GroupView(GroupForm):
    """Marketing > Nhóm khách hàng."""

    def __init__(self, model: type[Any], targets: dict[str, type[Any]], url: str) -> None:
        super().__init__(model, targets, url)
        for name, rule in RULES.items():
            policy.register(f"{self.endpoint}.{name}", rule)

    def details_template(self) -> str:
        """With the members."""
        return "groups/details.html"

    def details_context(self, record: Any) -> dict[str, object]:
        """With a page of the members that this user may see."""
        trouble = following.trouble(record.filter) if record.filter is not None else []
        told = {"trouble": [part.words for part in trouble]}
        return {**self.head(record), **self.member_page(record), **told}
