"""What goes wrong is said in words, with a way out, and never with a traceback."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from crmadmin.core.db import db


def test_an_unknown_address_is_said_in_vietnamese(app: Flask, people: dict, visitor) -> None:
    answer = visitor("an").get("/admin/khong-co/")
    assert answer.status_code == 404
    assert "Không có gì ở đây" in answer.text
    assert "Về trang đầu" in answer.text


def test_a_program_gets_its_error_as_json(app: Flask, people: dict, visitor) -> None:
    answer = visitor("an").get("/admin/khong-co/", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.json["error"]["title"] == "Không có gì ở đây"


def test_a_crash_shows_no_traceback_and_saves_nothing(
    app: Flask, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    an = visitor("an")

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("crmadmin.core.listing.page", broken)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = an.get("/admin/customers/")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text
    assert "Hệ thống gặp lỗi" in answer.text


def test_an_oversized_upload_is_refused_at_once_with_its_limit(
    app: Flask, people: dict, visitor
) -> None:
    an = visitor("an")
    token = an.token("/admin/imports/new/industries")
    limit = app.config["MAX_CONTENT_LENGTH"]
    began = time.monotonic()
    answer = an.client.post(
        "/admin/imports/new/industries",
        input_stream=io.BytesIO(f"csrf_token={token}".encode()),
        environ_overrides={"CONTENT_LENGTH": str(limit + 10)},
        content_type="multipart/form-data; boundary=x",
        base_url=an.base_url,
    )
    assert answer.status_code == 413
    assert time.monotonic() - began < 20
    assert str(app.config["SETTINGS"].upload_max_mb) in answer.text


def test_an_expired_form_keeps_what_was_typed_and_goes_again(
    app: Flask, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    an = visitor("an")
    token = an.token("/admin/groups/new/")
    typed = {"name": "Nhóm đã gõ", "description": "Mô tả", "csrf_token": token}
    app.config["WTF_CSRF_TIME_LIMIT"] = -1
    answer = an.raw_post("/admin/groups/new/", typed)
    assert answer.status_code == 400
    assert 'value="Nhóm đã gõ"' in answer.text
    app.config["WTF_CSRF_TIME_LIMIT"] = 3600
    fresh = answer.text.split('name="csrf_token" value="')[1].split('"')[0]
    assert an.raw_post("/admin/groups/new/", {**typed, "csrf_token": fresh}).status_code == 302


def test_a_forged_token_offers_nothing_to_send_again(app: Flask, people: dict, visitor) -> None:
    an, other = visitor("an"), visitor("mai")
    for token in ("", "nonsense", other.token("/admin/groups/new/")):
        answer = an.raw_post(
            "/admin/groups/new/", {"name": "Giả", "description": "x", "csrf_token": token}
        )
        assert answer.status_code == 400
        assert "Giả" not in answer.text


def test_a_locked_database_asks_for_patience(
    app: Flask, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    an = visitor("an")

    def locked(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("database is locked"))

    monkeypatch.setattr("crmadmin.core.listing.page", locked)
    answer = an.get("/admin/customers/")
    assert answer.status_code == 503
    assert "Hệ thống đang bận" in answer.text


def test_the_probes_answer_without_signing_in(app: Flask, visitor) -> None:
    nobody = visitor()
    assert nobody.get("/healthz").text == "ok\n"
    assert nobody.get("/readyz").text == "ok\n"
    assert nobody.get("/").headers["Location"].endswith("/admin/")


def test_readyz_says_when_the_database_is_gone(
    app: Flask, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    def gone(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(db.session, "execute", gone)
    assert visitor().get("/readyz").status_code == 503


def test_a_role_that_nobody_knows_any_more_is_refused_and_breaks_no_page(
    app: Flask, people: dict, visitor
) -> None:
    son, an = visitor("son"), visitor("an")
    with app.app_context():
        db.session.execute(text("UPDATE \"user\" SET role = 'zzz' WHERE username = 'son'"))
        db.session.commit()
    for path in ("/admin/", "/admin/customers/", "/admin/users/", "/admin/settings/", "/profile"):
        assert son.get(path).status_code in (200, 302, 403), path
    for path in ("/admin/", "/admin/users/", f"/admin/users/edit/?id={people['son']}"):
        assert an.get(path).status_code == 200, path
