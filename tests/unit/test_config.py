"""Settings from the environment: defaults, limits, refusals, and the key that is made once."""

from __future__ import annotations

import re
import secrets
import stat
import string
import uuid
from pathlib import Path

import pytest

import config
from config import SettingError, load
from crmadmin.core.secret_keys import is_weak

pytestmark = pytest.mark.usefixtures("root")

PROJECT = Path(config.__file__).parent
KEY = "9Jd0vQmX2sLrT7yB4wZc8NfH1gKpU6eA"


def test_without_any_setting_everything_has_a_default(root: Path) -> None:
    found = load()
    assert found.database_url == f"sqlite:///{root}/instance/crm.db"
    assert (found.locale, found.timezone, found.port) == ("vi", "Asia/Ho_Chi_Minh", 8000)
    assert (found.upload_max_mb, found.reader_max_mb, found.upload_keep_days) == (50, 1024, 30)
    assert not found.behind_proxy
    assert not found.testing
    assert found.upload_max_bytes == 50 * 1024 * 1024


@pytest.mark.parametrize(
    ("name", "text", "attribute", "value"),
    [
        ("DATABASE_URL", "sqlite:////data/crm.db", "database_url", "sqlite:////data/crm.db"),
        (
            "DATABASE_URL",
            "postgresql+psycopg://u@h/d",
            "database_url",
            "postgresql+psycopg://u@h/d",
        ),
        ("DATABASE_URL", "postgresql://u@h/d", "database_url", "postgresql+psycopg://u@h/d"),
        ("DATABASE_URL", "postgres://u@h/d", "database_url", "postgresql+psycopg://u@h/d"),
        ("SECRET_KEY", KEY, "secret_key", KEY),
        ("CRM_QUEUE", "", "queue", ""),
        ("CRM_QUEUE", "here", "queue", "here"),
        ("CRM_QUEUE", "sqlite:////data/queue.db", "queue", "sqlite:////data/queue.db"),
        ("CRM_QUEUE", "postgres://u@h/d", "queue", "postgresql+psycopg://u@h/d"),
        ("CRM_LOCALE", "en", "locale", "en"),
        ("CRM_TIMEZONE", "Asia/Bangkok", "timezone", "Asia/Bangkok"),
        ("CRM_UPLOAD_MAX_MB", "2048", "upload_max_mb", 2048),
        ("CRM_READER_MAX_MB", "128", "reader_max_mb", 128),
        ("CRM_UPLOAD_KEEP_DAYS", "0", "upload_keep_days", 0),
        ("CRM_HISTORY_KEEP_DAYS", "30", "history_keep_days", 30),
        ("CRM_BEHIND_PROXY", "1", "behind_proxy", True),
        ("CRM_BEHIND_PROXY", "Yes", "behind_proxy", True),
        ("CRM_BEHIND_PROXY", "false", "behind_proxy", False),
        ("CRM_BEHIND_PROXY", "", "behind_proxy", False),
        ("CRM_DEMO_PASSWORD", "mưa rào", "demo_password", "mưa rào"),
        ("PORT", "8080", "port", 8080),
        ("CRM_POOL_SIZE", "1", "pool_size", 1),
        ("CRM_POOL_OVERFLOW", "0", "pool_overflow", 0),
        ("CRM_POOL_RECYCLE", "0", "pool_recycle", 0),
        ("CRM_STATEMENT_TIMEOUT", "0", "statement_timeout", 0),
        ("CRM_SLOW_MS", "250", "slow_ms", 250),
        ("CRM_METRICS_TOKEN", "0123456789abcdef", "metrics_token", "0123456789abcdef"),
        ("CRM_METRICS_TOKEN", "", "metrics_token", ""),
        ("PROMETHEUS_MULTIPROC_DIR", "/run/crm", "metrics_folder", Path("/run/crm")),
    ],
)
def test_each_setting_is_read(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, attribute: str, value: object
) -> None:
    monkeypatch.setenv(name, text)
    assert getattr(load(), attribute) == value


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("DATABASE_URL", "mysql://u@h/d", "must begin with sqlite:///.*'mysql'"),
        ("CRM_QUEUE", "redis://h", "CRM_QUEUE must be empty, here, or begin with.*'redis'"),
        ("SECRET_KEY", "short", "SECRET_KEY has 5 characters; it needs 32 or more"),
        ("SECRET_KEY", "", "SECRET_KEY has 0 characters"),
        ("SECRET_KEY", "a" * 32, "SECRET_KEY can be guessed.*token_urlsafe.*leave it unset"),
        ("CRM_LOCALE", "fr", "CRM_LOCALE is 'fr'; it can be 'vi' or 'en'"),
        ("CRM_UPLOAD_MAX_MB", "0", "CRM_UPLOAD_MAX_MB is '0'.*1 to 2048"),
        ("CRM_READER_MAX_MB", "127", "CRM_READER_MAX_MB is '127'.*128 to 65536"),
        ("CRM_UPLOAD_KEEP_DAYS", "-1", "CRM_UPLOAD_KEEP_DAYS is '-1'.*0 to 3650"),
        ("CRM_UPLOAD_KEEP_DAYS", "ten", "whole number"),
        ("CRM_HISTORY_KEEP_DAYS", "0", "CRM_HISTORY_KEEP_DAYS is '0'.*1 to 3650"),
        ("CRM_BEHIND_PROXY", "maybe", "CRM_BEHIND_PROXY is 'maybe'; it can be 1 or 0"),
        ("PORT", "65536", "PORT is '65536'.*1 to 65535"),
        ("PORT", "", "PORT is ''"),
        ("CRM_POOL_SIZE", "0", "CRM_POOL_SIZE is '0'.*1 to 200"),
        ("CRM_STATEMENT_TIMEOUT", "3601", "CRM_STATEMENT_TIMEOUT is '3601'.*0 to 3600"),
        ("CRM_SLOW_MS", "1.5", "CRM_SLOW_MS is '1.5'; it must be a whole number"),
        ("CRM_METRICS_TOKEN", "short", "CRM_METRICS_TOKEN has 5 characters; it needs 16 or more"),
        ("CRM_METRICS_TOKEN", "mật khẩu rất dài nhé", "none of them accented"),
        ("PROMETHEUS_MULTIPROC_DIR", "", "PROMETHEUS_MULTIPROC_DIR is empty"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name_and_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, told: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingError, match=told):
        load()


