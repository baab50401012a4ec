"""Forms from field specs: one WTForms field a FieldSpec, its normaliser doing the validation.

A field keeps what was typed, shows its problem in the user's language, and after validation holds
the normalised value. Warnings (old prefixes, check digits) are shown and stop nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.form import BaseForm
from wtforms.validators import StopValidation, ValidationError

from crmadmin.core import marks
from crmadmin.core.forms import PageForm
from crmadmin.core.kinds.base import Control
from crmadmin.core.messages import message
from crmadmin.core.normalise import normaliser
from crmadmin.core.options import Option, chosen, options
from crmadmin.core.records import AnyRecord
from crmadmin.core.spec import FieldSpec, RecordSpec, Words
from crmadmin.core.text import Note, Refusal
from crmadmin.core.words import translated

NOT_CHOSEN = ""


class RecordForm(PageForm):
    """Base of every generated form. `version` and `opened` (see core.merging) tell what it was
    opened with."""

    version = HiddenField()
    opened = HiddenField()
    seen = HiddenField()
    """Proves which warnings were on screen when it was sent."""
    seconds = 0
    """How long the user has to wait before it is looked at; 0 when not at all."""

    def wait(self, seconds: int, words: str) -> None:
        """Nothing of the form was looked at: say so, and when it will be."""
        self.seconds = seconds
        self.form_errors.append(words)

    def values(self) -> dict[str, object]:
        """Column → normalised value of every field that stands in the form. Only after validate."""
        return {f.spec.column: f.data for f in self if isinstance(f, SpecField)}

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Put messages at the fields they are about; '' stands for the whole form."""
        for name, text in problems.items():
            if name and name in self:
                self[name].errors = [*self[name].errors, text]
            else:
                self.form_errors.append(text)

    # Warnings stop nothing, but are shown once before the form is saved.

    def record_field(self, name: str) -> SpecField:
        """The field of the form for one of the record."""
        found = self[name]
        if not isinstance(found, SpecField):
            raise TypeError(f"{name} is no field of the record")
        return found

    def ref(self, name: str) -> RefField:
        """The same for one that names another record."""
        found = self[name]
        if not isinstance(found, RefField):
            raise TypeError(f"{name} names no record")
        return found

    def spec_fields(self) -> Iterator[SpecField]:
        """The fields of the record, and those of records that the form has inside."""
        return (f for f in self if isinstance(f, SpecField))

    @property
    def warned(self) -> list[SpecField]:
        """The fields that carry a warning, in the order of the form."""
        return [f for f in self.spec_fields() if f.warnings]

    @property
    def warning_count(self) -> int:
        """How many fields carry a warning."""
        return len(self.warned)

    def leave_unchanged(self, record: AnyRecord | None) -> None:
        """Warn only of what was changed: the rest was kept before, warning or not."""
        for f in self.spec_fields():
            if record is not None and getattr(record, f.spec.column) == f.data:
                f.notes = []

    def were_shown(self, doubts: Iterable[str] = ()) -> bool:
        """Whether every warning, and each of the view's own doubts, was on screen when the form was
        sent. If not, `seen` says so of the next time."""
        lines = [f"{f.name}:{n.code}:{sorted(n.params.items())}"
                 for f in self.spec_fields() for n in f.notes]  # fmt: skip
        lines += doubts
        if not lines:
            return True
        mark = hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:32]
        if self.seen.data == mark:
            return True
        self.seen.data = mark
        return False


