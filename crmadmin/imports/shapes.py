"""What the JSON columns of imports hold, as `core.stored` reads it.

Whoever keeps something else in one of them says so here, or it reads as lost.
"""

from __future__ import annotations

from crmadmin.core.stored import ANY, EMPTY, TupleShape
from crmadmin.imports.reader import frames
from crmadmin.imports.records import OnBlank, OnContact, OnDuplicate, OnUnknown, State

PLACE = int
"""Of a column, from 0; of a row, from 1."""

DECISIONS = {str: {str: (int, frozenset(OnUnknown))}}
"""Import column → value of a catalog as the file writes it → a record's id, or what else."""

OPTIONS = {
    "on_duplicate?": frozenset(OnDuplicate), "contacts?": frozenset(OnContact),
    "blank?": frozenset(OnBlank), "unknown?": frozenset(OnUnknown), "strict?": bool,
    "values?": DECISIONS, "group_name?": (str, None), "draft?": (int, None), "mapped?": (str, None),
    "forgetting?": bool,
}  # fmt: skip
COLUMNS = {
    "fields?": {str: PLACE}, "headings?": {str: str}, "ignored?": [ANY], "unnamed?": [ANY],
}  # fmt: skip
COUNTS = (
    EMPTY,
    {
        "rows": {"total": int, **{f"{state}?": int for state in State}},
        "contacts": {"created": int, "skipped": int}, "members": {"added": int, "already": int},
    },
)  # fmt: skip
REFUSAL = {"code": str, "params?": {str: (str, int, float)}}
HEADS = [{"sheet": str, "header": (PLACE, None), "rows": [TupleShape((PLACE, [ANY]))]}]
MAPPING = {"sheet?": (str, None), "header?": (PLACE, None), "fields?": ({str: PLACE}, None)}
UNKNOWN = [{"column": str, "value": str, "rows": int}]
UNDONE = {
    **dict.fromkeys(("created", "restored", "contacts", "members", "made", "changed", "gone"), int),
    "kept": int, "beside?": [ANY],
}  # fmt: skip
IMAGE = {str: ANY}
"""Values by column, as they were before."""
PROBLEMS = [{"code": str, "column": str, "value": ANY, "params?": ({str: ANY}, None)}]


def _is_cell(value: object) -> bool:
    try:
        frames.decode_cell(value)
    except ValueError:
        return False
    return True


CELLS = [_is_cell]
