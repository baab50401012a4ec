"""The mark of a browser that has signed in to an account before.

A signed cookie with the user's id and a random word. It signs nobody in: it only keeps guesses made
elsewhere from locking this browser out (see `throttle`). Nothing is stored on the server.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

LIFETIME = timedelta(days=180)


def issue(user_id: int, mark: str | None = None) -> str:
    """The cookie's value for a user's browser; `mark` renews one it has."""
    return str(_signer().dumps([user_id, mark or secrets.token_urlsafe(12)]))


def is_one(cookie: str | None) -> bool:
    """Whether the cookie was given to a browser by this installation, for whichever user."""
    return _content(cookie) is not None


def mark_of(cookie: str | None, user_id: int | None) -> str | None:
    """The mark in the cookie when it was given for this user and is not too old, else None."""
    content = _content(cookie)
    if content is None or user_id is None or content[0] != user_id:
        return None
    return str(content[1])


def _content(cookie: str | None) -> list[Any] | None:
    """[user's id, mark], None for anything else."""
    if not cookie:
        return None
    try:
        found: list[Any] = _signer().loads(cookie, max_age=int(LIFETIME.total_seconds()))
    except BadSignature:
        return None
    return found


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="crmadmin.device")
