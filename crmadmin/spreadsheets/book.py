"""A workbook written row by row, as XML straight into the zip: fast, and in bounded memory.

The one writer of workbooks; whoever has a plain table uses `sheets.write_xlsx`. A text becomes a
text cell whatever it begins with, so nothing that a stranger typed turns into a formula, and a
code keeps its zeros. Formulas cannot be written at all. Format: ECMA-376, SpreadsheetML.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, BinaryIO

from crmadmin.spreadsheets import parts as parts
from crmadmin.spreadsheets.cell import (
    CELL_LENGTH,
    FORMULA_STARTS,
    ErrorCell,
    cell_xml,
    dropped,
    inline_xml,
    is_plain,
    xml_text,
)
from crmadmin.spreadsheets.parts import (
    DATE,
    GENERAL,
    MOMENT,
    TEXT,
    TIME,
    WHOLE,
    column_letters,
    style,
)

__all__ = [
    "CELL_LENGTH", "DATE", "FORMULA_STARTS", "GENERAL", "MOMENT", "MOST_COMMENTS", "TEXT", "TIME",
    "WHOLE", "Book", "ColumnFormat", "ErrorCell", "Sheet", "column_letters", "sheet_title",
]  # fmt: skip

MOST_COMMENTS = 10_000
"""Comments of one sheet; with more of them Excel takes minutes to open it."""

_BUFFER = 1 << 18
_BLOCK = 500
_LARGE = 10_000_000
_NOTHING: Mapping[int, str] = MappingProxyType({})
_STARTS = frozenset(FORMULA_STARTS)


@dataclass(frozen=True, slots=True)
class ColumnFormat:
    """One column: its width in characters, and the format of its cells, the blank ones included.

    A number or a date that the format does not suit is shown in the format of its own kind.
    """

    width: float = 18
    format: str = GENERAL


@dataclass(frozen=True, slots=True)
class Offer:
    """A drop-down list: `where` it stands (`B2:B2001`), the range of its values, what it says.

    It warns and does not stop: a new value may be meant.
    """

    where: str
    values: str
    title: str
    words: str


class Book:
    """A workbook being written to `out`; a context manager that finishes it.

    Sheets are written one after the other. `level` is zlib's: 1 is fast, 6 small.
    """

    def __init__(self, out: BinaryIO, level: int = 1) -> None:
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level)
        self._sheets: list[parts.SheetPart] = []

    def __enter__(self) -> Book:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None:
            for name, xml in parts.workbook(self._sheets):
                self._zip.writestr(name, xml)
        self._zip.close()

    @contextmanager
    def sheet(
        self,
        title: str,
        columns: Sequence[ColumnFormat],
        *,
        headings: Sequence[str] = (),
        notes: Mapping[int, str] | None = None,
        hidden: bool = False,
        rows: int = 0,
    ) -> Iterator[Sheet]:
        """Write a sheet inside. `headings` are its first row, which stays in view; `notes` are
        comments on them, by place from 0. `rows` tells how many are expected, if that is known.
        """
        part = parts.SheetPart(len(self._sheets) + 1, self._title(title), hidden)
        self._sheets.append(part)
        # Beyond 2 GiB a zip needs another kind of entry, and that must be known beforehand.
        is_large = rows * len(columns) > _LARGE
        with self._zip.open(part.path, "w", force_zip64=is_large) as stream:
            sheet = Sheet(stream, columns)
            sheet.begin(headings, notes or {})
            yield sheet
            sheet.end()
        part.has_comments = bool(sheet.comments)
        for name, xml in parts.comments(part, sheet.comments, len(columns)):
            self._zip.writestr(name, xml)

    def _title(self, words: str) -> str:
        """A title that no other sheet has."""
        title, taken = sheet_title(words), {part.title.casefold() for part in self._sheets}
        number = 1
        while title.casefold() in taken:
            number += 1
            title = f"{sheet_title(words)[:27]} {number}"
        return title


class Sheet:
    """One sheet while it is written. `number` is the row that comes next."""

    def __init__(self, stream: Any, columns: Sequence[ColumnFormat]) -> None:
        self._stream = stream
        self._columns = columns
        self._letters = [f'<c r="{column_letters(i)}' for i in range(len(columns))]
        self._formats = [column.format for column in columns]
        self._waiting: list[str] = []
        self._size = 0
        self._offers: list[Offer] = []
        self.comments: list[tuple[int, int, str]] = []
        """Row from 1, column from 0, words."""
        self.number = 1

    def begin(self, headings: Sequence[str], notes: Mapping[int, str]) -> None:
        """The part before the rows, and the headings."""
        widths = [(c.width, style(c.format)) for c in self._columns]
        self._put(parts.sheet_head(widths, is_frozen=bool(headings)))
        if headings:
            cells = [
                f'{letter}{self.number}" s="{parts.HEADING}{inline_xml(words)}'
                for letter, words in zip(self._letters, headings, strict=True)
            ]
            self._put(f'<row r="{self.number}">{"".join(cells)}</row>')
            for place, words in sorted(notes.items()):
                self._comment(self.number, place, words)
            self.number += 1

    def add_all(self, rows: Iterable[Sequence[Any]]) -> int:
        """Write rows, each as long as there are columns; gives how many.

        Values: None, str, bool, int, float, date, datetime without a zone, time, Fault.
        """
        return self.add_marked((row, _NOTHING) for row in rows)

    def add_marked(self, rows: Iterable[tuple[Sequence[Any], Mapping[int, str]]]) -> int:
        """Write rows in which some cells are marked as bad; gives how many.

        Beside the values stands, by place from 0, why: it becomes a comment, as far as they fit.
        """
        first, waiting = self.number, iter(rows)
        while block := list(islice(waiting, _BLOCK)):
            self._write(block)
        return self.number - first

    def _write(self, block: list[tuple[Sequence[Any], Mapping[int, str]]]) -> None:
        """A column at a time, since the cells of one are nearly always of one kind."""
        first = self.number
        numbers = range(first, first + len(block))
        columns = zip(*(values for values, _bad in block), strict=True)
        made = [
            self._cells(place, numbers, column)
            for place, column in zip(range(len(self._columns)), columns, strict=True)
        ]
        for row, (values, bad) in enumerate(block):
            for place, words in bad.items():
                cell = cell_xml(values[place], self._formats[place], bad=True)
                made[place][row] = f"{self._letters[place]}{first + row}{cell}"
                self._comment(first + row, place, words)
        for number, cells in zip(numbers, zip(*made, strict=True), strict=True):
            self._put(f'<row r="{number}">{"".join(cells)}</row>')
        self.number = first + len(block)

    def _cells(self, place: int, numbers: range, column: Sequence[Any]) -> list[str]:
        kinds = set(map(type, column)) - {type(None)}
        letter, format_ = self._letters[place], self._formats[place]
        if not kinds:
            return [""] * len(column)
        if kinds == {str} and is_plain(column):
            plain, quoted = style(TEXT), style(TEXT, quoted=True)
            return [
                ""
                if text is None
                else f'{letter}{number}" s="{quoted if text[:1] in _STARTS else plain}"'
                f' t="inlineStr"><is><t>{text}</t></is></c>'
                for number, text in zip(numbers, column, strict=True)
            ]
        known: dict[Any, str] = {} if len(kinds) > 1 or kinds == {float} else {
            value: cell_xml(value, format_) for value in set(column) if value is not None
        }  # fmt: skip
        return [
            ""
            if value is None
            else f"{letter}{number}{known.get(value) or cell_xml(value, format_)}"
            for number, value in zip(numbers, column, strict=True)
        ]

    def wrap(self, values: Sequence[str]) -> None:
        """Write a row of texts whose lines are broken to fit their columns."""
        number = self.number
        cells = [
            f'{letter}{number}" s="{parts.WRAPPED}{inline_xml(text)}'
            for letter, text in zip(self._letters, values, strict=False)
        ]
        self._put(f'<row r="{number}">{"".join(cells)}</row>')
        self.number += 1

    def offer(self, offer: Offer) -> None:
        """Add a drop-down list."""
        self._offers.append(offer)

    def end(self) -> None:
        """The part after the rows."""
        offers = [(o.where, o.values, o.title, o.words) for o in self._offers]
        self._put(parts.sheet_tail(offers, has_comments=bool(self.comments)))
        self._flush()

    def _comment(self, row: int, place: int, words: str) -> None:
        if words and len(self.comments) < MOST_COMMENTS:
            self.comments.append((row, place, xml_text(words)))

    def _put(self, xml: str) -> None:
        self._waiting.append(xml)
        self._size += len(xml)
        if self._size > _BUFFER:
            self._flush()

    def _flush(self) -> None:
        self._stream.write("".join(self._waiting).encode())
        self._waiting.clear()
        self._size = 0


def sheet_title(words: str) -> str:
    """A title that Excel accepts: at most 31 characters, none of `[]:*?/\\`."""
    plain = dropped(re.sub(r"[\[\]:*?/\\\r\n\t]", " ", words))
    return plain.strip("' ")[:31].rstrip("'") or "Sheet1"
