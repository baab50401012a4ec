"""What a browser sends of a form of a page: its fields as they stand, those beside it included."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

SILENT = ("submit", "button", "image", "reset", "file")


class _Fields(HTMLParser):
    def __init__(self, form: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wanted, self.inside = form, False
        self.sent: list[tuple[str, str]] = []
        self._area: str | None = None
        self._text = ""
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._templates = 0

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        has = dict(given)
        if tag == "form":
            self.inside = has.get("id") == self.wanted
        if tag == "template":
            self._templates += 1
        if self._templates or (tag != "option" and not self._is_mine(has)):
            return
        name = has.get("name") or ""
        if tag == "input" and name and "disabled" not in has:
            self._input(name, has)
        elif tag == "textarea" and name:
            self._area, self._text = name, ""
        elif tag == "select" and name:
            self._select, self._options = name, []
        elif tag == "option" and self._select is not None:
            self._options.append((has.get("value") or "", "selected" in has))

    def _is_mine(self, has: dict[str, Any]) -> bool:
        return has["form"] == self.wanted if "form" in has else self.inside

    def _input(self, name: str, has: dict[str, Any]) -> None:
        kind = has.get("type", "text")
        if kind in SILENT or (kind in ("checkbox", "radio") and "checked" not in has):
            return
        self.sent.append((name, has.get("value") or ("on" if kind == "checkbox" else "")))

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "template":
            self._templates -= 1
        elif tag == "textarea" and self._area is not None:
            # A browser leaves out the line end after the tag, and sends ends of lines as CRLF.
            text = self._text.removeprefix("\r").removeprefix("\n")
            self.sent.append((self._area, text.replace("\n", "\r\n")))
            self._area = None
        elif tag == "select" and self._select is not None:
            chosen = [value for value, is_chosen in self._options if is_chosen]
            first = [self._options[0][0]] if self._options else []
            self.sent += [(self._select, value) for value in (chosen[-1:] or first)]
            self._select = None


def fields(page: str, form: str) -> dict[str, Any]:
    """Name → value (a list where one is sent several times) of the form with this id."""
    reader = _Fields(form)
    reader.feed(page)
    found: dict[str, Any] = {}
    for name, value in reader.sent:
        if name in found:
            before = found[name] if isinstance(found[name], list) else [found[name]]
            found[name] = [*before, value]
        else:
            found[name] = value
    return found
