"""The disposable process that reads one spreadsheet: `python -m crmadmin.imports.reader.child`.

It gets a path and limits, has no database, no settings and a bare environment, and speaks in
`frames` on its standard output. For every visible sheet it sends the first rows and waits for
one line on standard input: the header's row number, or 0 for the next sheet. It may die at any
moment (that is what it is for); only a final frame together with exit status 0 means success.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crmadmin.imports.reader import frames, guard, packing, workbook
from crmadmin.imports.reader.limits import (
    Limits,
    apply_to_this_process,
    memory_in_use,
    needs_memory,
)
from crmadmin.imports.records import FileRefused

TEXT_SHEET = "CSV"
"""A text file has no sheets; this is what its only one is called."""
_REFUSED = 3
_ALONE_SECONDS = 0.1
_WATCH_SECONDS = 0.02


def main() -> int:
    path, limits = Path(sys.argv[1]), Limits.from_dict(json.loads(sys.argv[2]))
    apply_to_this_process(limits)
    _Watching(limits).start()
    # This process ends soon, so what a collector could find is not worth looking for.
    gc.disable()
    try:
        for name, pieces in _sheets(path, limits):
            if _send_sheet(name, pieces, limits):
                return 0
        _send({"end": True, "sheet": None})
    except FileRefused as refusal:
        return _refuse(refusal)
    except MemoryError:
        return _refuse(needs_memory(limits.memory))
    return 0


def _refuse(refusal: FileRefused) -> int:
    _send({"refused": refusal.code, "params": refusal.params})
    return _REFUSED


def _send(frame: dict[str, object]) -> None:
    line = frames.encode(frame)
    with _sending:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


_sending = threading.Lock()
"""Held while a frame goes out, so that none is cut in two by the end of the process."""


def _end_with(refusal: FileRefused) -> None:
    """Refuse from another thread and end the process, whatever the main one does."""
    frame = frames.encode({"refused": refusal.code, "params": refusal.params})
    with _sending:
        sys.stdout.buffer.write(frame)
        sys.stdout.buffer.flush()
        os._exit(_REFUSED)


class _Watching(threading.Thread):
    """Ends the process when it holds more memory than it may."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(daemon=True)
        self._limits = limits

    def run(self) -> None:
        while 0 < memory_in_use() <= self._limits.memory:
            time.sleep(_WATCH_SECONDS)
        if memory_in_use():
            _end_with(needs_memory(self._limits.memory))


Pieces = Iterator[dict[str, Any]]
"""The frames of one sheet's rows, from its first on."""


def _sheets(path: Path, limits: Limits) -> Iterator[tuple[str, Pieces]]:
    kind = guard.kind_of(path, limits)
    if kind is not guard.FileKind.TEXT:
        yield from _sheets_of_workbook(path, kind, limits)
        return
    # Only here: workbooks, which most files are, need nothing of it.
    from crmadmin.imports.reader import textfile

    form = textfile.form_of(path)
    yield TEXT_SHEET, packing.pieces(textfile.rows(path, form, limits), limits)


class _Looking(threading.Thread):
    """Looks through the file while calamine, which leaves the interpreter free, loads it.

    What it refuses is refused at once, whatever the loading does; so it must be joined before
    the first rows are sent.
    """

    look: guard.Survey

    def __init__(self, path: Path, kind: guard.FileKind, limits: Limits) -> None:
        super().__init__(daemon=True)
        self._path, self._kind, self._limits = path, kind, limits

    def run(self) -> None:
        try:
            self.look = guard.look_through(self._path, self._kind, self._limits)
        except FileRefused as refusal:
            _end_with(refusal)
        except MemoryError:
            _end_with(needs_memory(self._limits.memory))
        except BaseException:
            os._exit(1)


def _sheets_of_workbook(
    path: Path, kind: guard.FileKind, limits: Limits
) -> Iterator[tuple[str, Pieces]]:
    looking = _Looking(path, kind, limits)
    looking.start()
    # Small files, bombs above all, are wholly looked through before anything else happens.
    looking.join(_ALONE_SECONDS)
    first = None
    try:
        book = workbook.open_workbook(path, kind)
        indexes = workbook.visible_sheets(book)
        first = workbook.load(book, indexes[0]) if indexes else None
    finally:
        looking.join()
    for index in indexes:
        sheet = first or workbook.load(book, index)
        first = None
        rows, lead = workbook.rows(sheet, looking.look.error_cells(index), limits)
        yield sheet.name, packing.pieces(rows, limits, lead)


def _send_sheet(name: str, pieces: Pieces, limits: Limits) -> bool:
    """Send the first rows of a sheet and, if the answer is its header's row number, the rest."""
    head: list[dict[str, object]] = []
    rows = 0
    while rows < frames.HEAD_ROWS and (piece := next(pieces, None)) is not None:
        head.append(piece)
        rows += piece["count"]
    _send({"sheet": name, "head": head})
    header = int(sys.stdin.readline() or 0)
    if not header:
        return False
    last = header
    for piece in head:
        last = _without_long_gap(piece, last, limits)
    for piece in pieces:
        last = _without_long_gap(piece, last, limits)
        _send(piece)
    _send({"end": True, "last": last})
    return True


def _without_long_gap(piece: dict[str, Any], last: int, limits: Limits) -> int:
    """The number of the last row; FileRefused if too many blank rows come before one."""
    at, count = piece["at"], piece["count"]
    for number in (at, at + count - 1) if isinstance(at, int) else at:
        if number - last > limits.blank_run:
            raise FileRefused("too_many_blank_rows", row=str(number))
        last = max(last, number)
    return last


if __name__ == "__main__":
    sys.exit(main())
