"""The form of a group: its draft, the members in it, and the picker that brings more.

The page itself is a record's form and stands in `groups.views.form`; here are its parts, which htmx
asks for and plain forms post to. Each answers for one draft, of the group that the address names
and of the user who asks. A GET changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from crmadmin.access import policy
from crmadmin.access.permissions import Permission
from crmadmin.groups.views import (  # noqa: F401 - each adds its addresses to the blueprint
    changes,
    of_customers,
    paste,
    whole,
)
from crmadmin.groups.views.editing import blueprint

__all__ = ["RULES", "extend", "init_app"]

RULES: Mapping[str, Permission] = dict.fromkeys(
    (
        "members", "picker", "text", "pick", "remove", "undo", "paste", "look_up",
        "leave", "throw_away", "follow", "start_following", "freeze",
    ),
    Permission.GROUPS_EDIT,
)  # fmt: skip
"""What each asks for; a draft of a new group asks for `groups:create` as well."""


def extend() -> None:
    """Say what groups add to the pages of others, before those are made."""
    of_customers.register()


def init_app(app: Flask) -> None:
    """Add the parts, each with its rule."""
    app.register_blueprint(blueprint)
    for name, rule in RULES.items():
        policy.register(f"groups.{name}", rule)
