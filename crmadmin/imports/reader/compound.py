"""OLE compound files, the containers of .xls: just enough to get one stream out of them.

Bounded by the length of the file: a chain of sectors that is longer goes in circles. A chain that
ends early gives what there is; whether that is a workbook, its parser says.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from crmadmin.imports.records import FileRefused

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST_SECTOR = 0xFFFFFFFA
_ENTRY_BYTES = 128
_STREAM, _ROOT = 2, 5


class _Entry(NamedTuple):
    name: str
    kind: int
    start: int
    size: int


class Compound:
    """The streams of one compound file by name, in lower case. Raises FileRefused."""

    def __init__(self, content: bytes) -> None:
        if len(content) < 512 or not content.startswith(MAGIC):
            raise FileRefused("file_damaged")
        self._content = content
        shift, self._short_shift = struct.unpack_from("<2H", content, 30)
        if shift not in (9, 12) or self._short_shift > shift:
            raise FileRefused("file_damaged")
        self._size = 1 << shift
        self._sectors = len(content) // self._size
        start, _, self._cutoff, short, _, more, _ = struct.unpack_from("<7L", content, 48)
        self._next = self._numbers(self._table_sectors(more))
        self._short_next = self._numbers(self._chain(short, self._next))
        self._entries = list(self._directory(start))
        root = next((entry for entry in self._entries if entry.kind == _ROOT), None)
        self._short = self._read(root) if root else b""

    @property
    def names(self) -> set[str]:
        return {entry.name for entry in self._entries if entry.kind == _STREAM}

    def stream(self, name: str) -> bytes:
        """The content of the first stream of this name; KeyError if there is none."""
        for entry in self._entries:
            if entry.name == name and entry.kind == _STREAM:
                is_short = entry.size < self._cutoff
                return self._read_short(entry) if is_short else self._read(entry)
        raise KeyError(name)

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        return self._content[start : start + self._size].ljust(self._size, b"\xff")

    def _chain(self, start: int, following: Sequence[int]) -> Iterator[int]:
        """The sectors from `start` on; FileRefused when they go in circles."""
        for _ in range(len(following)):
            if start >= len(following) or start >= _LAST_SECTOR:
                return
            yield start
            start = following[start]
        if start < _LAST_SECTOR:
            raise FileRefused("file_damaged")

    def _table_sectors(self, more: int) -> Iterator[int]:
        """The sectors of the table that says which sector follows which."""
        yield from self._inside(struct.unpack_from("<109L", self._content, 76))
        for _ in range(self._sectors):
            if more >= self._sectors:
                return
            *numbers, more = self._numbers([more])
            yield from self._inside(numbers)
        raise FileRefused("file_damaged")

    def _inside(self, numbers: Iterable[int]) -> Iterator[int]:
        return (number for number in numbers if number < self._sectors)

    def _numbers(self, sectors: Iterable[int]) -> list[int]:
        numbers: list[int] = []
        for sector in sectors:
            if len(numbers) > len(self._content):
                raise FileRefused("file_damaged")
            numbers += struct.unpack(f"<{self._size // 4}L", self._sector(sector))
        return numbers

    def _directory(self, start: int) -> Iterator[_Entry]:
        for number in self._chain(start, self._next):
            sector = self._sector(number)
            for place in range(0, self._size, _ENTRY_BYTES):
                length, kind = struct.unpack_from("<HB", sector, place + 64)
                first, size = struct.unpack_from("<2L", sector, place + 116)
                name = sector[place : place + min(max(length, 2) - 2, 62)]
                yield _Entry(name.decode("utf-16-le", "replace").casefold(), kind, first, size)

    def _read(self, entry: _Entry) -> bytes:
        sectors = [self._sector(number) for number in self._chain(entry.start, self._next)]
        return b"".join(sectors)[: entry.size]

    def _read_short(self, entry: _Entry) -> bytes:
        size = 1 << self._short_shift
        chain = self._chain(entry.start, self._short_next)
        parts = [self._short[number * size : number * size + size] for number in chain]
        return b"".join(parts)[: entry.size]
