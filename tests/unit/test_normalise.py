"""From a field's declaration to the one function that forms, imports and commands share."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from declaring import record
from sqlalchemy.orm import MappedColumn

from crmadmin.core import fields as field
from crmadmin.core.kinds import KINDS, FieldKind
from crmadmin.core.normalise import normaliser
from crmadmin.core.spec import Choice, FieldSpec
from crmadmin.core.text import Note, Refusal


def spec_of(declared: MappedColumn[Any]) -> FieldSpec:
    (found,) = record(a=declared).fields
    return found


def refused(declared: MappedColumn[Any], value: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        normaliser(spec_of(declared))(value, None)
    return caught.value


@pytest.mark.parametrize(
    ("declared", "written", "kept"),
    [
        (field.text("A"), "  Giới \u00a0 thiệu ", "Giới thiệu"),
        (field.long_text("A"), "một \n hai", "một\nhai"),
        (field.code("A"), " KH01 ", "KH01"),
        (field.phone("A"), "0912 345 678", "+84912345678"),
        (field.phone("A"), 912345678.0, "+84912345678"),
        (field.email("A"), "Lan@Example.COM", "Lan@example.com"),
        (field.website("A"), "example.com", "https://example.com"),
        (field.date("A"), "9/8/1992", dt.date(1992, 8, 9)),
        (field.number("A"), "12", 12),
        (field.boolean("A"), "Có", True),
        (field.tax_code("A"), "0100109106", "0100109106"),
        (field.province("A"), "Hà nội", "Hà Nội"),
        (field.province("A"), "Hà Giang", "Tuyên Quang"),
        (field.ref("Thing", "A"), "  Xây   dựng ", "Xây dựng"),
        (field.color("A"), "blue", "blue"),
        (field.choice("A", [Choice("org", "Organization", ("Tổ chức",))]), "TO CHUC", "org"),
        (field.choice("A", [Choice("org", "Organization", ("Tổ chức",))]), "organization", "org"),
    ],
)
def test_a_value_becomes_what_is_stored(
    declared: MappedColumn[Any], written: object, kept: object
) -> None:
    assert normaliser(spec_of(declared))(written, None) == kept


@pytest.mark.parametrize("kind", KINDS.values())
@pytest.mark.parametrize("blank", [None, "", " \u00a0 "])
def test_a_blank_is_nothing_for_every_kind(kind: FieldKind, blank: object) -> None:
    spec = FieldSpec(kind, "A", max_length=5, choices=(Choice("a", "A"),) * kind.takes_choices)
    assert normaliser(spec)(blank, None) is None


@pytest.mark.parametrize("length", [5, 6])
def test_a_text_is_measured_after_it_is_tidied(length: int) -> None:
    written = "  " + "ă" * length + "  "
    if length == 5:
        assert normaliser(spec_of(field.text("A", max_length=5)))(written, None) == "ă" * 5
    else:
        refusal = refused(field.text("A", max_length=5), written)
        assert refusal.code == "too_long"
        assert refusal.params == {"value": "ăăăăăă", "limit": "5", "length": "6"}


def test_the_message_of_a_long_text_does_not_repeat_all_of_it() -> None:
    assert len(refused(field.text("A"), "x" * 5000).params["value"]) == 80


def test_the_stored_form_of_a_province_and_of_a_refs_text_is_not_measured() -> None:
    assert normaliser(spec_of(field.province("A", max_length=2)))("Hà Nội", None) == "Hà Nội"
    assert normaliser(spec_of(field.ref("Thing", "A", max_length=2)))("Dài hơn", None) == "Dài hơn"


def test_a_past_date_refuses_tomorrow_and_an_ordinary_one_takes_it() -> None:
    tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
    assert refused(field.date("A", past=True), tomorrow).code == "future_date"
    assert normaliser(spec_of(field.date("A")))(tomorrow, None) == tomorrow


def test_a_value_that_is_no_choice_is_refused_with_the_choices() -> None:
    kinds = [Choice("person", "Person"), Choice("org", "Organization")]
    refusal = refused(field.choice("A", kinds), "Robot")
    assert refusal.code == "bad_choice"
    assert refusal.params == {"value": "Robot", "choices": "Person, Organization"}


def test_warnings_are_handed_to_who_asked_for_them() -> None:
    notes: list[Note] = []
    declared = spec_of(field.phone("A"))
    assert normaliser(declared)("0123 456 7890", notes) == "+84834567890"
    assert [note.code for note in notes] == ["old_prefix_mapped"]
    assert normaliser(declared)("0123 456 7890", None) == "+84834567890"


@pytest.mark.parametrize(
    "declared",
    [field.text("A"), field.phone("A"), field.email("A"), field.date("A"), field.tax_code("A"),
     field.province("A"), field.color("A"), field.boolean("A"), field.number("A")],
)  # fmt: skip
def test_what_is_stored_is_stored_the_same_again(declared: MappedColumn[Any]) -> None:
    spec = spec_of(declared)
    example = {
        KINDS["phone"]: "0912345678", KINDS["email"]: "a@example.com", KINDS["date"]: "1/2/2003",
        KINDS["tax_code"]: "0100109106", KINDS["province"]: "TPHCM", KINDS["color"]: "red",
        KINDS["boolean"]: "x", KINDS["number"]: "7",
    }.get(spec.kind, " a  b ")  # fmt: skip
    once = normaliser(spec)(example, None)
    assert once is not None
    assert normaliser(spec)(once, None) == once
