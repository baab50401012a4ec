"""From a field's spec to its normaliser: the one that forms, imports and the command line share.

Pure. Refs are not resolved here, since that needs the database; their text is only tidied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crmadmin.core import text as formats
from crmadmin.core.spec import FieldKind, FieldSpec
from crmadmin.core.text import Note, Refusal, fold

Normalise = Callable[[object, "list[Note] | None"], Any]


def _province_name(value: object, notes: list[Note] | None = None) -> str | None:
    found = formats.province(value, notes)
    return None if found is None else found.name


BY_KIND: dict[FieldKind, Normalise] = {
    FieldKind.TEXT: formats.text,
    FieldKind.LONG_TEXT: formats.long_text,
    FieldKind.CODE: formats.code,
    FieldKind.EMAIL: formats.email,
    FieldKind.PHONE: formats.phone,
    FieldKind.WEBSITE: formats.website,
    FieldKind.DATE: formats.date,
    FieldKind.NUMBER: formats.whole_number,
    FieldKind.BOOLEAN: formats.yes_no,
    FieldKind.TAX_CODE: formats.tax_code,
    FieldKind.PROVINCE: _province_name,
    FieldKind.REF: formats.text,
    FieldKind.DATETIME: formats.text,
}


def normaliser(field: FieldSpec) -> Normalise:
    """The function (value, notes) → value of a field.

    It gives None for a blank and raises core.text.Refusal for what the field cannot hold, too long
    a text included. Whether a blank is allowed is the caller's question.
    """
    if field.choices:
        return _choice(field)
    if field.kind is FieldKind.DATE and field.past:
        return formats.birthday
    normalise = BY_KIND[field.kind]
    if field.max_length is None or field.kind in (FieldKind.PROVINCE, FieldKind.REF):
        return normalise
    limit = field.max_length

    def bounded(value: object, notes: list[Note] | None = None) -> Any:
        result = normalise(value, notes)
        if result is not None and len(result) > limit:
            raise Refusal("too_long", value=result[:80], limit=str(limit), length=str(len(result)))
        return result

    return bounded


def _choice(field: FieldSpec) -> Normalise:
    """Accepts a choice's value or its words in any language known so far, whatever the accents."""

    def choose(value: object, notes: list[Note] | None = None) -> str | None:
        written = formats.text(value, notes)
        if written is None:
            return None
        asked = fold(written)
        for choice in field.choices:
            if asked in map(fold, (choice.value, str(choice.label), *choice.synonyms)):
                return choice.value
        offered = ", ".join(str(c.label) for c in field.choices)
        raise Refusal("bad_choice", value=written[:80], choices=offered)

    return choose
