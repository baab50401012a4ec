"""Words for people that more than one feature shows."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l

from crmadmin.core.spec import Words

COLOR_WORDS: Mapping[str, Words] = {
    "blue": _l("Blue"),
    "indigo": _l("Indigo"),
    "purple": _l("Purple"),
    "pink": _l("Pink"),
    "red": _l("Red"),
    "orange": _l("Orange"),
    "yellow": _l("Yellow"),
    "lime": _l("Lime"),
    "green": _l("Green"),
    "teal": _l("Teal"),
    "cyan": _l("Cyan"),
    "gray": _l("Gray"),
}
"""The twelve badge hues of the design, by name."""
