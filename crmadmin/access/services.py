"""Writes to users: adding, changing, disabling, passwords. Each call is one transaction.

Who may call them is the caller's question (`guard`); what must hold of users whoever asks is here:
names and emails are unique, passwords are acceptable, and one active administrator is always left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from crmadmin.access import password_rules, passwords, queries, signin
from crmadmin.access.models import LOCALES, THEMES, User
from crmadmin.access.roles import Role
from crmadmin.core import records, settings
from crmadmin.core.db import actor, db
from crmadmin.core.text import Refusal, email, email_key, name_key, shorten, text

USERNAME = re.compile(r"[^\W_][\w.-]{1,63}")
LONGEST_NAME = 120


def create_user(
    username: str,
    role: Role | str,
    *,
    password: str | None = None,
    full_name: str | None = None,
    email: str | None = None,
    locale: str = "vi",
) -> User:
    """Add a user. Without a password nobody can sign in as them until one is set.

    Raises Refusal: the codes of `save_user`.
    """
    changes = {
        "username": username,
        "full_name": full_name or username,
        "email": email,
        "role": role,
        "locale": locale,
    }
    return save_user(User(), changes, password)


def save_user(
    user: User,
    changes: Mapping[str, Any],
    password: str | None = None,
    *,
    current: str | None = None,
) -> User:
    """Change a user, or add one that is new, in one transaction; returns it.

    `user` is as it was loaded (or `User()`); `changes` are by field name and may be what a person
    typed; fields that are not named stay. Who changes what they sign in with themselves (user name,
    email, password) proves it is them by their `current` password: a browser left open is not
    enough to take an account over. Raises Refusal (bad_username, username_taken, bad_email,
    email_taken, required, too_long, bad_choice, last_admin, current_needed, wrong_password,
    password_…) or records.Stale and changes nothing, throttle.ThrottledError, passwords.BusyError,
    and TypeError when a field is not one that people may set.
    """
    unknown = set(changes) - set(CHECKS)
    if unknown:
        raise TypeError(f"not fields of a user that can be set: {', '.join(sorted(unknown))}")
    values = {name: CHECKS[name](value) for name, value in changes.items()}
    after = {name: values.get(name, getattr(user, name)) for name in CHECKS}
    if not after["username"]:
        raise Refusal("required", {"field": "username"})
    if _is_own(user) and (password or _log_in_changes(user, after)):
        _confirm(user, current)
    hashed = _hash(password, after) if password else None
    _keep_an_admin(user, after)
    for name, value in values.items():
        setattr(user, name, value)
    if hashed is not None:
        user.password_hash = hashed
    _commit(user)
    return user


def set_password(user: User, password: str, *, current: str | None = None) -> None:
    """Give the user another password, which ends all their sessions. Raises as `save_user`."""
    save_user(user, {}, password, current=current)


def save_preference(user: User, name: str, value: Any) -> None:
    """Keep one preference (the columns of a list, say); None forgets it.

    Not a change of the record: neither its version nor its stamps move. Part of the caller's
    transaction.
    """
    kept = {k: v for k, v in (user.preferences or {}).items() if k != name}
    if value is not None:
        kept[name] = value
    db.session.execute(
        update(User)
        .where(User.id == user.id)
        .values(preferences=kept)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(user, ["preferences"])


def _hash(password: str, after: Mapping[str, Any]) -> str:
    names = after["username"], after["email"], after["full_name"]
    password_rules.check(password, *names, company=settings.company_words())
    _let_go()
    with passwords.slot(is_known=True) as work:
        return work.hash(password)


def _is_own(user: User) -> bool:
    """Whether the signed-in user is the one who changes."""
    return user.id is not None and user.id == actor.get()


def _log_in_changes(user: User, after: Mapping[str, Any]) -> bool:
    return (after["username"], after["email"]) != (user.username, user.email)


def _confirm(user: User, current: str | None) -> None:
    if not current:
        raise Refusal("current_needed", {"field": "current"})
    _let_go()
    signin.confirm(user, current)


def _let_go() -> None:
    """End the transaction that reading began: a turn at hashing may have to be waited for, and who
    has that turn may be waiting for SQLite's only write lock.
    """
    if db.session.new or db.session.dirty:
        raise RuntimeError("give changes to services.save_user, not to the user object")
    db.session.commit()


def _keep_an_admin(user: User, after: Mapping[str, Any]) -> None:
    if user.id is None or (after["role"] == Role.ADMIN.value and after["is_active"]):
        return
    # Held, so that two administrators cannot remove each other at the same moment.
    if queries.active_admins(held=True) == {user.id}:
        raise Refusal("last_admin", {"username": user.username})


def _commit(user: User) -> None:
    but = user.id
    keys = name_key(user.username), email_key(user.email or "") or None
    try:
        db.session.add(user)
        db.session.commit()
    except StaleDataError as error:
        db.session.rollback()
        raise records.Stale from error
    except IntegrityError:
        db.session.rollback()
        # The database has refused; this only finds the words for it.
        if queries.is_taken("username_key", keys[0], but):
            raise Refusal("username_taken", {"field": "username", "value": keys[0]}) from None
        if queries.is_taken("email_key", keys[1], but):
            raise Refusal("email_taken", {"field": "email", "value": str(keys[1])}) from None
        raise


def _username(value: Any) -> str:
    name = text(value)
    if name is None:
        raise Refusal("required", {"field": "username"})
    if not USERNAME.fullmatch(name):
        raise Refusal("bad_username", {"field": "username", "value": shorten(name)})
    return name


def _full_name(value: Any) -> str:
    name = text(value)
    if name is None:
        raise Refusal("required", {"field": "full_name"})
    if len(name) > LONGEST_NAME:
        length, limit = str(len(name)), str(LONGEST_NAME)
        raise Refusal("too_long", {"field": "full_name", "length": length, "limit": limit})
    return name


def _email(value: Any) -> str | None:
    try:
        return email(value)
    except Refusal as refusal:
        raise Refusal(refusal.code, {**refusal.params, "field": "email"}) from None


def _one_of(field: str, values: frozenset[str]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if str(value) not in values:
            choices = ", ".join(sorted(values))
            raise Refusal(
                "bad_choice", {"field": field, "value": shorten(str(value)), "choices": choices}
            )
        return str(value)

    return check


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refusal("bad_yes_no", {"field": "is_active", "value": shorten(str(value))})
    return value


CHECKS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "username": _username,
        "full_name": _full_name,
        "email": _email,
        "role": _one_of("role", frozenset(r.value for r in Role)),
        "is_active": _yes_or_no,
        "locale": _one_of("locale", frozenset(value for value, _ in LOCALES)),
        "theme": _one_of("theme", frozenset(value for value, _ in THEMES)),
    }
)
"""Fields of a user that people may set → what makes a value of what was typed, or refuses it."""
