"""Types are held everywhere alike: no module is let off, and no stub tells of what is not there."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import crmadmin.panel.build  # noqa: F401 - every view is made known
from crmadmin.admin.record import Record

HOUSE = Path(__file__).parents[2]
STUBS = HOUSE / "typings"
Definition = ast.ClassDef | ast.FunctionDef


def test_no_module_of_ours_is_let_off() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))
    rules = project["tool"]["mypy"]
    assert rules["strict"] is True
    loose = [name for o in rules["overrides"] for name in o["module"] if "crmadmin" in name]
    assert loose == []


def views() -> set[type]:
    """Every class of pages of records, Flask-Admin's own left out."""
    found, open_ = set(), [Record]
    while open_:
        found.add(open_[-1])
        open_ += open_.pop().__subclasses__()
    return found


def test_pages_stand_on_each_other_in_one_line() -> None:
    """Flask-Admin wraps what a class inherits, so of two bases the first would hide the second's
    pages; and a mixin knows nothing of the view that it is mixed into."""
    assert len(views()) > 10
    assert sorted(v.__name__ for v in views() if len(v.__bases__) > 1) == []


def module_of(stub: Path) -> str:
    parts = stub.relative_to(STUBS).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def defined() -> Iterator[tuple[str, str, Definition]]:
    """(module, dotted name, definition) of every public class, function and method of the stubs."""
    for stub in sorted(STUBS.rglob("*.pyi")):
        for node in ast.parse(stub.read_text(encoding="utf-8")).body:
            if not isinstance(node, Definition) or node.name.startswith("_"):
                continue
            yield module_of(stub), node.name, node
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef):
                    yield module_of(stub), f"{node.name}.{inner.name}", inner


DEFINED = [pytest.param(*found, id=f"{found[0]}.{found[1]}") for found in defined()]


def test_the_stubs_are_found() -> None:
    assert len(DEFINED) > 50


@pytest.mark.parametrize(("module", "name", "definition"), DEFINED)
def test_what_a_stub_tells_of_is_in_the_library(
    module: str, name: str, definition: Definition
) -> None:
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if isinstance(definition, ast.FunctionDef):
        takes = inspect.signature(found).parameters
        if not {p.kind for p in takes.values()} & {inspect.Parameter.VAR_KEYWORD}:
            named = {a.arg for a in (*definition.args.args, *definition.args.kwonlyargs)}
            assert named <= set(takes)


IGNORED = re.compile(r"# type: ignore(?P<code>\[[\w,-]+\])?(?P<why>.*)")


LIBRARIES = ("Flask", "Werkzeug", "waitress", "Babel", "prometheus_client", "dataclasses")


def test_an_error_is_ignored_for_a_library_alone_which_is_named() -> None:
    bare = [
        f"{path.relative_to(HOUSE)}:{number}"
        for path in sorted((HOUSE / "crmadmin").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (match := IGNORED.search(line))
        and not (match["code"] and any(name in match["why"] for name in LIBRARIES))
    ]
    assert bare == []
