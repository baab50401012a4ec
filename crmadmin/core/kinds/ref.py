"""Links to records of other models."""

from __future__ import annotations

from crmadmin.core import outside, text
from crmadmin.core.kinds.base import Control, FieldKind, Storage
from crmadmin.core.kinds.base import marked as _
from crmadmin.core.normalise_columns import texts

REF = FieldKind(
    "ref",
    "a link to a record of another model; the column's name ends in _id",
    text.text,
    column=lambda _field: texts(None, warns=True),
    storage=Storage.LINK,
    control=Control.RECORD,
    cell="ref",
    width="w-m",
    read_choice=outside.record_id,
    hint=_("The code or the name of a record; choose from the list."),
)
