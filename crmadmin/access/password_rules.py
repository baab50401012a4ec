"""Which passwords are accepted: long enough, and not among those that are guessed first.

After ASVS 5.0, 6.2: ten characters or more, no rules about kinds of characters, any length up to
200, a shipped list of common passwords, and words of the context: one's own names, the company's,
the product's. zxcvbn (Wheeler, USENIX Security 2016) says how many guesses a password takes: it
sees through l33t, keyboard walks, sequences, repeats and dates. Vietnamese words and the long
passwords of public leaks are added from the two lists beside this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from crmadmin.access.passwords import LONGEST, SHORTEST
from crmadmin.core.text import Refusal, fold, heading_key

ENOUGH_GUESSES = 10**9
"""Ten random letters take 10**10; "word@2026" some 10**8."""
LOOKED_AT = 32
"""Characters that are weighed: zxcvbn's time grows steeply, to a second at most for these."""
SHORTEST_WORD, SHORTEST_OWN = 3, 2
FOLDER = Path(__file__).parent

Dictionaries = Mapping[str, Mapping[str, int]]
"""Name of a list → word → its rank, the likeliest 1."""


def check(password: str, *names: str | None, company: Iterable[str] = ()) -> None:
    """Raise Refusal unless the password may be used by someone with these names.

    `names` are the user name, the email, the full name; `company` the words an administrator gave
    (`core.settings.company_words`). Codes: password_short, password_long, password_is_name,
    password_is_company, password_pattern, password_common.
    """
    if len(password) < SHORTEST:
        raise Refusal("password_short", {"field": "password", "least": str(SHORTEST)})
    if len(password) > LONGEST:
        raise Refusal("password_long", {"field": "password", "most": str(LONGEST)})
    if not password.strip("0123456789 +-./()"):
        # Mostly phone numbers and dates.
        raise Refusal("password_pattern", {"field": "password"})
    lists = {
        **_common(),
        "own": _ranked(w for name in names for w in _words(name)),
        "company": _ranked(w for name in company for w in _words(name)),
    }
    for spelling in filter(None, dict.fromkeys((password, fold(password), heading_key(password)))):
        code = _weakness(spelling, len(password) - len(spelling), lists)
        if code:
            raise Refusal(code, {"field": "password"})


def _weakness(password: str, less: int, lists: Dictionaries) -> str | None:
    """The code of the refusal, or None. `less` is how many characters this spelling left out."""
    letters = re.sub(r"[\W\d_]+", "", fold(password))
    # One word with figures and marks around it.
    asked = ("own", "company", *lists) if len(letters) >= SHORTEST_WORD else ("own", "company")
    found = next((n for n in asked if letters in lists[n]), None)
    if found is not None:
        return _code_of(found)
    if password.casefold() in lists["common"]:
        return "password_common"
    guesses, parts = _weigh(password[:LOOKED_AT], lists)
    if guesses * 10 ** max(0, less) >= ENOUGH_GUESSES:
        return None
    return _code_of(*(p.get("dictionary_name") or "" for p in parts))


def _code_of(*lists: str) -> str:
    """The code for a password that is made of these lists' words; "" is a part that is no word."""
    if "own" in lists:
        return "password_is_name"
    if "company" in lists:
        return "password_is_company"
    return "password_common" if any(lists) else "password_pattern"


def _weigh(password: str, lists: Dictionaries) -> tuple[int, list[dict[str, Any]]]:
    """How many guesses a password takes, and the parts it is guessed from."""
    # Not `zxcvbn.zxcvbn`: that keeps one person's words in a global for whoever comes next.
    from zxcvbn import matching, scoring  # 30 ms, and only where a password is chosen

    matches = matching.omnimatch(password, {**lists})
    found = scoring.most_guessable_match_sequence(password, matches)
    return int(found["guesses"]), found["sequence"]


@cache
def _common() -> Dictionaries:
    """The words that are the same for everybody."""
    from zxcvbn.matching import RANKED_DICTIONARIES

    public = {n: words for n, words in RANKED_DICTIONARIES.items() if n != "user_inputs"}
    return {
        **public,
        "common": _ranked(_lines("common_passwords.txt")),
        "vietnamese": _ranked(_lines("common_words_vi.txt")),
    }


def _lines(name: str) -> list[str]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("# ")]


def _ranked(words: Iterable[str]) -> dict[str, int]:
    return {word: rank for rank, word in enumerate(dict.fromkeys(words), 1)}


def _words(name: str | None) -> list[str]:
    """What a name is guessed as: whole, its parts, and its parts without what is between.

    An email gives its two halves, and the domain without its endings.
    """
    if not name:
        return []
    local, _, domain = name.partition("@")
    parts = [w for half in (local, domain) for w in re.split(r"[\W_]+", fold(half))]
    wholes = [fold(name), heading_key(name), heading_key(local), heading_key(domain)]
    # Family names stand first here and are often left out.
    given = ["".join(parts[-n:]) for n in (2, 3)]
    return [w for w in (*wholes, *parts, *given) if len(w) >= SHORTEST_OWN]
