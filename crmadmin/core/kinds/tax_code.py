"""Tax codes."""

from __future__ import annotations

from crmadmin.core import text
from crmadmin.core.kinds.base import FieldKind
from crmadmin.core.kinds.base import marked as _

TAX_CODE = FieldKind(
    "tax_code",
    "a tax code of 10 or 13 digits, or a personal ID of 12",
    text.tax_code,
    example="0100109106",
    defaults={"max_length": 14},
    has_one_form=True,
    mode="numeric",
    cell="tax_code",
    width="w-m",
    searchable=True,
    exact=text.tax_code,
    hint=_("10 or 13 digits, or a personal ID of 12 digits."),
    keeps_zeros=True,
)
