"""Yes or no."""

from __future__ import annotations

from crmadmin.core import text
from crmadmin.core.kinds.base import Control, FieldKind, Storage, Value
from crmadmin.core.kinds.base import marked as _

YES_NO = FieldKind(
    "boolean",
    "yes or no; a blank takes the default (no unless told)",
    text.yes_no,
    example="Có",
    storage=Storage.YES_NO,
    defaults={"default": False},
    nullable=False,
    control=Control.TICK,
    cell="boolean",
    width="w-s2",
    read_choice={"1": True, "0": False}.get,
    hint=_("Có or Không."),
    # Imports read them in either language; a template is filled in by Vietnamese people.
    values=(Value("1", True, _("Yes"), "Có"), Value("0", False, _("No"), "Không")),
)
