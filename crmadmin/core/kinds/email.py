"""Email addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmadmin.core import text
from crmadmin.core.kinds.base import MASK, FieldKind
from crmadmin.core.kinds.base import marked as _
from crmadmin.core.normalise_columns import ColumnNormaliser, Slow
from crmadmin.core.text.emails import COMMON_EMAIL

LONGEST = 254


def mask(value: str | None) -> str:
    """`lan.nguyen@example.com` → `l***@example.com`; the stars never tell the length."""
    if not value:
        return ""
    name, at, domain = value.rpartition("@")
    return f"{name[:1]}{MASK}@{domain}" if at and name else MASK


def _column(limit: int | None) -> ColumnNormaliser:
    longest = limit if limit is not None else LONGEST
    match = COMMON_EMAIL.fullmatch

    def run(cells: Sequence[Any], slow: Slow) -> list[Any]:
        values: list[Any] = []
        for i, cell in enumerate(cells):
            if cell is None:
                values.append(None)
            elif (
                type(cell) is str and cell.isascii() and len(cell) <= longest and (m := match(cell))
            ):
                values.append(cell if cell.islower() else cell[: m.start(1)] + m[1].lower())
            else:
                values.append(slow(i, cell))
        return values

    return run


EMAIL = FieldKind(
    "email",
    "an email address",
    text.email,
    example="lan.nguyen@example.com",
    column=lambda f: _column(f.max_length),
    defaults={"max_length": LONGEST},
    mode="email",
    cell="email",
    width="w-xl",
    searchable=True,
    filterable=False,
    exact=text.email_key,
    exact_suffix="_key",
    mask=mask,
    hint=_("One email address."),
)
