"""docs/architecture.md is the house as it stands: tree, layers, the functions of its walks."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
PAGE = (HOUSE / "docs/architecture.md").read_text(encoding="utf-8")
PACKAGE = HOUSE / "crmadmin"


def block(title: str) -> list[str]:
    """The lines of the first fenced block under a heading."""
    section = PAGE.split(f"## {title}\n", 1)[1]
    return section.split("```", 2)[1].splitlines()[1:]


def told() -> dict[str, set[str]]:
    """Package → the modules that the tree gives it."""
    found: dict[str, set[str]] = {}
    package = ""
    for line in block("Tree"):
        if match := re.fullmatch(r"crmadmin/(\S*)/ .*", line):
            package = match[1]
            found[package] = set()
        elif line.startswith("    "):
            found[package] |= set(line.split())
        elif line:
            package = ""
    return {name: modules for name, modules in found.items() if modules}


def on_disk() -> dict[str, set[str]]:
    """The same as it is; packages without modules of their own are left out."""
    found = {}
    for folder in [PACKAGE, *PACKAGE.rglob("*/")]:
        modules = {p.stem for p in folder.glob("*.py") if p.stem != "__init__"}
        if modules:
            found[str(folder.relative_to(PACKAGE))] = modules
    return found


def test_the_tree_names_every_module_and_no_other() -> None:
    assert told() == on_disk()


def test_what_else_the_tree_names_is_there() -> None:
    names = [line.split()[0] for line in block("Tree") if line and not line.startswith(" ")]
    assert len(names) > 20
    assert [name for name in names if not (HOUSE / name).exists()] == []


def test_the_layers_are_those_of_the_linter() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(
        c["layers"] for c in project["tool"]["importlinter"]["contracts"] if c["type"] == "layers"
    )
    wanted = " > ".join(layers).replace("crmadmin.", "").replace(" | ", ", ").replace(" : ", ", ")
    assert " ".join(block("Layers")).strip() == wanted


NAMED = re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)\.([A-Za-z_]+)`", PAGE)


@pytest.mark.parametrize(("module", "name"), sorted(set(NAMED)))
def test_what_a_walk_names_is_there(module: str, name: str) -> None:
    found = importlib.import_module(f"crmadmin.{module}")
    assert hasattr(found, name) or importlib.util.find_spec(f"crmadmin.{module}.{name}")


def test_the_walks_name_where_they_go() -> None:
    assert len(NAMED) > 25
