"""Field helpers: one typed line per field of a model.

    phone: Mapped[str | None] = field.phone(_l("Phone"), listed=True, headings=("SĐT",))

Each returns a `mapped_column` whose `info["spec"]` holds a frozen FieldSpec. Columns keep the order
in which they are written, those of mixins included. There is a helper for every kind of field
(`core.kinds`). What a helper does not know is refused at once, with the words that would be valid:
Flask-Admin would accept most misspellings in silence.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Protocol, TypedDict, Unpack

from flask_babel import lazy_gettext
from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Integer, String, Text
from sqlalchemy.orm import MappedColumn, mapped_column

from crmadmin.core import kinds
from crmadmin.core.db import UtcDateTime
from crmadmin.core.kinds.base import FieldKind, Storage
from crmadmin.core.spec import Choice, DerivedSpec, FieldSpec, SensitiveIf, Words
from crmadmin.core.text import fold

ORDER = count(1)
LAST = 1_000_000  # stamps and keys come after what a model declares itself
COLORS = tuple(value for value, _words in kinds.named("color").choices)


class DeclarationError(TypeError):
    """A field was declared with words that mean nothing; the message lists those that do."""


class UnknownHelper(DeclarationError, AttributeError):
    """A field was declared as of a kind that there is not."""


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


class FieldHelper(Protocol):
    """A kind's function: a label and options → a column. `order=LAST` puts a field after what the
    model declares itself."""

    def __call__(
        self, label: Words, *, order: int = 0, **options: Unpack[Options]
    ) -> MappedColumn[Any]: ...


def __getattr__(name: str) -> FieldHelper:
    """`phone`, `date`, `money`: every kind of field has a helper, called as the kind is or as it
    says (`core.kinds`). Raises DeclarationError for others, with the nearest."""
    if name.startswith("_"):
        raise AttributeError(name)
    kind = _HELPED.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, _HELPED, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(sorted(_HELPED))
        raise UnknownHelper(f"C000 there is no kind of field {name!r}.{hint} Kinds: {known}")

    def helper(label: Words, *, order: int = 0, **options: Unpack[Options]) -> MappedColumn[Any]:
        return _column(kind, label, options, order=order)

    helper.__name__, helper.__doc__ = name, f"{kind.about[:1].upper()}{kind.about[1:]}."
    return helper


def choice(
    label: Words, choices: Sequence[Choice | tuple[str, Words]], **options: Unpack[Options]
) -> MappedColumn[Any]:
    """One of a fixed set of values, given as Choice or as (value, words)."""
    made = tuple(c if isinstance(c, Choice) else Choice(*c) for c in choices)
    return _column(kinds.named("choice"), label, options, choices=made)


def ref(target: str, label: Words, **options: Unpack[Options]) -> MappedColumn[Any]:
    """A link to a record of the model called `target`; the column's name ends in _id."""
    _refuse_unknown(options)
    key = ForeignKey(f"{_table_name(target)}.id", ondelete="RESTRICT")
    spec = FieldSpec(kinds.named("ref"), label, target=target, **_frozen(options))
    return mapped_column(
        Integer(), key, index=True, nullable=not spec.required, sort_order=next(ORDER),
        info={"spec": spec},
    )  # fmt: skip


def asked(name: str, declared: MappedColumn[Any]) -> FieldSpec:
    """A field of a form that is no column of a record, declared as if it were."""
    spec: FieldSpec = declared.column.info["spec"]
    return replace(spec, name=name, column=name)


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
    choices: tuple[Choice, ...] = (),
    order: int = 0,
) -> MappedColumn[Any]:
    _refuse_unknown(options)
    choices = choices or tuple(Choice(value, lazy_gettext(words)) for value, words in kind.choices)
    spec = FieldSpec(kind, label, choices=choices, **_frozen({**kind.defaults, **options}))
    return mapped_column(
        _TYPES[kind.storage](spec),
        nullable=kind.nullable and not spec.required and spec.default is None,
        default=spec.default,
        sort_order=order + next(ORDER),
        # Text is compared by a derived key of its own, but for what has one normal form.
        unique=spec.unique and kind.has_one_form,
        info={"spec": spec},
    )


_TYPES: Mapping[Storage, Callable[[FieldSpec], Any]] = {
    Storage.STRING: lambda f: String(f.max_length),
    Storage.TEXT: lambda _field: Text(),
    Storage.DATE: lambda _field: Date(),
    Storage.MOMENT: lambda _field: UtcDateTime(),
    Storage.WHOLE: lambda _field: Integer(),
    Storage.LARGE_WHOLE: lambda _field: BigInteger(),
    Storage.YES_NO: lambda _field: Boolean(),
}
_HELPED = {kind.helper or name: kind for name, kind in kinds.KINDS.items()}


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
