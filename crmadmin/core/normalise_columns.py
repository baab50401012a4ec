"""Normalising a whole column of cells: the common shapes at once, every other cell by itself.

The speed path of the import. It gives what `core.normalise` gives, which a test holds it to: a
cell whose shape is not known, or that has something to be said about it, goes to `slow`. A kind of
field with a common shape of its own looks for it in its own module (`core.kinds`). Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from crmadmin.core.normalise import Normalise, normaliser
from crmadmin.core.text import Note, Refusal, looks_legacy

if TYPE_CHECKING:
    from crmadmin.core.spec import FieldSpec

Slow = Callable[[int, Any], Any]
"""Takes the place of a cell in the column and the cell; gives its value, and says what is wrong."""

ColumnNormaliser = Callable[[Sequence[Any], Slow], list[Any]]

_UNIT = "\u241f"  # a printable sign that stands between cells when they are looked at together
_LOOKS_BLANK = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
_MEMO = 20_000


def column_normaliser(field: FieldSpec) -> ColumnNormaliser:
    """The function (cells, slow) → values of a field's column; None for a blank cell."""
    make = field.kind.column
    return memoised(normaliser(field)) if field.choices or make is None else make(field)


def texts(limit: int | None, *, warns: bool) -> ColumnNormaliser:
    """For texts at most so long; `warns` of an old encoding."""
    longest = limit if limit is not None else 1 << 30

    def run(cells: Sequence[Any], slow: Slow) -> list[Any]:
        if _all_tidy(cells, longest, warns):
            return list(cells)
        return [
            cell if cell is None or _is_tidy(cell, longest, warns) else slow(i, cell)
            for i, cell in enumerate(cells)
        ]

    return run


def _all_tidy(cells: Sequence[Any], longest: int, warns: bool) -> bool:
    """Whether no cell needs anything done to it: one look at all of them, in C."""
    try:
        together = _UNIT.join([cell for cell in cells if cell is not None])
    except TypeError:
        return False
    if not together:
        return all(cell is None for cell in cells)
    if not together.isprintable() or "  " in together:
        return False
    edges = (_UNIT + _UNIT, f" {_UNIT}", f"{_UNIT} ")
    if any(edge in f"{_UNIT}{together}{_UNIT}" for edge in edges):
        return False
    if max([len(cell) for cell in cells if cell is not None]) > longest:
        return False
    return _is_plain(together, warns)


def _is_plain(text: str, warns: bool) -> bool:
    """Whether a text with plain blanks only is in its normal form, and not in an old encoding."""
    return text.isascii() or (
        unicodedata.is_normalized("NFC", text)
        and _LOOKS_BLANK.search(text) is None
        and not (warns and looks_legacy(text))
    )


def _is_tidy(cell: Any, longest: int, warns: bool) -> bool:
    return (
        type(cell) is str
        and 0 < len(cell) <= longest
        and cell.isprintable()
        and cell[0] != " "
        and cell[-1] != " "
        and "  " not in cell
        and _is_plain(cell, warns)
    )


def memoised(normalise: Normalise) -> ColumnNormaliser:
    """For columns that repeat a few texts: each is read once, if nothing is to be said of it."""
    memo: dict[str, Any] = {}

    def run(cells: Sequence[Any], slow: Slow) -> list[Any]:
        if len(memo) > _MEMO:
            memo.clear()
        values: list[Any] = []
        for i, cell in enumerate(cells):
            if cell is None:
                values.append(None)
            elif type(cell) is str and cell in memo:
                values.append(memo[cell])
            else:
                values.append(_one(normalise, i, cell, slow, memo))
        return values

    return run


_CELLS = frozenset({str, int, float, bool, date, datetime, time})


def _one(normalise: Normalise, i: int, cell: Any, slow: Slow, memo: dict[str, Any]) -> Any:
    if type(cell) not in _CELLS:
        return slow(i, cell)
    notes: list[Note] = []
    try:
        value = normalise(cell, notes)
    except Refusal:
        return slow(i, cell)
    if notes:
        return slow(i, cell)
    if type(cell) is str:
        memo[cell] = value
    return value
