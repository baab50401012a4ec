"""What imports add to the pages of records: where one is filled from a file, and which file it was.

Nobody is led where they may not go.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from flask import url_for

from crmadmin.access import guard
from crmadmin.access.permissions import Permission
from crmadmin.admin import extensions
from crmadmin.admin.extensions import Extension
from crmadmin.admin.view import RecordView
from crmadmin.core.db import spec_of
from crmadmin.groups.models import CustomerGroup
from crmadmin.imports import queries
from crmadmin.imports.kinds import KINDS, ImportKind, kind_of

INTO_GROUPS = "customers-contacts"


def register() -> None:
    """Let every record that can be imported, and the groups of customers, lead to imports."""
    for kind in KINDS.values():
        if kind_of(kind.model) is kind:
            extensions.register(Extension("imports", kind.spec.name, urls=_urls(kind)))
    answers: Mapping[str, Callable[..., Any]] = {
        "import_into": into_group, "import_pages": pages_of
    }  # fmt: skip
    extensions.register(Extension("imports", spec_of(CustomerGroup).name, answers=answers))


def _urls(kind: ImportKind) -> extensions.Urls:
    """Where Nhập dữ liệu and the template of a list lead."""

    def urls(view: RecordView) -> Mapping[str, str]:
        if not (view.may("import") and guard.reaches("imports.new")):
            return {}
        return {
            "import_": url_for("imports.new", kind=kind.name),
            "template": url_for("imports.template", kind=kind.name),
        }

    return urls


def into_group(**target: Any) -> str:
    """Where a group (`group`, an id) or the draft of one (`draft`, its key) is filled."""
    asked = (Permission.GROUPS_IMPORT, Permission.CUSTOMERS_IMPORT)
    if not (all(map(guard.can, asked)) and guard.reaches("imports.new")):
        return ""
    return url_for("imports.new", kind=INTO_GROUPS, **target)


def pages_of(keys: Collection[int]) -> dict[int, str]:
    """The pages of those imports that this user may open: many read only their own."""
    if not guard.can(Permission.IMPORTS_READ) or not keys:
        return {}
    owner = guard.limited_to(Permission.IMPORTS_READ)
    mine = keys if owner is None else queries.within(keys, owner)
    return {key: url_for("imports.show", id=key) for key in mine}