def test_a_refused_address_of_a_database_does_not_repeat_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("CRM_QUEUE", "DATABASE_URL"):
        monkeypatch.setenv(name, "mysql://user:hunter2@host/db")
        with pytest.raises(SettingError, match=name) as refused:
            load()
        assert "hunter2" not in str(refused.value)


def test_a_key_is_made_once_for_the_owner_of_the_folder_only(root: Path) -> None:
    first = load().secret_key
    assert len(first) >= config.MINIMUM_KEY_LENGTH
    assert load().secret_key == first
    kept = root / "instance" / "secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert [p.name for p in kept.parent.iterdir()] == ["secret_key"]


WEAK_KEYS = [
    "a" * 32, "k" * 31 + "x", "ab" * 16, "abc" * 20, "0" * 64, " " * 40,
    "aaaaaaaabbbbbbbbccccccccdddddddd", "0123456789abcdef" * 2,
    "12345678901234567890123456789012", "00000000-0000-0000-0000-000000000000",
    "abcdefghijklmnopqrstuvwxyz012345", "ZYXWVUTSRQPONMLKJIHGFEDCBA987654",
    "qwertyuiopasdfghjklzxcvbnm123456", "1q2w3e4r5t6y7u8i9o0p1q2w3e4r5t6y", "deadbeef" * 4,
    "passwordpasswordpasswordpassword", "changeme-changeme-changeme-change",
    "changethischangethischangethisch", "matkhaumatkhaumatkhaumatkhaumatkhau",
    "your-secret-key-here-change-in-production", "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET",
    "YOUR_OWN_RANDOM_GENERATED_SECRET_KEY", "thisisaverysecretkeythatnobodyknows",
    "this is the secret key of our crm", "please-change-this-secret-key-in-production!",
    "a-key-that-is-only-used-by-tests-and-is-long", "super-secret-key-for-development-only-123",
    "django-insecure-3f9k2m8x7q1z5v6b4n0c", "my-super-secret-flask-session-key-2026",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    "09D25E094FAA6CA2556C818166B7A9563B93F7099F6F0F4CAA6CF63B88E8D3E7",
    "c292a0a3aa32397cdb050e233733900f", "congty-crm-secret-key-khoa-bi-mat-2026",
]  # fmt: skip


