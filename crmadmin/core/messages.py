"""What a problem or a warning says, in the user's language.

One sentence for each code and reason: it names the value and the way out. Which codes there are
and when they arise is decided by `core.text`, `core.normalise` and the import; a kind of field may
bring its own (`FieldKind.sentences`), and refusals of whole files have theirs with the reader.
"""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from crmadmin.core.kinds import KINDS

_DEFAULTS: Mapping[str, LazyString] = {"label": _l("the list")}

_SENTENCES: Mapping[tuple[str, str], LazyString] = {
    ("required", ""): _l("A value is required here."),
    ("too_long", ""): _l("%(length)s characters, and at most %(limit)s fit here."),
    ("cell_error", ""): _l("The cell holds the Excel error “%(value)s”: correct it there."),
    # phone
    ("bad_phone", ""): _l("“%(value)s” is not a phone number."),
    ("bad_phone", "two_numbers"): _l("“%(value)s” is two numbers in one cell: keep one of them."),
    ("bad_phone", "letters"): _l(
        "“%(value)s” is not a phone number: keep only its digits and a leading +."
    ),
    ("bad_phone", "exponent"): _l(
        "Excel shortened this number to “%(value)s” and its digits are lost: "
        "type it again in a cell formatted as text."
    ),
    ("bad_phone", "too_short"): _l(
        "“%(value)s” is too short: a mobile number has 10 digits, a landline 11."
    ),
    ("bad_phone", "mobile_length"): _l(
        "“%(value)s” has %(digits)s digits, a mobile number needs 10."
    ),
    ("bad_phone", "landline_length"): _l(
        "“%(value)s” has %(digits)s digits, a landline number needs 11 with its area code."
    ),
    ("bad_phone", "foreign"): _l(
        "“%(value)s” is not a valid number of any country: check the digits after the +."
    ),
    ("bad_phone", "unknown_prefix"): _l(
        "“%(value)s” begins like no Vietnamese number; "
        "write a foreign number with + and its country code."
    ),
    # email
    ("bad_email", ""): _l("“%(value)s” is not an e-mail address."),
    ("bad_email", "missing_at"): _l("“%(value)s” has no @: an address looks like lan@congty.vn."),
    ("bad_email", "missing_name"): _l("“%(value)s” has nothing before the @."),
    ("bad_email", "missing_domain"): _l(
        "“%(value)s” has nothing after the @: add the domain, such as congty.vn."
    ),
    ("bad_email", "two_addresses"): _l("“%(value)s” is two addresses in one cell: keep one."),
    ("bad_email", "blank_inside"): _l("“%(value)s” has a blank inside: remove it."),
    ("bad_email", "too_long"): _l(
        "“%(value)s” is too long: an e-mail address has at most 254 characters."
    ),
    ("bad_email", "malformed"): _l(
        "“%(value)s” is not a valid e-mail address: an address looks like lan@congty.vn."
    ),
    # website
    ("bad_website", ""): _l("“%(value)s” is not a web address: one looks like https://congty.vn."),
    # date
    ("bad_date", ""): _l("“%(value)s” is not a date: write day/month/year, such as 09/08/1992."),
    ("bad_date", "no_such_day"): _l(
        "There is no day “%(value)s”: write day/month/year, such as 09/08/1992."
    ),
    ("bad_date", "two_digit_year"): _l(
        "The year of “%(value)s” has two digits: write all four, such as 1990."
    ),
    ("bad_date", "before_1900"): _l("“%(value)s” is before 01/01/1900, the earliest date."),
    ("future_date", ""): _l("“%(value)s” is in the future."),
    # tax code
    ("bad_tax_code", ""): _l(
        "“%(value)s” is not a tax code: one has 10 digits, 13 for a branch, 12 for a personal ID."
    ),
    ("tax_check_digit", ""): _l("The check digit of tax code “%(value)s” is wrong: check it."),
    # parts of an address or of a stored search that cannot be read
    ("unread", ""): _l("%(label)s: “%(value)s” cannot be chosen here."),
    ("unread", "day"): _l(
        "%(label)s: “%(value)s” is not a day from %(first)s to %(last)s, such as 2026-11-30."
    ),
    ("unread", "number"): _l("%(label)s: “%(value)s” is not a number."),
    ("unread", "name"): _l("“%(value)s”: there is no such filter, or no longer."),
    ("unread", "sort"): _l("“%(value)s”: the list cannot be sorted by that."),
    ("unread", "masked"): _l("%(label)s: you see it masked, so you cannot search by it."),
    ("unread", "many"): _l("%(label)s: only the first %(most)s values count."),
    ("unread", "long"): _l("Only the first %(most)s characters are searched for."),
    ("unread", "words"): _l("Only the first %(most)s words are searched for."),
    ("unread", "gone"): _l("%(label)s: the value number %(value)s was deleted."),
    ("unread", "group"): _l(
        "The filter of the group “%(value)s” cannot be read: nobody is in it until it is mended."
    ),
    ("unread", "text"): _l("“%(value)s” is no search at all."),
    # number, yes/no, choice
    ("bad_number", ""): _l("“%(value)s” is not a whole number: write digits only."),
    ("bad_number", "too_large"): _l(
        "“%(value)s” is too large: a number lies between -2,147,483,647 and 2,147,483,647."
    ),
    ("bad_yes_no", ""): _l("“%(value)s” is neither yes nor no: write Có or Không."),
    ("bad_choice", ""): _l("“%(value)s” is not one of: %(choices)s."),
    # values that name records
    ("unknown_value", ""): _l("“%(value)s” is not in %(label)s yet."),
    ("ambiguous_value", ""): _l(
        "“%(value)s” fits both %(first)s and %(second)s: write the code instead."
    ),
    ("inactive_value", ""): _l("“%(value)s” is no longer in use: choose another value."),
    ("not_found", ""): _l("“%(value)s” was not found in %(label)s."),
    ("duplicate_key", ""): _l("%(label)s “%(value)s” already exists at %(other)s."),
    ("duplicate_key_owned", ""): _l(
        "%(label)s already exists at customer %(other)s, owner %(owner)s."
    ),
    ("duplicate_key_hidden", ""): _l(
        "%(label)s “%(value)s” is taken by another record. Use another value, or ask an "
        "administrator about that record."
    ),
    ("not_saved", ""): _l("The record could not be saved: load the page again and retry."),
    # warnings
    ("left_blank", ""): _l("“%(value)s” is not in %(label)s yet; the field was left blank."),
    ("differs_from_first_row", ""): _l(
        "Differs from the first row with this code in %(columns)s; the first row counts."
    ),
    ("legacy_encoding", ""): _l(
        "“%(value)s” looks like VNI or TCVN3 text: convert the file to Unicode."
    ),
    ("old_prefix_mapped", ""): _l("The old prefix %(old)s of “%(value)s” became %(new)s."),
    ("old_province", ""): _l(
        "%(old)s is now part of %(new)s; the old name was added to the address."
    ),
    ("unknown_province", ""): _l(
        "“%(value)s” is not a province or city; the text was added to the address."
    ),
}

