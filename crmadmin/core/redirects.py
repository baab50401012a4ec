"""The one place that decides where a browser may be sent after a form.

Everything that comes from outside (`next`, `url`, a referrer) goes through `safe_path`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import redirect, request
from werkzeug.wrappers import Response

LONGEST = 2000


def safe_path(target: str | None) -> str | None:
    """`target` when it is a plain path on this site (with its query), else None.

    Only `/path?query` passes: no scheme, no host, no `//`, and no backslash, blank or control
    character, which browsers drop or read as a slash before they look at the address.
    """
    if not target or len(target) > LONGEST:
        return None
    if not target.startswith("/") or target.startswith("//"):
        return None
    if any(c == "\\" or c <= " " or c == "\x7f" or not c.isprintable() for c in target):
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else target


def path_of(address: str | None) -> str | None:
    """The safe path of an address of this site (a referrer, htmx's current URL), else None."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return None
    if parts.netloc and (parts.scheme not in ("http", "https") or parts.netloc != request.host):
        return None
    return safe_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def redirect_back(target: str | None, otherwise: str) -> Response:
    """Send the browser to `target` when that is safe, else to `otherwise`, a path of our own."""
    # 303: whatever the method was, the next page is fetched.
    return redirect(safe_path(target) or otherwise, code=303)
