"""Start-up check of every declaration: misspelt or contradictory ones are refused, with an id, the
place, a hint and what would be valid. Pure: it reads specs, not the database."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from crmadmin.core.normalise import normaliser
from crmadmin.core.spec import FieldSpec, RecordSpec, SensitiveIf
from crmadmin.core.text import Refusal, heading_key


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong declaration."""

    id: str
    place: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.id} {self.place}: {self.message}" + (f" {self.hint}" if self.hint else "")


class DeclarationsWrong(RuntimeError):
    """Raised at start-up; its text lists every fault on a line of its own."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(f) for f in faults))
        self.faults = tuple(faults)


def check(specs: Sequence[RecordSpec], resources: Iterable[str]) -> list[Fault]:
    """Every fault of these records. `resources` are those of the permission table."""
    models = {s.model.__name__ for s in specs}
    faults = [f for spec in specs for rule in RULES for f in rule(spec)]
    faults += [f for spec in specs for f in _targets(spec, models)]
    faults += [f for spec in specs for f in _resource(spec, sorted(resources))]
    return faults + list(_prefixes(specs))


def require_valid(specs: Sequence[RecordSpec], resources: Iterable[str]) -> None:
    """Raises DeclarationsWrong unless every declaration is right."""
    faults = check(specs, resources)
    if faults:
        raise DeclarationsWrong(faults)


def _nearest(word: str, valid: Iterable[str], what: str) -> str:
    valid = list(valid)
    near = difflib.get_close_matches(word, valid, 1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f"{hint}{what}: {', '.join(valid)}"


def _place(spec: RecordSpec, field: FieldSpec | None = None) -> str:
    return spec.model.__name__ + (f".{field.name}" if field else "")


def _named_columns(spec: RecordSpec) -> Iterator[Fault]:
    columns = [c.name for c in spec.model.__table__.columns]
    options = spec.options
    named = [("display", options.display), *(("order", o.lstrip("-")) for o in options.order)]
    if options.owner:
        named.append(("owner", options.owner))
    for what, name in named:
        if name not in columns:
            hint = _nearest(name, columns, "Columns")
            yield Fault(
                "C001", _place(spec), f"{what} names {name!r}, which is not a column.", hint
            )


def _list_columns(spec: RecordSpec) -> Iterator[Fault]:
    for name, times in Counter(spec.options.columns).items():
        if name not in spec.by_name:
            message = f"columns names {name!r}, which is not a field."
            yield Fault("C021", _place(spec), message, _nearest(name, spec.by_name, "Fields"))
        if times > 1:
            yield Fault("C022", _place(spec), f"columns names {name!r} twice.", "Keep one.")


def _sections(spec: RecordSpec) -> Iterator[Fault]:
    known = [s.key for s in spec.options.sections]
    for f in spec.fields:
        if f.section and f.section not in known:
            hint = _nearest(f.section, known, "Sections") if known else "The record declares none."
            yield Fault("C002", _place(spec, f), f"section {f.section!r} is not declared.", hint)


def _targets(spec: RecordSpec, models: set[str]) -> Iterator[Fault]:
    for f in spec.refs:
        if f.target not in models:
            hint = _nearest(f.target, sorted(models), "Models")
            yield Fault(
                "C003", _place(spec, f), f"refers to {f.target!r}, which is no model.", hint
            )


def _resource(spec: RecordSpec, resources: list[str]) -> Iterator[Fault]:
    if spec.options.resource not in resources:
        hint = _nearest(spec.options.resource, resources, "Resources")
        message = f"resource {spec.options.resource!r} is not in the permission table."
        yield Fault("C004", _place(spec), message, hint)


def _contradictions(spec: RecordSpec) -> Iterator[Fault]:
    for f in spec.fields:
        place = _place(spec, f)
        if f.sortable and not f.kind.sortable and not f.listed:
            yield Fault("C005", place, f"a {f.kind} field cannot be sorted.", "Drop sortable=True.")
        if f.filtered and not f.kind.filterable:
            hint = "Use searched=True for free text, or a choice, a ref or a date."
            yield Fault("C006", place, f"a {f.kind} field cannot be a filter.", hint)
        if f.required and not f.editable:
            hint = "Drop required=True or editable=False."
            yield Fault("C007", place, "is required but nobody may edit it.", hint)
        if f.past and f.kind.normalise_past is None:
            yield Fault("C008", place, f"past=True means nothing for a {f.kind} field.", "Drop it.")


def _widths(spec: RecordSpec) -> Iterator[Fault]:
    for f in spec.fields:
        if not 1 <= f.span <= 12:
            yield Fault("C009", _place(spec, f), f"span is {f.span}.", "It can be 1 to 12.")
        if f.max_length is not None and f.max_length < 1:
            yield Fault("C010", _place(spec, f), f"max_length is {f.max_length}.", "At least 1.")


def _labels(spec: RecordSpec) -> Iterator[Fault]:
    for f in spec.fields:
        if not str(f.label).strip():
            hint = 'Give one: field.text(_l("Name")).'
            yield Fault("C011", _place(spec, f), "has no label.", hint)


def _defaults(spec: RecordSpec) -> Iterator[Fault]:
    for f in spec.fields:
        values = [c.value for c in f.choices]
        if f.kind.takes_choices and not values:
            hint = 'Give some: field.choice(_l("Kind"), [("a", _l("A"))]).'
            yield Fault("C025", _place(spec, f), "offers nothing to choose.", hint)
        for value, count in Counter(values).items():
            if count > 1:
                yield Fault("C012", _place(spec, f), f"offers {value!r} twice.", "Keep one.")
        if f.choices and f.default is not None and f.default not in values:
            hint = _nearest(str(f.default), values, "Choices")
            yield Fault("C013", _place(spec, f), f"default {f.default!r} is no choice.", hint)


def _examples(spec: RecordSpec) -> Iterator[Fault]:
    for f in spec.fields:
        if not f.example or f.is_ref:
            continue
        try:
            normaliser(f)(f.example, None)
        except Refusal as refusal:
            message = f"its own example {f.example!r} is refused ({refusal.code})."
            yield Fault("C014", _place(spec, f), message, "The template would show it to people.")


def _headings(spec: RecordSpec) -> Iterator[Fault]:
    seen: dict[str, FieldSpec] = {}
    for f in spec.having("importable"):
        for heading in f.headings:
            other = seen.setdefault(heading_key(heading), f)
            if other is not f:
                message = f"import heading {heading!r} is also one of {other.name}."
                yield Fault("C015", _place(spec, f), message, "A heading names one field.")


def _sources(spec: RecordSpec) -> Iterator[Fault]:
    columns = [c.name for c in spec.model.__table__.columns]
    for d in spec.derived:
        for source in d.sources:
            if source not in columns:
                message = f"{d.column} is made from {source!r}, which is not a column."
                hint = _nearest(source, columns, "Columns")
                yield Fault("C016", _place(spec), message, hint)


def _private_search(spec: RecordSpec) -> Iterator[Fault]:
    sensitive = {f.column for f in spec.fields if f.sensitive}
    for d in spec.derived:
        if d.column == "search_text" and (leak := sensitive & set(d.sources)):
            message = f"search_text holds {', '.join(sorted(leak))}, which some roles see masked."
            yield Fault("C017", _place(spec), message, "Move it to search_private.")


def _sensitive(spec: RecordSpec) -> Iterator[Fault]:
    columns = [c.name for c in spec.model.__table__.columns]
    options = spec.options
    shown = {
        options.display,
        options.owner,
        "code",
        "name",
        *(o.lstrip("-") for o in options.order),
    }
    for f in (f for f in spec.fields if f.sensitive):
        for name in f.sensitive.reads if isinstance(f.sensitive, SensitiveIf) else ():
            if name not in columns:
                message = f"sensitive reads {name!r}, which is not a column."
                yield Fault("C026", _place(spec, f), message, _nearest(name, columns, "Columns"))
        if {f.name, f.column} & shown:
            hint = "Drop sensitive=True, or call and sort the records by something else."
            message = "is sensitive, but records are called, sorted or shared out by it."
            yield Fault("C027", _place(spec, f), message, hint)


def _unsearched(spec: RecordSpec) -> Iterator[Fault]:
    """Searched fields that no search would find."""
    columns = {d.column for d in spec.derived} & {"search_text", "search_private"}
    for f in spec.having("searched"):
        wanted = "search_private" if f.sensitive else "search_text"
        if not f.kind.searchable:
            hint = "Use filtered=True: search reads text."
            yield Fault("C023", _place(spec, f), f"a {f.kind} field cannot be searched.", hint)
        elif columns and wanted not in columns:
            hint = f"Add {wanted} = field.{wanted}() to the model."
            yield Fault("C024", _place(spec, f), f"is searched, but there is no {wanted}.", hint)


def _codes(spec: RecordSpec) -> Iterator[Fault]:
    prefix = spec.options.prefix
    if prefix and not (prefix.isascii() and prefix.isalpha() and prefix.isupper()):
        hint = "Use capital letters A to Z, as in NGUON."
        yield Fault("C018", _place(spec), f"prefix {prefix!r} cannot begin a code.", hint)


def _prefixes(specs: Sequence[RecordSpec]) -> Iterator[Fault]:
    seen: dict[str, RecordSpec] = {}
    for spec in specs:
        prefix = spec.options.prefix
        if prefix and seen.setdefault(prefix, spec) is not spec:
            message = f"prefix {prefix!r} is also that of {_place(seen[prefix])}."
            yield Fault("C019", _place(spec), message, "Two catalogs cannot share one.")


def _nullability(spec: RecordSpec) -> Iterator[Fault]:
    columns = spec.model.__table__.columns
    for f in spec.fields:
        if f.required and columns[f.column].nullable:
            hint = "Write Mapped[str], not Mapped[str | None], for a required field."
            yield Fault("C020", _place(spec, f), "is required but its column takes NULL.", hint)


RULES: tuple[Callable[[RecordSpec], Iterator[Fault]], ...] = (
    _named_columns, _list_columns, _sections, _contradictions, _widths, _labels, _defaults,
    _examples, _headings, _sources, _private_search, _sensitive, _unsearched, _codes, _nullability,
)  # fmt: skip
