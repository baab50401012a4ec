"""Phone numbers: kept as E.164, shown the way Vietnamese people group them."""

import datetime as dt
import re
import unicodedata
from functools import lru_cache

import phonenumbers

from crmadmin.core.text.base import Note, Refusal, cell_text, note, refusal
from crmadmin.core.text.clean import collapse
from crmadmin.core.text.folding import fold

_LONGEST = 100  # characters of a cell that may still hold one number
_LONGEST_E164 = 15

# The eleven-digit mobile prefixes that were replaced in 2018 (domain rules, "Phone").
_OLD_PREFIXES = {
    **{"120": "70", "121": "79", "122": "77", "126": "76", "128": "78"},
    **{"123": "83", "124": "84", "125": "85", "127": "81", "129": "82"},
    **{f"16{digit}": f"3{digit}" for digit in range(2, 10)},
    **{"186": "56", "188": "58", "199": "59"},
}

_SEPARATORS = re.compile(r"[\s.()\[\]\-\u2010-\u2015\u2212]+")
_NUMBER = re.compile(r"\+?[0-9]+")
_LEAD = r"(?:(?:\+|00)?84)?0?"
# Only shapes that phonenumbers accepts too (a test compares them); it costs 30 times as much.
_MOBILE = re.compile(_LEAD + r"((?:3[2-9]|5[68]|7[06-9]|8[1-8]|9[0-8])[0-9]{7})")
MOBILE_PREFIXES = frozenset(
    f"{first}{second}"
    for first, seconds in (("3", "23456789"), ("5", "68"), ("7", "06789"), ("8", "12345678"),
                           ("9", "012345678"))
    for second in seconds
)  # fmt: skip
"""The two digits after the zero of the mobile numbers that `_MOBILE` knows."""

_OLD_MOBILE = re.compile(_LEAD + r"(1(?:2[0-9]|6[2-9]|8[68]|99))([0-9]{7})")
_EXCEL_FLOAT = re.compile(r"([0-9]{8,12})\.0")
_EXPONENT = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]{1,3}")
_WORD = re.compile(
    r"(?:(?:so )?(?:dien thoai|di dong)(?: di dong)?|s?dt(?:dd)?|tel(?:ephone)?|phone|mobile|mob"
    r"|cell|call|callto|sms|hotline|zalo|whatsapp|viber|fax)"
    r"(?: ?[:.=\uff1a]| )[ /]*(?=[+(0-9\uff0b\uff10-\uff19])"
)
"""What stands before a number on a card, in a signature or in a link; folded."""
_AROUND = " ,;:!?#=<>'\"`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"
"""What is copied along with a number out of a sentence, a list, a cell or an address book."""
_BETWEEN_NUMBERS = re.compile(r"[/,;|&+]|\b(?:và|va|hoặc|hoac|hay|or|and)\b", re.IGNORECASE)


def phone(value: object, notes: list[Note] | None = None) -> str | None:
    """E.164 (`+84912345678`); 1800 and 1900 numbers likewise (`+8419001234`).

    Accepts blanks, dots, dashes and brackets; a leading 0, 84, +84 or 0084; a number that lost
    its zero in Excel; foreign numbers with `+`. A mobile prefix of before 2018 becomes the new
    one, with Note("old_prefix_mapped", value, old, new). Raises Refusal("bad_phone") with
    `reason`: two_numbers, letters, exponent, too_short, mobile_length, landline_length (these
    two with `digits`), foreign, unknown_prefix.
    """
    raw = collapse(cell_text(value))
    if not raw:
        return None
    if len(raw) > _LONGEST or not _can_be_number(value):
        raise refusal("bad_phone", raw, reason=_why_unreadable(raw))
    number = _compact(raw)
    if match := _MOBILE.fullmatch(number):
        return "+84" + match[1]
    if match := _OLD_MOBILE.fullmatch(number):
        new = _OLD_PREFIXES[match[1]]
        note(notes, "old_prefix_mapped", raw, old="0" + match[1], new="0" + new)
        return f"+84{new}{match[2]}"
    if not _NUMBER.fullmatch(number):
        raise refusal("bad_phone", raw, reason=_why_unreadable(raw))
    found = _e164(number) if len(number) <= _LONGEST_E164 + 3 else None
    if found is None:
        raise refusal("bad_phone", raw, **_why_invalid(number))
    return found


