"""How values look to users who may not see them: the one place where a sensitive value becomes a
mask.

Pure. Whether somebody sees sensitive values is the role table's to say (`access.roles`); which
values are sensitive is the declaration's (`FieldSpec.sensitive`), and what stands in the place of
one its kind's (`FieldKind.mask`). Screens come through `admin.cells.value_of`, files through
`of_row`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crmadmin.core.spec import FieldSpec, SensitiveIf


class Masked(str):
    """What stands in place of a value: text whatever the field holds, and nothing to make a link
    or a badge of."""

    __slots__ = ()


def shown(field: FieldSpec, value: Any, read: Callable[[str], Any]) -> Any:
    """The value, or Masked where it is sensitive in its row (`read`: column → the row's value).

    For who does not see sensitive values; a blank stays blank.
    """
    if value is None or value == "" or not field.is_sensitive_in(read):
        return value
    return Masked(field.kind.mask(value))


def columns_read(fields: Sequence[FieldSpec]) -> list[str]:
    """The columns that a row of these fields must hold for `of_row`: their own, then those that
    only say what is sensitive."""
    asked = [c for f in fields if isinstance(f.sensitive, SensitiveIf) for c in f.sensitive.reads]
    return list(dict.fromkeys([*(f.column for f in fields), *asked]))


def of_row(fields: Sequence[FieldSpec], row: Mapping[str, Any]) -> list[Any]:
    """The values of these fields in one row (column → value), Masked where they are sensitive."""
    return [shown(f, row[f.column], row.__getitem__) for f in fields]
