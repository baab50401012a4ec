"""Reads of users. Sessions and throttle read their own tables."""

from __future__ import annotations

from sqlalchemy import exists, func, or_, select

from crmadmin.access.models import User
from crmadmin.access.roles import Role
from crmadmin.core.db import db
from crmadmin.core.text import email_key, name_key


def by_login(name: str) -> User | None:
    """The user who signs in with this user name or email, without regard to case."""
    key, address = name_key(name), email_key(name)
    # A user name never holds an @, so at most one user fits.
    return db.session.scalars(
        select(User).where(or_(User.username_key == key, User.email_key == address)).limit(1)
    ).first()


def by_username(name: str) -> User | None:
    """The user of this name, without regard to case."""
    return db.session.scalars(select(User).where(User.username_key == name_key(name))).first()


def first_admin() -> User | None:
    """The active administrator who came first: who acts when a command names nobody."""
    return db.session.scalars(
        select(User)
        .where(User.role == Role.ADMIN.value, User.is_active.is_(True))
        .order_by(User.id)
        .limit(1)
    ).first()


def any_user() -> bool:
    """Whether there is a user at all; while there is none, the first run is open."""
    return bool(db.session.scalar(select(exists().select_from(User))))


def active_admins(*, held: bool = False) -> set[int]:
    """Ids of the active administrators; `held` locks them until the transaction ends."""
    wanted = select(User.id).where(User.role == Role.ADMIN.value, User.is_active.is_(True))
    return set(db.session.scalars(wanted.with_for_update() if held else wanted))


def is_taken(column: str, key: str | None, but: int | None) -> bool:
    """Whether another user has this key in `username_key` or `email_key`."""
    if key is None:
        return False
    same = select(func.count()).select_from(User).where(getattr(User, column) == key)
    if but is not None:
        same = same.where(User.id != but)
    return bool(db.session.scalar(same))
