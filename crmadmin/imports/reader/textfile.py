"""Text files of comma-, semicolon- or tab-separated values, as a stream of rows.

Everything in them is text: a code keeps its zeros. Only what Excel itself would not show as it is
written changes: error values, the apostrophes that our own exports put in (`core.formula_text`),
and `="0912"`, with which other programs keep Excel from taking the zero away.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from crmadmin.core.formula_text import unescape
from crmadmin.imports.reader.limits import Limits
from crmadmin.imports.records import CellError, FileRefused

_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"})
_DELIMITERS = ",;\t"
_START_BYTES = 4096
_CHUNK_BYTES = 256 * 1024
_SAMPLE_ROWS = 100
_LINE_LETTERS = 4_000_000
_CONTROL = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f]")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_FORMULA_TEXT = re.compile(r'="((?:[^"]|"")*)"')
_SPECIAL_STARTS = "'#="


class TextFormat(NamedTuple):
    """How a text file is written."""

    encoding: str
    delimiter: str
    names_delimiter: bool
    """Whether its first line is `sep=;`, which Excel obeys and does not show."""
    is_plain: bool
    """Whether no cell can be anything else than its text."""


def form_of(path: Path) -> TextFormat:
    """Find out how the file is written, reading all of it once. Raises FileRefused.

    `file_encoding`: neither UTF-8 nor UTF-16; `file_not_spreadsheet`: no text at all;
    `file_damaged`: cut off within a letter.
    """
    with path.open("rb") as file:
        start = file.read(_START_BYTES)
    encoding = _encoding(start)
    sample, is_plain = "", True
    try:
        for text in _decoded(path, encoding):
            sample = sample or text
            is_plain = is_plain and "'" not in text and "#" not in text and '="' not in text
    except UnicodeDecodeError as error:
        is_text = not _is_binary(start.decode("latin-1"))
        raise FileRefused("file_encoding" if is_text else "file_not_spreadsheet") from error
    if _is_binary(sample):
        raise FileRefused("file_not_spreadsheet")
    named = _SEPARATOR_LINE.fullmatch(sample.partition("\n")[0].strip("\r"))
    delimiter = named[1] if named else _likely_delimiter(sample)
    return TextFormat(encoding, delimiter, named is not None, is_plain)


def rows(path: Path, form: TextFormat, limits: Limits) -> Iterator[list[Any]]:
    """The rows, counted as Excel does: a line break within quotation marks does not end one.

    Raises FileRefused: `file_quotes` for a quotation mark that is not closed (or so long a cell
    that one must be missing), `file_unsafe` for an endless line.
    """
    csv.field_size_limit(limits.cell_length)
    end = f"\x00{secrets.token_hex(16)}"
    number = 0
    with path.open(encoding=form.encoding, newline="") as file:
        if form.names_delimiter:
            file.readline()
        try:
            for row in csv.reader(_lines(file, end), delimiter=form.delimiter):
                number += 1
                if row and end in row[-1]:
                    if row != [end]:
                        raise FileRefused("file_quotes", row=str(number))
                    return
                yield row if form.is_plain else [_cell(cell) for cell in row]
        except csv.Error as error:
            # All that the csv module does not take here is a cell beyond the limit.
            raise FileRefused("file_quotes", row=str(number + 1)) from error


def _encoding(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FileRefused("file_encoding")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.count(0) * 10 < len(start) or not start:
        return "utf-8-sig"
    # Without a mark, the zero halves of digits, delimiters and plain letters tell the order.
    return "utf-16-be" if start[::2].count(0) > start[1::2].count(0) else "utf-16-le"


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while data := file.read(_CHUNK_BYTES):
            yield decoder.decode(data)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise FileRefused("file_damaged") from error


def _is_binary(sample: str) -> bool:
    return len(_CONTROL.findall(sample)) * 100 > len(sample)


def _likely_delimiter(sample: str) -> str:
    """The one that cuts the most rows into equally many cells; a comma if none cuts any."""

    def score(delimiter: str) -> tuple[int, int]:
        widths: Counter[int] = Counter()
        lines = io.StringIO(sample, newline="")
        try:
            for row in islice(csv.reader(lines, delimiter=delimiter), _SAMPLE_ROWS):
                if len(row) > 1:
                    widths[len(row)] += 1
        except csv.Error:
            return 0, 0
        return max(((count, width) for width, count in widths.items()), default=(0, 0))

    return max(_DELIMITERS, key=score)


def _lines(file: TextIO, end: str) -> Iterator[str]:
    """The lines of the file, then `end`: it stands alone unless a quotation mark is still open."""
    while line := file.readline(_LINE_LETTERS):
        if len(line) == _LINE_LETTERS:
            raise FileRefused("file_unsafe")
        yield line
    yield end


def _cell(text: str) -> str | CellError:
    if not text or text[0] not in _SPECIAL_STARTS:
        return unescape(text) if "'" in text else text
    if text in _ERRORS:
        return CellError(text)
    formula = _FORMULA_TEXT.fullmatch(text)
    return formula[1].replace('""', '"') if formula else unescape(text)
