"""What web tests share: quick password hashes, the four people, and their browsers."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from flask import Flask
from visitor import PASSWORD, NewVisitor, Visitor

from crmadmin.access import passwords, services
from crmadmin.core.db import db

PEOPLE = (
    ("an", "admin", "Trần Văn An"),
    ("mai", "marketing", "Lê Thị Mai"),
    ("son", "sales", "Phạm Sơn"),
    ("vy", "viewer", "Đỗ Vy"),
)


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(1, 64, 1))


@pytest.fixture
def people(app: Flask) -> dict[str, int]:
    """An (admin), Mai (marketing), Sơn (sales) and Vy (viewer): user name → id."""
    with app.app_context():
        made = {
            name: services.create_user(
                name, role, password=PASSWORD, full_name=full, email=f"{name}@example.com"
            ).id
            for name, role, full in PEOPLE
        }
        db.session.remove()
    return made


@pytest.fixture
def visitor(app: Flask) -> NewVisitor:
    """A new browser: `visitor()`, or `visitor("mai")` when she has signed in."""

    def new(name: str | None = None, address: str = "192.0.2.1", *, https: bool = False) -> Visitor:
        browser = Visitor(app, address, https=https)
        if name is not None:
            assert browser.sign_in(name).status_code == 303
        return browser

    return new
