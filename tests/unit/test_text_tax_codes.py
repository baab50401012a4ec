"""Tax codes and personal IDs."""

import datetime as dt

import pytest

from crmadmin.core.text import Note, Refusal, tax_code


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (None, None),
        (" ", None),
        ("0100109106", "0100109106"),
        ("01 0010 9106", "0100109106"),
        ("01.00.109.106", "0100109106"),
        ("0100109106-001", "0100109106-001"),
        ("0100109106001", "0100109106-001"),
        ("0100109106 - 001", "0100109106-001"),
        ("0100109106–001", "0100109106-001"),
        ("001099012345", "001099012345"),
        (" 001 099 012345 ", "001099012345"),
        # the zero that Excel ate
        (100109106, "0100109106"),
        (100109106.0, "0100109106"),
        ("100109106", "0100109106"),
        ("100109106.0", "0100109106"),
    ],
)
def test_ten_thirteen_and_twelve_digits_are_codes(typed, stored):
    notes: list[Note] = []
    assert tax_code(typed, notes) == stored
    assert tax_code(stored, notes) == stored
    assert notes == []


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("0100109107", "0100109107"),
        (5100109107.0, "5100109107"),
        ("0100109107-001", "0100109107-001"),
        ("0100109107001", "0100109107-001"),
    ],
)
def test_a_failed_check_digit_is_a_warning(typed, stored):
    notes: list[Note] = []
    assert tax_code(typed, notes) == stored
    assert [note.code for note in notes] == ["tax_check_digit"]
    assert notes[0].params["value"]


def test_without_a_list_of_notes_a_warning_is_dropped():
    assert tax_code("0100109107") == "0100109107"


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("12345", "5"),
        ("100109107", "9"),  # its padded form fails the check digit
        ("01001091061", "11"),
        ("0100109106-01", "12"),
        ("0100109106-0011", "14"),
        ("01-00109106", "10"),
        ("01001091060011", "14"),
        ("MST 0100109106", "10"),
        ("không có", "0"),
        (0.5, "2"),
        (-100109106, "9"),
        (True, "0"),
        (dt.date(2010, 10, 10), "8"),
        ("9" * 5000, "5000"),
    ],
)
def test_any_other_shape_is_refused(typed, digits):
    with pytest.raises(Refusal) as caught:
        tax_code(typed)
    assert (caught.value.code, caught.value.params["digits"]) == ("bad_tax_code", digits)
    assert 0 < len(caught.value.params["value"]) <= 80