_OF_KINDS: Mapping[tuple[str, str], LazyString] = {
    (code, ""): _l(words) for kind in KINDS.values() for code, words in kind.sentences.items()
}

CODES: frozenset[str] = frozenset(code for code, _ in (*_SENTENCES, *_OF_KINDS))
"""Every code that has a sentence."""

_OTHER = _l("“%(value)s” cannot be taken here.")


class _Parameters(dict[str, object]):
    """Parameters where one that the caller left out shows as a dash, not as a crash."""

    def __missing__(self, name: str) -> str:
        return str(_DEFAULTS.get(name, "–"))


def message(code: str, params: Mapping[str, str]) -> str:
    """The sentence for `code`, and for `params["reason"]` where the code has variants.

    Parameters by code: too_long length, limit · bad_choice choices · unknown_value label (the
    list's name), likewise not_found, left_blank · ambiguous_value first, second · duplicate_key
    label (the field's), other · duplicate_key_hidden label · duplicate_key_owned also owner ·
    differs_from_first_row columns (already joined) · the others what `core.text` gives. Nearly all
    take `value`.
    Plain text: escape it for HTML. Unknown codes and reasons get the general sentence.
    """
    general = _SENTENCES.get((code, "")) or _OF_KINDS.get((code, ""), _OTHER)
    sentence = _SENTENCES.get((code, params.get("reason", "")), general)
    return str(sentence) % _Parameters(params)
