"""Headings, and the row that holds them."""

from __future__ import annotations

import pytest

from crmadmin.imports.kinds import CONTACT_ORDER, CUSTOMER_ORDER, KINDS
from crmadmin.imports.pipeline.mapping import (
    ColumnMap,
    find_header,
    heading_words,
    match,
)
from crmadmin.imports.records import Row

CUSTOMERS = KINDS["customers-contacts"]


def matched(*headings: str, kind: str = "customers-contacts") -> dict[str, int]:
    return match(headings, KINDS[kind].columns).fields


def test_the_customer_columns_are_those_of_the_rules_in_template_order() -> None:
    contact = tuple(f"contact_{name}" for name in CONTACT_ORDER)
    assert tuple(c.name for c in CUSTOMERS.columns) == CUSTOMER_ORDER + contact
    assert len(CUSTOMERS.columns) == 26


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Mã KH", "code"), ("MÃ KHÁCH HÀNG *", "code"), ("ma_kh", "code"),
        ("Customer code", "code"),
        ("SĐT", "phone"), ("Điện thoại di động", "phone"), ("dien thoai", "phone"),
        ("ĐT liên hệ", "contact_phone"), ("Điện thoại liên hệ", "contact_phone"),
        ("Chức vụ", "contact_title"), ("Người liên hệ", "contact_name"),
        ("E-mail", "email"), ("Email liên hệ", "contact_email"), ("MST", "tax_code"),
        ("Nhóm KH", "sales_group"), ("CTV", "collaborator"), ("Tỉnh thành", "province"),
        ("Ngày sinh", "birthday"), ("Ngày sinh / thành lập", "birthday"),
        ("Ngày sinh liên hệ", "contact_birthday"), ("Tên khách hàng", "name"),
    ],
)  # fmt: skip
def test_a_heading_is_known_by_its_synonyms_whatever_its_case_and_accents(
    written: str, name: str
) -> None:
    assert matched(written) == {name: 0}


def test_decomposed_unicode_is_the_same_heading() -> None:
    assert matched("Ma\u0303 kha\u0301ch ha\u0300ng") == {"code": 0}


def test_columns_nobody_knows_are_named_and_blank_headings_are_not() -> None:
    found = match(("Mã KH", None, "Ghi chú nội bộ", "  "), CUSTOMERS.columns)
    assert found.ignored == ("Ghi chú nội bộ",)


def test_of_two_headings_for_one_column_the_first_counts_and_the_second_is_named() -> None:
    found = match(("Mã KH", "Điện thoại", "SĐT"), CUSTOMERS.columns)
    assert found.fields == {"code": 0, "phone": 1}
    assert found.ignored == ("SĐT",)


def test_contact_columns_are_ignored_by_the_kind_without_contacts() -> None:
    found = match(("Tên khách hàng", "Người liên hệ"), KINDS["customers"].columns)
    assert found.fields == {"name": 0}
    assert found.ignored == ("Người liên hệ",)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_words_of_the_template_are_recognised_in_both_languages(kind: str) -> None:
    for column in KINDS[kind].columns:
        for words in column.headings[:2]:
            assert matched(f"{words} *", kind=kind) == {column.name: 0}, words


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_heading_means_two_columns(kind: str) -> None:
    seen: dict[str, str] = {}
    for column in KINDS[kind].columns:
        for key in column.keys:
            assert seen.setdefault(key, column.name) == column.name, key


def test_the_header_is_the_row_that_matches_best_and_not_the_title_above_it() -> None:
    rows = [
        Row(1, ("CÔNG TY ABC",)),
        Row(2, ("Danh sách khách hàng", None, "Ghi chú")),
        Row(4, ("Mã KH", "Tên KH", "SĐT")),
        Row(5, ("KH1", "Một", "0912345678")),
    ]
    assert find_header(rows, CUSTOMERS.columns, CUSTOMERS.key_columns) == 4


def test_of_two_rows_that_match_alike_the_upper_one_is_the_header() -> None:
    rows = [Row(3, ("Mã KH", "Tên KH")), Row(9, ("Mã KH", "Tên KH"))]
    assert find_header(rows, CUSTOMERS.columns, CUSTOMERS.key_columns) == 3


def test_a_row_without_a_key_column_is_no_header() -> None:
    rows = [Row(1, ("Email", "Ghi chú"))]
    assert find_header(rows, CUSTOMERS.columns, CUSTOMERS.key_columns) is None


def test_a_column_map_survives_being_stored() -> None:
    found = ColumnMap({"code": 3}, {"code": "Mã"}, ("x",), ("F",))
    assert ColumnMap.from_dict(found.to_dict()) == found


def test_a_heading_is_said_on_one_line_without_its_star() -> None:
    assert heading_words("Tên\nkhách hàng * ") == "Tên khách hàng"
