"""Cells → values, with every problem of every row."""

from __future__ import annotations

from typing import Any

import pytest

from crmadmin.imports.kinds import KINDS
from crmadmin.imports.pipeline.check import Checked, Validator
from crmadmin.imports.pipeline.mapping import match
from crmadmin.imports.pipeline.references import (
    CATALOG_WAYS,
    COLLABORATOR_WAYS,
    USER_WAYS,
    NamedRecord,
    RefTable,
    Way,
)
from crmadmin.imports.records import CellError, NewRef, OnUnknown, Row

SOURCES = (
    NamedRecord(1, "N1 – Zalo", True, {"code": "N1", "name": "Zalo"}),
    NamedRecord(2, "N2 – Hà Long", True, {"code": "N2", "name": "Hà Long"}),
    NamedRecord(3, "N3 – Hạ Long", True, {"code": "N3", "name": "Hạ Long"}),
    NamedRecord(4, "N4 – Hội chợ", True, {"code": "N4", "name": "Hội chợ"}),
    NamedRecord(5, "N5 – Báo giấy", False, {"code": "N5", "name": "Báo giấy"}),
)


def table(
    unknown: OnUnknown = OnUnknown.ERROR,
    records: tuple[NamedRecord, ...] = SOURCES,
    ways: tuple[Way, ...] = CATALOG_WAYS,
) -> RefTable:
    return RefTable("CustomerSource", records, ways, unknown, 120)


def check(
    *rows: tuple[Any, ...], headings: tuple[str, ...], unknown: OnUnknown = OnUnknown.ERROR
) -> list[Checked]:
    kind = KINDS["customers-contacts"]
    column_map = match(headings, kind.columns)
    refs = {c.name: table(unknown) for c in kind.refs}
    validator = Validator(kind.columns, column_map, refs)
    return validator.check([Row(n, cells) for n, cells in enumerate(rows, 2)])


def codes(row: Checked) -> list[tuple[str, str]]:
    return [(p.column, p.code) for p in row.problems]


def test_values_are_normalised_and_a_short_row_is_blank_at_its_end() -> None:
    headings = ("Tên KH", "SĐT", "Ngày sinh", "Ghi chú")
    [row] = check(("  Một\u00a0 Hai ", 912345678, "9/8/1992"), headings=headings)
    assert row.values["name"] == "Một Hai"
    assert row.values["phone"] == "+84912345678"
    assert row.values["birthday"].isoformat() == "1992-08-09"
    assert row.values["note"] is None
    assert not row.problems


def test_all_problems_of_a_row_are_collected_and_its_neighbours_are_fine() -> None:
    rows = (("Một", "abc", "x@@y", "hôm qua"), ("Hai", "0912345678", "a@example.com", "1/2/1990"))
    bad, good = check(*rows, headings=("Tên KH", "SĐT", "Email", "Ngày sinh"))
    assert codes(bad) == [("phone", "bad_phone"), ("email", "bad_email"), ("birthday", "bad_date")]
    assert not good.problems
    assert good.values["email"] == "a@example.com"


def test_an_error_cell_is_a_problem_of_that_cell() -> None:
    bad, good = check(
        ("Một", CellError("#N/A")), ("Hai", "a@example.com"), headings=("Tên KH", "Email")
    )
    assert codes(bad) == [("email", "cell_error")]
    assert not good.problems


def test_a_text_over_the_limit_of_its_field_is_too_long() -> None:
    [row] = check(("x" * 256,), headings=("Tên KH",))
    assert codes(row) == [("name", "too_long")]


def test_a_warning_stays_with_its_row_and_stops_nothing() -> None:
    first, second = check(("Một", "0912345678"), ("Hai", "01682928334"), headings=("Tên KH", "SĐT"))
    assert not first.warnings
    assert [w.code for w in second.warnings] == ["old_prefix_mapped"]
    assert not second.problems
    assert second.values["phone"] == "+84382928334"


@pytest.mark.parametrize(
    ("written", "found"),
    [("N1", 1), ("n1", 1), ("ZALO", 1), ("hội  chợ", 4), ("hoi cho", 4), ("Hạ Long", 3)],
)
def test_a_catalog_value_is_found_by_code_then_name_then_name_without_accents(
    written: str, found: int
) -> None:
    assert table().resolve(written).value == found


