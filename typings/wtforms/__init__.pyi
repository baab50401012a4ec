"""What we use of WTForms, which ships no types. A field stands here as the attribute of a form's
instance that it becomes; what it holds (`data`) is up to the field."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from markupsafe import Markup
from wtforms.form import BaseForm
from wtforms.form import Form as Form

class _Words(Protocol):
    def __str__(self) -> str: ...

_Validator = Callable[[Any, Any], object]
_Line = TypeVar("_Line", bound=Field)
_Inner = TypeVar("_Inner", bound=Form)

class Label:
    field_id: str
    text: _Words

class Flags:
    required: bool | None
    maxlength: int | None

class Field:
    name: str
    short_name: str
    id: str
    label: Label
    description: _Words
    data: Any
    raw_data: list[str] | None
    errors: Sequence[_Words]
    flags: Flags
    render_kw: Mapping[str, object] | None
    default: Any
    validators: Sequence[_Validator]

    def __init__(
        self,
        label: _Words | None = None,
        validators: Sequence[_Validator] | None = None,
        *,
        description: _Words = "",
        default: object = None,
        render_kw: Mapping[str, object] | None = None,
        filters: Sequence[Callable[[Any], object]] = (),
        **kwargs: Any,
    ) -> None: ...
    def __call__(self, **kwargs: object) -> Markup: ...
    def validate(self, form: BaseForm) -> bool: ...
    def pre_validate(self, form: BaseForm) -> None: ...

class StringField(Field): ...
class TextAreaField(StringField): ...
class PasswordField(StringField): ...
class EmailField(StringField): ...
class HiddenField(StringField): ...
class IntegerField(Field): ...
class BooleanField(Field): ...

class SelectChoice:
    value: Any
    label: _Words

    def __init__(
        self, value: object, label: _Words | None = None, render_kw: Mapping[str, object] = ...
    ) -> None: ...

class SelectField(Field):
    choices: list[SelectChoice]

    def __init__(
        self,
        label: _Words | None = None,
        validators: Sequence[_Validator] | None = None,
        coerce: Callable[[Any], object] = ...,
        choices: Sequence[SelectChoice] | None = None,
        validate_choice: bool = True,
        *,
        description: _Words = "",
        default: object = None,
        render_kw: Mapping[str, object] | None = None,
        **kwargs: Any,
    ) -> None: ...

class FormField(Field, Generic[_Inner]):
    form: _Inner

    def __init__(self, form_class: type[_Inner], **kwargs: Any) -> None: ...

class FieldList(Field, Generic[_Line]):
    entries: list[_Line]

    def __init__(
        self, unbound_field: _Line, *, max_entries: int | None = None, **kwargs: Any
    ) -> None: ...
    def __iter__(self) -> Iterator[_Line]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> _Line: ...
    def append_entry(self, data: object = ...) -> _Line: ...
