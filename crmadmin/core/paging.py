"""A page of a list: which rows, of how many. Plain data; `core.listing` fills it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

COUNT_CAP = 10_000
PER_PAGE = (25, 50, 100)
DEFAULT_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `total` is exact only when `exact`; else there are more rows than that.

    `number` is 0 for a page that was reached from the end of a list that nobody counted.
    """

    rows: Sequence[Any]
    number: int
    per_page: int
    total: int
    exact: bool = True
    follows: bool | None = None
    """Whether rows follow, where that was looked up; else the count tells."""
    walks: bool = False
    """Whether the neighbours are found from the page's own first and last row."""
    per_page_choices: tuple[int, ...] = field(default=PER_PAGE)

    @property
    def first(self) -> int:
        """Position of the first row shown, from 1; 0 when there is none."""
        return (self.number - 1) * self.per_page + 1 if self.rows and self.number else 0

    @property
    def last(self) -> int:
        """Position of the last row shown."""
        return self.first + len(self.rows) - 1 if self.first else 0

    @property
    def pages(self) -> int:
        """How many pages there are, as far as they were counted."""
        return max(1, ceil(self.total / self.per_page))

    @property
    def has_next(self) -> bool:
        """Whether rows follow."""
        if self.follows is not None:
            return self.follows
        return not self.exact or self.number < self.pages


def clamp(number: int, total: int, per_page: int) -> int:
    """The page asked for, or the last one when it lies beyond."""
    return max(1, min(number, ceil(total / per_page) or 1))
