"""What nobody uses goes: functions, classes, names, methods of the product, and permissions.

Tests and benchmarks do not count as users: what only they need stands with them.
"""

from __future__ import annotations

import ast
import gc
import inspect
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask

import config
from crmadmin.access import policy
from crmadmin.access.permissions import Permission, find
from crmadmin.access.policy import Helper
from crmadmin.admin.view import RecordView
from crmadmin.core import acts
from crmadmin.core.db import all_records, spec_of
from crmadmin.imports.kinds import KINDS

USED_FROM_OUTSIDE = {
    "DOCUMENTS": "made to be known to `core.search`",
    "GROUPED": "for kinds that are added, docs/add-a-kind.md",
    "Meta": "WTForms reads it",
    "WTFORMS": "WTForms' sentences, for the catalogues of messages",
    "__getattr__": "Python asks modules",
    "_refresh_cache": "Flask-Admin calls it",
    "_value": "WTForms' widgets ask",
    "cache_ok": "SQLAlchemy reads it",
    "carry_renamed_field": "generated migrations call it",
    "create_blueprint": "Flask-Admin calls it",
    "error_task_class": "waitress reads it",
    "get_id": "Flask-Login asks",
    "inherit_cache": "SQLAlchemy reads it",
    "is_anonymous": "Flask-Login asks",
    "parse_header": "waitress calls it",
    "parser_class": "waitress reads it",
    "pre_validate": "WTForms calls it",
    "process_bind_param": "SQLAlchemy calls it",
    "process_result_value": "SQLAlchemy calls it",
    "received": "waitress calls it",
    "regex": "Werkzeug reads it",
    "result_processor": "SQLAlchemy calls it",
    "to_python": "Werkzeug calls it",
}
"""Last part of a name → who uses it, where that is neither in the product nor registered by a
decorator."""

FOUND_BY_WALKING = re.compile(r"core\.kinds\.\w+\.[A-Z_]+")
"""Kinds of fields: `core.kinds` takes whatever its modules hold."""

OF_THE_LANGUAGE = {
    "property", "staticmethod", "classmethod", "cache", "lru_cache", "contextmanager", "dataclass",
    "cached_property", "wraps", "final", "overload", "total_ordering",
}  # fmt: skip
"""Decorators that hand nothing to anybody; what has another one is registered by it."""

NAME_LIKE = re.compile(r"[\w.:/<>-]+")
"""A text that may be made of names: an endpoint, a task, an attribute."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass
class Module:
    """A module of the product: its tree, and the names that are read in it, by how often.

    Words are written `name`, attributes `.name`, texts that look like names `"name`.
    """

    name: str
    tree: ast.Module
    nodes: list[ast.AST]
    read: Counter[str]


def reads(nodes: Iterator[ast.AST] | list[ast.AST]) -> Counter[str]:
    found: Counter[str] = Counter()
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                found[name] += 1
            case ast.Attribute(attr=name):
                found[f".{name}"] += 1
            case ast.Constant(value=str() as text) if NAME_LIKE.fullmatch(text):
                found.update(f'"{word}' for word in re.findall(r"[A-Za-z_]\w*", text))
    return found


def load(path: Path) -> Module:
    name = ".".join(path.relative_to(config.ROOT).with_suffix("").parts)
    tree = ast.parse(path.read_text())
    nodes = list(ast.walk(tree))
    return Module(name.removesuffix(".__init__"), tree, nodes, reads(nodes))


@cache
def modules() -> dict[str, Module]:
    """Every module of the product, migrations included."""
    places = ("*.py", "crmadmin/**/*.py", "migrations/**/*.py", "deploy/**/*.py")
    # Trees are made of nothing but new objects: looking for garbage among them is half of the time.
    gc.disable()
    try:
        loaded = [load(path) for place in places for path in config.ROOT.glob(place)]
    finally:
        gc.enable()
    return {module.name: module for module in loaded}


def taken(module: Module) -> Iterator[tuple[str, str]]:
    """(module, name) of what this one takes from others."""
    alias: dict[str, str] = {}
    for node in module.nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                alias[name.asname or name.name] = f"{node.module}.{name.name}"
                yield node.module, name.name
        elif isinstance(node, ast.Import):
            alias.update({name.asname: name.name for name in node.names if name.asname})
    for node in module.nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield alias.get(node.value.id, ""), node.attr


def is_registered(definition: Definition) -> bool:
    used = [d.func if isinstance(d, ast.Call) else d for d in definition.decorator_list]
    names = {d.attr if isinstance(d, ast.Attribute) else getattr(d, "id", "") for d in used}
    return bool(names - OF_THE_LANGUAGE)


def names_in(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """What the statements of a module or a class define."""
    for node in body:
        if isinstance(node, Definition):
            if not is_registered(node):
                yield node.name, node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node


@cache
def words_of_templates() -> set[str]:
    code = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
    paths = (config.ROOT / "templates").rglob("*.html")
    parts = (part for path in paths for part in code.findall(path.read_text()))
    return {word for part in parts for word in re.findall(r"\w+", part)}


def dead_in_modules() -> Iterator[str]:
    """Names of modules that neither they themselves nor others read."""
    used = {pair for module in modules().values() for pair in taken(module)}
    for module in modules().values():
        for name, node in names_in(module.tree.body):
            if name.startswith("__") and name != "__getattr__":
                continue
            if (module.name, name) in used:
                continue
            if module.read[name] == 0 or module.read[name] == reads(ast.walk(node))[name]:
                yield f"{module.name}.{name}"


def dead_in_classes() -> Iterator[str]:
    """Methods and attributes of classes that no code, text or template names anywhere."""
    read: Counter[str] = Counter()
    for module in modules().values():
        read.update(module.read)
    for module in modules().values():
        for owner in (node for node in module.nodes if isinstance(node, ast.ClassDef)):
            for name, node in names_in(owner.body):
                if name.startswith("__") or name in words_of_templates():
                    continue
                if read["." + name] > 5 or read['"' + name] > 5:
                    continue
                own = reads(ast.walk(node)) if isinstance(node, Definition) else Counter[str]()
                if not any(read[sign + name] > own[sign + name] for sign in '."'):
                    yield f"{module.name}.{owner.name}.{name}"


def dead() -> set[str]:
    found = {*dead_in_modules(), *dead_in_classes()}
    ours = {name.removeprefix("crmadmin.") for name in found if name.startswith("crmadmin.")}
    # Permissions are asked by what they say; see below.
    ours -= {f"access.permissions.Permission.{p.name}" for p in Permission}
    return {name for name in ours if not FOUND_BY_WALKING.fullmatch(name)}


def test_whatever_is_defined_is_used_and_not_by_tests_only() -> None:
    assert sorted(n for n in dead() if n.split(".")[-1] not in USED_FROM_OUTSIDE) == []


def test_what_is_said_to_be_used_from_outside_is_still_there() -> None:
    assert sorted(USED_FROM_OUTSIDE.keys() - {n.split(".")[-1] for n in dead()}) == []


# Permissions

ASKING = {"may": 0, "find": 1}
"""Calls that ask for an action on a record's own resource, and which argument names it."""


