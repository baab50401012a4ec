"""What is checked about a file before a spreadsheet library may see it.

The kind of file by its first bytes, the directory of the zip package, and every XML part
inflated once within a budget, looking for document type definitions and for error cells.
Runs in the reading child only. Knows nothing of rows; see `child`.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from crmadmin.imports.reader.limits import Limits
from crmadmin.imports.records import FileRefused

_CHUNK = 256 * 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_ENCRYPTED_FLAG = 0x1
_DTD_MARKS = (b"<!DOCTYPE", b"<!ENTITY")
_ERROR_MARKS = (b'"e"', b"'e'")
_OVERLAP = max(map(len, _DTD_MARKS)) - 1


def check(path: Path, limits: Limits) -> frozenset[str]:
    """Refuse what must not be parsed; return the names of the parts that hold error cells.

    Raises FileRefused: `file_encrypted`, `file_unsupported`, `file_not_spreadsheet`,
    `file_damaged`, `file_too_large`, `file_unsafe`.
    """
    with path.open("rb") as file:
        _check_kind(file, path.suffix.lower())
        try:
            with zipfile.ZipFile(file) as package:
                entries = package.infolist()
        except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError) as error:
            raise FileRefused("file_damaged") from error
        _check_directory(entries, limits)
        _check_format({entry.filename for entry in entries})
        return _check_parts(file, entries, limits)


def _check_kind(file: BinaryIO, suffix: str) -> None:
    """Refuse by the first bytes everything that is not a zip package."""
    start = file.read(8)
    if start.startswith(b"PK\x03\x04"):
        return
    if start == _OLE:
        rest = file.read()
        encrypted = _ENCRYPTED_PACKAGE in rest
        raise FileRefused("file_encrypted" if encrypted else "file_unsupported", format=".xls")
    if suffix == ".csv":
        raise FileRefused("file_unsupported", format=".csv")
    raise FileRefused("file_not_spreadsheet")


def _check_directory(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    names = [entry.filename.casefold() for entry in entries]
    if len(names) > limits.entries or len(set(names)) != len(names):
        raise FileRefused("file_unsafe")
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
        raise FileRefused("file_encrypted")
    for entry in entries:
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileRefused("file_unsafe")
    if sum(entry.file_size for entry in entries if _is_xml(entry)) > limits.inflated:
        raise FileRefused("file_too_large")


def _check_format(names: set[str]) -> None:
    """Only Office Open XML workbooks go on; the other zip packages are named."""
    if "mimetype" in names and "content.xml" in names:
        raise FileRefused("file_unsupported", format=".ods")
    if any(name.endswith("workbook.bin") for name in names):
        raise FileRefused("file_unsupported", format=".xlsb")
    if "[Content_Types].xml" not in names:
        raise FileRefused("file_not_spreadsheet")
    if not any(name.lower().endswith("workbook.xml") for name in names):
        raise FileRefused("file_not_spreadsheet")


def _is_xml(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.lower().endswith((".xml", ".rels", ".vml"))


def _check_parts(file: BinaryIO, entries: list[zipfile.ZipInfo], limits: Limits) -> frozenset[str]:
    left = limits.inflated
    with_errors = set()
    for entry in filter(_is_xml, entries):
        size = 0
        tail = b""
        for chunk in inflate(file, entry):
            if not size and b"\x00" in chunk:
                # UTF-16 would hide the markers below; Excel writes UTF-8 only.
                raise FileRefused("file_unsafe")
            size += len(chunk)
            left -= len(chunk)
            if left < 0:
                raise FileRefused("file_too_large")
            window = tail + chunk
            if any(mark in window for mark in _DTD_MARKS):
                raise FileRefused("file_unsafe")
            if any(mark in window for mark in _ERROR_MARKS):
                with_errors.add(entry.filename)
            tail = window[-_OVERLAP:]
        if size != entry.file_size:
            raise FileRefused("file_unsafe")
    return frozenset(with_errors)


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
