"""A field is one line and a migration, a catalog three lines and a migration.

The lines are those of docs/add-a-field.md and docs/add-a-catalog.md. They are followed in two ways,
each on both databases and in a process of its own: set on the classes of a running process, and
edited into a copy of the project whose database, with records in it, is then migrated by the pages'
own commands.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from declared_walk import CHECKS
from tutorials import ROOT, classes, edited_copy, fields_of, migrate_commands, run

WALK = Path(__file__).with_name("declared_walk.py")
SEED = """
import app
from crmadmin.core import records
from crmadmin.core.db import db
from crmadmin.catalogs.models import Industry
from crmadmin.customers.models import Customer
from crmadmin.access.models import User
with app.create_app().app_context():
    owner = User(username="lan", full_name="Lan", role="sales")
    db.session.add(owner)
    db.session.flush()
    used = records.create(Industry, {"name": "Xây dựng"})
    records.create(Customer, {"name": "Minh Phát", "owner_id": owner.id, "industry_id": used.id})
    db.session.commit()
"""


@cache
def _walked(house: ModuleType, database: str, way: str, folder: Path) -> dict[str, str]:
    """Promise → "" or how it was broken; a way that fails at once breaks them all, once."""
    folder.mkdir()
    try:
        return _walk(house.new_database(database, folder, name=way), way, folder)
    except AssertionError as error:
        return dict.fromkeys(CHECKS, str(error))


def _walk(url: str, way: str, folder: Path) -> dict[str, str]:
    project = ROOT
    if way == "edited":
        run(["-m", "flask", "--app", "app", "db", "upgrade"], ROOT, url, folder)
        run(["-c", SEED], ROOT, url, folder)
        project = edited_copy(folder)
        *_, migrate, upgrade = migrate_commands()
        for command in (migrate, upgrade):
            run(["-m", "flask", *command], project, url, folder)
    walk = [str(WALK), str(project), url, way, str(folder)]
    found: dict[str, str] = json.loads(run(walk, project, url, folder))
    return found


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("declared")


@pytest.mark.parametrize("promise", CHECKS)
@pytest.mark.parametrize("way", ["declared", "edited"])
def test_the_tutorials_lines_are_all_it_takes(
    house: ModuleType, database: str, way: str, promise: str, work: Path
) -> None:
    broken = _walked(house, database, way, work / f"{way}-{database}")[promise]
    assert not broken, broken


def test_the_pages_declare_two_fields_and_then_a_catalog_of_one_line_and_its_link() -> None:
    shown = {name: len(fields_of(node)) for name, node in classes().items()}
    assert shown == {"Industry": 2, "Region": 0, "Customer": 1}
    assert len(classes()["Region"].body) == 1
