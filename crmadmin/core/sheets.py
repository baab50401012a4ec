"""The one way out to spreadsheets: workbooks and CSV files whose cells can do no harm.

A text is written as text whatever it begins with, so `=HYPERLINK(…)` typed by a stranger never
becomes a formula on a colleague's machine, and a code keeps its zeros. Nothing here reads a
spreadsheet; that is `imports.reader`'s.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

CELL_LENGTH = 32_767
"""Most characters that Excel keeps in a cell."""

TEXT, DATE, MOMENT, WHOLE = "@", "dd/mm/yyyy", "dd/mm/yyyy hh:mm", "0"
"""Number formats: `@` keeps what is typed as text, zeros in front and all."""

HEADING_FONT = Font(bold=True)
HEADING_FILL = PatternFill("solid", fgColor="FFE8EEF7")
BAD_FILL = PatternFill("solid", fgColor="FFFCE1E1")

_FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,]*")


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column on its way out. `number_format` is one of TEXT, DATE, MOMENT, WHOLE."""

    heading: str
    number_format: str = TEXT
    width: int = 18


def put(cell: Any, value: Any, number_format: str = TEXT) -> Any:
    """Set an openpyxl cell to a value that stays what it is, and give the cell back.

    Texts become text cells with the quote prefix, which keeps Excel from reading them again as a
    formula when somebody edits the cell.
    """
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:CELL_LENGTH]
        cell.data_type = "s"
        cell.number_format = TEXT
        if value[:1] and value[0] in _FORMULA_STARTS:
            cell.quotePrefix = True
        return cell
    cell.value = value
    cell.number_format = number_format
    return cell


def write_xlsx(
    out: BinaryIO,
    title: str,
    columns: Sequence[SheetColumn],
    rows: Iterable[Sequence[Any]],
    zone: tzinfo = UTC,
) -> int:
    """Write one sheet, row by row, in bounded memory; gives the number of rows written.

    Values: None, str, bool, int, float, date, or an aware datetime, which is shown in `zone`.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(sheet_title(title))
    for index, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width
    sheet.freeze_panes = "A2"
    sheet.append([heading_cell(WriteOnlyCell(sheet), column.heading) for column in columns])
    written = 0
    for row in rows:
        cells = []
        for column, value in zip(columns, row, strict=True):
            plain = _local(value, zone)
            cells.append(put(WriteOnlyCell(sheet), plain, column.number_format))
        sheet.append(cells)
        written += 1
    book.save(out)
    return written


def heading_cell(cell: Any, words: str) -> Any:
    """Set a cell up as the heading of its column."""
    put(cell, words)
    cell.font = HEADING_FONT
    cell.fill = HEADING_FILL
    return cell


def sheet_title(words: str) -> str:
    """A title that Excel accepts: at most 31 characters, none of `[]:*?/\\`."""
    return re.sub(r"[\[\]:*?/\\]", " ", words).strip("' ")[:31] or "Sheet1"


def write_csv(
    out: BinaryIO,
    columns: Sequence[SheetColumn],
    rows: Iterable[Sequence[Any]],
    zone: tzinfo = UTC,
) -> int:
    """Write a CSV file that Excel opens right (UTF-8 with its mark); gives the rows written.

    Texts that Excel would take for a formula get an apostrophe in front; `unescape` takes it
    off again, so the file can be imported without a loss.
    """
    out.write(b"\xef\xbb\xbf")
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([escape(column.heading) for column in columns])
    written = 0
    for row in rows:
        writer.writerow([_csv_value(_local(value, zone)) for value in row])
        written += 1
    text.detach()
    return written


def escape(text: str) -> str:
    """The text for a CSV cell. A plain number such as +84912345678 stays as it is."""
    bare = text.lstrip("'")
    if not bare or bare[0] not in _FORMULA_STARTS or _PLAIN_NUMBER.fullmatch(text):
        return text
    return f"'{text}"


def unescape(text: str) -> str:
    """The text that `escape` was given."""
    return text[1:] if text.startswith("'") and escape(text[1:]) == text else text


def _csv_value(value: Any) -> Any:
    if isinstance(value, str):
        return escape(value.replace("\0", ""))
    if isinstance(value, datetime):
        return value.strftime("%d/%m/%Y %H:%M")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return value


def _local(value: Any, zone: tzinfo) -> Any:
    """An aware moment as the wall clock shows it: Excel knows no time zones."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(zone).replace(tzinfo=None)
    return value
