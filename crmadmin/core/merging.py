"""Two edits of one record side by side: what each of them changed, and which of both is kept.

A form carries what it was opened with, as digests (`opened`). When somebody saved meanwhile, every
value that a form can write, child rows included, is compared three ways: what only one side changed
is that side's unless one says otherwise, what both changed has to be chosen.

Values are given by key. A value is plain, or a row: column → value, such as one contact. A row that
one side does not have is compared whole. Pure: no database, no page.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from crmadmin.core.spec import Words

MINE, THEIRS = "mine", "theirs"
MARK_LENGTH = 12
LONGEST = 200_000

NOT_CARRIED = ("csrf_token", "version", "merging", "current")
"""Fields of a form that the conflict page does not repeat: it has its own, and no password."""

KEPT = object()
"""In the place of a value: the form leaves it as it is, whatever that is (a blank password)."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `key` names the choice; `chosen` is MINE, THEIRS or "" (both changed
    it, somebody has to say). `fixed`: it is said, and nothing can be chosen. `retype` is the field
    that has to be typed again where mine is chosen; a page repeats no password."""

    key: str
    label: Words
    mine: str
    theirs: str
    chosen: str
    fixed: bool = False
    retype: str = ""


Describe = Callable[[str, str, Any], tuple[Words, str]]
"""(key, column or "", value) → the label of the line and the value in words ("" for none)."""


def opened(values: Values) -> str:
    """What a form carries: a digest of each value that it was opened with, by key."""
    marks: dict[str, str] = {}
    for key, value in values.items():
        marks[key] = _mark(value)
        if isinstance(value, Mapping):
            marks |= {f"{key}.{column}": _mark(one) for column, one in value.items()}
    return json.dumps(marks, separators=(",", ":"))


def read_opened(text: str | None) -> dict[str, str]:
    """The digests that a form carries; {} for what is none."""
    if not text or len(text) > LONGEST:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: mark for key, mark in found.items() if isinstance(mark, str)}


def gone(
    base: Mapping[str, str], known: Collection[str], given: MultiDict[str, str]
) -> list[tuple[str, str]]:
    """(name, text) of what was typed into fields that the form was opened with and that are none of
    its fields any more: a migration renamed or removed them."""
    lost = {key.rpartition(".")[2] for key in base} - {*known}
    return [
        (name, value)
        for name, value in given.items(multi=True)
        if value and name.rpartition("-")[2] in lost
    ]


def seen(version: int, now: Values) -> str:
    """What proves that a page showed what is stored now: contacts change without their customer's
    version."""
    return f"{version}.{_mark(opened(now))}"


def has_moved(base: Mapping[str, str], now: Values) -> bool:
    """Whether what is stored is not what the form was opened with; False where it does not say."""
    return bool(base) and base != read_opened(opened(now))


def lines(
    base: Mapping[str, str], mine: Values, theirs: Values, describe: Describe
) -> Sequence[Difference]:
    """Everything in which the two sides differ, in the order of their keys."""
    found = []
    for key, column, my, their, chosen in _differences(base, mine, theirs):
        label, my_words = describe(key, column, my) if my is not KEPT else ("", "")
        other_label, their_words = describe(key, column, their)
        name = f"{key}.{column}" if column else key
        found.append(
            Difference(name, label or other_label, my_words, their_words, chosen, fixed=my is KEPT)
        )
    return found


def picked(found: Sequence[Difference], given: Mapping[str, str]) -> dict[str, str]:
    """Key → MINE or THEIRS of every line: what the request says, else what is chosen at first.

    "" where neither says.
    """
    asked = {line.key: given.get(f"pick-{line.key}", line.chosen) for line in found}
    fixed = {line.key for line in found if line.fixed}
    return {
        key: THEIRS if key in fixed else pick if pick in (MINE, THEIRS) else ""
        for key, pick in asked.items()
    }


def unsettled(
    found: Sequence[Difference], picks: Mapping[str, str], given: Mapping[str, str]
) -> list[str]:
    """The keys that nothing is chosen for, or whose field was not typed again."""
    return [
        line.key
        for line in found
        if not picks[line.key]
        or (line.retype and picks[line.key] == MINE and not given.get(line.retype))
    ]


def page_context(
    found: Sequence[Difference], given: MultiDict[str, str], seen: str
) -> dict[str, Any]:
    """What the conflict page reads of what was posted; `seen` is the version stored now.

    An answer to an older page is no answer: what is stored is another again.
    """
    is_answer = given.get("merging") == seen
    picks = picked(found, given if is_answer else {})
    left_out = {*NOT_CARRIED, *(line.retype for line in found)}
    return {
        "lines": found,
        "picks": picks,
        "asked": unsettled(found, picks, given) if is_answer else [],
        "fields": [
            (name, value)
            for name, value in given.items(multi=True)
            if name not in left_out and not name.startswith("pick-")
        ],
        "seen": seen,
    }


def merged_rows(
    mine: Values, theirs: Values, picks: Mapping[str, str], main: str
) -> tuple[dict[str, dict[str, Any]], str | None]:
    """The rows as they were chosen, by key, and which is the main one (`main` is the key of that).

    Where the chosen main row is not among them, the other side's is, if that one stays.
    """
    rows: dict[str, dict[str, Any]] = {}
    for key in dict.fromkeys([*theirs, *mine]):
        my, their = mine.get(key), theirs.get(key)
        if isinstance(my, Mapping) and isinstance(their, Mapping):
            both = {MINE: my, THEIRS: their}
            rows[key] = {column: both[picks.get(f"{key}.{column}", MINE)][column] for column in my}
        elif key != main and (isinstance(my, Mapping) or isinstance(their, Mapping)):
            kept = my if picks.get(key) == MINE else their
            if kept is not None:
                rows[key] = dict(kept)
    sides = [mine.get(main), theirs.get(main)]
    if picks.get(main) == THEIRS:
        sides.reverse()
    return rows, next((side for side in sides if side in rows), None)


def _differences(
    base: Mapping[str, str], mine: Values, theirs: Values
) -> Iterator[tuple[str, str, Any, Any, str]]:
    """(key, column, mine, theirs, chosen) of each difference."""
    for key in dict.fromkeys([*theirs, *mine]):
        my, their = mine.get(key), theirs.get(key)
        if isinstance(my, Mapping) and isinstance(their, Mapping):
            for column in their:
                yield from _compared(base, key, column, my.get(column), their[column])
        else:
            is_row = isinstance(my, Mapping) or isinstance(their, Mapping)
            yield from _compared(base, key, "", my, their, is_row=is_row)


def _compared(
    base: Mapping[str, str], key: str, column: str, my: Any, their: Any, *, is_row: bool = False
) -> Iterator[tuple[str, str, Any, Any, str]]:
    # A row that the form does not know was not there when it was opened.
    unknown = _mark(None) if is_row and base else None
    before = base.get(f"{key}.{column}" if column else key, unknown)
    mark = _mark(their)
    if my is KEPT:
        if before is not None and before != mark:
            yield key, column, my, their, THEIRS
    elif (own := _mark(my)) != mark:
        # A field that the form does not know came after it was opened: nobody left it blank.
        is_new = bool(base) and before is None
        chosen = THEIRS if is_new else _three_way(before, own, mark)
        yield key, column, my, their, chosen


def _three_way(before: str | None, mine: str, theirs: str) -> str:
    if before == mine:
        return THEIRS
    return MINE if before == theirs else ""


def _mark(value: Any) -> str:
    """A digest of a value; a blank is a blank, however it is spelt, and so is an end of a line."""
    plain = _plain(value)
    text = "" if plain is None else json.dumps(plain, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:MARK_LENGTH]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return [[column, _plain(one)] for column, one in sorted(value.items())]
    if isinstance(value, str):
        return value.replace("\r\n", "\n") or None
    return value
