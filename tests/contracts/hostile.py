"""Hostile values for every parameter that the code reads, and where those parameters are found.

Nothing is listed by hand: names come from the code itself (`args.get("page")`, `f"to-{n}"`,
`name.removeprefix("cell-")`), from the filters that records declare, and from the forms that pages
show. A parameter that is added tomorrow is sent hostile values tomorrow.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from random import Random

from crmadmin.core.db import all_records, spec_of

CODE = Path(__file__).parents[2] / "crmadmin"

RECEIVERS = frozenset(
    {"args", "form", "values", "files", "given", "sent", "state", "asked", "body", "session",
     "headers", "cookies"}
)  # fmt: skip
"""What variables are called that hold parameters; a test holds the code to it."""

SHARED = ("core", "access", "panel", "groups", "customers")
AREAS: Mapping[str, tuple[str, ...]] = {
    "imports": ("imports", "core"),
    "groups": ("groups", "core", "panel"),
    "access": ("access", "core"),
}
"""First part of an endpoint → the packages that answer it; other endpoints: SHARED."""

VALUES = (
    "",
    " ",
    "0",
    "-1",
    "1.5",
    "1e5",
    "+1",
    " 1 ",
    "inf",
    "nan",
    "NaN",
    "1,2",
    "[]",
    "{}",
    "null",
    "true",
    "2147483647",
    "2147483648",
    "123456789012",
    "9" * 20,
    "9" * 5000,
    "0" * 400 + "1",
    "１２",
    "٣",
    "²",
    "①",
    "x\x00y",
    "\x00",
    "a\r\nSet-Cookie: x=1",
    "\ufffd",
    "🀄" * 50,
    "a\u0301" * 500,
    "x" * 5000,
    "%",
    "_",
    "\\",
    "'--",
    "1' OR '1'='1",
    "../../etc/passwd",
    "//evil.example",
    "[bad",
    "http://[",
    "9999-12-31",
    "0001-01-01",
    "2026-02-30",
    "10000-01-01",
    "-0001-01-01",
    "31/12/9999",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-01-01T00:00:00",
    "-",
    "=1+1",
    "q=&created_at_to=9999-12-31",
    "&".join(["a=1"] * 600),
    "created_at_from=0001-01-01",
    "industry=999999999999&owner=x",
    "industry=%FF%FE",
    "-name",
    "--name",
    "updated_at",
    "nothing",
    "{{7*7}}",
    "%s%n%d",
    "%(x)s",
    "<script>",
    "\u202e",
    "\u0085",
    "\u2028",
    "NULL",
    "1970-01-01",
)
"""What has broken such programs before, here and elsewhere."""

DAYS = ("9999-12-31", "0001-01-01", "2026-02-30", "10000-01-01", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00", "x")  # fmt: skip
IDS = ("9" * 5000, "123456789012", "2147483648", "-1", "0", "٣", "²", "1e5", "x")

FITTING = (
    *((end, DAYS) for end in ("_from", "_to", "_at", "as_of")),
    *((end, IDS) for end in ("id", "ids", "also", "page", "version", "after", "before")),
)
"""End of a parameter's name → what is worst for it; half of its values are these."""

NUMBERS = ("0", "1", "77777", "999999999", "9" * 30, "-1", "x", "٣", "")
"""What stands in the place of the number in `contacts-0-id`."""

HEADERS = ("HX-Request", "HX-Current-URL", "HX-Target", "HX-Boosted", "X-Requested-With",
           "X-CSRFToken", "Referer", "Accept-Language", "Accept", "If-Modified-Since", "Range",
           "Content-Type", "X-Forwarded-For", "X-Request-ID")  # fmt: skip


@dataclass
class Names:
    """Parameters that some code reads: whole names, names with a hole, and words it compares."""

    whole: set[str] = field(default_factory=set)
    with_hole: set[str] = field(default_factory=set)
    """A parameter's name with `{}` where a number or another name stands."""
    words: set[str] = field(default_factory=set)

    def add(self, other: Names) -> None:
        self.whole |= other.whole
        self.with_hole |= other.with_hole
        self.words |= other.words


