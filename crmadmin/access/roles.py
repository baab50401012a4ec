"""Who may do what: the one role table of the product, and how records look to a role.

Pure: neither Flask nor SQL. Screens, buttons, form fields, actions, look-ups, exports and the
command line ask here through `guard`; nobody compares role names anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


PROFILE = _line("profile", "read edit", Scope.OWN)

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
    """Whether the role sees phones and emails in full; a viewer and nobody do not.

    Who does not see them cannot search, filter, sort or export by them either: a search that finds
    a number tells it.
    """
    return role in {Role.ADMIN, Role.MARKETING, Role.SALES}


def holders(permission: Permission) -> tuple[Role, ...]:
    """The roles that hold a permission at any scope, in the table's order."""
    return tuple(role for role in Role if scope(role, permission) is not Scope.NONE)


def allowed(role: Role | str | None, permissions: Iterable[Permission]) -> bool:
    """Whether the role holds every one of the permissions, at any scope."""
    return all(scope(role, permission) is not Scope.NONE for permission in permissions)


MASK = "***"


def mask_phone(phone: str | None) -> str:
    """`+84912345678` → `0912 *** 678`; foreign numbers keep their first three figures.

    Takes E.164 (or anything a person typed). What is too short to hide in is hidden whole.
    """
    if not phone:
        return ""
    figures = "".join(c for c in phone if c.isdecimal())
    if len(figures) < 9:
        return MASK
    if phone.startswith("+84"):
        return f"0{figures[2:5]} {MASK} {figures[-3:]}"
    plus = "+" if phone.startswith("+") else ""
    shown = 4 if figures.startswith("0") else 3
    return f"{plus}{figures[:shown]} {MASK} {figures[-3:]}"


def mask_email(email: str | None) -> str:
    """`lan.nguyen@example.com` → `l***@example.com`; the stars never tell the length."""
    if not email:
        return ""
    name, at, domain = email.rpartition("@")
    return f"{name[:1]}{MASK}@{domain}" if at and name else MASK
