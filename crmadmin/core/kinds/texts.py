"""Text of one line, of several, and a record's code."""

from __future__ import annotations

from crmadmin.core import text
from crmadmin.core.kinds.base import Control, FieldKind, Storage
from crmadmin.core.normalise_columns import texts

TEXT = FieldKind(
    "text",
    "one line of text, at most `max_length` characters (255 unless told)",
    text.text,
    example="Xây cùng nhau",
    column=lambda f: texts(f.max_length, warns=True),
    defaults={"max_length": 255},
    searchable=True,
    filterable=False,
    says_limit=True,
)

LONG_TEXT = FieldKind(
    "long_text",
    "text of several lines, at most `max_length` characters (4,000 unless told)",
    text.long_text,
    example="Gọi sau 17 giờ",
    column=lambda f: texts(f.max_length, warns=True),
    storage=Storage.TEXT,
    defaults={"max_length": 4000, "span": 12},
    control=Control.LINES,
    cell="long_text",
    fits_a_column=False,
    sortable=False,
    searchable=True,
    filterable=False,
    cell_width=36,
    says_limit=True,
)

CODE = FieldKind(
    "code",
    "a record's code, at most 32 characters; blank asks for the next automatic one",
    text.code,
    example="CTV001",
    column=lambda f: texts(f.max_length, warns=False),
    defaults={"max_length": 32},
    nullable=False,
    numbers_itself=True,
    cell="code",
    width="w-s2",
    sort_suffix="_key",
    searchable=True,
    filterable=False,
    exact=text.code_key,
    exact_suffix="_key",
    cell_width=16,
    says_limit=True,
    keeps_zeros=True,
)
