"""Users are added with a password; who has none is marked and cannot sign in."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sent import fields
from sqlalchemy import select
from visitor import PASSWORD

from crmadmin.access import services
from crmadmin.access.models import User
from crmadmin.core.db import db

LIST = "/admin/users/"
NEW = {"username": "lan", "full_name": "Lan", "role": "sales", "locale": "vi", "theme": "auto",
       "is_active": "y"}  # fmt: skip


def user(name: str) -> User | None:
    return db.session.scalar(select(User).where(User.username == name))


@pytest.mark.parametrize("typed", [{}, {"password": ""}])
def test_a_user_is_not_added_without_a_password_and_the_field_says_so(
    context: Flask, people: dict[str, int], visitor: Any, typed: dict[str, str]
) -> None:
    answer = visitor("an").post(f"{LIST}new/", {**NEW, **typed})
    assert answer.status_code == 422
    assert 'id="password-error"' in answer.text
    assert 'value="lan"' in answer.text
    assert user("lan") is None


def test_a_user_is_added_with_a_password(
    context: Flask, people: dict[str, int], visitor: Any
) -> None:
    answer = visitor("an").post(f"{LIST}new/", {**NEW, "password": PASSWORD})
    assert answer.status_code == 302
    assert visitor().sign_in("lan").status_code == 303


def test_a_user_is_changed_without_typing_the_password_again(
    context: Flask, people: dict[str, int], visitor: Any
) -> None:
    made = services.create_user("lan", "sales", password=PASSWORD)
    an, page = visitor("an"), f"{LIST}edit/?id={made.id}"
    answer = an.get(page)
    assert "Để trống nếu giữ" in answer.text
    change = {**fields(answer.text, "record-form"), "full_name": "Lan Anh"}
    assert change["password"] == ""
    assert an.post(page, change).status_code == 302
    db.session.expire_all()
    changed = user("lan")
    assert changed is not None
    assert changed.full_name == "Lan Anh"
    assert visitor().sign_in("lan").status_code == 303


def test_who_has_no_password_is_marked_in_the_list_and_cannot_sign_in(
    context: Flask, people: dict[str, int], visitor: Any
) -> None:
    services.create_user("lan", "sales")
    page = visitor("an").get(f"{LIST}?q=lan").text
    assert page.count("Chưa có mật khẩu") == 1
    assert "Chưa có mật khẩu" not in visitor("an").get(f"{LIST}?q=mai").text
    for typed in ("", "None", PASSWORD):
        browser = visitor()
        browser.sign_in("lan", typed)
        assert not browser.is_signed_in()


@pytest.mark.parametrize(("args", "given"), [((), PASSWORD), (("--password-stdin",), "\n")])
def test_the_command_line_adds_no_user_without_a_password(
    app: Flask, people: dict[str, int], args: tuple[str, ...], given: str
) -> None:
    command = ["crm", "create-user", "lan", "--role", "sales", *args]
    answer = app.test_cli_runner().invoke(args=command, input=given)
    assert answer.exit_code != 0
    assert "password" in answer.stderr
    with app.app_context():
        assert user("lan") is None
        db.session.remove()
