"""Hệ thống > Thiết lập: the pattern of automatic codes and what is compared on entry."""

from __future__ import annotations

import pytest
from factories import customer
from flask import Flask
from visitor import PASSWORD

from crmadmin.access.models import User
from crmadmin.core import settings
from crmadmin.core.db import db

PAGE = "/admin/settings/"


def test_a_new_pattern_numbers_the_next_customer(context: Flask, people: dict, visitor) -> None:
    answer = visitor("an").post(
        PAGE, {"prefix": "KHACH-", "length": "4", "suffix": "-VN", "phone": "y", "version": ""}
    )
    assert answer.status_code == 302
    assert settings.duplicate_fields() == ("phone",)
    assert customer(db.session.get(User, people["an"])).code == "KHACH-0001-VN"


@pytest.mark.parametrize(
    "typed",
    [
        {"prefix": "KH", "length": "0"},
        {"prefix": "KH", "length": "99"},
        {"prefix": "KH", "length": "sáu"},
        {"prefix": "K H!", "length": "6"},
        {"prefix": "K" * 17, "length": "6"},
        {"prefix": "KH", "length": ""},
    ],
)
def test_a_pattern_that_cannot_be_is_refused_at_its_field(
    context: Flask, people: dict, visitor, typed: dict
) -> None:
    answer = visitor("an").post(PAGE, {"suffix": "", **typed})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert settings.customer_codes() == settings.CodePattern()


def test_the_companys_own_words_make_no_password_on_any_form(
    context: Flask, people: dict, visitor
) -> None:
    form = {
        "prefix": "KH",
        "length": "6",
        "suffix": "",
        "version": "",
        "company_words": "Bình Minh, ABCtech,, ",
    }
    an = visitor("an")
    assert an.post(PAGE, form).status_code == 302
    assert settings.company_words() == ("Bình Minh", "ABCtech")
    assert 'value="Bình Minh, ABCtech"' in an.get(PAGE).text
    words = {"current": PASSWORD, "new": "BinhMinh@2026", "again": "BinhMinh@2026"}
    user = {"username": "moi", "full_name": "Mới", "role": "viewer", "password": "4bctech-2026"}
    for answer in (
        an.post("/profile/password", words, page="/profile"),
        an.post("/admin/users/new/", {**user, "locale": "vi", "theme": "auto"}),
    ):
        assert answer.status_code == 422
        assert "tên gọi riêng của công ty" in answer.text
    told = context.test_cli_runner().invoke(
        args=["crm", "create-user", "moi", "--role", "viewer", "--password-stdin"],
        input="binhminh2026\n",
    )
    assert told.exit_code == 1
    assert "tên gọi riêng của công ty" in told.output


@pytest.mark.parametrize("name", ["mai", "son", "vy"])
def test_only_an_administrator_sees_the_settings(
    context: Flask, people: dict, visitor, name: str
) -> None:
    assert visitor(name).get(PAGE).status_code == 403
