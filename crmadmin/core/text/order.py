"""Vietnamese name order as a string that any database sorts by plain code point."""

import re
import unicodedata

from crmadmin.core.text.folding import name_key

SORT_KEY_LENGTH = 255
"""Most characters of a sort key."""

_LETTERS_KEPT = 160

# No database collation knows the alphabet, so each letter gets the ASCII character of its
# place, from "A" on. Below them: digits as they are, "!" for whatever separates words, and a
# blank between the letters and the tones, so that "An" comes before "An Bình".
_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_VOWELS = frozenset("aăâeêioôơuưy")
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_SHAPES = frozenset("\u0302\u0306\u031b")  # circumflex, breve, horn: they make another letter
_PLACE = {letter: chr(ord("A") + place) for place, letter in enumerate(_ALPHABET)}
_WORD_END = "!"
_LEVEL_END = " "


def _split(char: str) -> tuple[str, str]:
    """One lower-case character -> its place and its tone; either may be empty."""
    parts = unicodedata.normalize("NFD", char)
    letter = unicodedata.normalize("NFC", parts[0] + "".join(m for m in parts if m in _SHAPES))
    if letter not in _PLACE:
        letter = parts[0]
    if letter in _PLACE:
        tone = next((_TONES[mark] for mark in parts if mark in _TONES), "0")
        return _PLACE[letter], tone if letter in _VOWELS else ""
    if unicodedata.combining(letter):
        return "", ""
    return (letter if letter.isalnum() else _WORD_END), ""


class _Table(dict[int, str]):
    """A table for str.translate that works out the characters it does not hold."""

    def __init__(self, part: int) -> None:
        self._part = part
        common = (*range(0x20, 0x180), 0x1A1, 0x1B0, *range(0x1EA0, 0x1EFA))
        super().__init__({code: _split(chr(code))[part] for code in common})

    def __missing__(self, code: int) -> str:
        return _split(chr(code))[self._part]


_PLACES = _Table(0)
_TOLD = _Table(1)
_WORD_ENDS = re.compile(_WORD_END + "+")
_WORDS_KEPT = 50_000


class _Words(dict[str, tuple[str, str]]):
    """The letters and the tones of words, kept: names are made of the same few thousand."""

    def __missing__(self, word: str) -> tuple[str, str]:
        key = name_key(word)
        made = key.translate(_PLACES), key.translate(_TOLD)
        if not word.isascii():  # others are numbers and codes, which do not come again
            if len(self) >= _WORDS_KEPT:
                self.clear()
            self[word] = made
        return made


_WORDS = _Words()


def sort_key(text: str) -> str:
    """Sorts by plain code point (Python, SQLite BINARY, PostgreSQL "C") as people read a list.

    Letters a ă â b c d đ … first, over the whole text; where only tones differ: none, huyền,
    hỏi, ngã, sắc, nặng. Case does not count; punctuation only parts words; digits come before
    letters, other scripts after. At most SORT_KEY_LENGTH characters, never NUL.
    """
    short = text[: 4 * SORT_KEY_LENGTH]
    if not short.isprintable():
        short = name_key(short)
    words = [_WORDS[word] for word in short.split()]
    letters = _WORD_END.join([word[0] for word in words])
    if _WORD_END * 2 in letters:
        letters = _WORD_ENDS.sub(_WORD_END, letters)
    letters = letters.strip(_WORD_END)[:_LETTERS_KEPT]
    # Equal letters have their vowels in equal places, so only vowels need to tell their tone.
    told = "".join([word[1] for word in words])
    told = told[: SORT_KEY_LENGTH - _LETTERS_KEPT - 1].rstrip("0")
    return letters + _LEVEL_END + told if told else letters


_BEHIND = "\U0010ffff"
_KIN = {
    _PLACE[kin[0]]: [_PLACE[letter] for letter in kin] for kin in ("aăâ", "dđ", "eê", "oôơ", "uư")
}
_MOST_RANGES = 48


def sort_ranges(folded: str) -> list[tuple[str, str]]:
    """Where the sort keys of names that begin with a folded text stand: from, to before; in order.

    One for each way to write it with the letters of the alphabet: `do` may be the beginning of
    `do`, `dô`, `dơ`, `đo` …. Of a long text the beginning, so that there are not too many; other
    names may stand in these ranges, too.
    """
    found = [""]
    for place in sort_key(folded).partition(_LEVEL_END)[0]:
        kin = _KIN.get(place, [place])
        if len(found) * len(kin) > _MOST_RANGES:
            break
        found = [begun + letter for begun in found for letter in kin]
    return [(first, first + _BEHIND) for first in found]