class _Reader(ast.NodeVisitor):
    def __init__(self, tree: ast.Module) -> None:
        self.names = Names()
        self.constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name) and isinstance(node.value.value, str)
        }
        self.visit(tree)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and node.args:
            name = node.func.attr
            if name in ("get", "getlist", "pop") and is_receiver(node.func.value):
                self.take(node.args[0])
            elif name in ("removeprefix", "startswith"):
                prefix = self.text_of(node.args[0])
                if prefix.endswith("-"):
                    self.names.with_hole.add(prefix + "{}")
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if is_receiver(node.value):
            self.take(node.slice)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        if any(is_receiver(side) for side in node.comparators):
            self.take(node.left)
        for side in [node.left, *node.comparators]:
            inside = side.elts if isinstance(side, ast.Tuple) else [side]
            self.names.words |= {self.text_of(part) for part in inside}
        self.generic_visit(node)

    def take(self, node: ast.AST) -> None:
        if isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "{}" for p in node.values]
            self.names.with_hole.add("".join(map(str, parts)))
        elif text := self.text_of(node):
            self.names.whole.add(text)

    def text_of(self, node: ast.AST) -> str:
        if isinstance(node, ast.Name):
            return self.constants.get(node.id, "")
        return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def is_receiver(node: ast.AST) -> bool:
    """Whether an expression holds parameters, by what it is called."""
    if isinstance(node, ast.Attribute):
        return node.attr in RECEIVERS
    return isinstance(node, ast.Name) and node.id in RECEIVERS


def names_of(area: str) -> Names:
    """The parameters that answer the endpoints of an area."""
    return _names_in(AREAS.get(area, SHARED))


@cache
def _names_in(packages: tuple[str, ...]) -> Names:
    found = Names()
    for package in packages:
        found.add(_names_of_package(package))
    found.words -= {""}
    return found


@cache
def _names_of_package(package: str) -> Names:
    found = Names()
    for path in sorted((CODE / package).rglob("*.py")):
        found.add(_Reader(ast.parse(path.read_text())).names)
    return found


@cache
def _words_of(area: str) -> tuple[str, ...]:
    return tuple(sorted(names_of(area).words))


@cache
def filter_names(record: str) -> tuple[str, ...]:
    """The filters of a list of records, and of customers, whom groups follow."""
    found: dict[str, None] = {}
    for model in all_records():
        spec = spec_of(model)
        if spec.name in (record, "customer"):
            for f in spec.having("filtered"):
                found |= dict.fromkeys((f.name, f"{f.name}_from", f"{f.name}_to"))
    return tuple(found)


class Forms(HTMLParser):
    """The forms of a page: address → what a browser would send, as (name, value)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, list[tuple[str, str]]]] = []
        self._open = False
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = True
            self.found.append((given.get("action", ""), given.get("method", "get").lower(), []))
        elif self._open and tag in ("input", "textarea", "select", "button") and given.get("name"):
            self._select = given["name"] if tag == "select" else ""
            self.found[-1][2].append((given["name"], given.get("value", "")))
        elif self._open and tag == "option" and self._select and "selected" in given:
            self.found[-1][2].append((self._select, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False


@dataclass
class Aim:
    """What hostile requests to one address are made of."""

    area: str
    record: str
    form: list[tuple[str, str]]
    """What its own form would send."""
    ids: tuple[str, ...]
    """Ids of records that are there."""
    texts: tuple[str, ...]
    """Hostile values beside VALUES."""

    def names(self, random: Random) -> list[str]:
        """Every parameter, each hole filled with some number, in random order."""
        read = names_of(self.area)
        numbered = {n.replace("{}", random.choice(NUMBERS)) for n in read.with_hole}
        own = {digits(name, random) for name, _value in self.form}
        every = read.whole | numbered | own | {name for name, _value in self.form}
        every |= set(filter_names(self.record))
        found = sorted(every - {"id", "csrf_token", "_user_id", "_fresh"})
        random.shuffle(found)
        return found

    def value(self, random: Random, name: str = "") -> str:
        """One value: mostly hostile, now and then a word that the code knows or a real id."""
        fitting = next((values for end, values in FITTING if name.endswith(end)), ())
        if fitting and random.random() < 0.5:
            return random.choice(fitting)
        dice = random.random()
        if dice < 0.15:
            return random.choice(self.ids)
        if dice < 0.35:
            return random.choice(_words_of(self.area))
        return random.choice(self.texts if dice < 0.5 else VALUES)

    def values(self, random: Random, name: str) -> list[str]:
        """The values of one parameter: one, sometimes several, now and then very many."""
        dice = random.random()
        if dice < 0.9:
            return [self.value(random, name)]
        if dice < 0.995:
            return [self.value(random, name) for _ in range(random.randint(2, 5))]
        return [self.value(random)[:20]] * 4000


def digits(name: str, random: Random) -> str:
    """A field's name with another number in it: contacts-0-id → contacts-999999999-id."""
    first, dash, rest = name.partition("-")
    number, second, last = rest.partition("-")
    if not dash or not number.isdigit():
        return name
    return f"{first}-{random.choice(NUMBERS)}{second}{last}"


def chunks(names: list[str], size: int) -> Iterator[list[str]]:
    """The names in parts of at most `size`."""
    for start in range(0, len(names), size):
        yield names[start : start + size]
