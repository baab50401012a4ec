"""A kind of field is one object: found by its name, complete, and nobody else asks which it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from jinja2 import Environment

from crmadmin.admin.form_fields import CONTROLS
from crmadmin.admin.list_page import PIXELS
from crmadmin.core import fields as field
from crmadmin.core import kinds
from crmadmin.core.kinds import KINDS, FieldKind
from crmadmin.core.kinds.base import Control, Storage
from crmadmin.core.normalise import normaliser
from crmadmin.core.spec import Choice, FieldSpec

ROOT = Path(__file__).parents[2]
CELLS = (ROOT / "templates/admin/model/_cells.html").read_text(encoding="utf-8")
FREE = [k for k in KINDS.values() if not k.takes_choices and not k.is_ref and not k.is_moment]
"""Kinds whose values stand for themselves, and are typed."""


def spec(kind: FieldKind) -> FieldSpec:
    choices = tuple(Choice(*pair) for pair in kind.choices or [("a", "A")])
    return FieldSpec(kind, "Label", "x", "x", choices=choices if kind.takes_choices else ())


def test_every_kind_has_the_name_under_which_it_is_found() -> None:
    assert {name: kind.name for name, kind in KINDS.items()} == {name: name for name in KINDS}
    assert len(KINDS) >= 15


def test_an_unknown_kind_is_refused_with_the_nearest() -> None:
    with pytest.raises(kinds.UnknownKind, match="Did you mean 'phone'"):
        kinds.named("phon")


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two kinds of field are called 'phone'"):
        kinds.add(FieldKind("phone", "another", normaliser(spec(KINDS["text"]))))


@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_every_kind_has_a_helper_of_its_own(kind: FieldKind) -> None:
    helper = getattr(field, kind.helper or kind.name)
    given = {"choice": ("Label", [("a", "A")]), "ref": ("Thing", "Label")}
    assert helper(*given.get(kind.name, ("Label",))).column.info["spec"].kind is kind


def test_a_helper_that_does_not_exist_is_refused_with_the_nearest() -> None:
    with pytest.raises(field.DeclarationError, match="Did you mean 'phone'"):
        field.phoen("Phone")
    assert not hasattr(field, "__wrapped__")


@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_every_kind_is_drawn_where_values_are(kind: FieldKind) -> None:
    words = set(re.findall(r'"(\w+)"', CELLS)) | {"text", "province"}
    assert kind.cell in words
    assert not kind.width or kind.width in PIXELS
    assert kind.control in CONTROLS or kind.control is Control.RECORD


@pytest.mark.parametrize("kind", FREE, ids=str)
def test_the_example_of_a_kind_is_read_and_shown_so_that_it_is_read_again(kind: FieldKind) -> None:
    read = normaliser(spec(kind))
    stored = read(kind.example, None)
    assert stored is not None
    assert read(kind.show(stored), None) == stored
    assert read(stored, None) == stored


@pytest.mark.parametrize("kind", [k for k in KINDS.values() if k.values], ids=str)
def test_each_value_of_a_kind_is_read_as_it_is_written(kind: FieldKind) -> None:
    read = normaliser(spec(kind))
    assert [read(str(v.written), None) for v in kind.values] == [v.stored for v in kind.values]


@pytest.mark.parametrize("kind", [k for k in FREE if k.span], ids=str)
def test_an_end_of_a_span_is_read_as_addresses_have_it(kind: FieldKind) -> None:
    stored = normaliser(spec(kind))(kind.example, None)
    assert kind.span is not None
    assert kind.span.read(str(stored)) == stored
    assert kind.span.read("") is None
    assert kind.span.read("x y") is None


@pytest.mark.parametrize("kind", FREE, ids=str)
def test_a_new_kind_tells_nothing_of_a_sensitive_value(kind: FieldKind) -> None:
    stored = str(normaliser(spec(kind))(kind.example, None))
    assert stored not in kind.mask(stored)


@pytest.mark.parametrize("kind", [k for k in KINDS.values() if k.exact], ids=str)
def test_what_is_looked_for_exactly_finds_the_example(kind: FieldKind) -> None:
    assert kind.exact is not None
    assert kind.exact(kind.example)


def test_every_storage_has_a_column() -> None:
    assert set(field._TYPES) == set(Storage) - {Storage.LINK}


# Nobody asks a kind which one it is.

OWN = ("crmadmin/core/kinds/", "crmadmin/core/fields.py")
KIND = re.compile(r"\b\w*\.kind(\.(name|cell|helper))?\b\)?$")


def asks(source: str) -> Iterator[str]:
    """The places of a module that ask which kind a field is of, or name one."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [left, *others]
                is_one = any(isinstance(op, ast.Is | ast.IsNot) for op in ops)
                named = is_one or bool(texts(sides) & set(KINDS))
                asked = any(KIND.search(ast.unparse(side)) for side in sides)
                found = asked and named and not any(ast.unparse(s) == "None" for s in others)
            case ast.Match(subject=subject, cases=cases):
                found = bool(KIND.search(ast.unparse(subject)) and texts(cases) & set(KINDS))
            case ast.ImportFrom(module=str(module)):
                found = module.startswith("crmadmin.core.kinds.") and not module.endswith(".base")
            case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
                found = ast.unparse(value).endswith("KINDS") and key in KINDS
            case ast.Call(func=ast.Attribute(attr="named") | ast.Name(id="named"), args=args):
                found = bool(texts(args) & set(KINDS))
            case _:
                found = False
        if found:
            yield ast.unparse(node)


def texts(nodes: Sequence[ast.AST]) -> set[str]:
    inner = (part for node in nodes for part in ast.walk(node))
    return {n.value for n in inner if isinstance(n, ast.Constant) and isinstance(n.value, str)}


@pytest.mark.parametrize(
    "line",
    ["f.kind is PHONE", "f.kind is not kinds.PHONE", 'f.kind.name == "phone"', 'KINDS["phone"]',
     'f.kind.cell in ("phone", "email")', 'str(f.kind) == "phone"', 'kinds.named("phone")',
     'column.spec.kind != "date"', "from crmadmin.core.kinds.phone import PHONE",
     'match f.kind.name:\n    case "phone": pass'],
)  # fmt: skip
def test_a_question_which_kind_it_is_would_be_found(line: str) -> None:
    assert list(asks(line))


def test_no_code_outside_the_kinds_asks_which_one_a_field_is_of() -> None:
    found = {
        str(path.relative_to(ROOT)): asked
        for path in (ROOT / "crmadmin").rglob("*.py")
        if not str(path.relative_to(ROOT)).startswith(OWN)
        if (asked := list(asks(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


def test_no_template_asks_which_kind_a_field_is_of() -> None:
    asks = [
        f"{path.name}: {line.strip()}"
        for path in (ROOT / "templates").rglob("*.html")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"spec\.kind\s*(\||==|in\b|!=)", line)
    ]
    assert asks == []


def test_a_kind_is_no_more_than_a_word_to_who_prints_it() -> None:
    made = Environment(autoescape=True).from_string("{{ kind }}").render(kind=KINDS["phone"])
    assert made == str(KINDS["phone"]) == "phone"
    assert repr(KINDS["phone"]) == "<FieldKind phone>"
