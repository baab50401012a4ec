"""Records as a spreadsheet, in the columns that an import takes back; for screens and commands.

Who may see what is the caller's to say: `where` holds the scope, `ExportStyle.sees_sensitive`
whether sensitive values are written in full or masked as on screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select

from crmadmin.core import listing, masks
from crmadmin.core.db import db
from crmadmin.core.spec import FieldSpec, RecordSpec
from crmadmin.core.words import translated
from crmadmin.spreadsheets import table

MOST_ROWS = 100_000
TYPES: Mapping[str, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}
"""Ending of the file → its media type."""


class TooMany(ValueError):
    """More rows than one file may hold."""


@dataclass(frozen=True, slots=True)
class Extra:
    """A column that is no field: its heading and the value of each record, by id."""

    heading: str
    values: Mapping[int, Any]
    number_format: str = table.WHOLE


@dataclass(frozen=True, slots=True)
class ExportStyle:
    """How values are shown: the time zone of moments, and whether sensitive ones are in full."""

    zone: ZoneInfo
    sees_sensitive: bool


def write(
    out: BinaryIO,
    ending: str,
    spec: RecordSpec,
    where: Sequence[ColumnElement[bool]],
    look: ExportStyle,
    extra: Sequence[Extra] = (),
) -> int:
    """Write every record that meets the conditions; gives how many. Raises TooMany before it
    writes anything, and KeyError for an ending that is none of TYPES."""
    if ending not in TYPES:
        raise KeyError(ending)
    total, _exact = listing.count(spec, where, all_of_them=True)
    if total > MOST_ROWS:
        raise TooMany(total)
    fields = spec.having("exported")
    columns = [
        *(table.SheetColumn(str(f.label), f.kind.format) for f in fields),
        *(table.SheetColumn(column.heading, column.number_format) for column in extra),
    ]
    rows = _rows(spec, where, fields, look, extra)
    if ending == "csv":
        return table.write_csv(out, columns, rows, look.zone)
    return table.write_xlsx(out, str(spec.plural), columns, rows, look.zone)


def _rows(
    spec: RecordSpec, where: Sequence[Any], fields: Sequence[FieldSpec], look: ExportStyle,
    extra: Sequence[Extra],
) -> Iterator[list[Any]]:  # fmt: skip
    """By id, a batch at a time; plain values, for objects would take several times as long."""
    model: Any = spec.model
    readers = [_reader(model, f) for f in fields]
    # What only says whether another value is sensitive is read beside the fields' own columns.
    names = [f.column for f in fields] if look.sees_sensitive else masks.columns_read(fields)
    columns = [getattr(model, name) for name in names]
    wanted = select(model.id, *columns).where(*where).order_by(model.id).limit(listing.BATCH)
    last = 0
    while rows := db.session.execute(wanted.where(model.id > last)).all():
        for key, *values in rows:
            if not look.sees_sensitive:
                values = masks.of_row(fields, dict(zip(names, values, strict=True)))
            read = [_read(reader, value) for reader, value in zip(readers, values, strict=True)]
            yield [*read, *(column.values.get(key) for column in extra)]
        last = rows[-1][0]


def _read(reader: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, masks.Masked):
        return str(value)
    return None if value is None else reader(value)


def _reader(model: type[Any], field: FieldSpec) -> Callable[[Any], Any]:
    """How a stored value is written, as an import reads it: names of records, words of choices,
    yes and no."""
    if field.is_ref:
        return _names(getattr(model, field.name).property.mapper.class_).get
    words = {value.stored: translated(value.words) for value in field.values}
    return (lambda value: words.get(value, value)) if words else (lambda value: value)


def _names(target: Any) -> dict[int, str]:
    """Id → name of every record that a ref can point to: catalogs and users, some hundred."""
    name = target.username if hasattr(target, "username") else target.name
    return {key: text for key, text in db.session.execute(select(target.id, name))}  # noqa: C416 - rows are no pairs to the type checker
