"""Derived columns made before they are asked for: keys, sort keys and search texts of a block.

Most rows are written as the file has them, so what their derived columns will be is known as soon
as their cells are. The writer asks here, and what was not foreseen (a default came in, a value of
the record stayed) is made then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from crmadmin.core.spec import DerivedSpec, RecordSpec

Made = dict[str, list[Any]]
"""Derived column → its values, one for each row of a block."""


def make(spec: RecordSpec, values: Mapping[str, Sequence[object]], rows: int) -> Made:
    """The derived columns of a block's rows as the file has them. `values`: by field."""
    return {
        derived.column: list(map(derived.make, _sources(spec, derived, values, rows)))
        for derived in spec.derived
    }


def _sources(
    spec: RecordSpec, derived: DerivedSpec, values: Mapping[str, Sequence[object]], rows: int
) -> Iterable[tuple[Any, ...]]:
    names = {f.column: f.name for f in spec.fields}
    blank = repeat(None, rows)
    return zip(*(values.get(names.get(s, s), blank) for s in derived.sources), strict=False)


class DerivedColumns:
    """What was made of a block's rows, found by the values that it was made of."""

    def __init__(
        self, spec: RecordSpec, values: Mapping[str, Sequence[object]], made: Made, rows: int
    ) -> None:
        self._spec = spec
        self._values = values
        self._made = made
        self._rows = rows

    def column(self, derived: DerivedSpec, sources: Iterable[tuple[Any, ...]]) -> list[Any]:
        """A derived column for rows with these source values."""
        if derived.column not in self._made:
            return list(map(derived.make, sources))
        known = _sources(self._spec, derived, self._values, self._rows)
        found = dict(zip(known, self._made[derived.column], strict=True))
        return [found[row] if row in found else derived.make(row) for row in sources]


def none_derived(spec: RecordSpec) -> DerivedColumns:
    """Where nothing was made before."""
    return DerivedColumns(spec, {}, {}, 0)
