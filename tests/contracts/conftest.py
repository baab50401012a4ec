"""What contract tests share: databases of their own, migrated once for a whole module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from crmadmin.core.db import db


@pytest.fixture(scope="module")
def migrated_apps(
    request: pytest.FixtureRequest, house: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Flask]]:
    """Gives the app of a migrated database of an engine ("sqlite", "postgresql"), which the tests
    of one module share and may spoil, if they put it back."""
    made: dict[str, Flask] = {}
    name = Path(request.path).stem.removeprefix("test_")

    def of(database: str) -> Flask:
        if database not in made:
            folder = tmp_path_factory.mktemp(f"{name}-{database}")
            url = house.new_database(database, folder, name)
            made[database] = create_app(house.make_settings(url, folder))
            with made[database].app_context():
                upgrade()
        return made[database]

    yield of
    for app in made.values():
        with app.app_context():
            db.engine.dispose()
