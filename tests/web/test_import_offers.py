"""What the pages of an import offer is what its addresses accept, in every state it can be in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from wizard import CUSTOMERS, begun, workbook

from crmadmin.core.db import db, utcnow
from crmadmin.imports import correct, services
from crmadmin.imports.models import ImportBatch
from crmadmin.imports.states import TABLE, Action, Status
from crmadmin.imports.views import steps
from crmadmin.jobs.models import Job

PREVIEW, RUN, UNDO = "import.preview", "import.run", "import.undo"

SITUATIONS = {
    "uploaded, being looked at": ("uploaded", PREVIEW, "running"),
    "uploaded, the look failed": ("uploaded", PREVIEW, "failed"),
    "unmapped": ("unmapped", PREVIEW, "done"),
    "previewed": ("previewed", PREVIEW, "done"),
    "stopped": ("stopped", RUN, "done"),
    "refused": ("refused", PREVIEW, "done"),
    "running": ("running", RUN, "running"),
    "running, asked to stop": ("running", RUN, "stopping"),
    "running, given up": ("running", RUN, "failed"),
    "paused": ("paused", RUN, "stopped"),
    "paused, being undone": ("paused", UNDO, "running"),
    "done": ("done", RUN, "done"),
    "done, being undone": ("done", UNDO, "running"),
    "undone": ("undone", UNDO, "done"),
}

ADDRESSES: dict[Action, tuple[str, ...]] = {
    Action.RETRY: ("POST resume",),
    Action.RESUME: ("POST resume",),
    Action.SETTINGS: ("GET settings", "POST settings"),
    Action.MAP: ("GET mapping", "POST sheet"),
    Action.RESTART: ("POST restart",),
    Action.PREVIEW: ("GET preview",),
    Action.CORRECT: ("POST rows/3/fix", "POST rows/3/leave-out"),
    Action.RUN: ("POST run",),
    Action.STOP: ("POST stop",),
    Action.ABANDON: ("POST abandon",),
    Action.RESULT: ("GET result",),
    Action.ERRORS: ("GET errors.xlsx",),
    Action.LEDGER: ("GET ledger.xlsx",),
    Action.UNDO: ("GET undo", "POST undo"),
}
BEHIND = {Action.LOOK, Action.RUN_UNSEEN}
"""Acts without an address of their own: part of others, or the command line's."""

FORMS = {"settings": {"on_duplicate": "overwrite"}, "rows/3/fix": {"cell-email": "lan@x.vn"}}
PROGRESS = {
    "phase": "write", "rows": {"total": 2, "created": 1, "invalid": 1},
    "recent": [{"row": 3, "code": "bad_email", "column": "email", "value": "lan@"}],
}  # fmt: skip


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what the addresses did; nothing of it happens."""
    names: list[str] = []

    def note(module: Any, name: str) -> None:
        real = getattr(module, name)

        def noted(batch: ImportBatch, *args: Any, **kwargs: Any) -> Any:
            names.append(name)
            if module is correct:
                raise LookupError
            return None

        noted.__doc__ = real.__doc__
        monkeypatch.setattr(module, name, noted)

    for name in ("start_preview", "start_run", "start_undo", "stop", "resume", "restart",
                 "abandon", "choose_rules", "choose_columns"):  # fmt: skip
        note(services, name)
    for name in ("fix", "leave_out"):
        note(correct, name)
    monkeypatch.setattr(steps, "PATIENCE", 0)
    return names


@pytest.fixture
def where(people: Any, visitor: Any) -> str:
    """An import of Mai's with a good and a bad row, at its preview."""
    head = ("Tên khách hàng", "Email")
    return begun(visitor("mai"), CUSTOMERS, workbook(head, ("Một", None), ("Hai", "lan@")))


def put(app: Flask, where: str, status: str, task: str, state: str) -> None:
    """Put an import and its job where a worker would have them."""
    with app.app_context():
        batch = db.session.get_one(ImportBatch, int(where.rsplit("/", 1)[-1]))
        batch.status = status
        batch.refusal = {"code": "no_header", "params": {}} if status == "refused" else None
        job = db.session.scalars(select(Job).order_by(Job.id.desc())).first()
        assert job is not None
        job.task, job.asked_to_stop = task, state == "stopping"
        job.state = "running" if state == "stopping" else state
        job.finished_at, job.started_at, job.progress = None, utcnow(), PROGRESS
        if status in ("running", "paused", "done", "undone"):
            batch.counts = batch.planned
            db.session.connection().exec_driver_sql("UPDATE import_row SET state = planned")
        db.session.commit()
        db.session.remove()


def offered(browser: Any, where: str) -> set[str]:
    """Every address of the import that a page of it names, from its own step on."""
    first = browser.get(f"{where}/")
    found: set[str] = set()
    waiting = [first.headers["Location"].rsplit(f"{where}/", 1)[-1]]
    while waiting:
        page = waiting.pop()
        found.add(f"GET {page}")
        answer = browser.get(f"{where}/{page}")
        assert answer.status_code == 200, page
        for method, path in _named(answer.text, where):
            address = f"{method} {path}"
            if address not in found and method == "GET" and not path.endswith((".xlsx", "file")):
                waiting.append(path)
            found.add(address)
    return found


def _named(page: str, where: str) -> Iterator[tuple[str, str]]:
    """(method, rest of the address) of every link and form of a page; polls are no offer."""
    main = page[page.index("<main") :]
    for tag in re.findall(r"<(?:a|form|button)\b[^>]*>", main):
        for name, path in re.findall(rf'\b(href|action|formaction)="{where}/([^"?#]+)', tag):
            method = "GET" if name == "href" or 'method="get"' in tag else "POST"
            yield method, path


def accepts(browser: Any, where: str, done: list[str], address: str) -> bool:
    """Whether an address does what it is for."""
    method, path = address.split(" ")
    done.clear()
    if method == "GET":
        with browser.get(f"{where}/{path}") as answer:
            return bool(answer.status_code == 200)
    carried = browser.carried("/profile", f"{where}/{path}")
    form = {**carried, **FORMS.get(path, {})}
    answer = browser.raw_post(f"{where}/{path}", form)
    # A form that is shown again, because a file is missing, was taken as well.
    return bool(done) or answer.status_code == 422


def test_every_act_with_an_address_and_every_state_is_tried() -> None:
    assert set(ADDRESSES) == set(Action) - BEHIND
    assert {status for status, _task, _state in SITUATIONS.values()} == set(Status) == set(TABLE)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_pages_offer_exactly_what_the_addresses_accept(
    app: Flask, visitor: Any, where: str, done: list[str], situation: str
) -> None:
    browser = visitor("mai")
    put(app, where, *SITUATIONS[situation])
    shown = offered(browser, where)
    addresses = {address for named in ADDRESSES.values() for address in named}
    taken = {a for a in sorted(addresses) if accepts(browser, where, done, a)}
    assert shown & addresses == taken
