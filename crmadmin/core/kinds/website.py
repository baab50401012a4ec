"""Web addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from crmadmin.core import text
from crmadmin.core.kinds.base import FieldKind
from crmadmin.core.kinds.base import marked as _
from crmadmin.core.normalise_columns import ColumnNormaliser, Slow

_COMMON = re.compile(
    r"https?://(?:[a-z0-9]{1,30}\.){1,3}(?:vn|com|net|org)(?:/[A-Za-z0-9/_.-]{0,200})?"
)


def _column(limit: int | None) -> ColumnNormaliser:
    longest = limit if limit is not None else 1 << 30
    match = _COMMON.fullmatch

    def run(cells: Sequence[Any], slow: Slow) -> list[Any]:
        return [
            cell
            if cell is None or (type(cell) is str and len(cell) <= longest and match(cell))
            else slow(i, cell)
            for i, cell in enumerate(cells)
        ]

    return run


WEBSITE = FieldKind(
    "website",
    "an http(s) address",
    text.website,
    example="https://minhphat.vn",
    column=lambda f: _column(f.max_length),
    defaults={"max_length": 255},
    mode="url",
    cell="website",
    searchable=True,
    hint=_("A web address."),
)
