"""Phone numbers: what is accepted, stored and shown, and why the rest is refused."""

import datetime as dt

import phonenumbers
import pytest

from crmadmin.core.text import Note, Refusal, phone, show_phone

ACCEPTED = [
    # leading 0, 84, +84, 0084
    ("0912345678", "+84912345678"),
    ("84912345678", "+84912345678"),
    ("+84912345678", "+84912345678"),
    ("0084912345678", "+84912345678"),
    ("+84 (0)912 345 678", "+84912345678"),
    # blanks, dots, dashes, brackets
    ("0912 345 678", "+84912345678"),
    ("0912.345.678", "+84912345678"),
    ("0912-345-678", "+84912345678"),
    ("(0912) 345 678", "+84912345678"),
    ("0912–345—678", "+84912345678"),
    ("0912\u00a0345\u200b678", "+84912345678"),
    ("+84 912.345.966", "+84912345966"),
    ("84 98 3315958", "+84983315958"),
    ("\uff10\uff19\uff11\uff12345678", "+84912345678"),  # full-width digits
    # the zero that Excel ate
    ("912345678", "+84912345678"),
    (912345678, "+84912345678"),
    (912345678.0, "+84912345678"),
    ("912345678.0", "+84912345678"),
    (841234567.0, "+84841234567"),
    (84912345678.0, "+84912345678"),
    (2473004666.0, "+842473004666"),
    # landlines
    ("024 7300 4666", "+842473004666"),
    ("(024) 7300-4666", "+842473004666"),
    ("028 3930 1144", "+842839301144"),
    ("0203 3825 123", "+842033825123"),
    # 1800 and 1900
    ("19001234", "+8419001234"),
    (19001234.0, "+8419001234"),
    ("1900 1234", "+8419001234"),
    ("1900 123 456", "+841900123456"),
    ("1800 1234", "+8418001234"),
    # foreign
    ("+1 650-253-0000", "+16502530000"),
    ("+65 6521 8000", "+6565218000"),
    ("+81 3-1234-5678", "+81312345678"),
]


@pytest.mark.parametrize(("typed", "stored"), ACCEPTED)
def test_numbers_are_kept_as_e164(typed, stored):
    notes: list[Note] = []
    assert phone(typed, notes) == stored
    assert notes == []


@pytest.mark.parametrize(("_typed", "stored"), ACCEPTED)
def test_a_stored_number_and_a_shown_number_read_back_as_themselves(_typed, stored):
    assert phone(stored) == stored
    assert phone(show_phone(stored)) == stored


@pytest.mark.parametrize("blank", [None, "", " ", "\u00a0\u200b"])
def test_a_blank_is_no_number(blank):
    assert phone(blank) is None


OLD_PREFIXES = {
    "0120": "070",
    "0121": "079",
    "0122": "077",
    "0126": "076",
    "0128": "078",
    "0123": "083",
    "0124": "084",
    "0125": "085",
    "0127": "081",
    "0129": "082",
    "0162": "032",
    "0163": "033",
    "0164": "034",
    "0165": "035",
    "0166": "036",
    "0167": "037",
    "0168": "038",
    "0169": "039",
    "0186": "056",
    "0188": "058",
    "0199": "059",
}


@pytest.mark.parametrize(("old", "new"), OLD_PREFIXES.items())
@pytest.mark.parametrize("lead", ["0", "84", "+84 ", "+84 0", ""])
def test_prefixes_of_before_2018_become_the_new_ones(lead, old, new):
    typed = f"{lead}{old[1:]} 2345678"
    notes: list[Note] = []
    stored = phone(typed, notes)
    assert stored == f"+84{new[1:]}2345678"
    assert notes == [Note("old_prefix_mapped", {"value": typed, "old": old, "new": new})]
    assert phonenumbers.is_valid_number(phonenumbers.parse(stored))
    again: list[Note] = []
    assert phone(stored, again) == stored
    assert again == []


def test_an_old_number_that_lost_its_zero_in_excel_is_mapped():
    assert phone(1682928334.0) == "+84382928334"


