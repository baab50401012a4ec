"""The one way out for tables: workbooks and CSV files whose cells can do no harm.

A text is written as text whatever it begins with, so `=HYPERLINK(…)` typed by a stranger never
becomes a formula on a colleague's machine, and a code keeps its zeros. Workbooks with more to them
(lists, comments, marked cells) are made with `book` itself. Nothing here reads a spreadsheet; that
is `imports.reader`'s.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any, BinaryIO

from crmadmin.core.formula_text import escape
from crmadmin.spreadsheets.book import DATE, MOMENT, TEXT, WHOLE, Book, ColumnFormat

__all__ = ["DATE", "MOMENT", "TEXT", "WHOLE", "SheetColumn", "write_csv", "write_xlsx"]


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column on its way out. `number_format` is one of TEXT, DATE, MOMENT, WHOLE."""

    heading: str
    number_format: str = TEXT
    width: int = 18


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
    made = [ColumnFormat(column.width, column.number_format) for column in columns]
    headings = [column.heading for column in columns]
    with Book(out) as book, book.sheet(title, made, headings=headings) as sheet:
        return sheet.add_all([_local(value, zone) for value in row] for row in rows)


def write_csv(
    out: BinaryIO,
    columns: Sequence[SheetColumn],
    rows: Iterable[Sequence[Any]],
    zone: tzinfo = UTC,
) -> int:
    """Write a CSV file that Excel opens right (UTF-8 with its mark); gives the rows written.

    What a program would take for a formula gets an apostrophe in front (`formula_text`), which the
    reader takes off again, so the file can be imported without a loss.
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
