"""What web tests share: people's browsers."""

from __future__ import annotations

import pytest
from flask import Flask
from visitor import NewVisitor, Visitor


@pytest.fixture
def visitor(app: Flask) -> NewVisitor:
    """A new browser: `visitor()`, or `visitor("mai")` when she has signed in."""

    def new(name: str | None = None, address: str = "192.0.2.1", *, https: bool = False) -> Visitor:
        browser = Visitor(app, address, https=https)
        if name is not None:
            assert browser.sign_in(name).status_code == 303
        return browser

    return new


@pytest.fixture
def mai(people: dict[str, int], visitor: NewVisitor) -> Visitor:
    """Mai, who has signed in."""
    return visitor("mai")
