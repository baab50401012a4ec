"""Whole numbers."""

from __future__ import annotations

from crmadmin.core import text
from crmadmin.core.kinds.base import CellFormat, FieldKind, Span, Storage, end_of
from crmadmin.core.kinds.base import marked as _

NUMBER = FieldKind(
    "number",
    "a whole number",
    text.whole_number,
    example="12",
    storage=Storage.WHOLE,
    defaults={"default": 0},
    nullable=False,
    mode="decimal",
    cell="number",
    width="w-s2",
    align="end",
    span=Span(end_of(text.whole_number), str),
    format=CellFormat.WHOLE,
    cell_width=10,
    hint=_("A whole number."),
)