class SpecField(Field):
    """What fields of every kind share; mixed in before a WTForms field."""

    spec: FieldSpec
    notes: list[Note]
    placeholder = ""
    """What a blank one shows."""

    @property
    def warnings(self) -> list[str]:
        """Warnings in the user's language; they stop nothing."""
        return [*self.extra_warnings, *(message(n.code, n.params) for n in self.notes)]

    def attach(self, spec: FieldSpec) -> None:
        """Called by the constructors."""
        self.spec = spec
        self.notes = []
        self.extra_warnings: list[str] = []
        self.flags.required = spec.required

    def accept(self, raw: object) -> None:
        """Normalise what was typed. Raises ValidationError with the field's problem."""
        try:
            value = normaliser(self.spec)(raw, self.notes)
        except Refusal as refusal:
            params = {"label": str(self.spec.label), **refusal.params}
            raise StopValidation(message(refusal.code, params)) from refusal
        if value is None:
            value = self.spec.default
        self.require(value)
        self.data = value

    def require(self, value: object) -> None:
        """Raises ValidationError for a blank that must not be."""
        if value is None and self.spec.required:
            raise StopValidation(message("required", {"label": str(self.spec.label)}))


class TextField(SpecField, StringField):
    """One line, of any kind that is typed."""

    def __init__(self, spec: FieldSpec, **kwargs: Any) -> None:
        super().__init__(label=spec.label, description=spec.help or "", **kwargs)
        self.attach(spec)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else shown(self.spec, self.data)

    def pre_validate(self, form: BaseForm) -> None:
        """WTForms calls this first."""
        value = self.raw_data[0] if self.raw_data else None
        if value is not None and "\0" in value:
            value = value.replace("\0", "")
        self.accept(value)


class LongTextField(TextField, TextAreaField):
    """Several lines."""

    def attach(self, spec: FieldSpec) -> None:
        """With the length that the page counts up to."""
        super().attach(spec)
        self.flags.maxlength = spec.max_length


class YesNoField(SpecField, BooleanField):
    """A tick box."""

    def __init__(self, spec: FieldSpec, **kwargs: Any) -> None:
        super().__init__(label=spec.label, description=spec.help or "", **kwargs)
        self.attach(spec)


class ChoiceField(SpecField, SelectField):
    """One of a fixed set: a choice, a colour, a province."""

    def __init__(self, spec: FieldSpec, **kwargs: Any) -> None:
        offered = _fixed_choices(spec)
        super().__init__(
            label=spec.label, description=spec.help or "", choices=offered,
            validate_choice=False, coerce=lambda v: v or None, **kwargs,
        )  # fmt: skip
        self.attach(spec)

    def pre_validate(self, form: BaseForm) -> None:
        """Refuses a value that was never offered."""
        self.accept(self.raw_data[0] if self.raw_data else None)


class RefField(SpecField, SelectField):
    """A record of another model: the active ones, and the one that the record already has.

    `remote` fields offer only what is chosen; the browser looks the rest up.
    """

    def __init__(self, spec: FieldSpec, target: type[Any], remote: bool, **kwargs: Any) -> None:
        super().__init__(
            label=spec.label, description=spec.help or "", choices=[],
            validate_choice=False, coerce=chosen_id, **kwargs,
        )  # fmt: skip
        self.attach(spec)
        self.target = target
        self.remote = remote
        self.records: dict[int, Option] = {}

    def load(self, current: int | None) -> None:
        """Read the options; `current` stays on offer though it may be inactive."""
        if self.remote:
            wanted = [v for v in (self.data, current) if v]
            found = chosen(self.target, wanted) if wanted else []
        else:
            found = options(self.target, [current] if current else [])
        self.records = {o.id: o for o in found if o.is_active or o.id == current}
        blank = [] if self.spec.required and self.data else [_not_set()]
        self.choices = blank + [
            SelectChoice(o.key, o.text, {"data-color": o.color} if o.color else {})
            for o in self.records.values()
        ]

    def choose_default(self) -> None:
        """Begin with the catalog's default record, unless something is chosen already."""
        if self.data is None:
            offered = self.records.values()
            self.data = next((o.id for o in offered if o.is_default and o.is_active), None)

    def without(self, key: int) -> None:
        """Take one record off the offer."""
        self.records.pop(key, None)
        self.choices = [c for c in self.choices if chosen_id(c.value) != key]

    def look_up_at(self, url: str) -> None:
        """Where the browser asks for records of a large table."""
        if self.remote:
            self.render_kw = {"data-remote-url": f"{url}?proof=1"}

    def pre_validate(self, form: BaseForm) -> None:
        """Refuses a record that is inactive or gone; options are loaded before."""
        typed = self.raw_data[0] if self.raw_data else ""
        label = str(self.spec.label)
        if self._is_another(typed):
            self.data = None  # the one that has the id now was never chosen
        if typed and self.data not in self.records:
            stopped = chosen(self.target, [self.data]) if self.data else []
            if stopped:
                params = {"label": label, "value": stopped[0].text}
                raise StopValidation(message("inactive_value", params))
            raise StopValidation(_("The record chosen here was deleted meanwhile: choose another."))
        self.require(self.data)

    def _is_another(self, typed: str) -> bool:
        """Whether what was posted has its proof with it, and that is of another record. A plain id,
        which no page of ours posts, means whatever has it."""
        named, now = marks.of_key(typed), self.records.get(self.data or 0)
        return bool(named and named[1] and now is not None and named[1] != now.made)


