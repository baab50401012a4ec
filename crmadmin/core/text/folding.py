"""Folded forms and keys that decide whether two texts are the same.

How names are ordered is in `order`; what is stored is in the format modules.
"""

import re
import unicodedata

from crmadmin.core.text.clean import collapse, normal_form

# The accents of Latin, Greek and Cyrillic, and the optional points of Hebrew and Arabic. The
# marks of other scripts are vowels: without them a word is another word.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0]+"
)
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def _vietnamese_letters() -> dict[int, str]:
    """Every precomposed Vietnamese letter, either case -> its plain lower-case letter."""
    bases = {"a": "ăâ", "e": "ê", "i": "", "o": "ôơ", "u": "ư", "y": ""}
    tones = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
    table = {ord("đ"): "d", ord("Đ"): "d"}
    for plain, variants in bases.items():
        for letter in plain + variants:
            for tone in tones:
                composed = unicodedata.normalize("NFC", letter + tone)
                table[ord(composed)] = table[ord(composed.upper())] = plain
    return table


_PLAIN = _vietnamese_letters()


def fold(text: str) -> str:
    """The form that search compares: no case, no accents, đ = d, NFC = NFD, single blanks.

    Digits and punctuation stay (`%` and `_` are ordinary characters). Pure ASCII for
    Vietnamese text; other scripts keep their letters, without accents.
    """
    folded = collapse(text).translate(_PLAIN)
    if folded.isascii():
        return folded.lower()
    return collapse(_fold_other(folded))


def _fold_other(text: str) -> str:
    # Casefolding can bring marks back (İ becomes i + dot), so marks go last.
    decomposed = normal_form("NFD", normal_form("NFD", text).casefold())
    return _ACCENTS.sub("", decomposed).translate(_PLAIN)


def heading_key(text: str) -> str:
    """`fold` with nothing but letters and digits left, blanks removed too.

    So "Mã KH *", "ma_kh" and "MaKH" are one heading, and so are "E-mail" and "Email",
    "Tỉnh/Thành phố" and "Tỉnh thành phố".
    """
    return _NOT_ALPHANUMERIC.sub("", fold(text))


def name_key(text: str) -> str:
    """Equal for two names that are the same: NFC, trimmed, single blanks, casefolded.

    Accents stay: "Hạ Long" is not "Hà Long".
    """
    cleaned = collapse(text)
    if cleaned.isascii():
        return cleaned.lower()
    # Decomposed first, as Unicode's canonical caseless match asks; else some Greek is unstable.
    return collapse(normal_form("NFD", cleaned).casefold())


def code_key(text: str) -> str:
    """Equal for two codes that differ in case only: `kh000001` is `KH000001`."""
    return name_key(text)


def email_key(text: str) -> str:
    """Equal for two addresses that differ in case only."""
    return name_key(text)
