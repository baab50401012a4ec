"""A kind of field is one module: that of docs/add-a-kind.md, put into a copy of the project whose
database, with records in it, is then migrated by the commands of the pages."""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from kind_walk import CHECKS
from tutorials import BLOCK, PLACES, ROOT, edited, migrate_commands, plain_copy, run

PAGE = ROOT / "docs" / "add-a-kind.md"
WALK = Path(__file__).with_name("kind_walk.py")


def code() -> tuple[str, ast.ClassDef]:
    """The module of the page, and the class with the field that uses it."""
    module, field = (text for lang, text in BLOCK.findall(PAGE.read_text()) if lang == "python")
    (declared,) = (n for n in ast.parse(field).body if isinstance(n, ast.ClassDef))
    return module, declared


@cache
def _walked(house: ModuleType, database: str, folder: Path) -> dict[str, str]:
    folder.mkdir()
    url = house.new_database(database, folder, name="kind")
    module, declared = code()
    try:
        run(["-m", "flask", "--app", "app", "db", "upgrade"], ROOT, url, folder)
        project = plain_copy(folder)
        (project / "crmadmin/core/kinds/money.py").write_text(module)
        models = project / PLACES[declared.name]
        models.write_text(edited(models.read_text(), declared.name, declared))
        *_, migrate, upgrade = migrate_commands()
        for command in (migrate, upgrade):
            run(["-m", "flask", *command], project, url, folder)
        told = run([str(WALK), str(project), url, str(folder)], project, url, folder)
    except AssertionError as error:
        return dict.fromkeys(CHECKS, str(error))
    found: dict[str, str] = json.loads(told)
    return found


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kinds")


@pytest.mark.parametrize("promise", CHECKS)
def test_one_module_is_all_that_a_new_kind_takes(
    house: ModuleType, database: str, promise: str, work: Path
) -> None:
    broken = _walked(house, database, work / database)[promise]
    assert not broken, broken


def test_the_page_shows_one_module_and_one_field() -> None:
    module, declared = code()
    assert "FieldKind(" in module
    assert [type(n) for n in declared.body] == [ast.Expr, ast.AnnAssign]
