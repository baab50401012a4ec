"""Every whole page that says what went wrong, to be had at will."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, abort, make_response

from crmadmin.access.passwords import BusyError
from crmadmin.access.questions import TooManyQuestions
from crmadmin.access.throttle import ThrottledError
from crmadmin.core import marks
from crmadmin.panel import errors


def fails(error: Exception) -> Callable[[], Any]:
    """Refuse by raising this."""

    def refuse() -> Any:
        raise error

    return refuse


def by_the_server(app: Flask, code: int) -> Callable[[], Any]:
    """Refuse as the web server does, before the app is asked."""
    made = errors.by_the_server(app, code)
    return lambda: make_response(made.get_data(), code, {"Content-Type": "text/html"})


def refusals(app: Flask) -> dict[str, Callable[[], Any]]:
    """Every whole page that says what went wrong: each status that has words, and those of a kind
    of their own."""
    made: dict[str, Callable[[], Any]] = {
        str(code): lambda code=code: abort(code) for code in errors.PAGES if code != 500
    }
    made["500, by accident"] = fails(RuntimeError("by accident"))
    made["413, of the server"] = by_the_server(app, 413)
    made["431, of the server"] = by_the_server(app, 431)
    made["429, questions"] = fails(TooManyQuestions(60))
    made["429, guesses"] = fails(ThrottledError(60))
    made["503, passwords"] = fails(BusyError())
    made["409, not the same"] = fails(marks.NotTheSame())
    made["502, of the proxy"] = lambda: make_response("<html><h1>Bad Gateway</h1></html>", 502)
    return made
