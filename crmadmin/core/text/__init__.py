"""What a value looks like when it is stored, compared, ordered and shown.

One normaliser for each format of the domain, used by forms, imports and the command line
alike. Pure: no database, no web framework, no wording (see `crmadmin.core.messages`), and no
length limits (they belong to the field).
"""

from crmadmin.core.text.base import (
    SHOWN_LENGTH,
    Normaliser,
    Note,
    Refusal,
    cell_text,
    shorten,
    show_date,
)
from crmadmin.core.text.dates import birthday, date, today
from crmadmin.core.text.emails import email
from crmadmin.core.text.folding import (
    as_typed,
    code_key,
    email_key,
    fold,
    heading_key,
    name_key,
)
from crmadmin.core.text.legacy import looks_legacy
from crmadmin.core.text.order import SORT_KEY_LENGTH, sort_key, sort_ranges
from crmadmin.core.text.phones import dialled, phone, show_phone, without_marks, without_word
from crmadmin.core.text.plain import code, long_text, text, website, whole_number, yes_no
from crmadmin.core.text.provinces import PROVINCES, Province, province
from crmadmin.core.text.tax_codes import is_personal_id, tax_code

__all__ = [
    "PROVINCES",
    "SHOWN_LENGTH",
    "SORT_KEY_LENGTH",
    "Normaliser",
    "Note",
    "Province",
    "Refusal",
    "as_typed",
    "birthday",
    "cell_text",
    "code",
    "code_key",
    "date",
    "dialled",
    "email",
    "email_key",
    "fold",
    "heading_key",
    "is_personal_id",
    "long_text",
    "looks_legacy",
    "name_key",
    "phone",
    "province",
    "shorten",
    "show_date",
    "show_phone",
    "sort_key",
    "sort_ranges",
    "tax_code",
    "text",
    "today",
    "website",
    "whole_number",
    "without_marks",
    "without_word",
    "yes_no",
]
