"""The first run: a one-time token, printed where the server starts, makes the first administrator.

There is no default account. While no user exists, `/setup` takes the token; afterwards it is gone.
"""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import delete, select

from crmadmin.access import password_rules, passwords, queries, services, throttle
from crmadmin.access.models import SetupToken, User
from crmadmin.access.roles import Role
from crmadmin.core.db import db, rows_written
from crmadmin.core.text import Refusal


def is_open() -> bool:
    """Whether the first administrator is still to be made."""
    return not queries.any_user()


def issue_token() -> str | None:
    """A new token, replacing the last one, or None when there are users. Commits.

    Call it once where the server starts and print what comes back; only its digest is kept.
    """
    if not is_open():
        db.session.rollback()
        return None
    token = secrets.token_urlsafe(24)
    db.session.execute(delete(SetupToken))
    db.session.add(SetupToken(token_hash=_digest(token)))
    db.session.commit()
    return token


def complete(
    token: str,
    *,
    username: str,
    full_name: str,
    password: str,
    email: str | None = None,
    address: str = "",
) -> User:
    """Make the first administrator and use the token up. Raises Refusal (bad_token, …),
    throttle.ThrottledError and passwords.BusyError.

    Only the first of two simultaneous calls succeeds; the other's token is gone. `address` is the
    caller's network address: who guesses tokens is told to wait.
    """
    guess = throttle.admit(throttle.of_setup(address))
    if not _is_current(token):
        raise Refusal("bad_token", {"field": "token"})
    throttle.take_back(guess)
    db.session.commit()
    password_rules.check(password, username, full_name, email)
    with passwords.slot() as work:
        hashed = work.hash(password)
    # All of them: two servers that started at once left two, and each would make somebody.
    used = db.session.execute(delete(SetupToken))
    if rows_written(used) == 0 or not is_open():
        db.session.rollback()
        raise Refusal("bad_token", {"field": "token"})
    changes = {
        "username": username,
        "full_name": full_name,
        "email": email,
        "role": Role.ADMIN.value,
    }
    try:
        return services.save_user(User(password_hash=hashed), changes)
    except Refusal:
        db.session.rollback()  # the token is not used up by a name that does not fit
        raise


def _is_current(token: str) -> bool:
    given = _digest(token)
    kept = db.session.scalars(select(SetupToken.token_hash)).all()
    return any(secrets.compare_digest(one, given) for one in kept) and is_open()


def _digest(token: str) -> str:
    return hashlib.sha256(token.strip().encode(errors="surrogatepass")).hexdigest()
