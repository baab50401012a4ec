"""One of a fixed set: what a field offers itself, and the hues of badges."""

from __future__ import annotations

from crmadmin.core import text
from crmadmin.core.kinds.base import Control, FieldKind
from crmadmin.core.kinds.base import marked as _

CHOICE = FieldKind(
    "choice",
    "one of a fixed set of values, given as Choice or as (value, words)",
    text.text,
    defaults={"max_length": 32},
    control=Control.CHOICE,
    is_segmented=True,
    cell="choice",
    width="w-m",
    takes_choices=True,
)

COLOR = FieldKind(
    "color",
    "a named badge colour, one of the twelve hues of the design",
    text.text,
    example="blue",
    defaults={"max_length": 16, "default": "gray"},
    control=Control.CHOICE,
    has_hues=True,
    cell="color",
    width="w-s2",
    choices=(
        ("blue", _("Blue")),
        ("indigo", _("Indigo")),
        ("purple", _("Purple")),
        ("pink", _("Pink")),
        ("red", _("Red")),
        ("orange", _("Orange")),
        ("yellow", _("Yellow")),
        ("lime", _("Lime")),
        ("green", _("Green")),
        ("teal", _("Teal")),
        ("cyan", _("Cyan")),
        ("gray", _("Gray")),
    ),
    takes_choices=True,
)
