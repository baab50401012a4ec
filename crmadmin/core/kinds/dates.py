"""Days, and moments that the system sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from crmadmin.core import outside, text
from crmadmin.core.kinds.base import CellFormat, FieldKind, Span, Storage
from crmadmin.core.kinds.base import marked as _
from crmadmin.core.normalise import Normalise, normaliser
from crmadmin.core.normalise_columns import ColumnNormaliser, Slow, memoised
from crmadmin.core.text.dates import FIRST_DAY, today


def _show(value: Any) -> str:
    return value if isinstance(value, str) else text.show_date(value)


DAYS = Span(
    outside.day,
    lambda day: str(day.strftime("%d/%m/%Y")),
    unreadable="day",
    control="date",
)


def _column(normalise: Normalise, *, past: bool) -> ColumnNormaliser:
    others = memoised(normalise)

    def run(cells: Sequence[Any], slow: Slow) -> list[Any]:
        last = today() if past else date.max
        values: list[Any] = []
        rest: list[int] = []
        for i, cell in enumerate(cells):
            day = cell.date() if type(cell) is datetime else cell
            if day is None or (type(day) is date and FIRST_DAY <= day <= last):
                values.append(day)
            else:
                values.append(None)
                rest.append(i)
        if rest:
            found = others([cells[i] for i in rest], lambda at, cell: slow(rest[at], cell))
            for i, value in zip(rest, found, strict=True):
                values[i] = value
        return values

    return run


DATE = FieldKind(
    "date",
    "a day; `past=True` refuses one in the future",
    text.date,
    example="09/08/1992",
    normalise_past=text.birthday,
    column=lambda f: _column(normaliser(f), past=f.past),
    storage=Storage.DATE,
    show=_show,
    cell="date",
    width="w-s2",
    align="end",
    span=DAYS,
    format=CellFormat.DATE,
    cell_width=16,
    hint=_("Day/month/year, such as 09/08/1992."),
)

MOMENT = FieldKind(
    "datetime",
    "a point in time that the system sets; people see it in their time zone",
    text.text,
    helper="moment",
    storage=Storage.MOMENT,
    defaults={"editable": False, "importable": False},
    cell="datetime",
    width="w-s2",
    align="end",
    span=DAYS,
    format=CellFormat.MOMENT,
)
