"""A backup under load, restored elsewhere, is what was there at one moment; and nothing else is."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from types import ModuleType
from zipfile import ZipFile

import factories
import pytest
from click.testing import Result
from factories import PASSWORD
from flask import Flask
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.pool import NullPool

from app import create_app
from crmadmin.access import passwords, services, sessions
from crmadmin.access.models import User, UserSession
from crmadmin.core import copy_database, search
from crmadmin.core.db import db
from crmadmin.customers.models import Contact, Customer
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.source import uploads_folder


@pytest.fixture
def elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path, context: Flask, database: str
) -> Iterator[Flask]:
    """Another installation, on a database of the other kind where there is one, without a table."""
    path = Path(__file__).parents[1] / "conftest.py"
    house = request.config.pluginmanager.get_plugin(str(path))
    assert isinstance(house, ModuleType)
    kind = next((k for k in house.DATABASES if k != database), database)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    made = create_app(house.make_settings(house.new_database(kind, folder, "restored"), folder))
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "crm.zip"


@pytest.fixture
def filled(context: Flask) -> Flask:
    """A user who signs in, a customer with a contact, an import with its file and one without."""
    user = services.create_user("an", "admin", password=PASSWORD, full_name="Trần Văn An")
    factories.contact(factories.customer(user, "Đất Lành", note="một\nhai"))
    (uploads_folder() / "aa.xlsx").write_bytes(b"a workbook")
    for name in ("aa.xlsx", "gone.xlsx"):
        db.session.add(ImportBatch(kind="customers", file_name="k.xlsx", file_path=name))
    db.session.commit()
    return context


def call(app: Flask, *words: object) -> Result:
    with app.app_context():
        result = app.test_cli_runner().invoke(args=["crm", *map(str, words)])
        db.session.remove()
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def contents(app: Flask) -> dict[str, copy_database.Content]:
    with app.app_context(), copy_database.reading(db.engine, alone=False) as connection:
        return {t.name: copy_database.content(connection, t) for t in copy_database.tables()}


def test_what_was_saved_is_there_elsewhere_files_passwords_and_all(
    filled: Flask, elsewhere: Flask, file: Path
) -> None:
    saved = call(filled, "backup", file, "--json")
    assert saved.exit_code == 0, saved.output
    assert json.loads(saved.stdout)["uploads"] == {"files": 1, "missing": 1}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    restored = call(elsewhere, "restore", file, "--json")
    assert restored.exit_code == 0, restored.output
    assert json.loads(restored.stdout) == json.loads(saved.stdout)
    assert contents(elsewhere) == contents(filled)
    with elsewhere.app_context():
        assert (uploads_folder() / "aa.xlsx").read_bytes() == b"a workbook"
        user = db.session.scalars(select(User)).one()
        with passwords.slot() as work:
            assert work.matches(user.password_hash, PASSWORD)
        db.session.remove()
        with copy_database.reading(db.engine, alone=False) as connection:
            for documents in search.declared():
                assert search.compare(connection, documents).is_right


def test_after_a_restore_everybody_signs_in_again(
    filled: Flask, elsewhere: Flask, file: Path
) -> None:
    """A session that was ended after the backup, and pages of it, must not count again."""
    with filled.app_context():
        token = sessions.start(db.session.scalars(select(User)).one())
        db.session.commit()
        assert sessions.find(token) is not None
        db.session.remove()
    assert call(filled, "backup", file).exit_code == 0
    restored = call(elsewhere, "restore", file)
    assert "signs in again" in restored.output
    with elsewhere.app_context():
        assert db.session.scalar(select(func.count()).select_from(UserSession)) == 1
        assert sessions.find(token) is None
        db.session.remove()


def test_what_a_killed_backup_left_goes_with_the_next(filled: Flask, file: Path) -> None:
    """It holds everything, readable without a password."""
    old, young = file.parent / ".crm-killed", file.parent / ".crm-at-work"
    for left in (old, young):
        left.mkdir()
        (left / "data.sqlite").write_bytes(b"everything")
    os.utime(old, (0, 0))
    assert call(filled, "backup", file).exit_code == 0
    assert not old.exists()
    assert young.exists()
    shutil.rmtree(young)


def test_nothing_is_left_beside_the_file(filled: Flask, file: Path) -> None:
    call(filled, "backup", file)
    assert [p.name for p in file.parent.iterdir() if p.name != "elsewhere"] == [file.name]
    with ZipFile(file) as archive:
        assert sorted(archive.namelist()) == ["data.sqlite", "manifest.json", "uploads/aa.xlsx"]


def test_a_backup_while_people_write_is_one_moment(
    filled: Flask, elsewhere: Flask, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each transaction makes a customer with a contact: as many of both are in the backup."""
    begun, ended = Event(), Event()

    def write() -> None:
        with filled.app_context():
            owner = db.session.scalars(select(User)).first()
            assert owner is not None
            while not ended.is_set():
                factories.contact(factories.customer(owner))
                db.session.commit()
                begun.set()
            db.session.remove()

    real = copy_database.content

    def slow(connection: object, table: object) -> copy_database.Content:
        # After every table others write on; what was not read yet must not show it.
        begun.clear()
        assert begun.wait(10)
        return real(connection, table)  # type: ignore[arg-type]

    monkeypatch.setattr(copy_database, "content", slow)
    writer = Thread(target=write)
    writer.start()
    try:
        saved = call(filled, "backup", file)
    finally:
        ended.set()
        writer.join()
    monkeypatch.undo()
    assert saved.exit_code == 0, saved.output
    assert call(elsewhere, "restore", file).exit_code == 0
    with elsewhere.app_context():
        customers = db.session.scalar(select(func.count()).select_from(Customer))
        assert db.session.scalar(select(func.count()).select_from(Contact)) == customers
        db.session.remove()
    assert customers is not None
    assert 1 <= customers < contents(filled)["customer"].rows


