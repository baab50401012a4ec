"""What a record is, as plain data: one FieldSpec a field, one RecordSpec a model.

`derive` reads them off a model class whose columns were declared with `core.fields`. Nothing here
knows Flask or SQL; screens, forms, filters, imports, templates, exports and docs all read these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from crmadmin.core.kinds.base import FieldKind, Value


class Words(Protocol):
    """Text for people: a plain str, or a lazy translation that becomes one when shown."""

    def __str__(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a choice field, its words, and how else files write it."""

    value: str
    label: Words
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SensitiveIf:
    """Says of each row whether a field's value in it is sensitive.

    `holds` gets the row's values of the columns `reads`, in their order; `words` say for the
    reference when it does. Pure: screens, exports and templates ask it with what they have read.
    """

    reads: tuple[str, ...]
    holds: Callable[..., bool]
    words: str


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """Everything the product needs to know of one field.

    `name` is the field's name on screens and in imports (`industry`), `column` the table's column
    (`industry_id`); they differ for refs only. `span` is the width in a form, in twelfths; `brief`
    is a shorter label for the head of a column.

    `sensitive` is personal: `core.masks` hides it from some roles. It may be up to the row, as a
    company's address is public and a person's is not; but who does not see a field in every row
    cannot search, filter or sort by it at all, so "is it sensitive" is asked of the field there.
    """

    kind: FieldKind
    label: Words
    name: str = ""
    column: str = ""
    help: Words | None = None
    required: bool = False
    max_length: int | None = None
    default: Any = None
    unique: bool = False
    listed: bool = False
    searched: bool = False
    filtered: bool = False
    sortable: bool = False
    editable: bool = True
    importable: bool = True
    exported: bool = True
    sensitive: bool | SensitiveIf = False
    past: bool = False
    headings: tuple[str, ...] = ()
    example: str = ""
    choices: tuple[Choice, ...] = ()
    target: str = ""
    section: str = ""
    span: int = 4
    width: str = ""
    brief: Words | None = None

    @property
    def is_ref(self) -> bool:
        """Whether it names a record of another model."""
        return self.kind.is_ref

    @property
    def may_be_unset(self) -> bool:
        """Whether there can be records without a value."""
        return not self.required and not self.kind.is_yes_no

    @property
    def sort_key(self) -> str:
        """The column that the field is sorted by where the record has it; else it is its own."""
        return "sort_key" if self.name == "name" else self.column + self.kind.sort_suffix

    @property
    def values(self) -> tuple[Value, ...]:
        """All that the field can be, where that is known: its choices, or what its kind has."""
        if self.choices:
            return tuple(Value(c.value, c.value, c.label, c.label) for c in self.choices)
        return self.kind.values

    def choice_label(self, value: str) -> Words:
        """The words of a choice value; the value itself when it is none of the choices."""
        return next((c.label for c in self.choices if c.value == value), value)

    def is_sensitive_in(self, read: Callable[[str], Any]) -> bool:
        """Whether the value is sensitive in one row; `read` gives that row's value of a column."""
        if isinstance(self.sensitive, SensitiveIf):
            return self.sensitive.holds(*map(read, self.sensitive.reads))
        return self.sensitive


@dataclass(frozen=True, slots=True)
class DerivedSpec:
    """A column that is computed from others on every write: a key, a sort key, the search text.

    `make` gets the values of the sources, in their order. The sources are named, or they follow
    from the fields: `follows` says of each field whether it is one, so that a new searched field is
    found without being mentioned twice.
    """

    make: Callable[[Sequence[Any]], Any]
    sources: tuple[str, ...] = ()
    column: str = ""
    follows: Callable[[FieldSpec], bool] | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A fieldset of the form; fields name it by `key`."""

    key: str
    label: Words


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """What a model says of itself in one line, `__record__ = RecordOptions(...)`.

    `resource` is the line of the permission table that governs the record, `prefix` that of its
    automatic codes, `owner` the column whose user sees the record under an own-records scope.
    `columns` names what the list shows first; other fields declared listed=True come after it.
    """

    label: Words
    plural: Words
    resource: str = "catalogs"
    help: Words | None = None
    prefix: str = ""
    display: str = "name"
    order: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    owner: str = ""
    is_large: bool = False
    kind: str = ""


@dataclass(frozen=True)
class RecordSpec:
    """A model as the rest of the product sees it. `name` is the table's name."""

    name: str
    model: type[Any]
    options: RecordOptions
    fields: tuple[FieldSpec, ...]
    derived: tuple[DerivedSpec, ...] = ()

    @property
    def label(self) -> Words:
        """Singular, as in "Add …"."""
        return self.options.label

    @property
    def plural(self) -> Words:
        """The title of the list, and the menu's word."""
        return self.options.plural

    @property
    def help(self) -> Words | None:
        """One sentence under the title."""
        return self.options.help

    @cached_property
    def by_name(self) -> Mapping[str, FieldSpec]:
        """Fields by name."""
        return {f.name: f for f in self.fields}

    def field(self, name: str) -> FieldSpec:
        """The field called `name`; KeyError names the record and what it has."""
        try:
            return self.by_name[name]
        except KeyError:
            known = ", ".join(self.by_name)
            raise KeyError(f"{self.name} has no field {name!r}. Fields: {known}") from None

    def having(self, flag: str) -> tuple[FieldSpec, ...]:
        """Fields whose boolean `flag` ('listed', 'filtered', …) is set, in declared order."""
        return tuple(f for f in self.fields if getattr(f, flag))

    @cached_property
    def listed(self) -> tuple[FieldSpec, ...]:
        """The columns of the list: those that the options name, then every other listed field."""
        named = tuple(self.field(name) for name in self.options.columns)
        return named + tuple(f for f in self.having("listed") if f not in named)

    @cached_property
    def refs(self) -> tuple[FieldSpec, ...]:
        """Fields that name a record of another model."""
        return tuple(f for f in self.fields if f.is_ref)


def derive(model: type[Any]) -> RecordSpec:
    """The record spec of a mapped class; the order of fields is the order of declaration."""
    fields: list[FieldSpec] = []
    derived: list[DerivedSpec] = []
    for column in model.__table__.columns:
        spec = column.info.get("spec")
        if isinstance(spec, FieldSpec):
            name = column.name.removesuffix("_id") if spec.is_ref else column.name
            fields.append(replace(spec, name=spec.name or name, column=column.name))
        elif isinstance(spec, DerivedSpec):
            derived.append(replace(spec, column=column.name))
    # Only now: a field may be declared below the search text that it belongs to.
    derived = [replace(d, sources=d.sources or _sources(d, fields)) for d in derived]
    options: RecordOptions = model.__record__
    return RecordSpec(
        name=model.__table__.name,
        model=model,
        options=options,
        fields=tuple(fields),
        derived=tuple(derived),
    )


def _sources(derived: DerivedSpec, fields: Sequence[FieldSpec]) -> tuple[str, ...]:
    return tuple(f.column for f in fields if derived.follows is not None and derived.follows(f))


def derived_values(spec: RecordSpec, values: Mapping[str, Any]) -> dict[str, Any]:
    """Column → value of the derived columns, from a record's other columns.

    `values` is keyed by column name and must hold every source; a missing one counts as blank.
    """
    return {d.column: d.make([values.get(s) for s in d.sources]) for d in spec.derived}
