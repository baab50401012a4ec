"""Which rows of a list an act is about: those that were ticked, or all that its search matches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from crmadmin.core import htmx, outside, records
from crmadmin.core.list_state import Unread, UnreadSearch


@dataclass(frozen=True, slots=True)
class Selection:
    """The ticked `ids`; or, with `query` (a list's query string), everything it matches."""

    ids: tuple[int, ...] = ()
    query: str | None = None

    @property
    def args(self) -> MultiDict[str, str]:
        """The parameters of the list's address."""
        found = outside.parameters(self.query or "")
        if found is None:
            raise UnreadSearch([Unread("text", self.query or "")])
        return found

    def context(self) -> dict[str, object]:
        """What a sheet repeats, so that the act is about the same rows."""
        return {
            "ids": list(self.ids),
            "all_matching": self.query is not None,
            "query": self.query or "",
        }


def selection(model: type[Any], given: MultiDict[str, str] | None = None) -> Selection:
    """What the request (or the given parameters) is about; ids that are none are left out.

    One that names another record by now is below zero, where no record is.
    """
    sent = given if given is not None else parameters()
    if sent.get("all_matching") == "1":
        return Selection(query=sent.get("query", ""))
    return Selection(tuple(records.same_ids(model, sent.getlist("ids"))))


def parameters() -> MultiDict[str, str]:
    """What the request carries: a form when it is posted, else the address."""
    return request.form if request.method == "POST" else request.args


def leave(url: str) -> ResponseReturnValue:
    """Away from a sheet: htmx is told to load the address, a plain form is redirected."""
    return htmx.go(url, 302)