def test_a_backup_overwrites_no_file(filled: Flask, file: Path) -> None:
    file.write_text("mine")
    result = call(filled, "backup", file)
    assert (result.exit_code, file.read_text()) == (1, "mine")


def test_a_folder_that_is_not_there_is_said_in_a_sentence(filled: Flask, file: Path) -> None:
    result = call(filled, "backup", file.parent / "no" / "crm.zip")
    assert result.exit_code == 1
    assert "No such file" in result.output


def test_a_database_that_holds_anything_is_not_restored_into(filled: Flask, file: Path) -> None:
    call(filled, "backup", file)
    before = contents(filled)
    result = call(filled, "restore", file)
    assert result.exit_code == 1
    assert "not empty" in result.output
    assert contents(filled) == before


def changed(file: Path, **values: object) -> None:
    """Change the manifest of a backup."""
    with ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members["manifest.json"]) | values
    members["manifest.json"] = json.dumps(manifest).encode()
    with ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"revision": "0001"}, "restore it with the version that made it"),
        ({"format": 99}, "format 1 only"),
        ({"tables": {}}, "was changed since"),
        ({"uploads": [{"name": "aa.xlsx", "sha256": "0"}]}, "is not as it was saved"),
        ({"uploads": [{"name": "../../aa.xlsx", "sha256": "0"}]}, "no backup"),
    ],
)
def test_a_backup_that_is_not_as_it_was_made_leaves_nothing_behind(
    filled: Flask, elsewhere: Flask, file: Path, values: dict[str, object], told: str
) -> None:
    call(filled, "backup", file)
    changed(file, **values)
    result = call(elsewhere, "restore", file)
    assert result.exit_code == 1
    assert told in result.output
    with elsewhere.app_context(), copy_database.reading(db.engine, alone=False) as connection:
        assert copy_database.occupied(connection) == []
        assert list(uploads_folder().iterdir()) == []


def test_what_is_no_backup_is_refused(filled: Flask, elsewhere: Flask, file: Path) -> None:
    call(filled, "backup", file)
    file.write_bytes(file.read_bytes()[:-1000])
    result = call(elsewhere, "restore", file)
    assert result.exit_code == 1
    assert "is no backup" in result.output


def test_a_database_that_only_reads_can_be_saved(filled: Flask, file: Path, database: str) -> None:
    """As a standby is; on SQLite, as while somebody else holds the one write lock."""
    only_reads = f'ALTER DATABASE "{db.engine.url.database}" {{}} default_transaction_read_only'
    beside = create_engine(db.engine.url, poolclass=NullPool)
    with beside.connect() as connection:
        if database == "postgresql":
            connection.execute(text(only_reads.format("SET") + " = on"))
            connection.commit()
        db.engine.dispose()
        connection.execute(text("SELECT 1"))
        try:
            result = call(filled, "backup", file)
        finally:
            if database == "postgresql":
                connection.execute(text(only_reads.format("RESET")))
                connection.commit()
            db.engine.dispose()
    assert result.exit_code == 0, result.output
