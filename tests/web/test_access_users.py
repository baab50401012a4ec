"""Writes to users: uniqueness, passwords, and the administrator who is always left."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from argon2 import PasswordHasher, extract_parameters
from flask import Flask
from sqlalchemy import select
from visitor import PASSWORD, NewVisitor

from crmadmin.access import passwords, queries, services
from crmadmin.access.models import User
from crmadmin.access.roles import Role
from crmadmin.core.db import acting_as, db
from crmadmin.core.text import Refusal


@pytest.fixture
def _inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
        db.session.rollback()


def named(name: str) -> User:
    found = queries.by_username(name)
    assert found is not None
    return found


@pytest.mark.usefixtures("_inside")
class TestAdding:
    def test_a_user_is_what_was_said(self) -> None:
        made = services.create_user(
            "Mai.Le", "marketing", password=PASSWORD, email=" M@Example.COM "
        )
        assert (made.username, made.username_key, made.full_name) == ("Mai.Le", "mai.le", "Mai.Le")
        assert (made.email, made.email_key) == ("M@example.com", "m@example.com")
        assert (made.role, made.is_active, made.locale, made.theme) == (
            "marketing", True, "vi", "auto",
        )  # fmt: skip
        assert (made.version, made.session_epoch, made.preferences) == (1, 1, {})

    def test_who_adds_a_user_is_noted(self) -> None:
        an = services.create_user("an", Role.ADMIN)
        with acting_as(an.id):
            mai = services.create_user("mai", Role.MARKETING)
        assert (mai.created_by_id, mai.updated_by_id) == (an.id, an.id)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"username": "MAI"}, "username_taken"),
            ({"username": "m\u200bai"}, "username_taken"),
            ({"email": "Mai@example.com"}, "email_taken"),
            ({"username": ""}, "required"),
            ({"username": "x"}, "bad_username"),
            ({"username": "a b"}, "bad_username"),
            ({"username": "_mai"}, "bad_username"),
            ({"username": "mai@example.com"}, "bad_username"),
            ({"username": "x" * 65}, "bad_username"),
            ({"full_name": "x" * 121}, "too_long"),
            ({"email": "mai"}, "bad_email"),
            ({"role": "root"}, "bad_choice"),
            ({"role": None}, "bad_choice"),
            ({"locale": "fr"}, "bad_choice"),
            ({"password": "ngắn"}, "password_short"),
            ({"password": "vy.123456789"}, "password_is_name"),
            ({"password": "Vietcombank1"}, "password_common"),
        ],
    )
    def test_what_does_not_fit_is_refused_by_name(
        self, changes: dict[str, str | None], code: str
    ) -> None:
        services.create_user("mai", Role.SALES, email="mai@example.com")
        given = {"username": "vy", "role": "viewer", "full_name": "Vy", **changes}
        with pytest.raises(Refusal) as refused:
            services.create_user(**given)  # type: ignore[arg-type]  # wrong on purpose
        assert refused.value.code == code
        assert len(db.session.scalars(select(User)).all()) == 1

    def test_a_field_that_people_may_not_set_is_an_error_of_the_program(self) -> None:
        with pytest.raises(TypeError, match="session_epoch"):
            services.save_user(User(), {"username": "vy", "session_epoch": 7})

    def test_a_user_without_a_password_matches_none(self) -> None:
        user = services.create_user("vy", Role.VIEWER)
        assert user.password_hash is None
        with passwords.slot() as work:
            assert not work.matches(user.password_hash, "")


@pytest.mark.usefixtures("people", "_inside")
class TestTheLastAdministrator:
    def test_cannot_be_disabled(self) -> None:
        with pytest.raises(Refusal, match="last_admin"):
            services.save_user(named("an"), {"is_active": False})
        assert named("an").is_active

    def test_cannot_be_given_another_role(self) -> None:
        with pytest.raises(Refusal, match="last_admin"):
            services.save_user(named("an"), {"role": Role.VIEWER})
        assert named("an").role == "admin"

    def test_may_go_once_there_is_another(self) -> None:
        services.save_user(named("mai"), {"role": Role.ADMIN})
        services.save_user(named("an"), {"is_active": False})
        with pytest.raises(Refusal, match="last_admin"):
            services.save_user(named("mai"), {"is_active": False})

    def test_is_not_helped_by_an_administrator_who_is_disabled(self) -> None:
        services.save_user(named("mai"), {"role": Role.ADMIN})
        services.save_user(named("mai"), {"is_active": False})
        with pytest.raises(Refusal, match="last_admin"):
            services.save_user(named("an"), {"is_active": False})

    def test_may_change_everything_else(self) -> None:
        services.save_user(named("an"), {"full_name": "An", "role": "admin", "is_active": True})
        assert named("an").full_name == "An"


@pytest.mark.usefixtures("people")
def test_two_administrators_cannot_remove_each_other_at_once(app: Flask) -> None:
    with app.app_context():
        services.save_user(named("mai"), {"role": Role.ADMIN})
    both = threading.Barrier(2, timeout=20)
    refused: list[str] = []

    def remove(name: str) -> None:
        with app.app_context():
            user = named(name)
            db.session.commit()
            both.wait()
            try:
                services.save_user(user, {"is_active": False})
            except Refusal as refusal:
                db.session.rollback()
                refused.append(refusal.code)

    threads = [threading.Thread(target=remove, args=(n,)) for n in ("an", "mai")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["last_admin"]
    with app.app_context():
        assert len(queries.active_admins()) == 1


@pytest.mark.usefixtures("people", "_inside")
def test_preferences_are_kept_without_touching_the_record() -> None:
    mai = named("mai")
    before = mai.version
    services.save_preference(mai, "columns.customer", ["code", "name"])
    services.save_preference(mai, "page_size", 50)
    services.save_preference(mai, "page_size", None)
    db.session.commit()
    assert named("mai").preferences == {"columns.customer": ["code", "name"]}
    assert named("mai").version == before


@pytest.mark.usefixtures("people", "_inside")
def test_changes_are_not_smuggled_in_past_the_checks() -> None:
    mai = named("mai")
    mai.full_name = "Không qua cửa"
    with pytest.raises(RuntimeError, match="save_user"):
        services.set_password(mai, "một câu khác hẳn")


@pytest.mark.usefixtures("people")
def test_a_hash_with_old_parameters_is_renewed_at_sign_in(
    app: Flask, visitor: NewVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home = visitor("mai")
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(2, 128, 1))
    assert visitor().sign_in("mai").status_code == 303
    with app.app_context():
        assert extract_parameters(str(named("mai").password_hash)).memory_cost == 128
    assert visitor().sign_in("mai").status_code == 303
    assert at_home.is_signed_in()


@pytest.mark.parametrize("password", ["Vietcombank1", "ngắn", "0912345678"])
def test_a_demo_password_that_is_guessed_first_is_refused_in_a_sentence(
    app: Flask, password: str
) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], demo_password=password)
    told = app.test_cli_runner().invoke(args=["crm", "demo"])
    assert told.exit_code == 1
    assert "Error: CRM_DEMO_PASSWORD: " in told.output
    assert "Traceback" not in told.output
    with app.app_context():
        assert not queries.any_user()
