from typing import Any, Protocol

class _Words(Protocol):
    def __str__(self) -> str: ...

class ValidationError(ValueError):
    def __init__(self, message: _Words = "") -> None: ...

class StopValidation(Exception):
    def __init__(self, message: _Words = "") -> None: ...

class _Rule:
    def __call__(self, form: Any, field: Any) -> None: ...

class InputRequired(_Rule):
    def __init__(self, message: _Words | None = None) -> None: ...

class Length(_Rule):
    def __init__(self, min: int = -1, max: int = -1, message: _Words | None = None) -> None: ...

class NumberRange(_Rule):
    def __init__(
        self, min: float | None = None, max: float | None = None, message: _Words | None = None
    ) -> None: ...

class Regexp(_Rule):
    def __init__(self, regex: str, flags: int = 0, message: _Words | None = None) -> None: ...
