"""The kinds of field, found by their names: every `FieldKind` of a module in this package is one.

To add one, add a module (docs/add-a-kind.md); nothing lists them. Code elsewhere asks a kind what
it is like and never which one it is.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from crmadmin.core.kinds.base import FieldKind

__all__ = ["KINDS", "FieldKind", "UnknownKind", "add", "named"]


class UnknownKind(LookupError):
    """There is no kind of this name; the message says which there are."""


_found: dict[str, FieldKind] = {}
KINDS: Mapping[str, FieldKind] = MappingProxyType(_found)
"""Every kind by its name."""


def add(kind: FieldKind) -> None:
    """Take in a kind. Raises ValueError when another one has its name."""
    if _found.setdefault(kind.name, kind) is not kind:
        raise ValueError(f"two kinds of field are called {kind.name!r}.")


def named(name: str) -> FieldKind:
    """The kind of this name. Raises UnknownKind with the names that would do."""
    if name not in _found:
        near = difflib.get_close_matches(name, _found, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(_found)
        raise UnknownKind(f"there is no kind of field {name!r}.{hint} Kinds: {known}")
    return _found[name]


def _look_through(package: str, path: list[str]) -> None:
    for found in sorted(m.name for m in pkgutil.iter_modules(path)):
        for value in vars(importlib.import_module(f"{package}.{found}")).values():
            if isinstance(value, FieldKind):
                add(value)


_look_through(__name__, list(__path__))
