"""Folded forms and keys that decide whether two texts are the same.

How names are ordered is in `order`; what is stored is in the format modules.
"""

import re
import unicodedata
from collections.abc import Callable

from crmadmin.core.text.clean import collapse, normal_form

# The accents of Latin, Greek and Cyrillic, and the optional points of Hebrew and Arabic. The
# marks of other scripts are vowels: without them a word is another word.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0]+"
)
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


_LIKE_D = "\u00f0\u0256"
"""Letters of Icelandic and Ewe whose capitals (Ð, Ɖ) nobody can tell from Đ: old fonts give
them in its place."""
_AS_D = {ord(letter): "đ" for letter in _LIKE_D}


def _vietnamese_letters() -> dict[int, str]:
    """Every precomposed Vietnamese letter, either case -> its plain lower-case letter."""
    bases = {"a": "ăâ", "e": "ê", "i": "", "o": "ôơ", "u": "ư", "y": ""}
    tones = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
    table = dict.fromkeys(map(ord, ("đ", "Đ", *_LIKE_D, *_LIKE_D.upper())), "d")
    for plain, variants in bases.items():
        for letter in plain + variants:
            for tone in tones:
                composed = unicodedata.normalize("NFC", letter + tone)
                table[ord(composed)] = table[ord(composed.upper())] = plain
    return table


_PLAIN = _vietnamese_letters()

_WORDS_KEPT = 50_000
_LONGEST_KEPT = 32


class WordMemo(dict[str, str]):
    """What a function of words gave, by word: names are made of the same few thousand.

    For functions that treat each word of a text by itself and make ASCII letters small. Forgets
    everything when it is full.
    """

    def __init__(self, function: Callable[[str], str]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, word: str) -> str:
        if word.isascii():
            return word.lower()  # numbers and codes, which do not come again
        made = self._function(word)
        if len(word) <= _LONGEST_KEPT:
            if len(self) >= _WORDS_KEPT:
                self.clear()
            self[word] = made
        return made

    def of(self, text: str) -> str | None:
        """The words' results with single blanks between; None where words are not to be told
        apart by plain blanks, or where nothing is left of one."""
        if not text.isprintable():
            return None
        parts = [self[word] for word in text.split()]
        return None if "" in parts else " ".join(parts)


def _ascii_key(text: str) -> str:
    if "  " in text or not text.isprintable():
        return collapse(text).lower()
    return text.strip(" ").lower()


def fold(text: str) -> str:
    """The form that search compares: no case, no accents, đ = d, NFC = NFD, single blanks.

    Digits and punctuation stay (`%` and `_` are ordinary characters). Pure ASCII for
    Vietnamese text; other scripts keep their letters, without accents.
    """
    if text.isascii():
        return _ascii_key(text)
    folded = _FOLDED.of(text)
    return _fold(text) if folded is None else folded


def _fold(text: str) -> str:
    folded = collapse(text).translate(_PLAIN)
    if folded.isascii():
        return folded.lower()
    return collapse(_fold_other(folded))


_FOLDED = WordMemo(_fold)


def _fold_other(text: str) -> str:
    # Casefolding can bring marks back (İ becomes i + dot), so marks go last.
    decomposed = normal_form("NFD", normal_form("NFD", text).casefold())
    return _ACCENTS.sub("", decomposed).translate(_PLAIN)


_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}


def as_typed(query: str) -> tuple[str, ...]:
    """What may be meant by what was typed into a search: that, and, where an Asian keyboard gave
    letters and figures of the full width, the plain ones."""
    narrow = query.translate(_NARROW)
    return (query,) if narrow == query else (query, narrow)


def heading_key(text: str) -> str:
    """`fold` with nothing but letters and digits left, blanks removed too.

    So "Mã KH *", "ma_kh" and "MaKH" are one heading, and so are "E-mail" and "Email",
    "Tỉnh/Thành phố" and "Tỉnh thành phố".
    """
    return _NOT_ALPHANUMERIC.sub("", fold(text))


def name_key(text: str) -> str:
    """Equal for two names that are the same: NFC, trimmed, single blanks, casefolded, Ð as Đ.

    Accents stay: "Hạ Long" is not "Hà Long".
    """
    if text.isascii():
        return _ascii_key(text)
    key = _KEYS.of(text)
    return _name_key(text) if key is None else key


def _name_key(text: str) -> str:
    cleaned = collapse(text)
    if cleaned.isascii():
        return cleaned.lower()
    # Decomposed first, as Unicode's canonical caseless match asks; else some Greek is unstable.
    return collapse(normal_form("NFD", cleaned).casefold()).translate(_AS_D)


_KEYS = WordMemo(_name_key)


def code_key(text: str) -> str:
    """Equal for two codes that differ in case only: `kh000001` is `KH000001`."""
    return name_key(text)


def email_key(text: str) -> str:
    """Equal for two addresses that differ in case only."""
    return name_key(text)
