"""Whether a key that signs cookies can be guessed. Pure; `config` asks before anything is signed.

Nothing tells how a key was made, only how it looks. Refused is what no random key looks like: a
public example, words, a text that repeats itself, counts up or walks over the keyboard.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

ENOUGH_BITS = 70
"""Of 32 random figures, the poorest key that may pass, the poorest of 20,000 looked like 80."""

PUBLIC_KEYS = frozenset(
    {
        # Of the documentation of Flask and of FastAPI, and what Redash was delivered with.
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "c292a0a3aa32397cdb050e233733900f",
    }
)
PUBLIC_BEGINNING = "django-insecure-"

WORDS = """
    abcdefghijklmnopqrstuvwxyz zyxwvutsrqponmlkjihgfedcba qwertyuiop asdfghjkl zxcvbnm
    1q2w3e4r5t6y7u8i9o0p q1w2e3r4t5y6u7i8o9p0 1qaz2wsx3edc4rfv5tgb6yhn deadbeef cafebabe
    production development application administrator characters generated insecure password
    changeme changethis superset mysecret fernet cookie session default example testing company
    customer sample secret change replace please random string longer enough should nobody
    matkhau khoabimat bimat khoa thaydoi congty server signing private public
    tests value token flask django admin crmadmin something super never least bytes using
    this that your here with must made only used keep safe long very some test prod real have
    knows know from into more than there where which will shall they them what when
    key the and for not are you can our its own any all one two app dev crm new
    a is in it be of to me my we or at by on no do if as so
""".split()  # noqa: SIM905 - a quoted list of these words would be a page long

_SEPARATE = re.compile(r"[^a-z0-9]+")
_INSIDE = re.compile("|".join(sorted((w for w in WORDS if len(w) > 3), key=len, reverse=True)))


LEAST_LETTERS = 6
"""Different characters of a key that anybody could have meant as one."""


def is_worthless(key: str) -> bool:
    """Whether the key is no key at all: the same few characters, or a part that repeats itself."""
    text = key.strip().casefold()
    return len(set(text)) < LEAST_LETTERS or len(_once(text)) * 2 <= len(text)


def is_weak(key: str) -> bool:
    """Whether the key can be guessed, whatever its length."""
    text = key.strip().casefold()
    if text in PUBLIC_KEYS or text.startswith(PUBLIC_BEGINNING):
        return True
    # Upper and lower case count, as long as no words are taken out.
    rest = _without_words(text)
    return _bits(_once(key if len(rest) == len(text) else rest)) < ENOUGH_BITS


def _without_words(text: str) -> str:
    parts = (p for p in _SEPARATE.split(text) if p not in WORDS)
    kept = " ".join(_INSIDE.sub("", p) for p in parts)
    return text if len(kept.replace(" ", "")) == len(_SEPARATE.sub("", text)) else kept


def _once(text: str) -> str:
    """The part that a text repeats, or the text."""
    for size in range(1, len(text) // 2 + 1):
        if text == (text[:size] * (len(text) // size + 1))[: len(text)]:
            return text[:size]
    return text


def _bits(text: str) -> float:
    """What its characters and the steps between them could tell at most, in bits."""
    steps = [ord(b) - ord(a) for a, b in pairwise(text)]
    return min(_entropy(text), _entropy(steps)) * len(text)


def _entropy(items: Sequence[str | int]) -> float:
    """Shannon's, in bits an item."""
    counted = Counter(items)
    return -sum(n / len(items) * math.log2(n / len(items)) for n in counted.values())
