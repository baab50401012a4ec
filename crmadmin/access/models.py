"""Tables of access: users, sessions, saved views, the throttle, questions, the first run's token.

Who writes them: `services` (users), `sessions`, `saved_views`, `throttle`, `questions`, `setup`. No
queries here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    Boolean,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    event,
    inspect,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from crmadmin.access.roles import ROLE_LABELS, Role
from crmadmin.core import fields as field
from crmadmin.core.db import Kept, Model, UtcDateTime, utcnow
from crmadmin.core.field_names import (
    NO_NAMES,
    Renamed,
    all_rows,
    in_list,
    in_sorted_query,
    keeps,
)
from crmadmin.core.spec import RecordOptions
from crmadmin.core.stamps import Stamped
from crmadmin.core.text import email_key, name_key

LOCALES = (("vi", _l("Vietnamese")), ("en", _l("English")))
THEMES = (("auto", _l("As the device")), ("light", _l("Light")), ("dark", _l("Dark")))
ROLE_WORDS = {
    # Written out, because only words that stand in _l() reach the translators.
    ROLE_LABELS[Role.ADMIN]: _l("Administrator"),
    ROLE_LABELS[Role.MARKETING]: _l("Marketing"),
    ROLE_LABELS[Role.SALES]: _l("Sales"),
    ROLE_LABELS[Role.VIEWER]: _l("Viewer"),
}
ROLES = tuple((role.value, ROLE_WORDS[role.label]) for role in Role)


def _columns(preferences: Any, renamed: Renamed) -> Any:
    """The columns that a user chose for a list, by table."""
    chosen = preferences.get("columns") if isinstance(preferences, dict) else None
    if not isinstance(chosen, dict) or renamed.table not in chosen:
        return preferences
    told = in_list(chosen[renamed.table], renamed.old_field, renamed.new_field)
    return {**preferences, "columns": {**chosen, renamed.table: told}}


def _of_record(table: Table, renamed: Renamed) -> ColumnElement[bool]:
    return table.c.record == renamed.table


class User(Stamped, Model):
    """Who signs in. A user is never deleted, only disabled: customers name them as owners.

    Changing the role, the password, what they sign in with or `is_active` moves `session_epoch`
    on, which ends every session of the user at its next request, whichever code made the change.
    """

    __record__ = RecordOptions(
        label=_l("User"),
        plural=_l("Users"),
        resource="users",
        display="full_name",
        order=("username_key",),
        help=_l("People who sign in, and what they may do."),
    )

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    username: Mapped[str] = field.text(
        _l("User name"), required=True, unique=True, max_length=64, listed=True, searched=True,
        help=_l("2 to 64 letters, digits, dots, dashes or underscores."), example="mai.le",
    )  # fmt: skip
    full_name: Mapped[str] = field.text(
        _l("Full name"), required=True, max_length=120, listed=True, searched=True,
        example="Lê Thị Mai",
    )  # fmt: skip
    email: Mapped[str | None] = field.email(
        _l("Email"), unique=True, listed=True, searched=True, sensitive=True,
        help=_l("May be used to sign in instead of the user name."), example="mai@example.com",
    )  # fmt: skip
    role: Mapped[str] = field.choice(
        _l("Role"), ROLES, required=True, default=Role.VIEWER.value, listed=True, filtered=True
    )
    is_active: Mapped[bool] = field.boolean(
        _l("May sign in"), default=True, listed=True, filtered=True
    )
    locale: Mapped[str] = field.choice(_l("Language"), LOCALES, default="vi")
    theme: Mapped[str] = field.choice(_l("Theme"), THEMES, default="auto")
    last_login_at: Mapped[datetime | None] = field.moment(_l("Last signed in"), listed=True)

    username_key: Mapped[str] = field.key(name_key, "username", length=64, unique=True)
    email_key: Mapped[str | None] = field.key(email_key, "email", length=254, unique=True)
    search_text: Mapped[str] = field.search_text()
    search_private: Mapped[str] = field.search_private()
    password_hash: Mapped[str | None] = mapped_column(String(255), sort_order=field.LAST)
    session_epoch: Mapped[int] = mapped_column(
        Integer, default=1, nullable=False, sort_order=field.LAST
    )
    preferences: Mapped[dict[str, Any]] = mapped_column(
        Kept({"columns?": {str: [str]}}),
        default=dict,
        nullable=False,
        sort_order=field.LAST,
        info=keeps(_columns, all_rows),
    )

    # Flask-Login asks for these three; `is_active` above is its fourth.
    is_authenticated = True
    is_anonymous = False
    session_token: str = ""
    """Token of the session this object was signed in with or loaded by; not a column."""

    def get_id(self) -> str:
        """What the cookie carries: the session's token, never the user's id."""
        if not self.session_token:
            raise RuntimeError("a user without a session cannot be put into a cookie")
        return self.session_token

    def __str__(self) -> str:
        return self.full_name or self.username


ENDS_SESSIONS = ("role", "is_active", "password_hash", "username", "email")


@event.listens_for(User, "before_update")
def _end_sessions(_mapper: Mapper[User], _connection: Connection, user: User) -> None:
    state = inspect(user).attrs
    if any(state[name].history.has_changes() for name in ENDS_SESSIONS):
        user.session_epoch += 1


class UserSession(Model):
    """One signed-in browser. The cookie has the token, this table its SHA-256.

    It counts while `ended_at` is blank, `expires_at` is ahead and `epoch` is the user's own.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    epoch: Mapped[int] = mapped_column(Integer)
    is_kept: Mapped[bool] = mapped_column(Boolean, default=False)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SavedView(Model):
    """A name that a user gave to what a list showed: its query string, less the page.

    `record` is the list's table. `name_key` makes two names the same that people would take for
    one. At most one view a list is the user's default: what the list's bare address opens.
    """

    __table_args__ = (
        Index("uq_saved_view_name", "user_id", "record", "name_key", unique=True),
        Index(
            "uq_saved_view_default", "user_id", "record", unique=True,
            sqlite_where=text("is_default"), postgresql_where=text("is_default"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("user.id", ondelete="CASCADE"))
    record: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(String(240))
    query: Mapped[str] = mapped_column(Text, info=keeps(in_sorted_query, _of_record))
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class LoginThrottle(Model):
    """Recent failed guesses of one bucket (a name, an address, a pair, a device).

    `key` is a digest, because people type passwords into the name field. `stamps` are the times of
    the guesses, seconds since 1970, never more than the bucket's limit.
    """

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    stamps: Mapped[list[float]] = mapped_column(Kept([(int, float)]), default=list, info=NO_NAMES)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class QuestionCount(Model):
    """How many questions of a kind (`questions.Question`) a user asked in one window: `since` its
    begin, `seconds` its length. Rows older than a day go when the user asks again."""

    user_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    seconds: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, default=0)


class SetupToken(Model):
    """The one-time token of the first run; a single row, gone after use."""

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
