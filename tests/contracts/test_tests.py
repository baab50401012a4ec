"""The tests themselves: every module is collected, has the name of what it tests, and can fail."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
PROJECT = TESTS.parent
MODULES = sorted(TESTS.rglob("*.py"))


def test_no_two_modules_of_tests_have_one_name() -> None:
    # They are imported by name alone; the second of two would not be collected.
    names = Counter(p.name for p in MODULES if p.name != "conftest.py")
    assert [name for name, times in names.items() if times > 1] == []


MIRRORS = ("unit", "processes", "db")
"""Folders whose modules test one module or package each; those of the others test a screen, an
address or a rule."""
ITSELF = {"test_purity"}
"""Of the folder that it stands in."""


def _names(path: Path) -> Iterator[str]:
    """What a test of a module may be called: its name, after as many of its packages as it takes
    (`import_seen_rows` for `imports.pipeline.plan.seen_rows`)."""
    *packages, module = path.relative_to(PROJECT).with_suffix("").parts
    if module == "__init__":
        *packages, module = packages
    for length in range(len(packages) + 1):
        for chosen in combinations(packages, length):
            plain = [*chosen, module]
            yield "_".join(plain)
            yield "_".join(part.removesuffix("s") for part in plain[:-1]) + f"_{module}"
            yield "_".join(part.removesuffix("s") for part in plain)


TESTED = {
    name.removeprefix("_")
    for path in (
        PROJECT / "config.py",
        *(PROJECT / "crmadmin").rglob("*.py"),
        *(PROJECT / "bench").rglob("*.py"),
    )
    if len(path.relative_to(PROJECT).parts) != 2 or path.stem != "__init__"
    for name in _names(path)
}


@pytest.mark.parametrize("folder", MIRRORS)
def test_a_module_of_tests_begins_with_the_name_of_what_it_tests(folder: str) -> None:
    found = sorted(p.stem for p in (TESTS / folder).glob("test_*.py"))
    assert found
    for name in found:
        words = name.split("_")[1:]
        beginnings = {"_".join(words[:end]) for end in range(1, len(words) + 1)}
        assert beginnings & TESTED or name in ITSELF, f"{folder}/{name} tests no module of ours"


CHECKING = {"raises", "warns", "fail"}
"""What of pytest fails a test."""
ONLY_RAISES: set[str] = {
    # Whatever it reads, nothing is raised.
    "test_nothing_raises_whatever_comes",
}
"""Tests that fail by what the code raises, and have nothing to compare."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source:
    """One file of the tests: its functions, and which function of ours a name in it means."""

    def __init__(self, path: Path) -> None:
        self.path = path
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = list(ast.walk(tree))
        self.functions = [n for n in nodes if isinstance(n, Function)]
        self.methods = {
            n.name for c in nodes if isinstance(c, ast.ClassDef) for n in c.body
            if isinstance(n, Function)
        }  # fmt: skip
        self.imported = {
            (a.asname or a.name): (n.module, a.name)
            for n in nodes if isinstance(n, ast.ImportFrom) for a in n.names
        }  # fmt: skip

    def calls(self, function: Function) -> set[tuple[str, str]]:
        """(module, function) of what it calls and of the fixtures that it takes; a method has no
        module, for nobody knows here whose it is."""
        found = {("a fixture", a.arg) for a in function.args.args}
        for node in ast.walk(function):
            if not isinstance(node, ast.Call):
                continue
            named = node.func
            if isinstance(named, ast.Name):
                found.add(self.imported.get(named.id, (self.path.stem, named.id)))
            elif isinstance(named, ast.Attribute):
                found.add(("", named.attr))
                if isinstance(named.value, ast.Name):
                    found.add((named.value.id, named.attr))
        return found

    def places(self, function: Function) -> set[tuple[str, str]]:
        """What others call this function by."""
        found = {(self.path.stem, function.name)}
        if function.name in self.methods:
            found.add(("", function.name))
        if any("fixture" in ast.unparse(d) for d in function.decorator_list):
            found.add(("a fixture", function.name))
        return found


def _asserts(function: Function) -> bool:
    return any(isinstance(node, ast.Assert | ast.Raise) for node in ast.walk(function))


def test_every_test_can_fail() -> None:
    """It asserts, or calls a function of ours that does, or says that raising is all there is."""
    found = [(source, f) for source in map(Source, MODULES) for f in source.functions]
    tests = [(source, f) for source, f in found if f.name.startswith("test_")]
    helpers = [(source, f) for source, f in found if not f.name.startswith("test_")]
    assert len(tests) > 1500
    checking = {("", name) for name in CHECKING}
    before = 0
    while len(checking) != before:
        before = len(checking)
        for source, f in helpers:
            if _asserts(f) or source.calls(f) & checking:
                checking |= source.places(f)
    idle = {
        f"{source.path.stem}::{f.name}"
        for source, f in tests
        if not _asserts(f) and not source.calls(f) & checking
    }
    assert {name.partition("::")[2] for name in idle} == ONLY_RAISES, sorted(idle)
