"""Sheets of acts on many records, as a browser without scripts uses them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sent import fields
from visitor import Visitor
from werkzeug.test import TestResponse


class Sheet:
    """A sheet that a list opened: its page, and sending it."""

    def __init__(self, browser: Visitor, url: str, ticked: dict[str, Any], page: str) -> None:
        self.browser, self.url = browser, url
        answer = browser.post(url, ticked, page=page)
        assert answer.status_code == 303, answer.status_code
        self.at = answer.location
        self.text = browser.get(self.at).text
        self.sent = fields(self.text, "sheet-form")

    def kept(self) -> dict[str, str]:
        """The parameters of the sheet's own address."""
        return dict(parse_qsl(urlsplit(self.at).query))

    def choose(self, **chosen: str) -> Sheet:
        """What htmx shows when these are chosen."""
        self.text = self.browser.get(
            self.at.split("?")[0], query_string={**self.kept(), **chosen}
        ).text
        self.sent = fields(self.text, "sheet-form")
        return self

    def confirm(self, **more: Any) -> TestResponse:
        """Send the sheet as it stands."""
        return self.browser.raw_post(self.url, {**self.sent, **more})
