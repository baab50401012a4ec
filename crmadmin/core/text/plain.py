"""Values without a national format: text, long text, code, website, yes/no, whole number."""

import math
import re

from crmadmin.core.text.base import Note, cell_text, note, refusal
from crmadmin.core.text.clean import collapse
from crmadmin.core.text.folding import fold
from crmadmin.core.text.legacy import looks_legacy

_LINE_BREAK = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")

_YES = frozenset({"co", "dung", "yes", "true", "1", "x"})
_NO = frozenset({"khong", "sai", "no", "false", "0"})

_LARGEST_WHOLE = 2**31 - 1  # the INTEGER column of both databases
_WHOLE = re.compile(r"([+-]?[0-9]{1,12})(?:\.0{1,2})?")

_WEBSITE_LENGTH = 2048
_WEBSITE = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<host>[^\s/?#@:]+)(?P<port>:[0-9]{1,5})?"
    r"(?P<path>[/?#][^\s<>\"`\\]*)?",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")


def text(value: object, notes: list[Note] | None = None) -> str | None:
    """One line of text: NFC, trimmed, single blanks, no control characters.

    Numbers and dates become what the cell shows (`cell_text`). Text that looks like VNI or
    TCVN3 is kept as it is, with Note("legacy_encoding").
    """
    cleaned = collapse(cell_text(value))
    _warn_legacy(cleaned, notes)
    return cleaned or None


def long_text(value: object, notes: list[Note] | None = None) -> str | None:
    """Like `text`, line by line: breaks stay (as `\\n`), blank lines around the text go."""
    lines = [collapse(line) for line in _LINE_BREAK.split(cell_text(value))]
    cleaned = "\n".join(lines).strip("\n")
    _warn_legacy(cleaned, notes)
    return cleaned or None


def _warn_legacy(cleaned: str, notes: list[Note] | None) -> None:
    if notes is not None and looks_legacy(cleaned):
        note(notes, "legacy_encoding", cleaned)


def code(value: object, notes: list[Note] | None = None) -> str | None:
    """A record's code, in the case it was typed; compare with `code_key`. `1001.0` is `1001`."""
    return collapse(cell_text(value)) or None


def yes_no(value: object, notes: list[Note] | None = None) -> bool | None:
    """Có/Không, Đúng/Sai, Yes/No, True/False, 1/0, x; case and accents do not matter.

    None for a blank: the caller takes the field's default. Else Refusal("bad_yes_no").
    """
    if isinstance(value, bool):
        return value
    raw = cell_text(value)
    word = fold(raw[:100])
    if word in _YES:
        return True
    if word in _NO:
        return False
    if not word and not collapse(raw):
        return None
    raise refusal("bad_yes_no", raw)


def whole_number(value: object, notes: list[Note] | None = None) -> int | None:
    """A whole number of at most 2,147,483,647 either side of zero, else Refusal("bad_number").

    Reasons: `not_whole`, `too_large`. A thousands separator is refused rather than guessed:
    "1.000" is a thousand here and one elsewhere.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise refusal("bad_number", str(value), reason="not_whole")
    raw = cell_text(value)
    cleaned = collapse(raw)
    if not cleaned:
        return None
    match = _WHOLE.fullmatch(cleaned)
    if isinstance(value, bool) or match is None:
        huge = cleaned.lstrip("+-").isdecimal()
        raise refusal("bad_number", cleaned, reason="too_large" if huge else "not_whole")
    number = int(match[1])
    if abs(number) > _LARGEST_WHOLE:
        raise refusal("bad_number", cleaned, reason="too_large")
    return number


def website(value: object, notes: list[Note] | None = None) -> str | None:
    """An http(s) address, safe to stand in a link: `CongTy.vn/A` -> `https://congty.vn/A`.

    https is assumed where no scheme is given; scheme and host are lower-cased. Any other
    scheme, user names in the address and hosts without a dot are Refusal("bad_website").
    """
    cleaned = collapse(cell_text(value))
    if not cleaned:
        return None
    match = _WEBSITE.fullmatch(cleaned) if len(cleaned) <= _WEBSITE_LENGTH else None
    host = collapse(match["host"].lower()) if match else ""
    if match is None or not _is_host(host):
        raise refusal("bad_website", cleaned)
    scheme = (match["scheme"] or "https").lower()
    return f"{scheme}://{host}{match['port'] or ''}{match['path'] or ''}"


def _is_host(host: str) -> bool:
    labels = host.split(".")
    last = labels[-1]
    return (
        len(labels) > 1
        and len(host) <= 253
        and all(_LABEL.fullmatch(label) for label in labels)
        and (last.isalpha() or last.startswith("xn--"))
        and len(last) > 1
    )
