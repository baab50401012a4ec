"""Field helpers: one typed line per field of a model.

    phone: Mapped[str | None] = field.phone(_l("Phone"), listed=True, headings=("SĐT",))

Each returns a `mapped_column` whose `info["spec"]` holds a frozen FieldSpec. Columns keep the order
in which they are written, those of mixins included. What a helper does not know is refused at once,
with the words that would be valid: Flask-Admin would accept most misspellings in silence.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, TypedDict, Unpack

from sqlalchemy import Boolean, Date, ForeignKey, Integer, String, Text
from sqlalchemy.orm import MappedColumn, mapped_column

from crmadmin.core.db import UtcDateTime
from crmadmin.core.spec import Choice, DerivedSpec, FieldKind, FieldSpec, SensitiveIf, Words
from crmadmin.core.text import fold
from crmadmin.core.words import COLOR_WORDS

ORDER = count(1)
LAST = 1_000_000  # stamps and keys come after what a model declares itself

COLORS = tuple(COLOR_WORDS)


class DeclarationError(TypeError):
    """A field was declared with words that mean nothing; the message lists those that do."""


class Options(TypedDict, total=False):
    """What every helper takes beside the label; see FieldSpec for their meaning."""

    help: Words
    required: bool
    max_length: int
    default: Any
    unique: bool
    listed: bool
    searched: bool
    filtered: bool
    sortable: bool
    editable: bool
    importable: bool
    exported: bool
    sensitive: bool | SensitiveIf
    past: bool
    headings: Sequence[str]
    example: str
    section: str
    span: int
    width: str
    brief: Words


def text(label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """One line of text, at most `max_length` characters (255 unless told)."""
    return _column(FieldKind.TEXT, label, {"max_length": 255, **options})


def long_text(label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """Text of several lines, at most `max_length` characters (4,000 unless told)."""
    return _column(FieldKind.LONG_TEXT, label, {"max_length": 4000, "span": 12, **options})


def code(label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """A record's code, at most 32 characters; blank asks for the next automatic one."""
    return _column(FieldKind.CODE, label, {"max_length": 32, **options}, nullable=False)


