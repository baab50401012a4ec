"""The policy table: endpoints, record views, and what is refused by default."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_admin.model import BaseModelView

from crmadmin.access import roles
from crmadmin.access.permissions import Permission
from crmadmin.access.policy import (
    ACTIONS,
    NOBODY,
    PUBLIC,
    SIGNED_IN,
    Helper,
    Helps,
    Policy,
    PolicyError,
    scope,
)
from crmadmin.access.roles import Role, Scope


@pytest.fixture
def policy() -> Policy:
    return Policy()


def test_an_endpoint_nobody_classified_has_no_rule(policy: Policy) -> None:
    assert policy.rule("customers.secret") is None
    assert policy.rule(None) is None
    assert policy.rule("") is None


def test_a_record_views_methods_ask_for_actions_on_its_resource(policy: Policy) -> None:
    policy.register_records("industry", "catalogs")
    assert policy.rule("industry.index_view") is Permission.CATALOGS_READ
    assert policy.rule("industry.ajax_update") is Permission.CATALOGS_EDIT
    assert policy.rule("industry.delete_view") is Permission.CATALOGS_DELETE
    assert policy.rule("industry.merge") is Permission.CATALOGS_MERGE


def test_a_method_that_is_in_no_table_stays_unclassified(policy: Policy) -> None:
    policy.register_records("industry", "catalogs")
    assert policy.rule("industry.new_idea") is None
    assert policy.rule("industry.index_view.more") is None


def test_an_action_that_the_resource_does_not_have_is_open_to_nobody(policy: Policy) -> None:
    policy.register_records("user", "users")
    assert policy.rule("user.delete_view") is NOBODY
    assert policy.rule("user.action_view") is NOBODY
    assert policy.rule("user.edit_view") is Permission.USERS_EDIT


def test_finding_a_users_name_asks_for_less_than_the_page_about_them(policy: Policy) -> None:
    policy.register_records("user", "users")
    policy.register_records("industry", "catalogs")
    assert policy.rule("user.lookup") is Permission.USERS_LOOKUP
    assert policy.rule("user.index_view") is Permission.USERS_READ
    assert policy.rule("industry.lookup") is Permission.CATALOGS_READ


def test_every_view_method_of_flask_admin_is_in_the_table() -> None:
    exposed = {name for _url, name, _methods in BaseModelView._urls}
    assert exposed - set(ACTIONS) == set()


def test_a_second_different_rule_for_one_endpoint_is_an_error(policy: Policy) -> None:
    policy.register("groups.pick", Permission.GROUPS_EDIT)
    policy.register("groups.pick", Permission.GROUPS_EDIT)
    with pytest.raises(PolicyError, match=r"groups\.pick"):
        policy.register("groups.pick", PUBLIC)


def test_an_unknown_resource_is_named_with_those_that_exist(policy: Policy) -> None:
    with pytest.raises(PolicyError, match="customers"):
        policy.register_records("customer", "custommers")


def test_a_record_view_cannot_change_its_resource(policy: Policy) -> None:
    policy.register_records("industry", "catalogs")
    with pytest.raises(PolicyError, match="industry"):
        policy.register_records("industry", "groups")


def test_addresses_without_a_rule_and_rules_without_an_address_are_listed(policy: Policy) -> None:
    app = Flask(__name__)
    app.add_url_rule("/x", "x", lambda: "")
    app.add_url_rule("/y", "y", lambda: "")
    policy.register("x", SIGNED_IN)
    policy.register("gone", SIGNED_IN)
    policy.register_records("gone_view", "catalogs")
    assert policy.unclassified(app) == ["y"]
    assert policy.stale(app) == ["gone", "gone_view"]
    assert dict(policy)["x"] is SIGNED_IN


def test_a_helper_of_pages_is_open_to_who_may_use_any_of_them(policy: Policy) -> None:
    policy.register_records("customer", "customers")
    rule = policy.rule("customer.duplicates")
    pages = (Permission.CUSTOMERS_CREATE, Permission.CUSTOMERS_EDIT)
    assert rule == Helper(pages, sensitive=True)
    assert {role: scope(role, rule) for role in Role} == {
        Role.ADMIN: Scope.ALL, Role.MARKETING: Scope.ALL, Role.SALES: Scope.OWN,
        Role.VIEWER: Scope.NONE,
    }  # fmt: skip


@pytest.mark.parametrize("sees", [True, False])
def test_a_helper_that_compares_masked_values_asks_who_sees_them(
    monkeypatch: pytest.MonkeyPatch, sees: bool
) -> None:
    monkeypatch.setattr(roles, "sees_sensitive", lambda _role: sees)
    rule = Helper((Permission.CUSTOMERS_EDIT,), sensitive=True)
    assert scope(Role.SALES, rule) is (Scope.OWN if sees else Scope.NONE)
    assert scope(Role.SALES, Helper(rule.pages)) is Scope.OWN


def test_a_helper_of_pages_that_the_resource_does_not_have_is_open_to_nobody() -> None:
    assert Helps(("create",)).rule("settings") is NOBODY
    assert Helps(("create", "edit")).rule("settings") == Helper((Permission.SETTINGS_EDIT,))


@pytest.mark.parametrize("role", [*Role, None, "nothing"])
def test_what_is_no_permission_lets_everybody_or_nobody_in(role: Role | str | None) -> None:
    assert scope(role, SIGNED_IN) is scope(role, PUBLIC) is Scope.ALL
    assert scope(role, NOBODY) is scope(role, None) is Scope.NONE
