"""Where the code stops at a number: constants that are limits, and what is cut by a number.

Nothing is listed by hand: `found` reads the code. Left out are cuts that look at the beginning of a
text (one or two signs of it), a statement that asks whether there is any, and digests.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

CODE = Path(__file__).parents[2] / "crmadmin"
STARTS = ("MOST", "MAX", "LIMIT", "LONGEST", "DEEPEST")
CUTTERS = ("limit", "islice", "fetchmany")
FEW = 2
"""So many signs, or rows, are looked at; that is no limit."""


def found() -> set[str]:
    """Every limit: "groups/paste.py MOST_LINES", "core/text/phones.py [:1000]"."""
    return {
        f"{path.relative_to(CODE)} {what}"
        for path in sorted(CODE.rglob("*.py"))
        for what in _limits(ast.parse(path.read_text()))
    }


def _limits(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        yield from filter(_is_limit, _named(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            cut = node.slice
            if cut.lower is None and cut.step is None and not _is_digest(node.value):
                yield from (f"[:{bound}]" for bound in _bounds(cut.upper))
        elif isinstance(node, ast.Call) and _name(node.func) in CUTTERS and node.args:
            bound = node.args[-1]
            yield from (f"{_name(node.func)}({told})" for told in _bounds(bound))


def _named(node: ast.stmt) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    for target in targets:
        parts = target.elts if isinstance(target, ast.Tuple) else [target]
        yield from (part.id for part in parts if isinstance(part, ast.Name))


def _is_limit(name: str) -> bool:
    return name.isupper() and name.lstrip("_").startswith(STARTS)


def _bounds(node: ast.expr | None) -> Iterator[str]:
    """A number, or the constant that stands for one, in what bounds something."""
    for part in ast.walk(node) if node is not None else ():
        if isinstance(part, ast.Constant) and type(part.value) is int and part.value > FEW:
            yield str(part.value)
        elif (name := _name(part)) and name.isupper() and len(name) > 1:
            yield name


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_digest(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) == "hexdigest"


SCRIPTS = CODE / "static" / "js"
_CONSTANT = re.compile(r"^const ((?:MOST|MAX|MARKS)_?\w*) =", re.MULTILINE)
_SLICE = re.compile(r"\.slice\(0, ([^)]*(?:[A-Z]{2}|[1-9])[^)]*)\)")


def found_in_scripts() -> set[str]:
    """The same of the scripts: "ticks.js MOST", "hx.js slice(0, MARKS_OF_A_HEADER)"."""
    told = set()
    for path in sorted(SCRIPTS.glob("*.js")):
        text = path.read_text()
        told |= {f"{path.name} {name}" for name in _CONSTANT.findall(text)}
        told |= {f"{path.name} slice(0, {bound})" for bound in _SLICE.findall(text)}
    return told