def dialled(query: str) -> str | None:
    """The number that a query is, as `phone` keeps it, however it is spelt; None for another.

    Also with what a card or a link says before it (`tel:`, “ĐT:”) and signs copied along.
    """
    written = without_marks(query)
    if any(c.isalpha() for c in written):
        written = without_word(fold(query))
        if any(c.isalpha() for c in written):
            return None  # most queries have letters: they need not be taken apart to be refused
    try:
        return phone(written)
    except Refusal:
        return None


def without_word(folded: str) -> str:
    """A folded query without the word for “phone” that it begins with; as it is, if with none."""
    return _WORD.sub("", folded, count=1) if _WORD.match(folded) else folded


def without_marks(query: str) -> str:
    """A query without the signs around it that no number is spelt with."""
    return query.strip(_AROUND)


def _can_be_number(value: object) -> bool:
    """A date, a truth value, a fraction or a negative number never was a phone number."""
    if isinstance(value, bool | dt.date | dt.time):
        return False
    if isinstance(value, int | float):
        return value > 0 and value == int(value)
    return True


def _compact(raw: str) -> str:
    if match := _EXCEL_FLOAT.fullmatch(raw):
        return match[1]
    wide = raw if raw.isascii() else unicodedata.normalize("NFKC", raw)
    return _SEPARATORS.sub("", wide)


@lru_cache(maxsize=4096)
def _e164(number: str) -> str | None:
    try:
        parsed = phonenumbers.parse(number, "VN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _why_unreadable(raw: str) -> str:
    """The reason for a text that has more than digits in it."""
    if _EXPONENT.fullmatch(raw):
        return "exponent"
    lengths = [sum(map(str.isdecimal, part)) for part in _BETWEEN_NUMBERS.split(raw[:1000])]
    # The second number is often abbreviated: 0912345678/79.
    if max(lengths) >= 7 and sum(length >= 2 for length in lengths) > 1:
        return "two_numbers"
    return "letters"


def _why_invalid(number: str) -> dict[str, str]:
    """`reason`, and `digits` where the count is what is wrong, for digits with an optional +."""
    digits = number.lstrip("+")
    if len(digits) > _LONGEST_E164 and _is_two(number):
        return {"reason": "two_numbers"}
    if number.startswith("+") and not number.startswith("+84"):
        return {"reason": "foreign"}
    if len(digits) < 7:
        return {"reason": "too_short"}
    # Counted as the number is dialled at home: +84 912 345 67 lacks one digit of ten.
    home = "0" + digits[2:].lstrip("0") if digits.startswith("84") else digits
    dialled = home if home.startswith("0") else "0" + home
    if dialled.startswith("02") and len(dialled) != 11:
        return {"reason": "landline_length", "digits": str(len(home))}
    if dialled[1] in "35789" and len(dialled) != 10:
        return {"reason": "mobile_length", "digits": str(len(home))}
    return {"reason": "unknown_prefix"}


def _is_two(number: str) -> bool:
    return len(number) <= 2 * _LONGEST_E164 and any(
        _e164(number[:cut]) and _e164(number[cut:]) for cut in range(8, len(number) - 7)
    )


def show_phone(value: str | None) -> str:
    """`0912 345 678`, `024 7300 4666`, `1900 1234`, `+1 650-253-0000`; "" for None.

    `value` is what `phone` returned; anything else is shown as it is.
    """
    if not value:
        return ""
    home = value[3:] if value.startswith("+84") and value.isascii() else ""
    if len(home) == 9 and home[0] in "35789":
        return f"0{home[:3]} {home[3:6]} {home[6:]}"
    if len(home) == 10 and home[:2] in ("24", "28"):
        return f"0{home[:2]} {home[2:6]} {home[6:]}"
    if len(home) == 10 and home[0] == "2":
        return f"0{home[:3]} {home[3:7]} {home[7:]}"
    if home[:4] in ("1800", "1900"):
        rest = home[4:]
        return f"{home[:4]} {rest}" if len(rest) < 6 else f"{home[:4]} {rest[:3]} {rest[3:]}"
    return _show_other(value)


@lru_cache(maxsize=1024)
def _show_other(value: str) -> str:
    if len(value) > _LONGEST_E164 + 1 or not _NUMBER.fullmatch(value):
        return value
    try:
        parsed = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
