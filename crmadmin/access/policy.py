"""The policy table: what each endpoint asks of who calls it. Default deny.

A rule is a Permission, a Helper of other pages, SIGNED_IN, PUBLIC or NOBODY. Fixed endpoints stand
in ENDPOINTS; features add theirs with `register`, generated record views with `register_records`.
An endpoint without a rule is refused to everybody by `guard`, and fails the build
(tests/contracts/test_policy.py).
Roles are not mentioned here: which of them hold a permission is `roles`' business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from flask import Flask

from crmadmin.access import roles
from crmadmin.access.permissions import Permission, find
from crmadmin.access.roles import Role, Scope


class Access(Enum):
    """Rules that are no permission."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"
    NOBODY = "nobody"


PUBLIC, SIGNED_IN, NOBODY = Access.PUBLIC, Access.SIGNED_IN, Access.NOBODY


@dataclass(frozen=True, slots=True)
class Helper:
    """The rule of an address that helps pages: who may use any of these may ask it. Where it
    compares with values that some roles see masked, only those who see them (`sensitive`), because
    yes or no tells a value as well as showing it does."""

    pages: tuple[Permission, ...]
    sensitive: bool = False


Rule = Access | Permission | Helper


@dataclass(frozen=True, slots=True)
class Helps:
    """The same in ACTIONS, where the pages are actions on whatever the resource is."""

    actions: tuple[str, ...]
    sensitive: bool = False

    def rule(self, resource: str) -> Helper | Access:
        """The rule on a resource; NOBODY where none of the pages it helps exists."""
        pages = tuple(p for action in self.actions if (p := find(resource, action)))
        return Helper(pages, self.sensitive) if pages else NOBODY


def scope(role: Role | str | None, rule: Rule | None) -> Scope:
    """On which records a rule lets a role in; of several permissions the widest scope counts."""
    if rule is None or rule is NOBODY:
        return Scope.NONE
    if isinstance(rule, Access):
        return Scope.ALL
    if isinstance(rule, Permission):
        return roles.scope(role, rule)
    if rule.sensitive and not roles.sees_sensitive(role):
        return Scope.NONE
    held = {roles.scope(role, page) for page in rule.pages}
    return next((s for s in (Scope.ALL, Scope.OWN) if s in held), Scope.NONE)


ENDPOINTS: Mapping[str, Rule] = MappingProxyType(
    {
        "static": PUBLIC,
        "healthz": PUBLIC,
        "readyz": PUBLIC,
        "metrics": PUBLIC,
        "access.login": PUBLIC,
        "access.setup": PUBLIC,
        "access.logout": SIGNED_IN,
        "access.profile": Permission.PROFILE_EDIT,
        "access.password": Permission.PROFILE_EDIT,
        "access.choose": Permission.PROFILE_EDIT,
        "access.end_sessions": Permission.PROFILE_EDIT,
        "index": PUBLIC,
    }
)

ACTIONS: Mapping[str, str | Helps] = MappingProxyType(
    {
        # What every Flask-Admin model view brings along.
        "index_view": "read",
        "details_view": "read",
        "ajax_lookup": "read",
        "create_view": "create",
        "edit_view": "edit",
        "ajax_update": "edit",
        "delete_view": "delete",
        "action_view": "bulk",
        "export": "export",
        # What our record views add.
        "lookup": "read",
        "columns": "read",
        "filter_view": "read",
        "row_acts": "read",
        "save_view": "read",
        "saved_views": "read",
        "duplicates": Helps(("create", "edit"), sensitive=True),
        "create_and_select": "create",
        "stop": "edit",
        "use_again": "edit",
        "make_default": "edit",
        "order": "order",
        "order_by_name": "order",
        "merge": "merge",
        "bulk": "bulk",
    }
)
"""View method of a record view → action, or the pages that it helps; the resource comes from the
view's registration."""

LOOKUPS = frozenset({"lookup", "ajax_lookup"})
"""Methods that ask for `lookup` where the resource tells that from `read`."""


class PolicyError(ValueError):
    """An endpoint was given two rules that differ, or a resource that does not exist."""


class Policy:
    """The rules of one app. Looked up by endpoint, `<blueprint>.<function>`."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = dict(ENDPOINTS)
        self._records: dict[str, str] = {}

    def register(self, endpoint: str, rule: Rule) -> None:
        """Give an endpoint its rule. Raises PolicyError when it has another one already."""
        if self._rules.setdefault(endpoint, rule) != rule:
            raise PolicyError(f"{endpoint} has the rule {self._rules[endpoint]} and also {rule}.")

    def register_records(self, endpoint: str, resource: str) -> None:
        """Let the view methods of a record view ask for `resource` actions, as ACTIONS says."""
        if find(resource, "read") is None:
            known = ", ".join(sorted({p.resource for p in Permission}))
            raise PolicyError(f"{endpoint} names {resource!r}, no resource. Resources: {known}")
        if self._records.setdefault(endpoint, resource) != resource:
            raise PolicyError(f"{endpoint} has the resource {self._records[endpoint]} already.")

    def rule(self, endpoint: str | None) -> Rule | None:
        """The rule of an endpoint, or None when nobody classified it.

        A record view's method whose action the resource does not have (users are never deleted) is
        closed: NOBODY.
        """
        if endpoint is None:
            return None
        if endpoint in self._rules:
            return self._rules[endpoint]
        view, _, method = endpoint.rpartition(".")
        if view not in self._records or method not in ACTIONS:
            return None
        resource, action = self._records[view], ACTIONS[method]
        if isinstance(action, Helps):
            return action.rule(resource)
        narrower = find(resource, "lookup") if method in LOOKUPS else None
        return narrower or find(resource, action) or NOBODY

    def unclassified(self, app: Flask) -> list[str]:
        """Endpoints of the app's address table that have no rule, sorted."""
        endpoints = {r.endpoint for r in app.url_map.iter_rules()}
        return sorted(e for e in endpoints if self.rule(e) is None)

    def stale(self, app: Flask) -> list[str]:
        """Endpoints that have a rule (beyond ENDPOINTS) but no address, sorted."""
        endpoints = {r.endpoint for r in app.url_map.iter_rules()}
        views = {e.rpartition(".")[0] for e in endpoints}
        given = [e for e in self._rules if e not in endpoints and e not in ENDPOINTS]
        return sorted([*given, *(v for v in self._records if v not in views)])

    def __iter__(self) -> Iterator[tuple[str, Rule]]:
        yield from self._rules.items()


policy = Policy()
"""The rules of this process: features register at import or when the app is made, each once."""

register = policy.register
register_records = policy.register_records
rule = policy.rule
unclassified = policy.unclassified
stale = policy.stale
