"""From a name and a password to a session, and its end.

The order matters: guesses are counted before the password is looked at, one is hashed whether the
user exists or not, and no transaction is open meanwhile. Cookies are `guard`'s business.
"""

from __future__ import annotations

from sqlalchemy import update

from crmadmin.access import devices, passwords, queries, sessions, throttle
from crmadmin.access.models import User
from crmadmin.core.db import db, utcnow
from crmadmin.core.text import Refusal

LONGEST_LOGIN = 254


def sign_in(
    name: str, password: str, *, address: str, device: str | None = None, is_kept: bool = False
) -> User:
    """Check the password and start a session; the user comes back with `session_token` set.

    `name` is a user name or an email, `address` the caller's network address, `device` the device
    cookie they sent. Raises Refusal("bad_login") in one and the same way for an unknown name, a
    wrong password and a disabled user, throttle.ThrottledError and passwords.BusyError.
    """
    name, password = name[:LONGEST_LOGIN], password[: passwords.LONGEST + 1]
    user = queries.by_login(name)
    mark = devices.mark_of(device, user.id if user else None)
    wanted = throttle.of_sign_in(name, address)
    if user is not None and mark is not None:
        wanted = throttle.of_device(user.id, mark)
    throttle.look(wanted)
    db.session.commit()  # nothing is open while waiting for a turn
    with passwords.slot(is_known=mark is not None) as work:
        guess = throttle.admit(wanted)
        stored = user.password_hash if user else None
        is_right = work.matches(stored, password)
        if user is None or not is_right or not user.is_active:
            if guess.wait is not None:
                raise throttle.ThrottledError(guess.wait)
            raise Refusal("bad_login")
        renewed = work.hash(password) if work.is_outdated(str(stored)) else stored
        # Still in turn: a burst of right passwords never has more guesses open than turns.
        throttle.take_back(guess)
        # Not through the object: signing in is no change of the record, its version stays.
        db.session.execute(
            update(User)
            .where(User.id == user.id, User.password_hash == stored)
            .values(last_login_at=utcnow(), password_hash=renewed)
            .execution_options(synchronize_session=False)
        )
        sessions.start(user, is_kept=is_kept)
        db.session.commit()
    return user


def confirm(user: User, password: str) -> None:
    """Ask a signed-in user for their password again. Raises as `sign_in` does."""
    wanted = throttle.of_confirming(user.id)
    throttle.look(wanted)
    db.session.commit()
    with passwords.slot(is_known=True) as work:
        guess = throttle.admit(wanted)
        if not work.matches(user.password_hash, password):
            raise Refusal("wrong_password", {"field": "current"})
        throttle.take_back(guess)
        db.session.commit()


def sign_out(user: User) -> None:
    """End the session the user came with; their other sessions go on."""
    sessions.end(user.session_token)
    db.session.commit()


def sign_out_everywhere(user: User) -> None:
    """End every session of the user, the one they came with included."""
    sessions.end_all(user.id)
    db.session.commit()
