"""Settings: the only reader of the environment. docs/settings.md explains every name here."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from crmadmin.core import outside
from crmadmin.core.secret_keys import is_weak, is_worthless

ROOT = Path(__file__).parent
MEBIBYTE = 1024 * 1024
MINIMUM_KEY_LENGTH = 32
MINIMUM_TOKEN_LENGTH = 16
KEY_MAKER = 'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'


class SettingError(ValueError):
    """A setting has a value that cannot be used; the message names it and the way out."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one process runs with. Sizes in mebibytes; durations in days, those of the database in
    seconds.
    """

    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    instance: Path = ROOT / "instance"
    locale: str = "vi"
    timezone: str = "Asia/Ho_Chi_Minh"
    upload_max_mb: int = 50
    reader_max_mb: int = 1024
    upload_keep_days: int = 30
    history_keep_days: int = 365
    behind_proxy: bool = False
    port: int = 8000
    demo_password: str = field(default="", repr=False)
    queue: str = field(default="", repr=False)
    pool_size: int = 10
    pool_overflow: int = 10
    pool_recycle: int = 1800
    statement_timeout: int = 30
    slow_ms: int = 1000
    metrics_token: str = field(default="", repr=False)
    metrics_folder: Path | None = None
    testing: bool = False
    weak_key: str = ""
    """Why the key is good for commands only: whatever serves pages refuses to start."""

    @property
    def upload_max_bytes(self) -> int:
        """The largest accepted upload, in bytes."""
        return self.upload_max_mb * MEBIBYTE


def load() -> Settings:
    """Settings of this process, from the environment. Raises SettingError."""
    instance = Path(os.environ.get("CRM_INSTANCE") or ROOT / "instance").resolve()
    locale = os.environ.get("CRM_LOCALE", "vi")
    if locale not in ("vi", "en"):
        raise SettingError(f"CRM_LOCALE is {locale!r}; it can be 'vi' or 'en'.")
    key, weak_key = _secret_key(instance)
    return Settings(
        database_url=_database_url(instance),
        secret_key=key,
        weak_key=weak_key,
        instance=instance,
        locale=locale,
        timezone=os.environ.get("CRM_TIMEZONE", "Asia/Ho_Chi_Minh"),
        upload_max_mb=_whole("CRM_UPLOAD_MAX_MB", 50, 1, 2048),
        reader_max_mb=_whole("CRM_READER_MAX_MB", 1024, 128, 65536),
        upload_keep_days=_whole("CRM_UPLOAD_KEEP_DAYS", 30, 0, 3650),
        history_keep_days=_whole("CRM_HISTORY_KEEP_DAYS", 365, 1, 3650),
        behind_proxy=_yes("CRM_BEHIND_PROXY"),
        port=_whole("PORT", 8000, 1, 65535),
        demo_password=os.environ.get("CRM_DEMO_PASSWORD", ""),
        queue=_queue(),
        pool_size=_whole("CRM_POOL_SIZE", 10, 1, 200),
        pool_overflow=_whole("CRM_POOL_OVERFLOW", 10, 0, 200),
        pool_recycle=_whole("CRM_POOL_RECYCLE", 1800, 0, 86_400),
        statement_timeout=_whole("CRM_STATEMENT_TIMEOUT", 30, 0, 3600),
        slow_ms=_whole("CRM_SLOW_MS", 1000, 0, 3_600_000),
        metrics_token=_metrics_token(),
        metrics_folder=_metrics_folder(),
    )


def _metrics_token() -> str:
    token = os.environ.get("CRM_METRICS_TOKEN", "")
    if token and (len(token) < MINIMUM_TOKEN_LENGTH or not token.isascii()):
        raise SettingError(
            f"CRM_METRICS_TOKEN has {len(token)} characters; it needs {MINIMUM_TOKEN_LENGTH} or "
            "more, none of them accented. Leave it unset to be asked from this machine only."
        )
    return token


def _metrics_folder() -> Path | None:
    given = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if given == "":
        # prometheus_client would take it for the current folder.
        raise SettingError("PROMETHEUS_MULTIPROC_DIR is empty; name a folder, or leave it unset.")
    return Path(given) if given else None


def _database_url(instance: Path) -> str:
    given = os.environ.get("DATABASE_URL") or f"sqlite:///{instance / 'crm.db'}"
    return database_address("DATABASE_URL", given)


def database_address(name: str, given: str) -> str:
    """An address of a database with its driver; `name` is what it was given as.

    Raises SettingError, which never repeats the address: there may be a password in it.
    """
    url = _with_driver(given)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingError(
            f"{name} must begin with sqlite:/// or postgresql+psycopg://; it begins with "
            f"{url.split(':', 1)[0]!r}."
        )
    return url


def _queue() -> str:
    """CRM_QUEUE: "" follows the database, "here" is none, else the address of one."""
    url = _with_driver(os.environ.get("CRM_QUEUE", ""))
    if url not in ("", "here") and not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingError(
            "CRM_QUEUE must be empty, here, or begin with sqlite:/// or postgresql+psycopg://; "
            f"it begins with {url.split(':', 1)[0]!r}."
        )
    return url


def _with_driver(url: str) -> str:
    """The same address, naming the driver where it was left out."""
    if url.startswith(("postgres://", "postgresql://")):
        return "postgresql+psycopg://" + url.split("://", 1)[1]
    return url


def _secret_key(instance: Path) -> tuple[str, str]:
    """SECRET_KEY, else a random one made once and kept in instance/secret_key, mode 0600; and what
    is wrong with it."""
    given = os.environ.get("SECRET_KEY")
    if given is not None:
        if len(given) < MINIMUM_KEY_LENGTH:
            raise SettingError(
                f"SECRET_KEY has {len(given)} characters; it needs {MINIMUM_KEY_LENGTH} or more. "
                "Leave it unset to have one made."
            )
        return _strong(given, "SECRET_KEY", "leave it unset to have one made")
    path = instance / "secret_key"
    if not path.exists():
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Two processes may start at once: the file is made whole beside, then linked into place.
        made = instance / f"secret_key.{os.getpid()}"
        made.touch(mode=0o600)
        made.write_text(secrets.token_urlsafe(48))
        try:
            os.link(made, path)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return _strong(path.read_text().strip(), str(path), "delete the file to have one made")


def _strong(key: str, name: str, otherwise: str) -> tuple[str, str]:
    """The key, and what is wrong with it: "" or a sentence.

    A weak one is for commands, which sign nothing; whatever serves refuses it. Raises SettingError
    for one that is worthless.
    """
    if len(key) >= MINIMUM_KEY_LENGTH and not is_weak(key):
        return key, ""
    fault = (
        f"{name} can be guessed (words, repeats, rows of keys or a public example), and who "
        f"guesses it signs in as anybody: take what `{KEY_MAKER}` prints, or {otherwise}."
    )
    if len(key) < MINIMUM_KEY_LENGTH or is_worthless(key):
        raise SettingError(fault)
    return key, fault


def _whole(name: str, default: int, least: int, most: int) -> int:
    text = os.environ.get(name, str(default))
    number = outside.whole(text, least, most)
    if number is None:
        raise SettingError(f"{name} is {text!r}; it must be a whole number, {least} to {most}.")
    return number


def _yes(name: str) -> bool:
    text = os.environ.get(name, "0").casefold()
    if text not in ("0", "1", "true", "false", "yes", "no", ""):
        raise SettingError(f"{name} is {text!r}; it can be 1 or 0.")
    return text in ("1", "true", "yes")
