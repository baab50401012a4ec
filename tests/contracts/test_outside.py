"""Text from outside becomes a number, a day or a moment in one place only: `core.outside`.

Whoever turns a text into a number elsewhere says here why that text is not from outside, or why it
is bounded already.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from werkzeug.routing import UnicodeConverter

from crmadmin.core import outside

ROOT = Path(__file__).parents[2]
READERS = frozenset(
    {"int", "float", "complex", "Decimal", "fromisoformat", "strptime", "fromtimestamp",
     "isdecimal", "isdigit", "isnumeric", "parse_qsl", "parse_qs", "urlsplit"}
)  # fmt: skip

OURS = "a number already: counted by the database, the clock or this process"
CELL = "a cell or a typed field: its own rules bound it, and a refusal names the value"
FILE = "digits that a bounded regular expression found in a file, in the reader's process"
KEPT = "written by this program as it is read, never typed"
CHARACTERS = "looks at single characters, makes no number"

ALLOWED = {
    "crmadmin/core/outside.py": "the place itself",
    "crmadmin/access/devices.py::_content": OURS,
    "crmadmin/access/password_rules.py::_weigh": OURS,
    "crmadmin/access/guard.py::cookie_values": OURS,
    "crmadmin/access/guard.py::_note_seen": OURS,
    "crmadmin/access/headers.py::_keep_on_site": "our own redirect, of whatever Host was asked",
    "crmadmin/access/questions.py": OURS,
    "crmadmin/access/sessions.py::end_all": OURS,
    "crmadmin/access/throttle.py::_refuse_full": OURS,
    "crmadmin/catalogs/queries.py::activity": OURS,
    "crmadmin/core/bulk.py::_execute_many": OURS,
    "crmadmin/core/bulk.py::_update_by_copy": OURS,
    "crmadmin/core/codes.py::allot": OURS,
    "crmadmin/core/codes.py::preview": OURS,
    "crmadmin/core/kinds/phone.py::_is_dialled": CHARACTERS,
    "crmadmin/core/kinds/phone.py::mask": CHARACTERS,
    "crmadmin/core/db.py::rows_written": OURS,
    "crmadmin/core/marks.py::is_after": "two moments of our own spelling, matched before",
    "crmadmin/telemetry/metrics_page.py::_Asked.collect": OURS,
    "crmadmin/core/field_names.py": "a stored query string, written anew with another name",
    "crmadmin/core/migrating": OURS,
    "crmadmin/core/search/conditions.py": CHARACTERS,
    "crmadmin/core/numbering.py::_given": OURS,
    "crmadmin/core/records.py::_id": OURS,
    "crmadmin/core/retention.py::days": OURS,
    "crmadmin/core/redirects.py": "the one that decides where a browser may be sent",
    "crmadmin/core/text/base.py::_float_text": CELL,
    "crmadmin/core/text/dates.py::date": CELL,
    "crmadmin/core/text/dates.py::_from_serial": CELL,
    "crmadmin/core/text/phones.py::_can_be_number": CELL,
    "crmadmin/core/text/phones.py::_why_unreadable": CHARACTERS,
    "crmadmin/core/text/plain.py::whole_number": CELL,
    "crmadmin/spreadsheets/cell.py": OURS,
    "crmadmin/groups/following.py::_phone": CHARACTERS,
    "crmadmin/groups/services.py": OURS,
    "crmadmin/groups/steps.py::sizes": OURS,
    "crmadmin/imports/error_workbook.py::_layout": OURS,
    "crmadmin/imports/listed.py::counts": OURS,
    "crmadmin/imports/reader/child.py::_send_sheet": "one number a line, from the parent process",
    "crmadmin/imports/reader/frames.py": KEPT,
    "crmadmin/imports/reader/limits.py::memory_in_use": "told by the kernel",
    "crmadmin/imports/reader/odf.py": FILE,
    "crmadmin/imports/reader/ooxml.py::error_cells": FILE,
    "crmadmin/imports/reader/packing.py": CELL,
    "crmadmin/imports/reader/process.py": FILE,
    "crmadmin/imports/reader/xmlrows.py::pieces": OURS,
    "crmadmin/imports/undo/lost.py": OURS,
    "crmadmin/imports/undo/values.py::_readers": KEPT,
    "crmadmin/catalogs/views.py::CatalogView.usage_of": OURS,
    "crmadmin/seeding": "made-up records are made of made-up numbers",
}  # fmt: skip
"""Where a reader may stand: a folder, a file, or a file and the function in it; and why."""


def readers(tree: ast.AST, where: str = "") -> Iterator[tuple[str, str]]:
    """(function, name) of every use of a reader, called or handed on: `type=int`, `map(int, …)`."""
    for node in ast.iter_child_nodes(tree):
        inside = where
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            inside = f"{where}.{node.name}".lstrip(".")
        if isinstance(node, ast.Attribute) and node.attr in READERS:
            yield where, node.attr
        if isinstance(node, ast.Call):
            yield from ((where, name) for name in handed(node) if name in READERS)
        yield from readers(node, inside)


def handed(call: ast.Call) -> list[str]:
    """The function that is called, or that is given to `map` or by name."""
    given = [call.func, *(keyword.value for keyword in call.keywords)]
    if isinstance(call.func, ast.Name) and call.func.id == "map":
        given.append(call.args[0])
    return [part.id for part in given if isinstance(part, ast.Name)]


def used() -> dict[str, set[str]]:
    """Every place that reads numbers, days or addresses: file::function → which readers."""
    found: dict[str, set[str]] = {}
    for path in [*(ROOT / "crmadmin").rglob("*.py"), ROOT / "app.py", ROOT / "config.py"]:
        for function, name in readers(ast.parse(path.read_text())):
            where = f"{path.relative_to(ROOT).as_posix()}::{function}"
            found.setdefault(where, set()).add(name)
    return found


def allowed(where: str) -> list[str]:
    """The entries that let a place be."""
    return [
        entry
        for entry in ALLOWED
        if where == entry or where.startswith((f"{entry}::", f"{entry}/"))
    ]


def test_texts_from_outside_become_numbers_in_one_place() -> None:
    assert {where: names for where, names in used().items() if not allowed(where)} == {}


def test_every_exception_is_still_there() -> None:
    needed = {entry for where in used() for entry in allowed(where)}
    assert set(ALLOWED) - needed == set()


def test_numbers_in_addresses_are_bounded(app: Flask) -> None:
    # Werkzeug's own `int` reads thousands of digits, and more than an INTEGER column holds.
    for rule in app.url_map.iter_rules():
        for converter in rule._converters.values():
            assert isinstance(converter, UnicodeConverter | outside.Whole) or (
                type(converter).__name__ == "PathConverter"
            ), rule
