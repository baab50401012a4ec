"""How values look to who may not see them: the one place where a sensitive value becomes a mask.

Pure. Whether somebody sees sensitive values is the role table's to say (`access.roles`); which
values are sensitive is the declaration's (`FieldSpec.sensitive`); here is what stands in their
place. Screens come through `panel.formatters.value_of`, files through `of_row`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from crmadmin.core.spec import FieldKind, FieldSpec, SensitiveIf

MASK = "***"


class Masked(str):
    """What stands in place of a value: text whatever the field holds, and nothing to make a link
    or a badge of."""

    __slots__ = ()


def mask_phone(phone: str | None) -> str:
    """`+84912345678` → `0912 *** 678`; foreign numbers keep their first three figures.

    Takes E.164 (or anything a person typed). What is too short to hide in is hidden whole.
    """
    if not phone:
        return ""
    figures = "".join(c for c in phone if c.isdecimal())
    if len(figures) < 9:
        return MASK
    if phone.startswith("+84"):
        return f"0{figures[2:5]} {MASK} {figures[-3:]}"
    plus = "+" if phone.startswith("+") else ""
    shown = 4 if figures.startswith("0") else 3
    return f"{plus}{figures[:shown]} {MASK} {figures[-3:]}"


def mask_email(email: str | None) -> str:
    """`lan.nguyen@example.com` → `l***@example.com`; the stars never tell the length."""
    if not email:
        return ""
    name, at, domain = email.rpartition("@")
    return f"{name[:1]}{MASK}@{domain}" if at and name else MASK


def mask_whole(_value: Any) -> str:
    """Nothing of it: the first figures of a personal ID tell where, what and when somebody was
    born, and of few possible values each letter is too much."""
    return MASK


MASKS: Mapping[FieldKind, Callable[[Any], str]] = MappingProxyType(
    dict.fromkeys(FieldKind, mask_whole)
    | {FieldKind.PHONE: mask_phone, FieldKind.EMAIL: mask_email}
)
"""The mask of each kind of field; of a new kind nothing is shown until somebody says otherwise."""


def shown(field: FieldSpec, value: Any, read: Callable[[str], Any]) -> Any:
    """The value, or Masked where it is sensitive in its row (`read`: column → the row's value).

    For who does not see sensitive values; a blank stays blank.
    """
    if value is None or value == "" or not field.is_sensitive_in(read):
        return value
    return Masked(MASKS[field.kind](value))


def columns_read(fields: Sequence[FieldSpec]) -> list[str]:
    """The columns that a row of these fields must hold for `of_row`: their own, then those that
    only say what is sensitive."""
    asked = [c for f in fields if isinstance(f.sensitive, SensitiveIf) for c in f.sensitive.reads]
    return list(dict.fromkeys([*(f.column for f in fields), *asked]))


def of_row(fields: Sequence[FieldSpec], row: Mapping[str, Any]) -> list[Any]:
    """The values of these fields in one row (column → value), Masked where they are sensitive."""
    return [shown(f, row[f.column], row.__getitem__) for f in fields]
