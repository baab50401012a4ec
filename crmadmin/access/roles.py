"""Who may do what: the one role table of the product.

Pure: neither Flask nor SQL. Screens, buttons, form fields, actions, look-ups, exports and the
command line ask here through `guard`; nobody compares role names anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from crmadmin.access.permissions import Permission


class Role(StrEnum):
    """What a user is here for. The values are stored; `label` is the English message id."""

    ADMIN = "admin"
    MARKETING = "marketing"
    SALES = "sales"
    VIEWER = "viewer"

    @property
    def label(self) -> str:
        """Message id of the words on screen (Quản trị, Marketing, Kinh doanh, Xem)."""
        return ROLE_LABELS[self]


ROLE_LABELS: Mapping[Role, str] = MappingProxyType(
    {
        Role.ADMIN: "Administrator",
        Role.MARKETING: "Marketing",
        Role.SALES: "Sales",
        Role.VIEWER: "Viewer",
    }
)


class Scope(StrEnum):
    """On which records a permission holds. OWN: those whose owner (or importer) the user is."""

    NONE = "none"
    OWN = "own"
    ALL = "all"


def _line(resource: str, actions: str, scope: Scope = Scope.ALL) -> dict[Permission, Scope]:
    """One cell of the table: blank-separated actions on a resource, at one scope."""
    return {Permission(f"{resource}:{action}"): scope for action in actions.split()}


PROFILE = _line("profile", "edit", Scope.OWN)

TABLE: Mapping[Role, Mapping[Permission, Scope]] = MappingProxyType(
    {
        Role.ADMIN: dict.fromkeys(Permission, Scope.ALL) | PROFILE,
        Role.MARKETING: _line("catalogs", "read")
        | _line("collaborators", "read create")
        | _line("customers", "read create edit import export bulk")
        | _line("groups", "read create edit delete import export bulk")
        | _line("imports", "read create edit undo delete", Scope.OWN)
        | _line("users", "lookup")
        | PROFILE,
        Role.SALES: _line("catalogs", "read")
        | _line("collaborators", "read create")
        | _line("customers", "read create edit", Scope.OWN)
        | _line("groups", "read")
        | PROFILE,
        Role.VIEWER: _line("catalogs", "read")
        | _line("collaborators", "read")
        | _line("customers", "read")
        | _line("groups", "read")
        | _line("users", "lookup")
        | PROFILE,
    }
)
"""Role × permission → scope; what is not named is refused."""

CLOSED_FIELDS: Mapping[tuple[Role, str], frozenset[str]] = MappingProxyType(
    {
        (Role.SALES, "customers"): frozenset({"owner"}),
        # An address that is taken would tell a viewer that somebody has it, and one signs in by it.
        (Role.VIEWER, "profile"): frozenset({"email"}),
    }
)


def scope(role: Role | str | None, permission: Permission) -> Scope:
    """On which records `role` holds `permission`; NONE for an unknown role or nobody."""
    try:
        return TABLE[Role(role or "")].get(permission, Scope.NONE)
    except ValueError:
        return Scope.NONE


def closed_fields(role: Role | str | None, resource: str) -> frozenset[str]:
    """Names of fields of the resource that `role` sees but may not set.

    Sales people work on their own customers: a customer they add is theirs, and they cannot give
    one away, or its new owner would find a record that nobody allowed them. Forms leave the field
    out and services drop it from what was posted. A role that may not edit needs no entry.
    """
    try:
        return CLOSED_FIELDS.get((Role(role or ""), resource), frozenset())
    except ValueError:
        return frozenset()


def sees_sensitive(role: Role | str | None) -> bool:
    """Whether the role sees sensitive values in full; a viewer and nobody do not (`core.masks`).

    Users who do not see them cannot search, filter or sort by them either: a search that finds a
    number tells it. Users who may write or import records see them: forms and imports show what
    they write.
    """
    return role in {Role.ADMIN, Role.MARKETING, Role.SALES}
