"""The code of the two tutorials: read out of the markdown, put into a copy of the source or
declared on the classes of a running process. What it leads to is `declared_walk`'s business."""

from __future__ import annotations

import ast
import os
import re
import secrets
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
PAGES = ("add-a-field.md", "add-a-catalog.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)

PLACES = {
    "Industry": "crmadmin/catalogs/models.py",
    "Region": "crmadmin/catalogs/models.py",
    "Customer": "crmadmin/customers/models.py",
}
BELOW = {"Customer": "collaborator_id"}
"""Where the page says that the new lines go; at the end of the class unless it says so."""


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language on both pages, in order."""
    pages = ((ROOT / "docs" / page).read_text() for page in PAGES)
    return [code for page in pages for lang, code in BLOCK.findall(page) if lang == language]


def classes() -> dict[str, ast.ClassDef]:
    """The classes that the pages show, by name."""
    parsed = (ast.parse(code).body for code in blocks("python"))
    return {node.name: node for body in parsed for node in body if isinstance(node, ast.ClassDef)}


def migrate_commands() -> list[list[str]]:
    """The arguments of `flask` on each line that migrates."""
    lines = [line for code in blocks("sh") for line in code.splitlines()]
    return [line.split("flask ", 1)[1].split() for line in lines if " db " in line]


def fields_of(node: ast.ClassDef) -> list[ast.AnnAssign]:
    """The fields that a shown class adds."""
    return [line for line in node.body if isinstance(line, ast.AnnAssign)]


def declare(catalogs: ModuleType, customers: ModuleType) -> None:
    """Declare everything on the classes of this process, as its fields were set by hand."""
    for name, node in classes().items():
        module = customers if name == "Customer" else catalogs
        if hasattr(module, name):
            for line in fields_of(node):
                if line.value is None or not isinstance(line.target, ast.Name):
                    raise ValueError(f"{ast.unparse(line)} declares nothing")
                value = eval(ast.unparse(line.value), vars(module))  # noqa: S307 - our own page
                setattr(getattr(module, name), line.target.id, value)
        else:
            exec(ast.unparse(node), vars(module))  # noqa: S102 - our own page


def run(arguments: list[str], project: Path, url: str, folder: Path) -> str:
    """The output of a Python program in the project; fails with what it said."""
    home = folder / "instance"
    home.mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "PYTHONPATH": str(project),
    }
    done = subprocess.run(
        [sys.executable, *arguments], cwd=project, env=environment, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def edited_copy(folder: Path) -> Path:
    """A copy of the project in which somebody followed both pages, but for the migration."""
    copy = plain_copy(folder)
    for name, node in classes().items():
        path = copy / PLACES[name]
        path.write_text(edited(path.read_text(), name, node))
    return copy


def plain_copy(folder: Path) -> Path:
    """A copy of the project as it is, with what it takes to run it."""
    copy = folder / "project"
    copy.mkdir(parents=True)
    for name in ("crmadmin", "migrations", "templates"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "config.py"):
        shutil.copy(ROOT / name, copy / name)
    return copy


def edited(source: str, name: str, node: ast.ClassDef) -> str:
    """The source with the new class, or with the new lines in the class that is there."""
    lines = source.splitlines()
    known = {n.name: n for n in ast.parse(source).body if isinstance(n, ast.ClassDef)}
    if name not in known:
        last = max(n.end_lineno or 0 for n in known.values())
        return "\n".join([*lines[:last], "", "", ast.unparse(node), *lines[last:], ""])
    there = known[name]
    ends = {f.target.id: f.end_lineno for f in fields_of(there) if isinstance(f.target, ast.Name)}
    below = ends[BELOW[name]] if name in BELOW else there.end_lineno
    added = textwrap.indent("\n".join(map(ast.unparse, fields_of(node))), "    ")
    return "\n".join([*lines[:below], added, *lines[below:], ""])
