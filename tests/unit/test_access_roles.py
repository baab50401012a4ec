"""The role table: every cell of the glossary's table."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from crmadmin.access import permissions, roles
from crmadmin.access.permissions import Permission
from crmadmin.access.roles import Role, Scope

# Resource → role → {scope: actions}. Written out by hand from the glossary: a second opinion.
GLOSSARY = {
    ("marketing", "catalogs"): {"all": "read"},
    ("marketing", "collaborators"): {"all": "read create"},
    ("marketing", "customers"): {"all": "read create edit import export bulk"},
    ("marketing", "groups"): {"all": "read create edit delete import export bulk"},
    ("marketing", "imports"): {"own": "read create edit undo delete"},
    ("marketing", "users"): {"all": "lookup"},
    ("sales", "catalogs"): {"all": "read"},
    ("sales", "collaborators"): {"all": "read create"},
    ("sales", "customers"): {"own": "read create edit"},
    ("sales", "groups"): {"all": "read"},
    ("viewer", "catalogs"): {"all": "read"},
    ("viewer", "collaborators"): {"all": "read"},
    ("viewer", "customers"): {"all": "read"},
    ("viewer", "groups"): {"all": "read"},
    ("viewer", "users"): {"all": "lookup"},
}


def expected(role: Role, permission: Permission) -> Scope:
    if permission.resource == "profile":
        return Scope.OWN
    if role is Role.ADMIN:
        return Scope.ALL
    for scope, actions in GLOSSARY.get((role.value, permission.resource), {}).items():
        if permission.action in actions.split():
            return Scope(scope)
    return Scope.NONE


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_the_table_says_what_the_glossary_says(role: Role, permission: Permission) -> None:
    assert roles.scope(role, permission) is expected(role, permission)


@pytest.mark.parametrize("role", [None, "", "root", "ADMIN", "admin "])
def test_an_unknown_role_holds_nothing(role: str | None) -> None:
    assert {roles.scope(role, p) for p in Permission} == {Scope.NONE}
    assert roles.closed_fields(role, "customers") == frozenset()
    assert not roles.sees_sensitive(role)


def test_the_stored_word_of_a_role_means_the_role() -> None:
    assert roles.scope("sales", Permission.CUSTOMERS_EDIT) is Scope.OWN


def test_only_administrators_reach_users_settings_and_the_audit_log() -> None:
    closed = [p for p in Permission if p.resource in ("users", "settings", "audit")]
    closed.remove(Permission.USERS_LOOKUP)  # owners of customers are no secret
    assert closed
    held = {r for r in Role for p in closed if roles.scope(r, p) is not Scope.NONE}
    assert held == {Role.ADMIN}


def test_sales_people_cannot_give_a_customer_away() -> None:
    assert roles.closed_fields(Role.SALES, "customers") == {"owner"}
    assert roles.closed_fields(Role.MARKETING, "customers") == frozenset()


def test_only_viewers_do_not_see_sensitive_values() -> None:
    assert [r for r in Role if not roles.sees_sensitive(r)] == [Role.VIEWER]


WRITING = {"create", "edit", "import", "bulk", "merge", "undo"}
"""Acts whose pages show what they write, whatever it is: forms, previews, ledgers, conflicts."""


@pytest.mark.parametrize("role", [*Role])
def test_who_may_write_records_sees_what_they_write(role: Role) -> None:
    written = [
        p for p in Permission if p.action in WRITING and p.resource not in ("profile", "settings")
    ]
    assert len(written) > 20
    may = [p for p in written if roles.scope(role, p) is not Scope.NONE]
    assert roles.sees_sensitive(role) or not may


def test_a_permission_that_does_not_exist_is_not_found() -> None:
    assert permissions.find("users", "edit") is Permission.USERS_EDIT
    assert permissions.find("users", "delete") is None
    assert permissions.find("customers:edit", "") is None


@pytest.mark.parametrize("module", [permissions, roles])
def test_the_table_is_plain_data_without_web_or_database(module: object) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))  # type: ignore[attr-defined]  # modules have one
    found = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    found |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    assert not {name for name in found if name.split(".")[0].startswith(("flask", "sqlalchemy"))}


@pytest.mark.parametrize("role", list(Role))
def test_who_writes_for_many_reads_every_customer(role: Role) -> None:
    """What imports report of rows that collide, and what acts on groups count, is of all customers:
    a role that reads only its own needs these pages narrowed first."""
    of_many = [
        permission
        for permission in Permission
        if (permission.resource == "groups" and permission.action != "read")
        or (permission.resource == "customers" and permission.action in ("import", "bulk"))
        or permission.resource == "imports"
    ]
    held = [p for p in of_many if roles.scope(role, p) is not Scope.NONE]
    assert not held or roles.scope(role, Permission.CUSTOMERS_READ) is Scope.ALL