def email(label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """An email address."""
    return _column(FieldKind.EMAIL, label, {"max_length": 254, **options})


def phone(label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """A phone number, kept as E.164."""
    return _column(FieldKind.PHONE, label, {"max_length": 32, **options})


def website(label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """An http(s) address."""
    return _column(FieldKind.WEBSITE, label, {"max_length": 255, **options})


def date(label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """A day; `past=True` refuses one in the future."""
    return _column(FieldKind.DATE, label, dict(options), Date())


def moment(label: Words, *, order: int = 0, **options: Unpack[Options]) -> MappedColumn[Any]:
    """A point in time that the system sets; people see it in their time zone.

    `order=LAST` puts it after what the model declares itself.
    """
    given = {"editable": False, "importable": False, **options}
    return _column(FieldKind.DATETIME, label, given, UtcDateTime(), order=order)


def number(label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """A whole number."""
    return _column(FieldKind.NUMBER, label, {"default": 0, **options}, Integer(), nullable=False)


def boolean(label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """Yes or no; a blank takes the default (no unless told)."""
    return _column(FieldKind.BOOLEAN, label, {"default": False, **options}, Boolean(), False)


def choice(
    label: Words, choices: Sequence[Choice | tuple[str, Words]], **options: Unpack[Options]
) -> MappedColumn[Any]:
    """One of a fixed set of values, given as Choice or as (value, words)."""
    made = tuple(c if isinstance(c, Choice) else Choice(*c) for c in choices)
    return _column(FieldKind.CHOICE, label, {"max_length": 32, **options}, choices=made)


def color(label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """A named badge colour, one of COLORS."""
    made = tuple(Choice(name, words) for name, words in COLOR_WORDS.items())
    given = {"max_length": 16, "default": "gray", **options}
    return _column(FieldKind.COLOR, label, given, choices=made)


def tax_code(label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """A tax code of 10 or 13 digits, or a personal ID of 12."""
    return _column(FieldKind.TAX_CODE, label, {"max_length": 14, **options})


def province(label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """One of the 34 provinces and cities in force since 1 July 2025."""
    return _column(FieldKind.PROVINCE, label, {"max_length": 64, **options})


def ref(target: str, label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """A link to a record of the model called `target`; the column's name ends in _id."""
    _refuse_unknown(options)
    key = ForeignKey(f"{_table_name(target)}.id", ondelete="RESTRICT")
    spec = FieldSpec(kind=FieldKind.REF, label=label, target=target, **_frozen(dict(options)))
    return mapped_column(
        Integer(), key, index=True, nullable=not spec.required, sort_order=next(ORDER),
        info={"spec": spec},
    )  # fmt: skip


def key(
    make: Callable[[str], str],
    source: str,
    *,
    length: int,
    unique: bool = False,
    index: bool = True,
) -> MappedColumn[Any]:
    """A column computed from the text of one other: a normalised key or a sort key."""

    def from_values(values: Sequence[Any]) -> str | None:
        return None if values[0] is None else make(str(values[0]))[:length]

    return mapped_column(
        String(length), unique=unique, index=index and not unique, sort_order=LAST + next(ORDER),
        info={"spec": DerivedSpec(from_values, (source,))},
    )  # fmt: skip


def search_text(*sources: str) -> MappedColumn[Any]:
    """The folded text of every searched field that all roles see in full, one field a line, with
    a blank before and after every word.

    `sources` name other columns instead, whatever their fields say.
    """
    return _search_column(sources, lambda f: f.searched and not f.sensitive)


def search_private(
    *sources: str, variants: Callable[[str], str] | None = None
) -> MappedColumn[Any]:
    """The same of the searched fields that some roles see masked; those roles do not search it.

    `variants` gives another way to write a value, or "".
    """
    return _search_column(sources, lambda f: f.searched and bool(f.sensitive), variants)


def _search_column(
    sources: tuple[str, ...],
    follows: Callable[[FieldSpec], bool],
    variants: Callable[[str], str] | None = None,
) -> MappedColumn[Any]:
    def from_values(values: Sequence[Any]) -> str:
        parts = [str(value) for value in values if value]
        if variants is not None:
            parts += [more for part in parts if (more := variants(part))]
        # Blanks around every word: a word of two letters is looked for with the one before it.
        lines = " \n ".join(dict.fromkeys(map(fold, parts)))
        return f" {lines} " if lines else ""

    return mapped_column(
        Text(), nullable=False, default="", sort_order=LAST + next(ORDER),
        info={"spec": DerivedSpec(from_values, sources, follows=follows)},
    )  # fmt: skip


def stamp_user() -> MappedColumn[Any]:
    """A user noted on a record; the record stays when the user goes."""
    link = ForeignKey("user.id", ondelete="SET NULL")
    return mapped_column(Integer(), link, nullable=True, sort_order=LAST + next(ORDER))


def version() -> MappedColumn[Any]:
    """How often the record was written; every UPDATE asks for the version that was read."""
    return mapped_column(Integer(), default=1, nullable=False, sort_order=LAST + next(ORDER))


def _column(
    kind: FieldKind,
    label: Words,
    options: Mapping[str, Any],
    type_: Any = None,
    nullable: bool | None = None,
    choices: tuple[Choice, ...] = (),
    order: int = 0,
) -> MappedColumn[Any]:
    _refuse_unknown(options)
    spec = FieldSpec(kind=kind, label=label, choices=choices, **_frozen(options))
    if nullable is None:
        nullable = not (spec.required or spec.default is not None)
    return mapped_column(
        type_ or (String(spec.max_length) if kind is not FieldKind.LONG_TEXT else Text()),
        nullable=nullable,
        default=spec.default,
        sort_order=order + next(ORDER),
        # Text is compared by a derived key of its own; these are stored in their one normal form.
        unique=spec.unique and kind in (FieldKind.PHONE, FieldKind.TAX_CODE),
        info={"spec": spec},
    )


def _frozen(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as FieldSpec wants them; a listed field is sortable unless it says otherwise."""
    given = {"sortable": bool(options.get("listed")), **options}
    return {**given, "headings": tuple(given.get("headings", ()))}


def _refuse_unknown(options: Mapping[str, Any]) -> None:
    known = sorted(Options.__annotations__)
    for word in options:
        if word not in known:
            near = difflib.get_close_matches(word, known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise DeclarationError(
                f"C000 a field is declared with {word!r}, which is not an option.{hint} "
                f"Options: {', '.join(known)}"
            )


def _table_name(model: str) -> str:
    """CustomerType → customer_type, as Flask-SQLAlchemy names tables."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in model).lstrip("_")


def as_dialled(text: str) -> str:
    """The way a Vietnamese number is dialled at home, so that a search for 0912 finds +84912…"""
    return f"0{text[3:]}" if text.startswith("+84") else ""