def chosen_id(value: object) -> int | None:
    """The id of the record that an option or a posted value names; None for what names none."""
    named = marks.of_key(str(value))
    return None if named is None else named[0]


def _not_set() -> SelectChoice:
    return SelectChoice(NOT_CHOSEN, _("Not set"))


def _fixed_choices(spec: FieldSpec) -> list[SelectChoice]:
    blank = [] if spec.required or spec.default else [_not_set()]
    return blank + [_choice(spec, value.text, value.words) for value in spec.values]


def _choice(spec: FieldSpec, text: str, words: Words) -> SelectChoice:
    mark = {"data-color": text} if spec.kind.has_hues else {}
    return SelectChoice(text, translated(words), mark)


def shown(spec: FieldSpec, value: object) -> str:
    """A value the way people type it: a stored one, or what was typed where that could not be read
    (a form with errors may be stale too, and the conflict page shows both)."""
    return spec.kind.show(value)


def typed(field: SpecField, value: object) -> list[str]:
    """What a form would post for a field that has this value; [] for a box that is not ticked."""
    if isinstance(field, BooleanField):
        return ["y"] if value else []
    if value is None:
        return [""]
    return [str(value) if isinstance(field, SelectField) else shown(field.spec, value)]


CONTROLS: Mapping[Control, type[SpecField]] = {
    Control.LINE: TextField,
    Control.LINES: LongTextField,
    Control.TICK: YesNoField,
    Control.CHOICE: ChoiceField,
}


def control(spec: FieldSpec) -> SpecField:
    """The field of a form for one of a record, but for a ref, which needs its target."""
    return CONTROLS[spec.kind.control](spec, default=spec.default)


def form_class(
    spec: RecordSpec, fields: Iterable[FieldSpec], targets: Mapping[str, type[Any]],
    base: type[RecordForm] = RecordForm, extra: Mapping[str, object] | None = None,
) -> type[RecordForm]:  # fmt: skip
    """A form with these fields. `targets` are the models that refs point to, by class name."""
    body: dict[str, object] = {}
    for f in fields:
        if f.is_ref:
            target = targets[f.target]
            body[f.name] = RefField(f, target, bool(target.__record__.is_large))
        else:
            body[f.name] = control(f)
    return type(f"{spec.model.__name__}Form", (base,), {**body, **(extra or {})})


def sections(spec: RecordSpec, form: RecordForm) -> list[tuple[Words | None, list[SpecField]]]:
    """(legend, fields) of a form; fields without a section come first, without a legend."""
    parts: list[tuple[Words | None, list[SpecField]]] = []
    keys: Sequence[tuple[str, Words | None]] = [
        ("", None),
        *((s.key, s.label) for s in spec.options.sections),
    ]
    for key, label in keys:
        found = [f for f in form if isinstance(f, SpecField) and f.spec.section == key]
        if found:
            parts.append((label, found))
    return parts


__all__ = ["RecordForm", "RefField", "SpecField", "ValidationError", "form_class", "sections"]
