"""Characters: what is removed, what counts as a blank, and Unicode form C in linear time.

Formats and keys are elsewhere; they all begin with `collapse`.
"""

import re
import unicodedata
from typing import Literal

# Controls that are not blanks, halves of surrogate pairs (no database can store them), and
# everything that takes no room on screen: soft hyphen, zero-width, direction and tag characters.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]+"
)
# Letters and a symbol that Unicode does not call blank but that every font draws as one.
_LOOKS_BLANK = re.compile("[\u115f\u1160\u2800\u3164\uffa0]+")

_NOT_WORD_RUN = re.compile(r"[^\w\s]{31,}")
_MARKS_KEPT = 30  # Unicode's stream-safe limit for marks on one letter
_SHORT = 500  # below this even the worst run of marks is sorted in well under a millisecond

Form = Literal["NFC", "NFD", "NFKC"]


def collapse(text: str) -> str:
    """NFC; invisible characters removed; blanks (NBSP too) trimmed and runs of them made one.

    A zero-width character between two letters vanishes, since nobody can see it; next to a
    blank it disappears into that blank.
    """
    if not text.isprintable():
        text = _INVISIBLE.sub("", text)
    if text.isascii():
        return " ".join(text.split())
    return " ".join(normal_form("NFC", _LOOKS_BLANK.sub(" ", text)).split())


def normal_form(form: Form, text: str) -> str:
    """`unicodedata.normalize`, safe for hostile texts.

    Python sorts a run of combining marks in quadratic time; in a long text a letter therefore
    keeps its first 30 marks. No language needs more than four.
    """
    if len(text) <= _SHORT or text.isascii():
        return unicodedata.normalize(form, text)
    # A single character can decompose into several marks: bound the work, then the result.
    bounded = unicodedata.normalize(form, _limit_marks(text, 2 * _MARKS_KEPT))
    return _limit_marks(bounded, _MARKS_KEPT)


def _limit_marks(text: str, most: int) -> str:
    # No mark is a word character, so only a long run of others needs the slow look.
    return _NOT_WORD_RUN.sub(lambda run: _first_marks(run[0], most), text)


def _first_marks(text: str, most: int) -> str:
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= most:
            kept.append(char)
    return "".join(kept)
