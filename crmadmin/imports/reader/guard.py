"""What is checked about a file before a spreadsheet library may see it.

The kind of file by its first bytes, never by its name; then what each format can hide: `package`
for zip packages, `compound` and `biff` for .xls. Runs in the reading child only. Knows nothing of
rows; see `child`.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from crmadmin.imports.reader import biff, compound, odf, ooxml, package, xlsb
from crmadmin.imports.reader.limits import Limits
from crmadmin.imports.records import FileRefused

_TEXT_SUFFIXES = (".csv", ".txt", ".tsv")
_BEFORE_EXCEL_5 = tuple(bytes((9, version, size, 0)) for version in (0, 2, 4) for size in (4, 6))
_PACKAGE_MIME = "mimetype"
_ODF_CONTENT, _ODF_MANIFEST = "content.xml", "META-INF/manifest.xml"
_MANIFEST_BYTES = 1024 * 1024


class FileKind(StrEnum):
    XLSX = "xlsx"
    XLSB = "xlsb"
    ODS = "ods"
    XLS = "xls"
    TEXT = "text"


class Survey(Protocol):
    """What looking through a workbook found; sheets by their index in the workbook."""

    def error_cells(self, sheet: int) -> Mapping[tuple[int, int], str]:
        """(row number as Excel shows it, column from zero) -> the error's text."""


def kind_of(path: Path, limits: Limits) -> FileKind:
    """What the file is. Cheap; for a zip package its directory is checked.

    Raises FileRefused: `file_not_spreadsheet`, `file_unsupported`, `file_encrypted`,
    `file_damaged`, `file_unsafe`, `file_too_large`.
    """
    with path.open("rb") as file:
        start = file.read(8)
    if start == compound.MAGIC:
        return FileKind.XLS
    if start.startswith(b"PK\x03\x04"):
        return _kind_of_package(path, package.directory(path, limits))
    if start.startswith(_BEFORE_EXCEL_5):
        raise FileRefused("file_unsupported", format="Excel 4.0")
    if path.suffix.lower() in _TEXT_SUFFIXES:
        return FileKind.TEXT
    raise FileRefused("file_not_spreadsheet")


def look_through(path: Path, kind: FileKind, limits: Limits) -> Survey:
    """Read the whole file once, as what it is. Raises FileRefused for what must not be parsed."""
    if kind is FileKind.XLS:
        return _Compound(biff.workbook_stream(path.read_bytes()))
    return _Package(path, kind, limits)


def _kind_of_package(path: Path, entries: list[zipfile.ZipInfo]) -> FileKind:
    names = {entry.filename for entry in entries}
    if _PACKAGE_MIME in names:
        if "encrypted-package" in names:
            raise FileRefused("file_encrypted")
        if _ODF_CONTENT in names and _content(path, _PACKAGE_MIME, 99).startswith(odf.MIME_START):
            return FileKind.ODS
        raise FileRefused("file_not_spreadsheet")
    if any(name.lower().endswith("workbook.bin") for name in names):
        return FileKind.XLSB
    if "[Content_Types].xml" in names and any(n.lower().endswith("workbook.xml") for n in names):
        return FileKind.XLSX
    raise FileRefused("file_not_spreadsheet")


def _content(path: Path, name: str, most: int = -1) -> bytes:
    """The first bytes of a part, or all of it, but no more than its directory promises."""
    try:
        with zipfile.ZipFile(path) as opened, opened.open(name) as part:
            return part.read(most)
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        ValueError,
        EOFError,
        NotImplementedError,
    ) as error:
        raise FileRefused("file_damaged") from error


class _Compound:
    def __init__(self, stream: bytes) -> None:
        self._stream = stream

    def error_cells(self, sheet: int) -> Mapping[tuple[int, int], str]:
        return biff.error_cells(self._stream, sheet)


_MARKS: Mapping[FileKind, Callable[[bytes], bool]] = {
    FileKind.XLSX: ooxml.has_mark,
    FileKind.XLSB: xlsb.has_mark,
    FileKind.ODS: odf.has_mark,
}


def _no_cost(window: bytes) -> int:
    return 0


class _Package:
    def __init__(self, path: Path, kind: FileKind, limits: Limits) -> None:
        self._path, self._kind = path, kind
        entries = package.directory(path, limits)
        self._entries = {entry.filename.casefold(): entry for entry in entries}
        manifest = self._entries.get(_ODF_MANIFEST.casefold()) if kind is FileKind.ODS else None
        if manifest and odf.is_encrypted(_content(path, manifest.filename, _MANIFEST_BYTES)):
            raise FileRefused("file_encrypted")
        cost = ooxml.cost if kind is FileKind.XLSX else _no_cost
        self._marked = package.look_through(path, entries, limits, _MARKS[kind], cost)
        self._parts = [] if kind is FileKind.ODS else self._sheet_parts()

    def error_cells(self, sheet: int) -> Mapping[tuple[int, int], str]:
        if not self._marked:
            return {}
        name = _ODF_CONTENT
        if self._kind is not FileKind.ODS:
            name = self._parts[sheet] if sheet < len(self._parts) else ""
        entry = self._entries.get(name.casefold())
        if entry is None:
            raise FileRefused("file_damaged")
        if entry.filename not in self._marked:
            return {}
        with self._path.open("rb") as file:
            chunks = package.inflate(file, entry)
            if self._kind is FileKind.ODS:
                return odf.error_cells(chunks, sheet)
            if self._kind is FileKind.XLSB:
                return xlsb.error_cells(b"".join(chunks))
            return ooxml.error_cells(chunks)

    def _sheet_parts(self) -> list[str]:
        """The parts that hold the sheets, in the workbook's order; [] if it does not say."""
        end, sheet_ids = "workbook.xml", ooxml.sheet_ids
        if self._kind is FileKind.XLSB:
            end, sheet_ids = "workbook.bin", xlsb.sheet_ids
        book = next((entry for name, entry in self._entries.items() if name.endswith(end)), None)
        links = self._entries.get(ooxml.relations_name(book.filename).casefold()) if book else None
        if book is None or links is None:
            return []
        parts = ooxml.relations(_content(self._path, links.filename), book.filename)
        ids = sheet_ids(_content(self._path, book.filename))
        return [parts.get(name, "") for name in ids]
