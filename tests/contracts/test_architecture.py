"""docs/architecture.md is the house as it stands: tree, layers, functions; so is the glossary."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import tomllib
from collections.abc import Iterator
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


GLOSSARY = (HOUSE / "docs/glossary.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([a-z_]+(?:\.(?!py`)[A-Za-z_]+)+)`", PAGE + GLOSSARY)))


def is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(f"crmadmin.{name}") is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("name", NAMED)
def test_what_the_pages_name_is_there(name: str) -> None:
    """A module (`core.facets`), or what one holds (`core.listing.page`)."""
    module, _dot, inner = name.rpartition(".")
    holds = is_module(module) and hasattr(importlib.import_module(f"crmadmin.{module}"), inner)
    assert holds or is_module(name)


def test_the_walks_name_where_they_go() -> None:
    assert len(NAMED) > 90


DIALECTS = {
    "core.acts": "statistics of rows that were just written",
    "core.bulk": "executemany or COPY",
    "core.copy_database": "reads and writes both engines' own values",
    "core.db": "types, upserts, what the storage must be set to",
    "core.engine": "pools, limits, the write lock",
    "core.images": "JSON made and read by the engine",
    "core.migrating.beside": "declared indexes as each engine tells them",
    "core.migrating.portable": "what a generated migration must not say",
    "core.numbering": "ids given once",
    "core.private_files": "the files of a database, if it is files",
    "core.search.conditions": "conditions that each engine's index answers",
    "core.search.engines": "the index of each engine",
    "core.search.hints": "how each planner is led to an index",
    "cli.checks": "whether there is a database: a file, or a server that answers",
    "cli.move": "an address of a file is read from the instance folder on",
    "jobs.queue": "where the queue is: a file, or the server",
}
"""The modules that name a database's dialect, and what for: the one list of them."""


def dialects_named(source: str) -> Iterator[str]:
    """Where code names a dialect: in a word of its own, or by importing SQLAlchemy's."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and node.value in ("sqlite", "postgresql"):
            yield f"line {node.lineno}: {node.value}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "sqlalchemy.dialects"
        ):
            yield f"line {node.lineno}: {node.module}"


def test_only_the_modules_of_the_list_name_a_dialect() -> None:
    named = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): list(found)
        for path in sorted(PACKAGE.rglob("*.py"))
        if (found := tuple(dialects_named(path.read_text(encoding="utf-8"))))
    }
    assert {name: lines for name, lines in named.items() if name not in DIALECTS} == {}
    assert DIALECTS.keys() - named.keys() == set(), "these name none (any more)"


def test_no_docstring_keeps_a_list_of_its_own() -> None:
    told = re.compile(r"(module|package)\s+that\s+(names|knows)\s+(a|the\s+two)\s+dialect")
    kept = [p for p in PACKAGE.rglob("*.py") if told.search(p.read_text(encoding="utf-8"))]
    assert kept == []


def test_no_two_classes_share_a_name() -> None:
    """One word for each thing: who finds a class by its name has found the one that is meant."""
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    assert len(found) > 300
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}
