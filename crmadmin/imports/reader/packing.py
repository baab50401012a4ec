"""From the raw rows of a sheet to the columns of a frame: the child's half of `frames`.

Column by column, because a column is nearly always of one kind: a column of texts crosses the
pipe as one string, which costs a tenth of one JSON string for each cell.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice, repeat
from typing import Any

from crmadmin.imports.reader import frames
from crmadmin.imports.reader.limits import Limits
from crmadmin.imports.records import Cell, CellError, FileRefused

CHUNK_ROWS = 500
"""So few that the cells of a chunk stay in the processor's cache from one step to the next."""
_FRAME_LETTERS = 4_000_000
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_NO_INVISIBLE = dict.fromkeys(map(ord, _INVISIBLE))
_SEPARATOR = frames.SEPARATOR

RawRow = Sequence[object]
"""Cells as calamine gives them, or CellError; `''` or None is blank."""


def pieces(rows: Iterable[RawRow], limits: Limits, lead: int = 0) -> Iterator[dict[str, object]]:
    """The frames for all the rows of a sheet, of which the first is row 1.

    `lead` blank columns go before theirs. Raises FileRefused: `file_too_large`,
    `too_many_columns`, `file_unsafe` (a text longer than any cell can hold).
    """
    source, first = iter(rows), 1
    while chunk := list(islice(source, CHUNK_ROWS)):
        widths = set(map(len, chunk))
        width = max(widths)
        if width + lead > limits.columns:
            raise FileRefused("too_many_columns", limit=str(limits.columns))
        if len(widths) > 1:
            chunk = [[*row, *repeat("", width - len(row))] for row in chunk]
        numbers = list(range(first, first + len(chunk)))
        first += len(chunk)
        if numbers[-1] > limits.rows:
            raise FileRefused("file_too_large")
        yield from pack(numbers, chunk, limits.cell_length, lead)


def pack(
    numbers: list[int], rows: Sequence[RawRow], cell_length: int, lead: int = 0
) -> Iterator[dict[str, object]]:
    """The frames for these rows, mostly one; rows without a value are left out.

    All rows are equally long; `lead` blank columns go before them. FileRefused (`file_unsafe`)
    for a text longer than `cell_length`.
    """
    numbers, rows = _without_blank_rows(numbers, rows)
    if not rows:
        return
    letters = 0
    columns: list[object] = [None] * lead
    for values in zip(*rows, strict=True):
        column = _pack_column(values, cell_length)
        if column is _UNCLEAN:
            cleaned = [[clean(value, cell_length) for value in row] for row in rows]
            yield from pack(numbers, cleaned, cell_length, lead)
            return
        columns.append(column)
        letters += len(column) if isinstance(column, str) else 0
    if letters > _FRAME_LETTERS and len(rows) > 1:
        half = len(rows) // 2
        yield from pack(numbers[:half], rows[:half], cell_length, lead)
        yield from pack(numbers[half:], rows[half:], cell_length, lead)
        return
    is_run = numbers[-1] - numbers[0] + 1 == len(numbers)
    yield {"count": len(numbers), "at": numbers[0] if is_run else numbers, "columns": columns}


def clean(value: object, cell_length: int) -> Any:
    """One raw cell as a Cell (or timedelta): blanks become None, whole floats whole numbers.

    NUL, which no database keeps, is left out.
    """
    if isinstance(value, str):
        if len(value) > cell_length:
            raise FileRefused("file_unsafe")
        value = value.replace("\0", "")
        return value if value.translate(_NO_INVISIBLE).strip() else None
    return number(value) if isinstance(value, float) else value


def number(value: float) -> Cell:
    """Excel has only floats; a whole one is a whole number to everybody else."""
    if value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value if abs(value) <= sys.float_info.max else CellError("#NUM!")


_UNCLEAN = object()
"""Instead of a packed column: some text is not as a cell should be, see `clean`."""


def _without_blank_rows(
    numbers: list[int], rows: Sequence[RawRow]
) -> tuple[list[int], Sequence[RawRow]]:
    if all(map(any, rows)):
        return numbers, rows
    # 0 and False are values although `any` passes over them.
    kept = [place for place, row in enumerate(rows) if any(row) or any(map(_is_value, row))]
    return [numbers[place] for place in kept], [rows[place] for place in kept]


def _is_value(value: object) -> bool:
    return value is not None and value != ""


def _pack_column(values: tuple[Any, ...], cell_length: int) -> object:
    try:
        text = _SEPARATOR.join(values)
    except TypeError:
        return _pack_mixed(values, cell_length)
    if len(text) == len(values) - 1:
        return None
    if any(map(str.isspace, values)) or "\0" in text:
        return _UNCLEAN
    is_odd = not text.isascii() and any(letter in text for letter in _INVISIBLE)
    if is_odd and any(value and clean(value, cell_length) is None for value in values):
        return _UNCLEAN
    if len(text) > cell_length and max(map(len, values)) > cell_length:
        raise FileRefused("file_unsafe")
    if text.count(_SEPARATOR) != len(values) - 1:
        return [value or None for value in values]
    return text


def _pack_mixed(values: tuple[Any, ...], cell_length: int) -> object:
    types = set(map(type, values))
    if types == {int}:
        return list(values)
    if types == {float}:
        return _pack_floats(values)
    if types <= {date, str, type(None)}:
        return _pack_dates(values, date, "d") or _pack_cells(values, cell_length)
    if types <= {datetime, str, type(None)}:
        return _pack_dates(values, datetime, "dt") or _pack_cells(values, cell_length)
    return _pack_cells(values, cell_length)


def _pack_floats(values: tuple[Any, ...]) -> list[Any]:
    try:
        whole = list(map(int, values))
    except (ValueError, OverflowError):
        whole = []
    if whole == list(values) and max(map(abs, whole)) < 2**53:
        return whole
    return [frames.encode_cell(number(value)) for value in values]


def _pack_dates(values: tuple[Any, ...], kind: Any, key: str) -> dict[str, str] | None:
    """A column of dates and blanks; None if there is a text in it, or nothing else than blanks."""
    texts = [value.isoformat() if type(value) is kind else value for value in values]
    if any(value for value in values if type(value) is not kind):
        return None
    if None in texts:
        texts = [text or "" for text in texts]
    joined = _SEPARATOR.join(texts)
    return {key: joined} if len(joined) >= len(values) else None


def _pack_cells(values: tuple[Any, ...], cell_length: int) -> object:
    cleaned = [clean(value, cell_length) for value in values]
    for raw, cell in zip(values, cleaned, strict=True):
        if cell is None and raw:
            return _UNCLEAN
    if not any(map(_is_value, cleaned)):
        return None
    return [frames.encode_cell(cell) for cell in cleaned]
