"""How rows cross the pipe between the reading child and its parent: one JSON value a line.

JSON because the child has handled a stranger's file and is not to be trusted: whatever it
sends can only become text, numbers, dates and lists. Nothing here reads a spreadsheet.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, NoReturn

from crmadmin.imports.records import Block, Cell, CellError

MAX_FRAME_BYTES = 64 * 1024 * 1024
"""No honest frame is longer: 4 million letters, of 1 to 4 bytes or escaped with 6."""

HEAD_ROWS = 20
"""So many rows of a sheet are searched for its header."""

SEPARATOR = "\x7f"
"""Stands between the texts of a column: JSON need not escape it, and no sheet is full of it."""


def encode_cell(cell: Cell | timedelta) -> object:
    """One cell as JSON can hold it; what JSON lacks becomes an object with one key."""
    if isinstance(cell, datetime):
        return {"dt": cell.isoformat()}
    if isinstance(cell, date):
        return {"d": cell.isoformat()}
    if isinstance(cell, time):
        return {"t": cell.isoformat()}
    if isinstance(cell, CellError):
        return {"e": cell.text}
    if isinstance(cell, timedelta):
        return str(cell)
    return cell


def decode_cell(value: object) -> Cell:
    """The reverse of `encode_cell`; ValueError for what no cell can be."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict) and len(value) == 1:
        [(kind, text)] = value.items()
        reader = _READERS.get(kind)
        if reader is not None and isinstance(text, str):
            cell: Cell = reader(text)
            return cell
    raise ValueError("not a cell")


_READERS: dict[str, Callable[[str], Any]] = {
    "dt": datetime.fromisoformat,
    "d": date.fromisoformat,
    "t": time.fromisoformat,
    "e": CellError,
}


def encode_cells(cells: tuple[Cell, ...] | list[Cell]) -> list[object]:
    """The cells of a row for JSON, without the blank ones at its end."""
    end = len(cells)
    while end and cells[end - 1] is None:
        end -= 1
    return [encode_cell(cell) for cell in cells[:end]]


def decode_cells(values: list[Any]) -> tuple[Cell, ...]:
    return tuple(v if type(v) in _PLAIN else decode_cell(v) for v in values)


_PLAIN = frozenset({str, int, float, bool, type(None)})


def encode(frame: dict[str, object]) -> bytes:
    """One frame as one line. A lone surrogate (possible in a broken file) becomes `?`."""
    text = json.dumps(frame, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """One line as a frame; ValueError if it is none."""
    frame = json.loads(line, parse_constant=_no_number)
    if not isinstance(frame, dict):
        raise ValueError("a frame is an object")
    return frame


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON's")


def decode_block(value: object, after: int = 0) -> Block:
    """The rows of a frame (see `packing.pack`); ValueError for anything that is not just that.

    `after`: the number of the row before them, which theirs must exceed.
    """
    if not isinstance(value, dict):
        raise ValueError("not a block")
    count, at, columns = value.get("count"), value.get("at"), value.get("columns")
    if type(count) is not int or count < 1 or not isinstance(columns, list):
        raise ValueError("not a block")
    numbers = list(range(at, at + count)) if type(at) is int else at
    if not isinstance(numbers, list) or set(map(type, numbers)) != {int}:
        raise ValueError("not row numbers")
    ascending = all(a < b for a, b in pairwise(numbers))
    if len(numbers) != count or numbers[0] <= after or not ascending:
        raise ValueError("rows out of order")
    return Block(numbers, [_decode_column(column, count) for column in columns])


def _decode_column(value: object, count: int) -> list[Cell]:
    column: list[Cell] = [None] * count if value is None else _decode_values(value)
    if len(column) != count:
        raise ValueError("a column of another length")
    return column


def _decode_values(value: object) -> list[Any]:
    if isinstance(value, str):
        texts = value.split(SEPARATOR)
        return [text or None for text in texts] if "" in texts else texts
    if isinstance(value, list):
        if _PLAIN.issuperset(map(type, value)):
            return value
        return list(map(decode_cell, value))
    return _decode_typed(value)


def _decode_typed(value: object) -> list[Cell]:
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError("not a column")
    [(kind, joined)] = value.items()
    reader = _READERS.get(kind)
    if reader is None or not isinstance(joined, str):
        raise ValueError("not a column")
    texts = joined.split(SEPARATOR)
    return [reader(text) if text else None for text in texts]
