"""People who edit customers and a group, again and again, and remember what was answered."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from browsing import Browser, Unanswered, form_of

CUSTOMERS, GROUPS = "/admin/customers", "/admin/groups"


@dataclass
class Edits:
    """What one person wrote again and again, and what of it was answered."""

    answered: dict[Any, str] = field(default_factory=dict)
    maybe: dict[Any, list[str]] = field(default_factory=dict)
    """Sent after the last one that was answered: written or not."""
    statuses: Counter[int | str] = field(default_factory=Counter)

    def send(self, what: Any, text: str, post: Callable[[], int]) -> None:
        """Write once more; 302 means that it is saved."""
        try:
            status = post()
        except Unanswered:
            self.statuses["unanswered"] += 1
            self.maybe.setdefault(what, []).append(text)
            return
        self.statuses[status] += 1
        if status == 302:
            self.answered[what] = text
            self.maybe.pop(what, None)

    def allow(self, what: Any, before: str | None) -> set[str | None]:
        """What may stand there now, when `before` stood there in the beginning."""
        return {self.answered.get(what, before), *self.maybe.get(what, ())}


def write_notes(browser: Browser, ids: list[int], edits: Edits, ended: Event) -> None:
    """Open each customer, change its note, save; from the beginning again, until told."""
    turn = 0
    while not ended.is_set():
        turn += 1
        for id_ in ids:
            if ended.is_set():
                return
            path, text = f"{CUSTOMERS}/edit/?id={id_}", f"lần {turn} của {id_}"
            shown = form_of(browser.get(path).text)
            fields = [(k, text if k == "note" else v) for k, v in shown]
            edits.send(id_, text, lambda f=fields, p=path: browser.post(p, f).status)  # type: ignore[misc]


def fill_group(browser: Browser, key: int, ids: list[int], edits: Edits, ended: Event) -> None:
    """Pick one customer after another into the group, and save each time with another text."""
    path = f"{GROUPS}/edit/?id={key}"
    for turn, id_ in enumerate(ids):
        if ended.is_set():
            return
        try:
            browser.post(f"{GROUPS}/draft/{key}/pick", [("ids", str(id_))], page=path)
        except Unanswered:
            edits.statuses["unanswered"] += 1
            continue
        text = f"lần {turn}, {id_} vào"
        fields = [("name", "Nhóm cũ"), ("description", text)]
        edits.send("group", text, lambda f=fields: browser.post(path, f).status)  # type: ignore[misc]
        time.sleep(0.05)


@contextmanager
def editing(
    notes: tuple[Browser, list[int]], group: tuple[Browser, int, list[int]]
) -> Iterator[tuple[Edits, Edits]]:
    """While the body runs, one writes notes of customers and another fills a group."""
    written, filled, ended = Edits(), Edits(), Event()
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(write_notes, *notes, written, ended),
            pool.submit(fill_group, *group, filled, ended),
        ]
        try:
            yield written, filled
        finally:
            ended.set()
        for one in asked:
            one.result(30)
