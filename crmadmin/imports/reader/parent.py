"""The trusting side of reading: chooses the sheet and takes its rows from the child.

Nothing here looks into the file itself; see `process` for what becomes of a child that dies,
stalls or talks nonsense.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from crmadmin.imports.reader import frames
from crmadmin.imports.reader.limits import Limits
from crmadmin.imports.reader.process import DIED, Child
from crmadmin.imports.records import Block, Cell, FileRefused, Row

BLOCK_ROWS = 2000
"""Rows of one transaction, for which whoever writes besides has to wait on SQLite."""
BLOCK_BYTES = 4_000_000


class Head(NamedTuple):
    """The first rows of one visible sheet that hold a value, for finding the header."""

    sheet: str
    rows: Sequence[Row]


ChooseHeader = Callable[[Head], int | None]
"""Gives the header's row number, or None to look at the next sheet."""


class Reading:
    """One opened sheet: its name, its header row, and the rows below that hold a value.

    `blocks` gives them, column by column and up to 4000 at a time; `rows` gives the same ones by
    one, without the blank cells at their ends. Take them from either, and once. Blocks end at the
    same rows whenever the same file is read, and have at least as many columns as the header.
    Both raise FileRefused when the file turns out to be bad further down.
    """

    def __init__(self, header: Row, heads: list[Head], child: Child, head: list[Block]) -> None:
        self.sheet = heads[-1].sheet
        self.header = header
        self.heads = heads
        """The sheets looked at so far, this one last."""
        self.last = header.number
        """Excel's number of the last row with a value; right once all are taken."""
        self._child = child
        self.blocks = _blocks(child, head, self)
        self.rows = (_trimmed(row) for block in self.blocks for row in block.rows())

    @property
    def pipe(self) -> int:
        """The descriptor that the rows come through, for a fork that takes them."""
        return self._child.output

    def read_elsewhere(self, last: int) -> None:
        """A fork took all rows, up to this one. Raises FileRefused when the child did not end
        well, which only its parent can know."""
        self.last = last
        self._child.finish()

    def explained(self, refusal: FileRefused) -> FileRefused:
        """The refusal that a fork met: it cannot know why the child ended."""
        return self._child.death() if refusal.code == DIED else refusal


@contextmanager
def open_sheet(path: Path, choose: ChooseHeader, limits: Limits | None = None) -> Iterator[Reading]:
    """Open the first visible sheet in which `choose` finds a header.

    Raises FileRefused, on entry or while the rows are taken: `no_header` when no sheet has one,
    else what is wrong with the file. Rows come in file order; those without a value are left out,
    so a gap in the numbers is a run of blank rows.
    """
    child = Child(path, limits or Limits())
    heads: list[Head] = []
    try:
        while (first := _next_sheet(child)) is not None:
            name, blocks = first
            head = Head(name, _head_rows(blocks))
            heads.append(head)
            header = choose(head)
            child.answer(header or 0)
            if header:
                row = next((row for row in head.rows if row.number == header), None)
                if row is None:
                    raise FileRefused("no_header")
                yield Reading(row, heads, child, blocks)
                return
        raise FileRefused("no_header")
    finally:
        child.close()


def read_heads(path: Path, limits: Limits | None = None) -> list[Head]:
    """The first rows of every visible sheet, in the workbook's order; may raise FileRefused."""
    child = Child(path, limits or Limits())
    heads = []
    try:
        while (first := _next_sheet(child)) is not None:
            heads.append(Head(first[0], _head_rows(first[1])))
            child.answer(0)
        return heads
    finally:
        child.close()


def _next_sheet(child: Child) -> tuple[str, list[Block]] | None:
    """The name and first blocks of the next visible sheet; None after the last one."""
    frame = child.frame()
    if "head" not in frame:
        child.finish()
        return None
    blocks: list[Block] = []
    try:
        for value in frame["head"]:
            blocks.append(frames.decode_block(value, blocks[-1].numbers[-1] if blocks else 0))
        return str(frame["sheet"]), blocks
    except (KeyError, TypeError, ValueError) as error:
        raise FileRefused("file_damaged") from error


def _head_rows(blocks: list[Block]) -> list[Row]:
    rows = itertools.islice((row for block in blocks for row in block.rows()), frames.HEAD_ROWS)
    return [_trimmed(row) for row in rows]


def _trimmed(row: Row) -> Row:
    """The row without the blank cells at its end."""
    end = len(row.cells)
    while end and row.cells[end - 1] is None:
        end -= 1
    return row if end == len(row.cells) else Row(row.number, row.cells[:end])


def _blocks(child: Child, head: list[Block], reading: Reading) -> Iterator[Block]:
    """The rows below the header in blocks of a good size, all at least as wide as the head."""
    width = max((len(block.columns) for block in head), default=0)
    numbers: list[int] = []
    columns: list[list[Cell]] = [[] for _ in range(width)]
    size = 0
    for piece, cost in _pieces(child, head, reading.header.number):
        if numbers and (
            len(numbers) + len(piece.numbers) > BLOCK_ROWS or size + cost > BLOCK_BYTES
        ):
            yield Block(numbers, columns)
            numbers, columns, size = [], [[] for _ in range(width)], 0
        for _ in range(len(piece.columns) - len(columns)):
            columns.append([None] * len(numbers))
        for place, column in enumerate(columns):
            blank = itertools.repeat(None, len(piece.numbers))
            column.extend(piece.columns[place] if place < len(piece.columns) else blank)
        numbers.extend(piece.numbers)
        size += cost
        reading.last = numbers[-1]
    if numbers:
        yield Block(numbers, columns)


def _pieces(child: Child, head: list[Block], header: int) -> Iterator[tuple[Block, int]]:
    """The rows below the header as the child sends them, each part with its bytes."""
    last = header
    for numbers, columns in head:
        last = numbers[-1]
        cut = bisect_right(numbers, header)
        if cut < len(numbers):
            yield Block(numbers[cut:], [column[cut:] for column in columns]), 0
    while (frame := child.frame()).get("end") is not True:
        try:
            block = frames.decode_block(frame, last)
        except (TypeError, ValueError) as error:
            raise FileRefused("file_damaged") from error
        last = block.numbers[-1]
        yield block, child.frame_bytes
    child.finish()