def test_a_value_without_accents_that_fits_two_records_names_both() -> None:
    problem = table().resolve("ha long").problem
    assert problem is not None
    assert problem.code == "ambiguous_value"
    assert {problem.params["first"], problem.params["second"]} == {"N2 – Hà Long", "N3 – Hạ Long"}


def test_a_record_that_is_not_used_any_more_is_not_offered() -> None:
    problem = table().resolve("Báo giấy").problem
    assert problem is not None
    assert problem.code == "inactive_value"


def test_an_unknown_value_follows_the_rule() -> None:
    wrong = table().resolve("Ti vi").problem
    assert wrong is not None
    assert wrong.code == "unknown_value"
    blank = table(OnUnknown.BLANK).resolve("Ti vi")
    assert blank.value is None
    assert blank.problem is None
    assert blank.warning is not None
    made = table(OnUnknown.CREATE)
    assert made.resolve("Ti vi").value == NewRef("CustomerSource", "Ti vi")
    assert made.resolve("TI  VI".replace("  ", " ")).value == NewRef("CustomerSource", "Ti vi")


def test_a_new_value_longer_than_a_name_is_not_made() -> None:
    problem = table(OnUnknown.CREATE).resolve("x" * 121).problem
    assert problem is not None
    assert problem.code == "too_long"


def test_an_owner_is_found_by_user_name_then_email_then_full_name() -> None:
    people = (
        NamedRecord(
            1, "lan", True, {"username": "lan", "email": "l@example.com", "full_name": "Lê Lan"}
        ),
        NamedRecord(
            2, "hue", True, {"username": "hue", "email": "h@example.com", "full_name": "lan"}
        ),
    )
    owners = table(records=people, ways=USER_WAYS)
    assert owners.resolve("LAN").value == 1
    assert owners.resolve("H@example.com").value == 2
    assert owners.resolve("le lan").value == 1


def test_a_collaborator_is_found_by_phone_however_it_is_written() -> None:
    people = (
        NamedRecord(1, "CTV1 – An", True, {"code": "CTV1", "phone": "+84912345678", "name": "An"}),
        NamedRecord(2, "CTV2 – An", True, {"code": "CTV2", "phone": None, "name": "An"}),
    )
    found = table(records=people, ways=COLLABORATOR_WAYS)
    assert found.resolve("0912 345 678").value == 1
    problem = found.resolve("An").problem
    assert problem is not None
    assert problem.code == "ambiguous_value"


def test_a_contact_needs_a_name_and_a_row_without_one_has_no_contact() -> None:
    none, nameless, whole = check(
        ("Một", None, None), ("Hai", None, "0912345678"), ("Ba", "Lan", "0912345678"),
        headings=("Tên KH", "Người liên hệ", "ĐT liên hệ"),
    )  # fmt: skip
    assert none.contact is None
    assert not none.problems
    assert codes(nameless) == [("contact_name", "required")]
    assert whole.contact == {"name": "Lan", "phone": "+84912345678"}


def test_an_old_province_becomes_the_new_one_and_its_text_goes_to_the_address() -> None:
    old, unknown = check(("Một", "Hải Dương"), ("Hai", "Paris"), headings=("Tên KH", "Tỉnh thành"))
    assert (old.values["province"], old.address_extra) == ("Hải Phòng", "Hải Dương")
    assert (unknown.values["province"], unknown.address_extra) == (None, "Paris")
    assert [w.code for w in unknown.warnings] == ["unknown_province"]
    assert not unknown.problems


def test_yes_and_no_and_choices_are_understood_in_words() -> None:
    kind = KINDS["industries"]
    column_map = match(("Tên", "Đang dùng", "Màu"), kind.columns)
    validator = Validator(kind.columns, column_map, {})
    rows = [Row(2, ("A", "Không", "red")), Row(3, ("B", "có thể", "không màu"))]
    good, bad = validator.check(rows)
    assert (good.values["is_active"], good.values["color"]) == (False, "red")
    assert codes(bad) == [("is_active", "bad_yes_no"), ("color", "bad_choice")]
