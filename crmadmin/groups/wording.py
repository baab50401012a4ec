"""What a step of a draft is called, on the form and in the history."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from crmadmin.groups.shapes import StepKind

HOW: Mapping[str, LazyString] = {
    StepKind.PICK: _l("Picked"),
    StepKind.MATCHING: _l("Picked by a search"),
    StepKind.PASTE: _l("Pasted codes"),
    StepKind.IMPORT: _l("Imported"),
    StepKind.FREEZE: _l("Kept from a filter"),
    StepKind.CLONE: _l("Copied with the group"),
    StepKind.COPY: _l("Copied from another group"),
    StepKind.MOVE: _l("Moved from another group"),
    StepKind.COMBINE: _l("Made of two groups"),
}
"""How a member came in, by the kind of step."""


def step_words(kind: str, adds: bool, rows: int, params: Mapping[str, object]) -> str:
    """One line: Chọn 12 khách hàng · Nhập từ FILE: 400 · Bớt 3 khách hàng."""
    shown = format_decimal(rows)
    if kind == StepKind.IMPORT:
        file = str(params.get("file", ""))
        return str(_("Import from %(file)s: %(count)s", file=file, count=shown))
    if not adds:
        return _removal(kind, rows, shown, params)
    words = {
        StepKind.MATCHING: _("All that match the search: %(count)s", count=shown),
        StepKind.PASTE: _("Pasted list of codes: %(count)s", count=shown),
        StepKind.FREEZE: _("Kept what the filter matches: %(count)s", count=shown),
        StepKind.CLONE: _("Copy of “%(name)s”: %(count)s", name=_name(params), count=shown),
        StepKind.COPY: _("Copied from “%(name)s”: %(count)s", name=_name(params), count=shown),
        StepKind.MOVE: _("Moved from “%(name)s”: %(count)s", name=_name(params), count=shown),
        StepKind.COMBINE: _combined(params, shown),
    }
    picked = ngettext("Pick %(count)s customer", "Pick %(count)s customers", rows, count=shown)
    return str(words.get(StepKind(kind), picked) if kind in set(StepKind) else picked)


def _removal(kind: str, rows: int, shown: str, params: Mapping[str, object]) -> str:
    if kind == StepKind.MOVE:
        return str(_("Moved to “%(name)s”: %(count)s", name=_name(params), count=shown))
    if kind == StepKind.MATCHING:
        return str(_("Take out all that match the search: %(count)s", count=shown))
    return str(
        ngettext("Take out %(count)s customer", "Take out %(count)s customers", rows, count=shown)
    )


def _name(params: Mapping[str, object]) -> str:
    return str(params.get("group", ""))


def _combined(params: Mapping[str, object], shown: str) -> str:
    a, b = str(params.get("a", "")), str(params.get("b", ""))
    how = {
        "union": _("“%(a)s” and “%(b)s” together: %(count)s", a=a, b=b, count=shown),
        "overlap": _("In both “%(a)s” and “%(b)s”: %(count)s", a=a, b=b, count=shown),
        "a_minus_b": _("In “%(a)s” but not in “%(b)s”: %(count)s", a=a, b=b, count=shown),
        "b_minus_a": _("In “%(a)s” but not in “%(b)s”: %(count)s", a=b, b=a, count=shown),
    }
    return str(how.get(str(params.get("how")), shown))
