"""Sessions on the server: started at sign-in, ended one by one, or all of a user's at once.

The browser holds a signed cookie with a random token; the table `user_session` holds the token's
digest. Signing out ends that one row, so a copy of the cookie is worth nothing afterwards. A
change of password, user name, email, role or `is_active` moves the user's epoch on and ends them
all.

A session lasts 30 days at most. Unless the person asked to be kept signed in it also ends with the
browser, and after 12 hours without a request. That last moment is kept in the cookie and not in the
table, because looking at a page must not write; an older copy of the cookie only ends sooner.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Update, delete, select, update

from crmadmin.access.models import User, UserSession
from crmadmin.core.db import db, rows_written, utcnow

LIFETIME = timedelta(days=30)
IDLE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=5)


def start(user: User, *, is_kept: bool = False) -> str:
    """A new session for the user; returns its token. Part of the caller's transaction.

    Rows of sessions that ran out are removed on the way.
    """
    now = utcnow()
    token = secrets.token_urlsafe(32)
    purge(now)
    db.session.add(
        UserSession(
            token_hash=_digest(token),
            user_id=user.id,
            epoch=user.session_epoch,
            is_kept=is_kept,
            started_at=now,
            expires_at=now + LIFETIME,
        )
    )
    db.session.flush()
    user.session_token = token
    return token


def purge(now: datetime | None = None) -> int:
    """Forget sessions that ran out; how many rows went. Part of the caller's transaction."""
    gone = db.session.execute(delete(UserSession).where(UserSession.expires_at < (now or utcnow())))
    return rows_written(gone)


def find(token: str) -> tuple[User, UserSession] | None:
    """The user of a session that still counts, and the session; None for any other token."""
    found = db.session.execute(
        select(User, UserSession)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.token_hash == _digest(token),
            UserSession.ended_at.is_(None),
            UserSession.expires_at > utcnow(),
            UserSession.epoch == User.session_epoch,
            User.is_active.is_(True),
        )
    ).first()
    if found is None:
        return None
    user, session = found
    user.session_token = token
    return user, session


def end(token: str) -> None:
    """End one session. Part of the caller's transaction; an unknown token changes nothing."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.token_hash == _digest(token), UserSession.ended_at.is_(None))
        .values(ended_at=utcnow())
    )


def end_all(user_id: int) -> int:
    """End every session of a user; returns how many. Part of the caller's transaction."""
    ended = db.session.execute(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
        .values(ended_at=utcnow())
    )
    return int(getattr(ended, "rowcount", 0))


def end_everybodys() -> Update:
    """The statement that ends every session; for a database that is another than it was."""
    return update(UserSession).where(UserSession.ended_at.is_(None)).values(ended_at=utcnow())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
