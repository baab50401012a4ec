"""Choosing among values of which some are more common than others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from random import Random
from typing import TypeVar

T = TypeVar("T")


def many(chance: Random, common: Mapping[T, float], how_many: int) -> list[T]:
    """So many of the keys, each as often as its weight says."""
    return chance.choices(list(common), cum_weights=list(accumulate(common.values())), k=how_many)


def one(chance: Random, common: Mapping[T, float]) -> T:
    """One of the keys."""
    return many(chance, common, 1)[0]


def some(chance: Random, values: Sequence[T], share: float) -> list[T | None]:
    """The values, about this share of them kept and None for the others."""
    return [value if chance.random() < share else None for value in values]


def zipf(ranks: int) -> tuple[float, ...]:
    """Weights by rank: the second has half as much as the first, the third a third."""
    return tuple(1 / rank for rank in range(1, ranks + 1))
