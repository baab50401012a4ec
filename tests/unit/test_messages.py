"""The sentences for problems and warnings."""

import pytest

from crmadmin.core import text as formats
from crmadmin.core.messages import CODES, message
from crmadmin.core.text import Note, Refusal

PROBLEMS = [
    "required",
    "too_long",
    "bad_phone",
    "bad_email",
    "bad_date",
    "future_date",
    "bad_tax_code",
    "unknown_value",
    "ambiguous_value",
    "inactive_value",
    "cell_error",
    "duplicate_key",
    "bad_number",
    "bad_yes_no",
    "bad_choice",
    "bad_website",
    "not_found",
]
WARNINGS = [
    "tax_check_digit",
    "differs_from_first_row",
    "legacy_encoding",
    "old_prefix_mapped",
    "old_province",
    "unknown_province",
]


def test_every_code_of_the_import_rules_has_a_sentence():
    assert {*PROBLEMS, *WARNINGS} <= CODES


@pytest.mark.parametrize(
    ("normalise", "typed", "sentence"),
    [
        (formats.phone, "0912 345 67", "“0912 345 67” has 9 digits, a mobile number needs 10."),
        (
            formats.phone,
            "0912345678 / 0987654321",
            "“0912345678 / 0987654321” is two numbers in one cell: keep one of them.",
        ),
        (
            formats.phone,
            "12345",
            "“12345” is too short: a mobile number has 10 digits, a landline 11.",
        ),
        (formats.email, "yennhi gmail.com", "“yennhi gmail.com” has no @:"),
        (formats.email, "thang.nguyen@", "“thang.nguyen@” has nothing after the @:"),
        (formats.date, "31/02/1990", "There is no day “31/02/1990”:"),
        (formats.date, "1/2/90", "The year of “1/2/90” has two digits:"),
        (formats.date, "hôm qua", "“hôm qua” is not a date:"),
        (formats.date, "01/01/1899", "“01/01/1899” is before 01/01/1900"),
        (formats.birthday, "01/01/2999", "“01/01/2999” is in the future."),
        (formats.tax_code, "12345", "“12345” is not a tax code:"),
        (formats.yes_no, "có lẽ", "“có lẽ” is neither yes nor no:"),
        (formats.whole_number, "1.000", "“1.000” is not a whole number:"),
        (formats.whole_number, "9999999999", "“9999999999” is too large:"),
        (formats.website, "javascript:alert(1)", "“javascript:alert(1)” is not a web address:"),
    ],
)
def test_a_refusal_says_its_value_and_the_way_out(normalise, typed, sentence):
    with pytest.raises(Refusal) as caught:
        normalise(typed)
    told = message(caught.value.code, caught.value.params)
    assert told.startswith(sentence)
    assert told.endswith(".")


@pytest.mark.parametrize(
    ("normalise", "typed", "sentence"),
    [
        (formats.phone, "01682928334", "The old prefix 0168 of “01682928334” became 038."),
        (formats.tax_code, "0100109107", "The check digit of tax code “0100109107” is wrong:"),
        (formats.text, "C«ng ty", "“C«ng ty” looks like VNI or TCVN3 text:"),
        (formats.province, "Bình Dương", "Bình Dương is now part of TP. Hồ Chí Minh;"),
        (formats.province, "xyz", "“xyz” is not a province or city;"),
    ],
)
def test_a_warning_says_what_was_done(normalise, typed, sentence):
    notes: list[Note] = []
    normalise(typed, notes)
    assert [message(note.code, note.params)[: len(sentence)] for note in notes] == [sentence]


@pytest.mark.parametrize(
    ("code", "params", "sentence"),
    [
        ("unknown_value", {"value": "VIP", "label": "Status"}, "“VIP” is not in Status yet."),
        ("unknown_value", {"value": "VIP"}, "“VIP” is not in the list yet."),
        (
            "ambiguous_value",
            {"value": "an", "first": "KH1 – An", "second": "KH2 – Ân"},
            "“an” fits both KH1 – An and KH2 – Ân: write the code instead.",
        ),
        (
            "too_long",
            {"limit": "255", "length": "300"},
            "300 characters, and at most 255 fit here.",
        ),
        (
            "duplicate_key_owned",
            {"label": "Email", "other": "KH000012 – Công ty A", "owner": "lan"},
            "Email already exists at customer KH000012 – Công ty A, owner lan.",
        ),
        (
            "differs_from_first_row",
            {"columns": "Name, Email"},
            "Differs from the first row with this code in Name, Email; the first row counts.",
        ),
        ("bad_date", {"value": "x", "reason": "no such reason"}, "“x” is not a date:"),
        ("no_such_code", {"value": "x"}, "“x” cannot be taken here."),
    ],
)
def test_sentences_name_their_parameters(code, params, sentence):
    assert message(code, params).startswith(sentence)


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_parameter_that_is_missing_breaks_no_sentence(code):
    assert "%(" not in message(code, {})


def test_a_percent_sign_in_a_value_is_an_ordinary_character():
    assert message("bad_website", {"value": "100%s %(x)s"}).startswith("“100%s %(x)s” is not")
