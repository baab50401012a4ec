"""The screens of an import: file, columns, preview, progress, result, undo, and the list of all.

Each step has its own address, which `steps.show` knows. Screens read through `report` and
`services` and write through `services`, `correct` and `undo`; whoever calls one must hold the
import's permission and, for one import, reach it (`base.batch_of`). A GET changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from crmadmin.access import policy
from crmadmin.access.permissions import Permission
from crmadmin.imports.views import (  # noqa: F401 - each adds its addresses to the blueprint
    downloads,
    history,
    mapping,
    offers,
    preview,
    progress,
    result,
    rows,
    steps,
    unreadable,
    upload,
)
from crmadmin.imports.views.base import blueprint
from crmadmin.imports.views.history import bell

__all__ = ["RULES", "bell", "extend", "init_app"]

RULES: Mapping[str, Permission] = {
    "index": Permission.IMPORTS_READ,
    "seen": Permission.IMPORTS_READ,
    "new": Permission.IMPORTS_CREATE,
    "upload": Permission.IMPORTS_CREATE,
    "template": Permission.IMPORTS_CREATE,
    "show": Permission.IMPORTS_READ,
    "settings": Permission.IMPORTS_EDIT,
    "mend": Permission.IMPORTS_EDIT,
    "change": Permission.IMPORTS_EDIT,
    "mapping": Permission.IMPORTS_EDIT,
    "choose": Permission.IMPORTS_EDIT,
    "sheet": Permission.IMPORTS_EDIT,
    "sheets": Permission.IMPORTS_EDIT,
    "options": Permission.IMPORTS_EDIT,
    "preview": Permission.IMPORTS_READ,
    "fix": Permission.IMPORTS_EDIT,
    "leave_out": Permission.IMPORTS_EDIT,
    "take_back": Permission.IMPORTS_EDIT,
    "restart": Permission.IMPORTS_EDIT,
    "abandon": Permission.IMPORTS_DELETE,
    "run": Permission.IMPORTS_EDIT,
    "progress": Permission.IMPORTS_READ,
    "stop": Permission.IMPORTS_EDIT,
    "resume": Permission.IMPORTS_EDIT,
    "result": Permission.IMPORTS_READ,
    "errors": Permission.IMPORTS_READ,
    "ledger": Permission.IMPORTS_READ,
    "file": Permission.IMPORTS_READ,
    "undo": Permission.IMPORTS_UNDO,
    "start_undo": Permission.IMPORTS_UNDO,
}


def extend() -> None:
    """Say what imports add to the pages of others, before those are made."""
    offers.register()


def init_app(app: Flask) -> None:
    """Add the screens, each with its rule."""
    app.register_blueprint(blueprint)
    for name, rule in RULES.items():
        policy.register(f"imports.{name}", rule)
