"""The disposable process that reads one spreadsheet: `python -m crmadmin.imports.reader.child`.

It gets a path and limits, has no database, no settings and a bare environment, and speaks in
`frames` on its standard output. For every visible sheet it sends the first rows and waits for
one line on standard input: the header's row number, or 0 for the next sheet. It may die at any
moment (that is what it is for); only a final frame together with exit status 0 means success.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from crmadmin.imports.reader import errorcells, frames, guard
from crmadmin.imports.reader.limits import Limits, apply_to_this_process
from crmadmin.imports.records import Cell, CellError, FileRefused, Row

HEAD_ROWS = 20
_FRAME_ROWS = 500
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_REFUSED = 3


def main() -> int:
    path, limits = Path(sys.argv[1]), Limits.from_dict(json.loads(sys.argv[2]))
    apply_to_this_process(limits)
    try:
        _read(path, limits)
    except FileRefused as refusal:
        _send({"refused": refusal.code, "params": refusal.params})
        return _REFUSED
    except MemoryError:
        _send({"refused": "file_too_large", "params": {}})
        return _REFUSED
    return 0


def _send(frame: dict[str, Any]) -> None:
    sys.stdout.buffer.write(frames.encode(frame))
    sys.stdout.buffer.flush()


def _read(path: Path, limits: Limits) -> None:
    with_errors = guard.check(path, limits)
    workbook = _open_workbook(path)
    for meta in workbook.sheets_metadata:
        if not _is_visible_worksheet(meta):
            continue
        errors = _error_cells(path, meta.name, with_errors)
        rows = _rows(_load_sheet(workbook, meta.name), errors, limits)
        head = list(islice(rows, HEAD_ROWS))
        _send({"sheet": meta.name, "head": [_encode(row) for row in head]})
        header = int(sys.stdin.readline() or 0)
        if header:
            below = (row for part in (head, rows) for row in part if row.number > header)
            _send_rows(below, header, limits)
            return
    _send({"end": True, "sheet": None})


def _open_workbook(path: Path) -> Any:
    # Imported here, after the limits are set, so that its own memory counts too.
    import python_calamine

    try:
        return python_calamine.CalamineWorkbook.from_path(str(path))
    except python_calamine.PasswordError as error:
        raise FileRefused("file_encrypted") from error
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        # Rust's PanicException is no Exception; whatever went wrong in there, the file is bad.
        raise FileRefused("file_damaged") from error


def _is_visible_worksheet(meta: Any) -> bool:
    return str(meta.visible).endswith("Visible") and str(meta.typ).endswith("WorkSheet")


def _load_sheet(workbook: Any, name: str) -> Any:
    try:
        return workbook.get_sheet_by_name(name)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        # As in _open_workbook: a panic is a BaseException.
        raise FileRefused("file_damaged") from error


def _error_cells(path: Path, sheet: str, with_errors: frozenset[str]) -> dict[tuple[int, int], str]:
    if not with_errors:
        return {}
    with path.open("rb") as file, zipfile.ZipFile(file) as package:
        part = errorcells.worksheet_part(package, sheet)
        by_name = {entry.filename.casefold(): entry for entry in package.infolist()}
        entry = by_name.get(part.casefold()) if part else None
        if entry is None:
            raise FileRefused("file_damaged")
        return errorcells.find(file, entry) if entry.filename in with_errors else {}


def _rows(sheet: Any, errors: dict[tuple[int, int], str], limits: Limits) -> Iterator[Row]:
    """The rows that hold a value, each with the number that Excel shows."""
    if sheet.start is None:
        return
    # iter_rows begins at row 1 but, unlike to_python, at the first column that is used.
    offset = sheet.start[1]
    if sheet.end[0] >= limits.rows:
        raise FileRefused("file_too_large")
    if sheet.end[1] >= limits.columns:
        raise FileRefused("too_many_columns", limit=str(limits.columns))
    errors_by_row: dict[int, list[tuple[int, str]]] = {}
    for (number, column), text in errors.items():
        errors_by_row.setdefault(number, []).append((column, text))
    lead: list[Cell] = [None] * offset
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells = lead + [_cell(value, limits) for value in values]
        for column, text in errors_by_row.get(number, ()):
            cells.extend([None] * (column + 1 - len(cells)))
            cells[column] = CellError(text)
        if any(cell is not None for cell in cells):
            yield Row(number, tuple(cells))


def _cell(value: Any, limits: Limits) -> Cell:
    if isinstance(value, str):
        if len(value) > limits.cell_length:
            raise FileRefused("file_unsafe")
        return value if value.translate(_INVISIBLE).strip() else None
    if isinstance(value, float):
        return _number(value)
    return value  # type: ignore[no-any-return]  # calamine gives no other types than Cell's


def _number(value: float) -> Cell:
    """Excel has only floats; a whole one is a whole number to everybody else."""
    if value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value if abs(value) <= sys.float_info.max else CellError("#NUM!")


def _encode(row: Row) -> list[Any]:
    return [row.number, frames.encode_cells(row.cells)]


def _send_rows(rows: Iterable[Row], header: int, limits: Limits) -> None:
    last, frame = header, []
    for row in rows:
        if row.number - last > limits.blank_run:
            raise FileRefused("too_many_blank_rows", row=str(row.number))
        last = row.number
        frame.append(_encode(row))
        if len(frame) == _FRAME_ROWS:
            _send({"rows": frame})
            frame = []
    if frame:
        _send({"rows": frame})
    _send({"end": True, "last": last})


if __name__ == "__main__":
    sys.exit(main())
