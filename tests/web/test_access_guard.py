"""The guard: who is let in, who is asked to sign in, who is refused, and who acts."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from visitor import NewVisitor, Visitor
from werkzeug.exceptions import Forbidden

from app import create_app
from crmadmin.access import guard, policy, queries
from crmadmin.access.models import User
from crmadmin.access.permissions import Permission
from crmadmin.access.policy import NOBODY, SIGNED_IN
from crmadmin.access.roles import Scope
from crmadmin.core.db import actor, db

pytestmark = pytest.mark.usefixtures("people")


def enter(rooms: Flask, name: str | None = None) -> Visitor:
    browser = Visitor(rooms)
    if name is not None:
        assert browser.sign_in(name).status_code == 303
    return browser


@pytest.fixture
def rooms(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """Another app on the same database, with a few more addresses that say who acts."""
    more = create_app(app.config["SETTINGS"])
    rules = {
        "room.signed_in": SIGNED_IN,
        "room.groups": Permission.GROUPS_CREATE,
        "room.users": Permission.USERS_READ,
        "room.nobody": NOBODY,
        "room.forgotten": None,
    }
    monkeypatch.setattr(policy.policy, "_rules", {**policy.policy._rules, **rules})
    for endpoint in rules:
        path = "/" + endpoint.replace(".", "/")
        more.add_url_rule(path, endpoint, lambda: str(actor.get()), methods=["GET", "POST"])
    yield more
    with more.app_context():
        db.engine.dispose()


def test_each_role_enters_the_rooms_it_may(rooms: Flask, people: dict[str, int]) -> None:
    entered = {
        name: [
            room
            for room in ("signed_in", "groups", "users", "nobody", "forgotten")
            if enter(rooms, name).get(f"/room/{room}").status_code == 200
        ]
        for name in people
    }
    assert entered == {
        "an": ["signed_in", "groups", "users"],
        "mai": ["signed_in", "groups"],
        "son": ["signed_in"],
        "vy": ["signed_in"],
    }


def test_an_address_nobody_classified_is_refused_to_everybody(rooms: Flask) -> None:
    for browser in (enter(rooms), enter(rooms, "an")):
        for method in ("get", "post", "head", "options"):
            answer = getattr(browser.client, method)("/room/forgotten")
            assert answer.status_code == 403


def test_writes_are_stamped_with_who_asked_and_with_nobody_afterwards(
    rooms: Flask, people: dict[str, int]
) -> None:
    assert enter(rooms, "mai").get("/room/signed_in").text == str(people["mai"])
    assert actor.get() is None
    enter(rooms).get("/login")
    assert actor.get() is None


def test_a_page_is_asked_for_again_after_signing_in_and_a_form_is_not(rooms: Flask) -> None:
    nobody = enter(rooms)
    assert nobody.get("/room/users?page=2").location == "/login?next=/room/users?page%3D2"
    assert nobody.raw_post("/room/users", {}).location == "/login"


def test_a_script_is_told_where_to_sign_in(rooms: Flask) -> None:
    asked = {"HX-Request": "true", "HX-Current-URL": "http://crm.example/room/users?page=2"}
    answer = enter(rooms).get("/room/users", headers=asked)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login?next=/room/users?page%3D2"
    assert answer.json == {"error": "sign_in"}


@pytest.mark.parametrize("url", ["http://evil.example/x", "//evil.example", "javascript:1", "::"])
def test_a_script_cannot_have_itself_sent_elsewhere(rooms: Flask, url: str) -> None:
    asked = {"HX-Request": "true", "HX-Current-URL": url}
    answer = enter(rooms).get("/room/users", headers=asked)
    assert answer.headers["HX-Redirect"] == "/login"


def test_who_asks_for_json_gets_401_as_json(rooms: Flask) -> None:
    answer = enter(rooms).get("/room/users", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json) == (401, {"error": "sign_in"})


def test_an_unknown_address_is_simply_not_found(visitor: NewVisitor) -> None:
    assert visitor().get("/nowhere").status_code == 404
    assert visitor("an").get("/nowhere").status_code == 404


def test_menus_know_what_each_role_reaches(rooms: Flask) -> None:
    with rooms.test_request_context("/login"):
        assert guard.reaches("access.login")
        assert not guard.reaches("room.signed_in")
        son = queries.by_username("son")
        assert son is not None
        with guard.acting(son):
            assert guard.reaches("room.signed_in")
            assert not guard.reaches("room.groups")
            assert not guard.reaches("room.nobody")
            assert not guard.reaches("room.forgotten")


def persona(name: str) -> User:
    found = queries.by_username(name)
    assert found is not None
    return found


def test_a_command_acts_with_the_users_own_permissions(app: Flask, people: dict[str, int]) -> None:
    with app.app_context():
        assert guard.current_user() is None
        with guard.acting(persona("son")) as son:
            assert guard.current_user() is son
            assert actor.get() == people["son"]
            assert guard.require(Permission.CUSTOMERS_EDIT) is Scope.OWN
            assert guard.limited_to("customers:read") == people["son"]
            assert guard.owns(Permission.CUSTOMERS_EDIT, people["son"])
            assert not guard.owns(Permission.CUSTOMERS_EDIT, people["mai"])
            assert not guard.owns(Permission.CUSTOMERS_EDIT, None)
            assert guard.closed_fields("customers") == {"owner"}
            assert guard.sees_sensitive()
            with pytest.raises(Forbidden):
                guard.limited_to(Permission.IMPORTS_READ)
        assert guard.current_user() is None
        assert actor.get() is None


def test_nobody_holds_nothing(app: Flask) -> None:
    with app.app_context():
        assert {guard.scope_of(p) for p in Permission} == {Scope.NONE}
        assert not guard.sees_sensitive()
        assert guard.closed_fields("customers") == frozenset()
        with pytest.raises(Forbidden):
            guard.require(Permission.CATALOGS_READ)


def test_all_records_mean_no_limit(app: Flask) -> None:
    with app.app_context(), guard.acting(persona("mai")):
        assert guard.limited_to(Permission.CUSTOMERS_EDIT) is None
        assert guard.owns(Permission.CUSTOMERS_EDIT, 12345)


def test_a_disabled_user_holds_nothing_even_in_a_running_job(app: Flask) -> None:
    with app.app_context():
        mai = persona("mai")
        with guard.acting(mai):
            assert guard.can(Permission.GROUPS_EDIT)
            mai.is_active = False
            assert not guard.can(Permission.GROUPS_EDIT)
        db.session.rollback()


def test_two_threads_never_see_each_others_user(app: Flask) -> None:
    seen: dict[str, str] = {}
    both = threading.Barrier(2, timeout=20)

    def act(name: str) -> None:
        with app.app_context():
            found = persona(name)
            db.session.commit()  # or the other thread could not read on SQLite
            with guard.acting(found):
                both.wait()
                user = guard.current_user()
                seen[name] = user.username if user else ""

    threads = [threading.Thread(target=act, args=(n,)) for n in ("mai", "vy")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"mai": "mai", "vy": "vy"}


def test_a_misspelt_permission_is_an_error(app: Flask) -> None:
    with app.app_context(), pytest.raises(ValueError, match="custommers"):
        guard.can("custommers:read")
