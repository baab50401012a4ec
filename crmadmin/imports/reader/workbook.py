"""Workbooks through python-calamine: sheets, and their rows with the error cells put back.

It loads a whole sheet into memory, knows no limits and may panic or abort; so it is used in the
child process only, and whatever it raises becomes a `FileRefused`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from crmadmin.imports.reader.guard import FileKind
from crmadmin.imports.reader.limits import Limits
from crmadmin.imports.records import CellError, FileRefused

_SUFFIXES = {
    ".xlsx": FileKind.XLSX,
    ".xlsm": FileKind.XLSX,
    ".xlsb": FileKind.XLSB,
    ".xls": FileKind.XLS,
}
_SUFFIXES[".ods"] = FileKind.ODS
_TOO_LARGE = ("Cell limit exceeded", "capacity overflow")
"""How calamine words that a sheet reaches too far, in an error or a panic."""


def open_workbook(path: Path, kind: FileKind) -> object:
    """The workbook, whatever its name says it is."""
    # Imported here, after the limits are set, so that its own memory counts too.
    from python_calamine import CalamineWorkbook

    if _SUFFIXES.get(path.suffix.lower()) is kind:
        return _guarded(lambda: CalamineWorkbook.from_path(str(path)))
    # By its path calamine would take a file for what its suffix says.
    return _guarded(lambda: CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes())))


def visible_sheets(book: Any) -> list[int]:
    """The indexes of the sheets that have cells and are not hidden."""
    return [
        index
        for index, meta in enumerate(book.sheets_metadata)
        if str(meta.visible).endswith(".Visible") and str(meta.typ).endswith(".WorkSheet")
    ]


def load(book: Any, index: int) -> Any:
    return _guarded(lambda: book.get_sheet_by_index(index))


def rows(
    sheet: Any, errors: Mapping[tuple[int, int], str], limits: Limits
) -> tuple[Iterator[list[object]], int]:
    """All rows of a sheet from the first on, and how many columns before theirs are blank.

    Raises FileRefused: `file_too_large`, `too_many_columns`.
    """
    _check_extent(sheet, errors, limits)
    if sheet.start is None:
        return (_with_errors(iter(()), 0, (-1, -1), errors) if errors else iter(())), 0
    # iter_rows begins at row 1 but, unlike to_python, at the first column that is used.
    below, lead = iter(sheet.iter_rows()), sheet.start[1]
    return (_with_errors(below, lead, sheet.end, errors), 0) if errors else (below, lead)


def _check_extent(sheet: Any, errors: Mapping[tuple[int, int], str], limits: Limits) -> None:
    last_row, last_column = sheet.end or (0, 0)
    if max(last_row, max((number - 1 for number, _ in errors), default=0)) >= limits.rows:
        raise FileRefused("file_too_large")
    if max(last_column, max((column for _, column in errors), default=0)) >= limits.columns:
        raise FileRefused("too_many_columns", limit=str(limits.columns))


def _with_errors(
    rows: Iterator[list[object]],
    lead: int,
    end: tuple[int, int],
    errors: Mapping[tuple[int, int], str],
) -> Iterator[list[object]]:
    """The rows from column A on, with the error cells that calamine gives as blanks."""
    by_row: dict[int, list[tuple[int, str]]] = {}
    for (number, column), text in errors.items():
        by_row.setdefault(number, []).append((column, text))
    width = 1 + max(end[1], max(column for _, column in errors))
    below: Iterator[list[object]] = repeat([], max(0, max(by_row) - end[0] - 1))
    for number, cells in enumerate(chain(rows, below), 1):
        row = [""] * lead + cells
        row += [""] * (width - len(row))
        for column, text in by_row.pop(number, ()):
            row[column] = CellError(text)
        yield row


def _guarded(call: Callable[[], Any]) -> object:
    from python_calamine import PasswordError

    try:
        return call()
    except PasswordError as error:
        raise FileRefused("file_encrypted") from error
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        # Rust's PanicException is no Exception; whatever went wrong in there, the file is bad.
        is_too_large = any(words in str(error) for words in _TOO_LARGE)
        raise FileRefused("file_too_large" if is_too_large else "file_damaged") from error
