"""From a field's spec to its normaliser: the one that forms, imports and the command line share.

Pure. Refs are not resolved here, since that needs the database; their text is only tidied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from crmadmin.core import text as formats
from crmadmin.core.text import Note, Refusal, fold, shorten

if TYPE_CHECKING:
    from crmadmin.core.spec import FieldSpec

Normalise = Callable[[object, "list[Note] | None"], Any]


def normaliser(field: FieldSpec) -> Normalise:
    """The function (value, notes) → value of a field.

    It gives None for a blank and raises core.text.Refusal for what the field cannot hold, too long
    a text included. Whether a blank is allowed is the caller's question.
    """
    if field.choices:
        return _choice(field)
    kind = field.kind
    normalise = kind.normalise_past if field.past and kind.normalise_past else kind.normalise
    if field.max_length is None or not kind.is_measured:
        return normalise
    limit = field.max_length

    def bounded(value: object, notes: list[Note] | None = None) -> Any:
        result = normalise(value, notes)
        if result is not None and len(result) > limit:
            raise Refusal(
                "too_long", value=shorten(result), limit=str(limit), length=str(len(result))
            )
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
        raise Refusal("bad_choice", value=shorten(written), choices=offered)

    return choose
