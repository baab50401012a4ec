"""Zip packages (.xlsx, .xlsm, .xlsb, .ods): what is checked before their parts may be parsed.

The directory first, then every part is inflated once within a budget, looking for document type
definitions and for marks of error cells.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from crmadmin.imports.reader.limits import Limits, needs_memory
from crmadmin.imports.records import FileRefused

_CHUNK = 256 * 1024
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_ENCRYPTED_FLAG = 0x1
_DTD_MARKS = (b"<!DOCTYPE", b"<!ENTITY")
_OVERLAP = 64
"""Longer than any mark, so that none hides where one chunk ends and the next begins."""

_COST_PER_BYTE = 5
"""The shortest cell, `<c><v>1</v></c>`, takes 64 bytes of memory; see `ooxml.cost`."""

HasMark = Callable[[bytes], bool]
"""Whether a window of a part's content may belong to an error cell."""
Cost = Callable[[bytes], int]
"""The memory, in bytes, that what stands in a window takes at the very least."""


def directory(path: Path, limits: Limits) -> list[zipfile.ZipInfo]:
    """The entries of the package, checked. Raises FileRefused.

    `file_damaged`, `file_unsafe`, `file_encrypted`, or `file_too_large` for what they say to unpack
    to.
    """
    try:
        with zipfile.ZipFile(path) as package:
            entries = package.infolist()
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError) as error:
        raise FileRefused("file_damaged") from error
    names = [entry.filename.casefold() for entry in entries]
    if len(names) > limits.entries or len(set(names)) != len(names):
        raise FileRefused("file_unsafe")
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
        raise FileRefused("file_encrypted")
    for entry in entries:
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileRefused("file_unsafe")
    if sum(entry.file_size for entry in entries) > limits.inflated:
        raise FileRefused("file_too_large")
    return entries


def look_through(
    path: Path, entries: list[zipfile.ZipInfo], limits: Limits, has_mark: HasMark, cost: Cost
) -> frozenset[str]:
    """Inflate every part once; gives the names of those in which `has_mark` saw something.

    Raises FileRefused: `file_unsafe`, `file_too_large`, `file_needs_memory`, `file_damaged`.
    """
    left = limits.inflated
    marked = set()
    with path.open("rb") as file:
        for entry in entries:
            part = _Part(entry, min(left, entry.file_size), limits.memory)
            for window, new in _windows(inflate(file, entry)):
                part.look_at(window, new, cost)
                if entry.filename not in marked and has_mark(window):
                    marked.add(entry.filename)
            if part.size != entry.file_size:
                raise FileRefused("file_unsafe")
            left -= part.size
    return frozenset(marked)


class _Part:
    """What was seen of one part so far."""

    def __init__(self, entry: zipfile.ZipInfo, most: int, memory: int) -> None:
        self._is_xml = entry.filename.lower().endswith((".xml", ".rels", ".vml"))
        self.size, self._most = 0, most
        self._cost, self._memory = 0, memory
        # Counting pays only where the part is so long that it may be too much.
        self._may_cost_too_much = entry.file_size * _COST_PER_BYTE > memory

    def look_at(self, window: bytes, new: int, cost: Cost) -> None:
        if self._is_xml:
            _check_xml(window)
        self.size += new
        if self._may_cost_too_much:
            self._cost += cost(window)
        if self.size > self._most:
            raise FileRefused("file_unsafe")
        if self._cost > self._memory:
            raise needs_memory(self._memory)


def _check_xml(window: bytes) -> None:
    # Excel's own queries are kept in UTF-16, where the zero halves of letters would hide the marks.
    plain = window.replace(b"\x00", b"") if b"\x00" in window else window
    if any(mark in plain for mark in _DTD_MARKS):
        raise FileRefused("file_unsafe")


def _windows(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, int]]:
    """Each chunk with the end of the one before, and the length of what is new in it."""
    tail = b""
    for chunk in chunks:
        window = tail + chunk
        yield window, len(chunk)
        tail = window[-_OVERLAP:]


def inflate(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of one part in chunks of at most 256 KiB, whatever its header claims.

    Not `ZipFile.open`: that stops at the size which the directory states, while another zip
    reader may go on, so a lying size would pass unseen.
    """
    file.seek(entry.header_offset)
    try:
        header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    except struct.error as error:
        raise FileRefused("file_damaged") from error
    if header[0] != b"PK\x03\x04":
        raise FileRefused("file_damaged")
    file.seek(header[9] + header[10], 1)
    left = entry.compress_size
    if entry.compress_type == zipfile.ZIP_STORED:
        while left and (data := file.read(min(_CHUNK, left))):
            left -= len(data)
            yield data
        return
    yield from _inflate_stream(file, left)


def _inflate_stream(file: BinaryIO, left: int) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        while not stream.eof:
            data = stream.unconsumed_tail
            if not data:
                data = file.read(min(_CHUNK, left))
                left -= len(data)
                if not data:
                    raise FileRefused("file_damaged")
            chunk = stream.decompress(data, _CHUNK)
            if chunk:
                yield chunk
    except zlib.error as error:
        raise FileRefused("file_damaged") from error
