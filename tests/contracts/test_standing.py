"""A database that is behind or ahead of the migrations of this code: every command that works with
records, both servers and the worker refuse it in a sentence with the way out, and `crm check`
tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from alembic.script import ScriptDirectory
from click.testing import Result
from flask import Flask, current_app
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, text

import app as wiring
from crmadmin.cli.commands import ANY_SCHEMA, crm
from crmadmin.core import migrating
from crmadmin.core.db import db

GUARDED = sorted(set(crm.commands) - ANY_SCHEMA)
TELL_THEMSELVES = {
    "backup": ["backup", "{folder}/saved.zip"],
    "move-to": ["move-to", "sqlite:///{folder}/other.db"],
    "check": ["check"],
    "check --database": ["check", "--database"],
}


@pytest.fixture
def ready(migrated_apps: Callable[[str], Flask], database: str) -> Iterator[Flask]:
    """An app whose database stands where this code does, again after the test."""
    app = migrated_apps(database)
    with app.app_context():
        yield app
        db.session.remove()
        with db.engine.begin() as connection:
            _stand_at(connection, migrating.newest())


def _stand_at(connection: Connection, *names: str) -> None:
    connection.execute(text("DELETE FROM alembic_version"))
    for name in names:
        connection.execute(text("INSERT INTO alembic_version VALUES (:name)"), {"name": name})


def _before_the_newest() -> str:
    scripts = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    return str(scripts.get_revision(migrating.newest()).down_revision)


def behind(connection: Connection) -> None:
    _stand_at(connection, _before_the_newest())


def ahead(connection: Connection) -> None:
    _stand_at(connection, "4711")


def two_lines(connection: Connection) -> None:
    _stand_at(connection, _before_the_newest(), "own_1")


def nowhere(connection: Connection) -> None:
    _stand_at(connection)


STATES: dict[Callable[[Connection], None], tuple[str, ...]] = {
    behind: ("this version needs", "flask --app app db upgrade"),
    ahead: ("4711", "newer version", "restore the backup"),
    two_lines: ("own_1", "does not know own_1"),
    nowhere: ("no tables", "flask --app app db upgrade"),
}


def _crm(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["crm", *arguments])


def _arguments(name: str, folder: Path) -> list[str]:
    """As much as a command needs to begin, in which nothing is wrong."""
    given: list[str] = []
    for parameter in crm.commands[name].params:
        if isinstance(parameter, click.Argument) or parameter.required:
            given += [] if isinstance(parameter, click.Argument) else [parameter.opts[0]]
            kind = parameter.type
            if isinstance(kind, click.Choice):
                given.append(str(kind.choices[0]))
            elif isinstance(kind, click.Path):
                given.append(str(folder / ("there.csv" if kind.exists else "new.xlsx")))
            else:
                given.append("1")
    return [name, *given]


@pytest.mark.parametrize("state", STATES, ids=lambda s: s.__name__)
def test_nothing_that_works_with_records_begins(
    ready: Flask, state: Callable[[Connection], None], tmp_path: Path
) -> None:
    (tmp_path / "there.csv").write_text("Tên\nA\n")
    with db.engine.begin() as connection:
        state(connection)
    assert len(GUARDED) > 8
    asked = [_arguments(name, tmp_path) for name in GUARDED]
    asked += [[a.format(folder=tmp_path) for a in args] for args in TELL_THEMSELVES.values()]
    for arguments in asked:
        if arguments[0] == "worker":
            continue  # where the tests' jobs are worked at once, it says so before
        told = _crm(ready, *arguments)
        assert told.exit_code == 1, (arguments, told.output)
        assert isinstance(told.exception, SystemExit), (arguments, told.exception)
        for words in STATES[state]:
            assert words in told.output, (arguments, told.output)


@pytest.mark.parametrize("state", STATES, ids=lambda s: s.__name__)
def test_no_server_serves_it(
    ready: Flask, state: Callable[[Connection], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "create_app", lambda: ready)
    assert wiring.serving() is ready
    with db.engine.begin() as connection:
        state(connection)
    with pytest.raises(migrating.AnotherSchema, match=STATES[state][0]):
        wiring.serving()


def test_the_help_of_a_command_asks_no_database(ready: Flask) -> None:
    with db.engine.begin() as connection:
        ahead(connection)
    for name in crm.commands:
        assert _crm(ready, name, "--help").exit_code == 0, name


def test_a_migration_of_ones_own_beside_one_of_the_product_is_explained_at_the_start(
    ready: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = ["0012", "own_1"]

    def two(_scripts: object) -> str:
        return f"2 migrations claim to be the last: {heads}. flask --app app db merge"

    monkeypatch.setattr(ScriptDirectory, "get_heads", lambda _self: heads)
    monkeypatch.setattr(migrating.standing, "explain_heads", two)
    for arguments in (("serve",), ("imports",), ("check",)):
        told = _crm(ready, *arguments)
        assert told.exit_code == 1, arguments
        assert "db merge" in told.output, arguments


def test_the_way_out_is_the_way_out(ready: Flask) -> None:
    downgrade(revision=_before_the_newest())
    told = _crm(ready, "imports")
    assert "flask --app app db upgrade" in told.output
    upgrade()
    assert _crm(ready, "imports").exit_code == 0
    db.session.remove()  # the command read within this test's own context
    assert _crm(ready, "check", "--database").exit_code == 0