def actions_asked(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = name or getattr(node.func, "id", "")
            place = ASKING.get(name)
            if place is not None and len(node.args) > place:
                argument = node.args[place]
                if isinstance(argument, ast.Constant):
                    found.add(str(argument.value))
    return found


def asked_by_addresses(app: Flask) -> Iterator[Permission]:
    for rule in (policy.rule(address.endpoint) for address in app.url_map.iter_rules()):
        if isinstance(rule, Permission):
            yield rule
        elif isinstance(rule, Helper):
            yield from rule.pages


def asked_by_name() -> Iterator[Permission]:
    """`Permission.NAME` in code, `resource:action` in templates; the tables themselves aside."""
    tables = {"crmadmin.access.permissions", "crmadmin.access.roles"}
    read = [m.read for m in modules().values() if m.name not in tables]
    written = "".join(p.read_text() for p in (config.ROOT / "templates").rglob("*.html"))
    for permission in Permission:
        if any(r[f".{permission.name}"] for r in read) or f'"{permission.value}"' in written:
            yield permission


def asked_by_views(views: list[Any]) -> Iterator[Permission | None]:
    """What the methods of a record's view ask; what it overrides does not count."""
    for view in views:
        resource = view.spec.options.resource
        for name in dir(type(view)):
            method = inspect.getattr_static(type(view), name)
            if inspect.isfunction(method) and method.__module__.startswith("crmadmin."):
                for action in actions_of(method.__module__, method.__qualname__):
                    yield find(resource, action)


@cache
def actions_by_function(module: str) -> dict[str, set[str]]:
    found = {}
    for node in modules()[module].tree.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = actions_asked(node)
        elif isinstance(node, ast.ClassDef):
            methods = (n for n in node.body if isinstance(n, ast.FunctionDef))
            found.update({f"{node.name}.{m.name}": actions_asked(m) for m in methods})
    return found


def actions_of(module: str, function: str) -> set[str]:
    return actions_by_function(module).get(function, set())


def asked_by_functions() -> Iterator[Permission | None]:
    """What functions ask: those of a feature about its own records, others about any."""
    of: dict[str, set[str]] = {}
    for model in all_records():
        of.setdefault(model.__module__.split(".")[1], set()).add(spec_of(model).options.resource)
    every = set().union(*of.values())
    for module in modules().values():
        if not module.name.startswith("crmadmin."):
            continue
        for function, actions in actions_by_function(module.name).items():
            if "." not in function:
                for resource in of.get(module.name.split(".")[1], every):
                    yield from (find(resource, action) for action in actions)


def asked(app: Flask) -> set[Permission | None]:
    views = [v for v in app.extensions["admin"][0]._views if isinstance(v, RecordView)]
    of_acts = {find(*pair) for kind in acts.kinds() for pair in kind.asks}
    of_imports = {kind.permission for kind in KINDS.values()}
    return {
        *asked_by_addresses(app), *asked_by_name(), *asked_by_views(views), *asked_by_functions(),
        *of_acts, *of_imports,
    }  # fmt: skip


def test_every_permission_is_asked_by_an_address_by_code_or_by_a_template(app: Flask) -> None:
    found = asked(app)
    assert [p.value for p in Permission if p not in found] == []
