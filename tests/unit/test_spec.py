"""From a model class to plain data: the order of fields, refs, derived columns, list columns."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
from declaring import PLAIN, model, record

from crmadmin.catalogs.models import Collaborator, Industry, all_catalogs
from crmadmin.core import fields as field
from crmadmin.core.db import read_again, spec_of
from crmadmin.core.kinds import KINDS, FieldKind
from crmadmin.core.spec import Choice, Section, derive, derived_values
from crmadmin.core.text import code_key, name_key, sort_key
from crmadmin.customers.models import Customer, catalog_fields


def test_fields_keep_the_order_in_which_they_are_written_those_of_mixins_first() -> None:
    names = [f.name for f in derive(Collaborator).fields]
    assert names == [
        "code", "name", "description", "position", "is_active", "is_default", "color",
        "phone", "email", "group", "tax_code", "bank_account", "bank_name", "address",
        "created_at", "updated_at",
    ]  # fmt: skip


def test_stamps_and_keys_come_after_what_a_model_declares_itself() -> None:
    columns = [c.name for c in Industry.__table__.columns]
    assert columns[0] == "id"
    for late in ("created_at", "version", "code_key", "sort_key", "name_key", "search_text"):
        assert columns.index(late) > columns.index("color"), late


def test_a_ref_is_named_without_id_and_keeps_its_column() -> None:
    spec = record(industry_id=field.ref("Industry", "Industry"))
    (ref,) = spec.refs
    assert (ref.name, ref.column, ref.target) == ("industry", "industry_id", "Industry")


def test_only_a_refs_name_loses_its_ending() -> None:
    (found,) = record(paid_id=field.text("Id of the payment")).fields
    assert (found.name, found.column) == ("paid_id", "paid_id")


def test_names_and_codes_are_sorted_by_their_keys_and_all_else_by_itself() -> None:
    spec = record(
        name=field.text("Name"), code=field.code("Code"), phone=field.phone("Phone"),
        number=field.code("Number"),
    )  # fmt: skip
    assert [f.sort_key for f in spec.fields] == ["sort_key", "code_key", "phone", "number_key"]


def test_columns_that_no_helper_made_are_no_fields() -> None:
    assert record(version=field.version(), by_id=field.stamp_user()).fields == ()


@pytest.mark.parametrize(
    ("made", "kind", "length", "nullable"),
    [
        (field.text("A"), KINDS["text"], 255, True),
        (field.text("A", required=True), KINDS["text"], 255, False),
        (field.text("A", max_length=40), KINDS["text"], 40, True),
        (field.long_text("A"), KINDS["long_text"], 4000, True),
        (field.code("A"), KINDS["code"], 32, False),
        (field.email("A"), KINDS["email"], 254, True),
        (field.phone("A"), KINDS["phone"], 32, True),
        (field.website("A"), KINDS["website"], 255, True),
        (field.date("A"), KINDS["date"], None, True),
        (field.moment("A"), KINDS["datetime"], None, True),
        (field.number("A"), KINDS["number"], None, False),
        (field.boolean("A"), KINDS["boolean"], None, False),
        (field.choice("A", [("a", "A")]), KINDS["choice"], 32, True),
        (field.choice("A", [("a", "A")], default="a"), KINDS["choice"], 32, False),
        (field.color("A"), KINDS["color"], 16, False),
        (field.tax_code("A"), KINDS["tax_code"], 14, True),
        (field.province("A"), KINDS["province"], 64, True),
        (field.ref("Thing", "A"), KINDS["ref"], None, True),
        (field.ref("Thing", "A", required=True), KINDS["ref"], None, False),
    ],
)
def test_each_helper_makes_a_column_and_a_field_of_its_kind(
    made: object, kind: FieldKind, length: int | None, nullable: bool
) -> None:
    declared = model(a=made)  # type: ignore[arg-type]  # a MappedColumn, whatever its type
    (found,) = derive(declared).fields
    column = declared.__table__.columns["a"]
    assert (found.kind, found.max_length, column.nullable) == (kind, length, nullable)
    assert column.default is None or column.default.arg == found.default


def test_a_listed_field_is_sortable_unless_it_says_otherwise() -> None:
    spec = record(
        a=field.text("A", listed=True), b=field.text("B", listed=True, sortable=False),
        c=field.text("C"),
    )  # fmt: skip
    assert [f.sortable for f in spec.fields] == [True, False, False]


def test_a_moment_is_set_by_the_system_only() -> None:
    (found,) = record(at=field.moment("At")).fields
    assert not found.editable
    assert not found.importable


def test_the_list_shows_what_the_options_name_and_then_every_other_listed_field() -> None:
    spec = record(
        options=replace(PLAIN, columns=("b", "d")),
        a=field.text("A", listed=True), b=field.text("B", listed=True),
        c=field.text("C"), d=field.text("D"),
    )  # fmt: skip
    assert [f.name for f in spec.listed] == ["b", "d", "a"]


def test_without_named_columns_the_list_shows_the_listed_fields_as_declared() -> None:
    spec = record(a=field.text("A", listed=True), b=field.text("B"), c=field.text("C", listed=True))
    assert [f.name for f in spec.listed] == ["a", "c"]


def test_a_key_is_made_from_one_column_and_cut_to_its_length() -> None:
    spec = record(name=field.text("Name"), name_key=field.key(name_key, "name", length=5))
    assert derived_values(spec, {"name": "  Giới   THIỆU "}) == {"name_key": "giới "}


def test_a_key_of_nothing_is_nothing() -> None:
    spec = record(code=field.code("Code"), code_key=field.key(code_key, "code", length=32))
    assert derived_values(spec, {"code": None}) == {"code_key": None}
    assert derived_values(spec, {}) == {"code_key": None}


def test_the_search_text_follows_the_searched_fields_wherever_they_are_declared() -> None:
    spec = record(
        search_text=field.search_text(),
        search_private=field.search_private(variants=field.as_dialled),
        name=field.text("Name", searched=True),
        note=field.text("Note"),
        slogan=field.text("Slogan", searched=True),
        phone=field.phone("Phone", searched=True, sensitive=True),
        email=field.email("Email", sensitive=True),
    )
    sources = {d.column: d.sources for d in spec.derived}
    assert sources == {"search_text": ("name", "slogan"), "search_private": ("phone",)}
    found = derived_values(
        spec, {"name": "Đặng", "note": "x", "slogan": "Bền vững", "phone": "+84912345678"}
    )
    assert found["search_text"] == " dang \n ben vung "
    assert found["search_private"] == " +84912345678 \n 0912345678 "


def test_a_search_text_of_named_columns_holds_those_whatever_their_flags() -> None:
    spec = record(
        a=field.text("A", searched=True), b=field.text("B"), search_text=field.search_text("b")
    )
    assert derived_values(spec, {"a": "x", "b": "y"}) == {"search_text": " y "}


def test_the_search_text_of_blank_fields_is_blank_and_says_nothing_twice() -> None:
    spec = record(
        a=field.text("A", searched=True), b=field.text("B", searched=True),
        search_text=field.search_text(),
    )  # fmt: skip
    assert derived_values(spec, {}) == {"search_text": ""}
    assert derived_values(spec, {"a": "Lan", "b": "LAN"}) == {"search_text": " lan "}


def test_no_models_public_search_text_holds_a_sensitive_field() -> None:
    for declared in (*all_catalogs(), Customer):
        spec = derive(declared)
        sensitive = {f.column for f in spec.fields if f.sensitive}
        public = {s for d in spec.derived if d.column == "search_text" for s in d.sources}
        assert not sensitive & public, spec.name


def test_a_field_that_does_not_exist_is_refused_with_those_that_do() -> None:
    spec = record(name=field.text("Name"))
    with pytest.raises(KeyError, match=r"thing has no field 'nmae'. Fields: name"):
        spec.field("nmae")


def test_specs_cannot_be_changed() -> None:
    (found,) = record(name=field.text("Name")).fields
    with pytest.raises(FrozenInstanceError):
        found.required = True  # type: ignore[misc]  # the mistake under test


def test_a_choice_says_its_words_and_an_unknown_value_itself() -> None:
    (found,) = record(kind=field.choice("Kind", [Choice("a", "Alpha")])).fields
    assert found.choice_label("a") == "Alpha"
    assert found.choice_label("z") == "z"


def test_a_records_words_come_from_its_options() -> None:
    spec = record(options=replace(PLAIN, help="Why", sections=(Section("main", "Main"),)))
    assert (spec.name, spec.label, spec.plural, spec.help) == ("thing", "Thing", "Things", "Why")


def test_every_catalog_link_of_a_customer_is_known_as_one() -> None:
    assert catalog_fields() == (
        "customer_type", "sales_group", "channel", "source", "industry", "company_size", "status",
        "tier", "collaborator",
    )  # fmt: skip


def test_reading_a_model_again_forgets_what_was_derived_before() -> None:
    before = spec_of(Industry)
    assert spec_of(Industry) is before
    read_again(Industry)
    assert spec_of(Industry) is not before
    assert [f.name for f in spec_of(Industry).fields] == [f.name for f in before.fields]


def test_names_sort_by_their_key() -> None:
    spec = record(name=field.text("Name"), sort_key=field.key(sort_key, "name", length=400))
    keys = [derived_values(spec, {"name": n})["sort_key"] for n in ("An", "Ánh", "Đào", "Zung")]
    assert keys == sorted(keys)