@pytest.mark.parametrize("key", WEAK_KEYS)
def test_a_key_that_can_be_guessed_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """By whatever serves. A command signs nothing, so it goes on with all but the worst."""
    monkeypatch.setenv("SECRET_KEY", key)
    try:
        told = load().weak_key
    except SettingError as refused:
        told = str(refused)
    assert "SECRET_KEY can be guessed" in told
    assert key not in told


@pytest.mark.parametrize("key", [*WEAK_KEYS[:9], "abcde" * 9, "passwordpassword" * 3])
def test_a_key_that_is_none_stops_commands_too(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("SECRET_KEY", key)
    with pytest.raises(SettingError, match="SECRET_KEY can be guessed"):
        load()


@pytest.mark.parametrize("key", [WEAK_KEYS[0], "", "short"])
def test_a_weak_key_in_the_file_is_refused_as_well(root: Path, key: str) -> None:
    load()
    (root / "instance" / "secret_key").write_text(key)
    with pytest.raises(SettingError, match=r"secret_key can be guessed.*delete the file"):
        load()


def test_every_key_that_stands_in_the_project_is_refused() -> None:
    """What is public here is no key there."""
    pages = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("deploy/**/*")]
    texts = [p.read_text() for p in pages if p.is_file()]
    given = [k for t in texts for k in re.findall(r"SECRET_KEY[=:] *([^\s$'\"|`]+)", t)]
    assert [k for k in given if len(k) >= config.MINIMUM_KEY_LENGTH and not is_weak(k)] == []


def test_no_random_key_is_taken_for_a_weak_one() -> None:
    kinds = [
        lambda: secrets.token_hex(16), lambda: secrets.token_hex(32),
        lambda: secrets.token_urlsafe(24), lambda: secrets.token_urlsafe(48),
        lambda: "".join(secrets.choice(string.digits) for _ in range(32)),
        lambda: "".join(secrets.choice(string.ascii_lowercase) for _ in range(32)),
        lambda: str(uuid.uuid4()),
    ]  # fmt: skip
    for make in kinds:
        made = [make() for _ in range(500)]
        assert [k for k in made if is_weak(k)] == []


def test_the_instance_folder_may_be_elsewhere(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_INSTANCE", str(root / "state"))
    found = load()
    assert found.instance == root / "state"
    assert found.database_url == f"sqlite:///{root}/state/crm.db"
    assert [p.name for p in root.iterdir()] == ["state"]


def test_no_secret_is_shown_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", KEY)
    monkeypatch.setenv("CRM_DEMO_PASSWORD", "open sesame")
    monkeypatch.setenv("CRM_QUEUE", "postgres://user:hunter2@host/db")
    monkeypatch.setenv("CRM_METRICS_TOKEN", "a-token-of-the-scraper")
    shown = repr(load())
    assert "scraper" not in shown
    assert KEY not in shown
    assert "open sesame" not in shown
    assert "hunter2" not in shown
