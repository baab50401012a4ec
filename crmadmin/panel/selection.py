"""Which rows of a list an act is about: those that were ticked, or all that its search matches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import abort, make_response, redirect, request
from werkzeug.datastructures import MultiDict

MOST_TICKED = 5000


@dataclass(frozen=True, slots=True)
class Selection:
    """The ticked `ids`; or, with `query` (a list's query string), everything it matches."""

    ids: tuple[int, ...] = ()
    query: str | None = None

    @property
    def args(self) -> MultiDict[str, str]:
        """The parameters of the list's address."""
        try:
            pairs = parse_qsl(self.query or "", keep_blank_values=True, max_num_fields=500)
        except ValueError:
            abort(400)
        return MultiDict(pairs)

    def context(self) -> dict[str, Any]:
        """What a sheet repeats, so that the act is about the same rows."""
        return {
            "ids": list(self.ids),
            "all_matching": self.query is not None,
            "query": self.query or "",
        }


def selection(given: MultiDict[str, str] | None = None) -> Selection:
    """What the request (or the given parameters) is about; ids that are none are left out."""
    sent = given if given is not None else parameters()
    if sent.get("all_matching") == "1":
        return Selection(query=sent.get("query", ""))
    typed = sent.getlist("ids")[:MOST_TICKED]
    return Selection(tuple(int(i) for i in typed if i.isascii() and i.isdecimal() and len(i) < 10))


def parameters() -> MultiDict[str, str]:
    """What the request carries: a form when it is posted, else the address."""
    return request.form if request.method == "POST" else request.args


def leave(url: str) -> Any:
    """Away from a sheet: htmx is told to load the address, a plain form is redirected."""
    if "HX-Request" not in request.headers:
        return redirect(url)
    answer = make_response("", 204)
    answer.headers["HX-Redirect"] = url
    return answer
