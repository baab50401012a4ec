"""E-mail addresses: one address a cell, checked without asking the network."""

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from crmadmin.core.text.base import Note, cell_text, refusal
from crmadmin.core.text.clean import collapse

_LONGEST = 254  # RFC 5321, a path without its brackets

# The common address; a test holds it to what email-validator says. Reserved top-level names,
# short or numeric ones, and punycode labels are left to the library.
COMMON_EMAIL = re.compile(
    r"[A-Za-z0-9_+-]{1,30}(?:\.[A-Za-z0-9_+-]{1,30})?"
    r"@((?:[A-Za-z0-9]{1,30}(?:-[A-Za-z0-9]{1,30})?\.){1,3}(?:vn|com|net|org|info|edu))",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"@[^@]*[\s,;/|][^@]*@")


def email(value: object, notes: list[Note] | None = None) -> str | None:
    """The address with its domain lower-cased; the part before @ keeps its case.

    Raises Refusal("bad_email") with `reason`: missing_at, missing_name, missing_domain,
    two_addresses, blank_inside, too_long, malformed. Compare with `email_key`.
    """
    cleaned = collapse(cell_text(value))
    if not cleaned:
        return None
    if match := COMMON_EMAIL.fullmatch(cleaned):
        return cleaned[: match.start(1)] + match[1].lower()
    normalised = _validated(cleaned) if len(cleaned) <= _LONGEST else None
    if normalised is None:
        raise refusal("bad_email", cleaned, reason=_why(cleaned))
    return normalised


@lru_cache(maxsize=1024)
def _validated(address: str) -> str | None:
    try:
        found = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return None
    return collapse(f"{found.local_part}@{found.domain.lower()}")


def _why(address: str) -> str:
    if len(address) > _LONGEST:
        return "too_long"
    name, at, domain = address.partition("@")
    if not at:
        return "missing_at"
    if _SEVERAL.search(address):
        return "two_addresses"
    if not name.strip():
        return "missing_name"
    if not domain.strip():
        return "missing_domain"
    return "blank_inside" if " " in address else "malformed"
