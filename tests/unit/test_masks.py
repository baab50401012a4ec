"""Masks: every kind of field has one, and it tells nothing of what it hides."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from crmadmin.catalogs.models import Collaborator
from crmadmin.core import masks
from crmadmin.core.db import spec_of
from crmadmin.core.kinds import KINDS, FieldKind
from crmadmin.core.spec import FieldSpec, SensitiveIf
from crmadmin.customers.models import Contact, Customer

VALUES: dict[FieldKind, Any] = {
    kind: kind.normalise(kind.example, None) for kind in KINDS.values() if kind.example
} | {
    KINDS["text"]: "19036552188012",
    KINDS["long_text"]: "Gọi sau 17 giờ",
    KINDS["code"]: "CTV001",
    KINDS["email"]: "lan.nguyen@example.com",
    KINDS["phone"]: "+84912345678",
    KINDS["website"]: "https://lan.example.com",
    KINDS["date"]: date(1992, 8, 9),
    KINDS["datetime"]: datetime(2026, 11, 30, 8, 15, tzinfo=UTC),
    KINDS["number"]: 0,
    KINDS["boolean"]: False,
    KINDS["choice"]: "person",
    KINDS["color"]: "blue",
    KINDS["tax_code"]: "001092014587",
    KINDS["province"]: "Hà Nội",
    KINDS["ref"]: object(),
}
"""A value of each kind; a new kind needs one here."""

PARTLY = {KINDS["phone"]: "0912 *** 678", KINDS["email"]: "l***@example.com"}


@pytest.mark.parametrize("kind", [*KINDS.values()])
@pytest.mark.parametrize("sensitive", [True, SensitiveIf((), lambda: True, "always")])
def test_every_kind_of_field_has_a_mask_that_is_text_and_tells_nothing(
    kind: FieldKind, sensitive: bool | SensitiveIf
) -> None:
    field = FieldSpec(kind, "Anything", name="a", column="a", sensitive=sensitive)
    said = masks.shown(field, VALUES[kind], {}.__getitem__)
    assert isinstance(said, masks.Masked)
    assert said == PARTLY.get(kind, "***")


@pytest.mark.parametrize("kind", [*KINDS.values()])
def test_a_value_that_is_not_sensitive_and_a_blank_one_stay_as_they_are(kind: FieldKind) -> None:
    field = FieldSpec(kind, "Anything", name="a", column="a")
    assert masks.shown(field, VALUES[kind], {}.__getitem__) is VALUES[kind]
    hidden = FieldSpec(kind, "Anything", name="a", column="a", sensitive=True)
    assert masks.shown(hidden, None, {}.__getitem__) is None


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+84912345678", "0912 *** 678"),
        ("+842473004666", "0247 *** 666"),
        ("0912345678", "0912 *** 678"),
        ("+14155552671", "+141 *** 671"),
        ("+8419001234", "0190 *** 234"),
        ("19001234", "***"),
        ("113", "***"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_masked_phone_keeps_its_ends_and_hides_the_rest(phone: str | None, masked: str) -> None:
    assert KINDS["phone"].mask(phone) == masked


@pytest.mark.parametrize(
    ("email", "masked"),
    [
        ("lan.nguyen@example.com", "l***@example.com"),
        ("a@example.com", "a***@example.com"),
        ('"a@b"@example.com', '"***@example.com'),
        ("@example.com", "***"),
        ("no address", "***"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_masked_email_tells_neither_the_name_nor_its_length(
    email: str | None, masked: str
) -> None:
    assert KINDS["email"].mask(email) == masked


PERSON = {"kind": "person", "tax_code": "0100109106", "birthday": date(1992, 8, 9), "address": "A"}
COMPANY = {**PERSON, "kind": "organization"}
HOUSEHOLD = {**COMPANY, "tax_code": "001092014587"}


def hidden(row: dict[str, Any]) -> set[str]:
    """Which fields of a customer are masked."""
    fields = [spec_of(Customer).field(n) for n in ("tax_code", "birthday", "address")]
    said = masks.of_row(fields, row)
    return {f.name for f, value in zip(fields, said, strict=True) if value == "***"}


def test_of_a_person_birthday_address_and_tax_code_are_masked() -> None:
    assert hidden(PERSON) == {"tax_code", "birthday", "address"}
    assert hidden({**PERSON, "kind": None}) == {"tax_code", "birthday", "address"}


def test_what_is_public_of_a_company_is_shown_but_never_a_personal_id() -> None:
    assert hidden(COMPANY) == set()
    assert hidden({**COMPANY, "tax_code": "0100109106-001"}) == set()
    assert hidden(HOUSEHOLD) == {"tax_code"}


def test_a_row_is_read_with_the_columns_that_say_what_of_it_is_sensitive() -> None:
    fields = [spec_of(Customer).field(n) for n in ("birthday", "tax_code")]
    assert masks.columns_read(fields) == ["birthday", "tax_code", "kind"]


SENSITIVE = {
    Customer: {"tax_code", "phone", "email", "address", "birthday"},
    Contact: {"phone", "email", "birthday", "note"},
    Collaborator: {"phone", "email", "tax_code", "bank_account", "address"},
}


@pytest.mark.parametrize("model", SENSITIVE)
def test_what_is_personal_is_declared_sensitive(model: type[Any]) -> None:
    assert {f.name for f in spec_of(model).fields if f.sensitive} == SENSITIVE[model]
