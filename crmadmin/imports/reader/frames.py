"""How rows cross the pipe between the reading child and its parent: one JSON value a line.

JSON because the child has handled a stranger's file and is not to be trusted: whatever it
sends can only become text, numbers, dates and lists. Nothing here reads a spreadsheet.
"""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import Any

from crmadmin.imports.records import Cell, CellError

MAX_FRAME_BYTES = 64 * 1024 * 1024
"""No honest frame is longer: 500 rows of 32,767 letters in a few columns."""


def encode_cell(cell: Cell | timedelta) -> Any:
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


def decode_cell(value: Any) -> Cell:
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


_READERS: dict[str, Any] = {
    "dt": datetime.fromisoformat,
    "d": date.fromisoformat,
    "t": time.fromisoformat,
    "e": CellError,
}


def encode_cells(cells: tuple[Cell, ...] | list[Cell]) -> list[Any]:
    """The cells of a row for JSON, without the blank ones at its end."""
    end = len(cells)
    while end and cells[end - 1] is None:
        end -= 1
    return [encode_cell(cell) for cell in cells[:end]]


def decode_cells(values: list[Any]) -> tuple[Cell, ...]:
    return tuple(v if type(v) in _PLAIN else decode_cell(v) for v in values)


_PLAIN = frozenset({str, int, float, bool, type(None)})


def encode(frame: dict[str, Any]) -> bytes:
    """One frame as one line. A lone surrogate (possible in a broken file) becomes `?`."""
    text = json.dumps(frame, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """One line as a frame; ValueError if it is none."""
    frame = json.loads(line)
    if not isinstance(frame, dict):
        raise ValueError("a frame is an object")
    return frame
