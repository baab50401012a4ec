"""The shape of JSON that is stored: what a column promises, and whether a value keeps the promise.

A shape is plain data: a type; `None`; a set of words; a function that says yes or no; a tuple of
shapes, any of which will do; `[shape]`, a list of such; `TupleShape`, a list of so many; `{str:
shape}`, an object of any names; or `{"name": shape}`, an object that has these names, of which
`"name?"` may be missing, and others that nobody asks for. `ANY` is everything, `EMPTY` an empty
object. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

ANY = object
"""Whatever JSON there is."""

EMPTY = object()
"""An object with nothing in it. A list without anything is `[shape]` as well."""

Shape = Any


@dataclass(frozen=True)
class TupleShape:
    """A list of so many values, each of its own shape."""

    parts: tuple[Any, ...]


DEEPEST = 40


def fits(value: object, shape: Shape, depth: int = 0) -> bool:
    """Whether a value has this shape. A whole number is no truth value, and the other way round."""
    if depth > DEEPEST:
        return False
    if isinstance(shape, tuple):
        return any(fits(value, one, depth + 1) for one in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(part, shape[0], depth + 1) for part in value)
    if isinstance(shape, TupleShape):
        if not isinstance(value, list) or len(value) != len(shape.parts):
            return False
        return all(map(partial(fits, depth=depth + 1), value, shape.parts))
    if isinstance(shape, dict):
        return isinstance(value, Mapping) and _has_names(value, shape, depth)
    return _is(value, shape)


def _is(value: object, shape: Shape) -> bool:
    if shape is ANY:
        return True
    if shape is EMPTY:
        return isinstance(value, dict) and not value
    if callable(shape) and not isinstance(shape, type):
        return bool(shape(value))
    if isinstance(shape, type):
        return isinstance(value, shape) and isinstance(value, bool) is (shape is bool)
    if isinstance(shape, frozenset):
        return isinstance(value, str) and value in shape
    return value is shape


def _has_names(value: Mapping[Any, Any], shape: Mapping[Any, Shape], depth: int) -> bool:
    if str in shape:
        return all(fits(part, shape[str], depth + 1) for part in value.values())
    for name, of in shape.items():
        plain = name.removesuffix("?")
        if plain in value:
            if not fits(value[plain], of, depth + 1):
                return False
        elif plain == name:
            return False
    return True
