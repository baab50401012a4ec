from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from werkzeug.datastructures import MultiDict
from wtforms import Field

class _Words(Protocol):
    def __str__(self) -> str: ...

_Validator = Callable[[Any, Any], object]

class BaseForm:
    errors: dict[str, Sequence[_Words]]
    form_errors: list[_Words]
    data: dict[str, Any]

    def __iter__(self) -> Iterator[Field]: ...
    def __contains__(self, name: str) -> bool: ...
    def __getitem__(self, name: str) -> Field: ...
    def __delitem__(self, name: str) -> None: ...

class Form(BaseForm):
    def __init__(
        self,
        formdata: MultiDict[str, str] | None = ...,
        obj: object = None,
        prefix: str = "",
        data: Mapping[str, object] | None = None,
        **kwargs: object,
    ) -> None: ...
    def validate(
        self, extra_validators: Mapping[str, Sequence[_Validator]] | None = None
    ) -> bool: ...
