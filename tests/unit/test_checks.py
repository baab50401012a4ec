"""Every wrong declaration is refused with an id, the place, what would be valid, and a way out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from declaring import PLAIN, model, record

from crmadmin.core import checks
from crmadmin.core import fields as field
from crmadmin.core.checks import DeclarationsWrong, Fault, check, require_valid
from crmadmin.core.spec import Choice, RecordOptions, RecordSpec, Section, SensitiveIf, derive
from crmadmin.core.text import code_key

RESOURCES = ("catalogs", "customers")
NAMED = replace(PLAIN, display="name")


def faults(*specs: RecordSpec) -> list[Fault]:
    return check(specs, RESOURCES)


def only(*specs: RecordSpec) -> Fault:
    """The one fault that these records have."""
    (found,) = faults(*specs)
    return found


def with_text(**options: Any) -> RecordSpec:
    return record(name=field.text("Name", **options))


def named(spec_options: RecordOptions, **more: Any) -> RecordSpec:
    return record(options=spec_options, name=field.text("Name"), **more)


def nullable_though_required() -> RecordSpec:
    made = model(name=field.text("Name", required=True))
    made.__table__.columns["name"].nullable = True
    return derive(made)


def test_a_right_declaration_has_no_faults() -> None:
    right = record(
        options=replace(NAMED, order=("name", "-id"), columns=("name",), prefix="AB",
                        sections=(Section("main", "Main"),)),
        name=field.text("Name", required=True, listed=True, searched=True, section="main"),
        email=field.email("Email", searched=True, sensitive=True, example="lan@example.com"),
        name_key=field.key(code_key, "name", length=32),
        search_text=field.search_text(),
        search_private=field.search_private(),
    )  # fmt: skip
    assert faults(right) == []
    require_valid([right], RESOURCES)


def test_an_option_that_does_not_exist_is_refused_where_it_is_written() -> None:
    with pytest.raises(field.DeclarationError) as refused:
        field.text("Name", serched=True)  # type: ignore[call-arg]  # the mistake under test
    told = str(refused.value)
    assert told.startswith("C000 ")
    assert "'serched'" in told
    assert "Did you mean 'searched'?" in told
    for word in field.Options.__annotations__:
        assert word in told


@pytest.mark.parametrize("helper", [field.number, field.boolean, field.color, field.date])
def test_every_helper_refuses_an_option_that_does_not_exist(helper: Callable[..., Any]) -> None:
    with pytest.raises(field.DeclarationError, match="C000"):
        helper("Name", lable="x")


def test_refs_and_choices_refuse_an_option_that_does_not_exist() -> None:
    with pytest.raises(field.DeclarationError, match="C000"):
        field.ref("Industry", "Industry", filterd=True)  # type: ignore[call-arg]  # likewise
    with pytest.raises(field.DeclarationError, match="C000"):
        field.choice("Kind", [("a", "A")], filterd=True)  # type: ignore[call-arg]  # likewise


MISTAKES: dict[str, tuple[Callable[[], RecordSpec], str, str]] = {
    "C001": (lambda: named(replace(PLAIN, display="nmae")), "Thing",
             "display names 'nmae', which is not a column. Did you mean 'name'? Columns: id, name"),
    "C002": (lambda: record(options=replace(PLAIN, sections=(Section("main", "Main"),)),
                            name=field.text("Name", section="mian")), "Thing.name",
             "section 'mian' is not declared. Did you mean 'main'? Sections: main"),
    "C003": (lambda: record(thing_id=field.ref("Thong", "Thing")), "Thing.thing",
             "refers to 'Thong', which is no model. Did you mean 'Thing'? Models: Thing"),
    "C004": (lambda: record(options=replace(PLAIN, resource="catalog")), "Thing",
             "resource 'catalog' is not in the permission table. Did you mean 'catalogs'? "
             "Resources: catalogs, customers"),
    "C005": (lambda: record(note=field.long_text("Note", sortable=True)), "Thing.note",
             "a long_text field cannot be sorted. Drop sortable=True."),
    "C006": (lambda: with_text(filtered=True), "Thing.name",
             "a text field cannot be a filter. Use searched=True for free text, or a choice, a ref "
             "or a date."),
    "C007": (lambda: with_text(required=True, editable=False), "Thing.name",
             "is required but nobody may edit it. Drop required=True or editable=False."),
    "C008": (lambda: with_text(past=True), "Thing.name",
             "past=True means nothing for a text field. Drop it."),
    "C009": (lambda: with_text(span=13), "Thing.name", "span is 13. It can be 1 to 12."),
    "C010": (lambda: with_text(max_length=0), "Thing.name", "max_length is 0. At least 1."),
    "C011": (lambda: record(name=field.text(" ")), "Thing.name",
             'has no label. Give one: field.text(_l("Name")).'),
    "C012": (lambda: record(kind=field.choice("Kind", [("a", "A"), ("a", "B")])), "Thing.kind",
             "offers 'a' twice. Keep one."),
    "C013": (lambda: record(kind=field.choice("Kind", [Choice("person", "Person"),
                                                       Choice("firm", "Firm")], default="persn")),
             "Thing.kind", "default 'persn' is no choice. Did you mean 'person'? "
             "Choices: person, firm"),
    "C014": (lambda: record(phone=field.phone("Phone", example="12")), "Thing.phone",
             "its own example '12' is refused (bad_phone). The template would show it to people."),
    "C015": (lambda: record(a=field.text("A", headings=("Điện thoại",)),
                            b=field.text("B", headings=("DIEN THOAI *",))), "Thing.b",
             "import heading 'DIEN THOAI *' is also one of a. A heading names one field."),
    "C016": (lambda: named(PLAIN, name_key=field.key(code_key, "nmae", length=32)), "Thing",
             "name_key is made from 'nmae', which is not a column. Did you mean 'name'? "
             "Columns: id, name, name_key"),
    "C017": (lambda: record(phone=field.phone("Phone", sensitive=True),
                            search_text=field.search_text("phone")), "Thing",
             "search_text holds phone, which some roles see masked. Move it to search_private."),
    "C018": (lambda: record(options=replace(PLAIN, prefix="ab1")), "Thing",
             "prefix 'ab1' cannot begin a code. Use capital letters A to Z, as in NGUON."),
    "C020": (nullable_though_required, "Thing.name",
             "is required but its column takes NULL. Write Mapped[str], not Mapped[str | None], "
             "for a required field."),
    "C021": (lambda: named(replace(PLAIN, columns=("nmae",))), "Thing",
             "columns names 'nmae', which is not a field. Did you mean 'name'? Fields: name"),
    "C022": (lambda: named(replace(PLAIN, columns=("name", "name"))), "Thing",
             "columns names 'name' twice. Keep one."),
    "C023": (lambda: record(born=field.date("Born", searched=True)), "Thing.born",
             "a date field cannot be searched. Use filtered=True: search reads text."),
    "C024": (lambda: record(phone=field.phone("Phone", searched=True, sensitive=True),
                            search_text=field.search_text()), "Thing.phone",
             "is searched, but there is no search_private. "
             "Add search_private = field.search_private() to the model."),
    "C025": (lambda: record(kind=field.choice("Kind", [])), "Thing.kind",
             'offers nothing to choose. Give some: field.choice(_l("Kind"), [("a", _l("A"))]).'),
    "C026": (lambda: record(phone=field.phone("Phone", sensitive=SensitiveIf(("kin",), bool, "x")),
                            kind=field.choice("Kind", [("a", "A")])), "Thing.phone",
             "sensitive reads 'kin', which is not a column. Did you mean 'kind'? "
             "Columns: id, phone, kind"),
    "C027": (lambda: with_text(sensitive=True), "Thing.name",
             "is sensitive, but records are called, sorted or shared out by it. "
             "Drop sensitive=True, or call and sort the records by something else."),
}  # fmt: skip
"""Id → (a record with that one mistake, the place, what is said after it)."""


@pytest.mark.parametrize("id_", MISTAKES)
def test_a_mistake_is_told_with_its_id_its_place_and_the_way_out(id_: str) -> None:
    make, place, told = MISTAKES[id_]
    fault = only(make())
    assert fault.id == id_
    assert fault.place == place
    assert str(fault) == f"{id_} {place}: {told}"


def test_two_records_cannot_share_a_prefix() -> None:
    one = record("Region", replace(PLAIN, prefix="AB"))
    two = record("District", replace(PLAIN, prefix="AB"))
    fault = only(one, two)
    told = "C019 District: prefix 'AB' is also that of Region. Two catalogs cannot share one."
    assert str(fault) == told


def test_every_check_there_is_has_a_planted_mistake_here() -> None:
    source = Path(checks.__file__).read_text() + Path(field.__file__).read_text()
    written = set(re.findall(r'"(C\d{3})[" ]', source))
    assert written == {*MISTAKES, "C000", "C019"}


@pytest.mark.parametrize("what", ["order", "owner"])
def test_the_order_and_the_owner_must_be_columns_too(what: str) -> None:
    given: Any = ("-nmae",) if what == "order" else "nmae"
    fault = only(named(replace(PLAIN, **{what: given})))
    assert str(fault).startswith(f"C001 Thing: {what} names 'nmae'")


def test_a_section_where_none_is_declared_says_so() -> None:
    assert str(only(with_text(section="main"))).endswith("The record declares none.")


def test_a_word_that_resembles_nothing_gets_the_valid_ones_without_a_guess() -> None:
    told = str(only(record(options=replace(PLAIN, resource="zzz"))))
    assert "Did you mean" not in told
    assert told.endswith("Resources: catalogs, customers")


def test_headings_of_a_field_that_is_not_imported_collide_with_nothing() -> None:
    one = field.text("A", headings=("Tên",))
    two = field.text("B", headings=("Tên",), importable=False)
    assert faults(record(a=one, b=two)) == []


def test_a_record_without_any_search_column_may_say_what_it_would_search() -> None:
    assert faults(with_text(searched=True)) == []


def test_every_fault_is_reported_at_once_on_a_line_of_its_own() -> None:
    wrong = [with_text(span=0, past=True), record("Other", replace(PLAIN, prefix="1"))]
    with pytest.raises(DeclarationsWrong) as refused:
        require_valid(wrong, RESOURCES)
    lines = str(refused.value).splitlines()
    assert [line[:4] for line in lines] == ["C008", "C009", "C018"]
    assert len(refused.value.faults) == 3
