"""What htmx asks for, and how it is told to load another page."""

from __future__ import annotations

from flask import make_response, redirect, request
from werkzeug.wrappers import Response


def is_asking() -> bool:
    """Whether a script of a page asks, for a part of it or instead of a plain form."""
    return request.headers.get("HX-Request") == "true"


def go(url: str, code: int = 303) -> Response:
    """To another page: htmx is told to load it, a plain form is redirected with this status."""
    if not is_asking():
        return redirect(url, code)
    answer = make_response("", 204)
    answer.headers["HX-Redirect"] = url
    return answer
