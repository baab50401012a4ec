"""What may be allowed at all: one name per action on a resource.

Who may do it lives in `roles`, which address asks for it in `policy`. Pure data.
"""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """`resource:action`.

    A resource is a line of the role table (docs/glossary.md), not a database table: the eight plain
    catalogs and the collaborator groups are all `catalogs`; contacts belong to their customer.
    The actions mean the same everywhere:

    - `read`: see lists, one record, look-ups and counts;
    - `lookup`: only find a record by name, to choose it, where `read` would show more;
    - `create`: add one record by hand;
    - `edit`: change one record, also stop using it, use it again, or make it the default;
    - `delete`: remove one record for good;
    - `order`: move records within their list;
    - `merge`: move everything of one record to another and remove the first;
    - `import`: write many from a file; `export`: take many out in a file;
    - `bulk`: `edit` for many ticked records at once. Deleting them asks for `delete` as well.
    """

    CATALOGS_READ = "catalogs:read"
    CATALOGS_CREATE = "catalogs:create"
    CATALOGS_EDIT = "catalogs:edit"
    CATALOGS_DELETE = "catalogs:delete"
    CATALOGS_ORDER = "catalogs:order"
    CATALOGS_MERGE = "catalogs:merge"
    CATALOGS_IMPORT = "catalogs:import"
    CATALOGS_EXPORT = "catalogs:export"

    COLLABORATORS_READ = "collaborators:read"
    COLLABORATORS_CREATE = "collaborators:create"
    COLLABORATORS_EDIT = "collaborators:edit"
    COLLABORATORS_DELETE = "collaborators:delete"
    COLLABORATORS_ORDER = "collaborators:order"
    COLLABORATORS_MERGE = "collaborators:merge"
    COLLABORATORS_IMPORT = "collaborators:import"
    COLLABORATORS_EXPORT = "collaborators:export"

    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_CREATE = "customers:create"
    CUSTOMERS_EDIT = "customers:edit"
    CUSTOMERS_DELETE = "customers:delete"
    CUSTOMERS_IMPORT = "customers:import"
    CUSTOMERS_EXPORT = "customers:export"
    CUSTOMERS_BULK = "customers:bulk"

    GROUPS_READ = "groups:read"
    GROUPS_CREATE = "groups:create"
    GROUPS_EDIT = "groups:edit"
    GROUPS_DELETE = "groups:delete"
    GROUPS_IMPORT = "groups:import"
    GROUPS_EXPORT = "groups:export"
    GROUPS_BULK = "groups:bulk"

    # An import is read with its file, its ledger and its error workbook; `edit` decides about its
    # columns, values and duplicates, runs it and stops it; `undo` takes its writes back.
    IMPORTS_READ = "imports:read"
    IMPORTS_CREATE = "imports:create"
    IMPORTS_EDIT = "imports:edit"
    IMPORTS_UNDO = "imports:undo"
    IMPORTS_DELETE = "imports:delete"

    # `lookup` finds the name of a user, who may own a customer; `read` is the page about them.
    USERS_LOOKUP = "users:lookup"
    USERS_READ = "users:read"
    USERS_CREATE = "users:create"
    USERS_EDIT = "users:edit"

    SETTINGS_EDIT = "settings:edit"

    AUDIT_READ = "audit:read"

    # One's own name, address, password, language and theme; never one's own role.
    PROFILE_EDIT = "profile:edit"

    @property
    def resource(self) -> str:
        """The part before the colon."""
        return self.value.split(":", 1)[0]

    @property
    def action(self) -> str:
        """The part after the colon."""
        return self.value.split(":", 1)[1]


def find(resource: str, action: str) -> Permission | None:
    """The permission for an action on a resource, or None when the resource has no such action."""
    try:
        return Permission(f"{resource}:{action}")
    except ValueError:
        return None