@pytest.mark.parametrize(
    "typed",
    [
        "0912345678 / 0987654321",
        "0912345678/0987654321",
        "0912345678, 0987654321",
        "0912345678; 024 7300 4666",
        "0912345678 0987654321",
        "0912345678\n0987654321",
        "0912345678 - 0987654321",
        "09123456780987654321",
        "0912345678 và 0987654321",
        "0912345678 hoặc 0987654321",
        "+84912345678 +84987654321",
        "0912345678/79",
        "0912 345 678 & 0987 654 321" + " / 0909 090 909" * 6,
    ],
)
def test_two_numbers_in_one_cell_are_an_error_that_says_so(typed):
    with pytest.raises(Refusal) as caught:
        phone(typed)
    assert (caught.value.code, caught.value.params["reason"]) == ("bad_phone", "two_numbers")


@pytest.mark.parametrize(
    ("typed", "params"),
    [
        ("12345", {"reason": "too_short"}),
        (5.0, {"reason": "too_short"}),
        ("0912 345 67", {"reason": "mobile_length", "digits": "9"}),
        ("+84 912 345 67", {"reason": "mobile_length", "digits": "9"}),
        ("09123456789", {"reason": "mobile_length", "digits": "11"}),
        ("91234567", {"reason": "mobile_length", "digits": "8"}),
        ("0247300466", {"reason": "landline_length", "digits": "10"}),
        ("0112345678", {"reason": "unknown_prefix"}),
        ("0991234567890123", {"reason": "mobile_length", "digits": "16"}),
        ("16502530000", {"reason": "unknown_prefix"}),
        ("+1 650", {"reason": "foreign"}),
        ("+999 123 456 789", {"reason": "foreign"}),
        ("abc", {"reason": "letters"}),
        ("0912345678 (Lan)", {"reason": "letters"}),
        ("024 7300 4666 ext 12", {"reason": "letters"}),
        ("0912345678x", {"reason": "letters"}),
        ("9.12E+08", {"reason": "exponent"}),
        ("8,49E+10", {"reason": "exponent"}),
        ("+", {"reason": "letters"}),
        ("-", {"reason": "letters"}),
        (True, {"reason": "letters"}),
        (912345678.5, {"reason": "letters"}),
        (-912345678, {"reason": "letters"}),
        (dt.date(1992, 8, 9), {"reason": "letters"}),
        ("x" * 5000, {"reason": "letters"}),
    ],
)
def test_a_refused_number_says_why(typed, params):
    with pytest.raises(Refusal) as caught:
        phone(typed)
    assert caught.value.code == "bad_phone"
    assert {k: v for k, v in caught.value.params.items() if k != "value"} == params
    assert 0 < len(caught.value.params["value"]) <= 80


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (None, ""),
        ("", ""),
        ("+84912345678", "0912 345 678"),
        ("+842473004666", "024 7300 4666"),
        ("+842839301144", "028 3930 1144"),
        ("+842033825123", "0203 3825 123"),
        ("+8419001234", "1900 1234"),
        ("+841900123456", "1900 123 456"),
        ("+8418001234", "1800 1234"),
        ("+16502530000", "+1 650-253-0000"),
        ("not a number", "not a number"),
        ("+" + "9" * 400, "+" + "9" * 400),
    ],
)
def test_numbers_are_shown_in_groups(stored, shown):
    assert show_phone(stored) == shown


def test_mobile_prefixes_are_valid_exactly_when_phonenumbers_says_so():
    for prefix in range(300, 1000):
        typed = f"0{prefix}123456"
        valid = phonenumbers.is_valid_number(phonenumbers.parse(typed, "VN"))
        try:
            stored = phone(typed)
        except Refusal:
            stored = None
        assert stored == ("+84" + typed[1:] if valid else None)


@pytest.mark.parametrize("region", ["US", "GB", "DE", "FR", "IT", "JP", "KR", "CN", "TH", "SG"])
def test_example_numbers_of_other_countries_survive_storing_and_showing(region):
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
        example = phonenumbers.example_number_for_type(region, kind)
        stored = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        assert phone(stored) == stored
        assert phone(show_phone(stored)) == stored
