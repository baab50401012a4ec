"""No lower layer names what is a higher one's by a string: a table, an address, a task.

import-linter sees imports alone; a string does the same without one, and breaks only where a page
is asked for. What a lower layer has to know is registered by the higher one.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from flask import Flask

from crmadmin.admin import extensions
from crmadmin.core.db import Base
from crmadmin.jobs import work

HOUSE = Path(__file__).parents[2]
KEYS = {"ForeignKey", "ForeignKeyConstraint"}
"""A key between tables names its target by a string: both are of one schema."""
MEANT_OTHERWISE = {
    ("crmadmin/telemetry/metrics.py", "job"): "who waited: a request or a job; a label of a figure",
}
"""Strings that are the name of something higher by chance, and what they are."""

NAME = re.compile(r"([a-z_]+)(?:\.[a-z_]*)?")
IN_SQL = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+\"?([a-z_]+)")


def heights() -> dict[str, int]:
    """Package → how high it stands, as pyproject.toml says."""
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    [layers] = [c["layers"] for c in contracts if c["type"] == "layers"]
    return {
        name.strip().removeprefix("crmadmin."): height
        for height, layer in enumerate(reversed(layers))
        for name in re.split(r"[|:]", layer)
    }


def package_of(module: str) -> str:
    """crmadmin.groups.views.list → groups; "" for what is not ours."""
    parts = module.split(".")
    return parts[1] if parts[0] == "crmadmin" and len(parts) > 1 else ""


def tables() -> dict[str, str]:
    """Table → the package that declares it."""
    found = {
        str(m.local_table.description): package_of(m.class_.__module__)
        for m in Base.registry.mappers
    }
    return {name: owner for name, owner in found.items() if owner}  # tests declare some, too


def addresses(app: Flask) -> dict[str, str]:
    """Endpoint, and the blueprint with its dot, → the package whose pages they are."""
    found: dict[str, str] = {}
    [admin] = app.extensions["admin"]
    views = {v.endpoint: package_of(getattr(v, "model", type(v)).__module__) for v in admin._views}
    for endpoint, function in app.view_functions.items():
        blueprint, dot, _name = endpoint.rpartition(".")
        if dot:
            owner = views.get(blueprint) or package_of(function.__module__)
            found |= {endpoint: owner, f"{blueprint}.": owner}
    for (record, by), extension in extensions._EXTENSIONS.items():
        found |= {f"{record}.{page.name}": by for page in extension.pages}
    return found


def tasks() -> dict[str, str]:
    """Task, and its family with the dot, → the package that works it."""
    found: dict[str, str] = {}
    for name, function in work._TASKS.items():
        if owner := package_of(function.__module__):  # tests have tasks of their own
            found |= {name: owner, f"{name.partition('.')[0]}.": owner}
    return found


def belongs(text: str, names: Mapping[str, str]) -> str | None:
    """The package of what a string names: a whole name, one of its family, or a table in SQL."""
    if text in names:
        return names[text]
    if match := NAME.fullmatch(text):
        first = match[1]
        return (names.get(first) or names.get(f"{first}.")) if "." in text else None
    return next((names[t] for t in IN_SQL.findall(text) if t in names), None)


def strings(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of the strings of code: neither documentation, nor the target of a key."""
    tree = ast.parse(source)
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            left_out.add(id(node.value))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in KEYS:
            left_out |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in left_out:
            yield node.lineno, node.value


def higher(
    source: str, package: str, names: Mapping[str, str], stand: Mapping[str, int]
) -> Iterator[tuple[int, str]]:
    """(line, text) of what code in this package names and stands above it."""
    for line, text in strings(source):
        owner = belongs(text, names)
        if owner and stand.get(owner, -1) > stand[package]:
            yield line, text


@pytest.fixture
def names(app: Flask) -> dict[str, str]:
    """Everything that has a name in a string, and whose it is."""
    return {**addresses(app), **tables(), **tasks()}


def test_no_module_names_a_table_an_address_or_a_task_of_a_higher_layer(
    names: dict[str, str],
) -> None:
    stand, found, chance = heights(), [], set()
    for path in sorted((HOUSE / "crmadmin").rglob("*.py")):
        place = path.relative_to(HOUSE)
        if len(place.parts) < 3:
            continue
        for line, text in higher(path.read_text("utf-8"), place.parts[1], names, stand):
            if (str(place), text) in MEANT_OTHERWISE:
                chance.add((str(place), text))
            else:
                found.append(f"{place}:{line} {text!r} is {belongs(text, names)}'s")
    assert found == []
    assert chance == set(MEANT_OTHERWISE)


def test_everything_that_has_a_name_is_known_with_its_layer(
    app: Flask, names: dict[str, str]
) -> None:
    stand = heights()
    assert set(tables().values()) | set(tasks().values()) <= set(stand)
    assert {owner for owner in addresses(app).values() if owner} <= set(stand)
    for name, owner in {
        "import_batch": "imports", "imports.index": "imports", "import.run": "imports",
        "import.": "imports", "customer_group.history": "groups", "customer.add_to_group": "groups",
        "customer.index_view": "customers", "admin.index": "panel", "acts.show": "admin",
    }.items():  # fmt: skip
        assert names[name] == owner, name


@pytest.mark.parametrize(
    ("code", "package"),
    [
        ("t = Base.metadata.tables['import_batch'].c", "groups"),
        ("def active(prefix: str = 'import.'): pass", "jobs"),
        ("ROWS_OF = 'import.run'", "jobs"),
        ("url = url_for('imports.index')", "groups"),
        ("url = url_for(f'imports.{name}')", "customers"),
        ("column = 'import_batch.status'", "groups"),
        ("text('DELETE FROM import_batch WHERE id = 1')", "core"),
        ("url = url_for('admin.index')", "access"),
        ("at = 'customer.leave_group'", "customers"),
        ("name = 'customer'", "core"),
    ],
)  # fmt: skip
def test_what_names_a_higher_layer_is_seen(names: dict[str, str], code: str, package: str) -> None:
    assert list(higher(code, package, names, heights()))


@pytest.mark.parametrize(
    ("code", "package"),
    [
        ("'''Imports fill import_batch.'''", "groups"),
        ("import_id = mapped_column(ForeignKey('import_batch.id'))", "customers"),
        ("url = url_for('customer.index_view')", "groups"),
        ("url = url_for('imports.index')", "panel"),
    ],
)  # fmt: skip
def test_documentation_keys_and_what_stands_below_are_not(
    names: dict[str, str], code: str, package: str
) -> None:
    assert not list(higher(code, package, names, heights()))
