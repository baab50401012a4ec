"""Unit tests are pure: no process, no database, no network, no waiting. Who tries is told where the
test belongs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REFUSED = {
    "os.exec": "tests/processes",
    "os.fork": "tests/processes",
    "os.forkpty": "tests/processes",
    "os.posix_spawn": "tests/processes",
    "os.system": "tests/processes",
    "socket.bind": "tests/processes",
    "socket.connect": "tests/processes",
    "sqlite3.connect": "tests/db",
    "subprocess.Popen": "tests/processes",
}
"""What Python tells an audit hook → where a test that does it belongs."""

_running: list[str] = []


SCRATCH = (("",), (":memory:",))
"""What SQLite is given for a table of a process's own, which no other ever sees."""


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    is_scratch = event == "sqlite3.connect" and arguments in SCRATCH
    if _running and event in REFUSED and not is_scratch:
        pytest.fail(f"{event} in a unit test: it belongs in {REFUSED[event]}")


sys.addaudithook(_refuse)


def _no_sleep(_seconds: float) -> None:
    pytest.fail("time.sleep in a unit test: it belongs in tests/processes")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A hook cannot be taken away again: it looks whether a test of this folder runs."""
    if not item.path.is_relative_to(Path(__file__).parent):
        return (yield)  # pytest hands over the tests of the other folders as well
    _running.append(item.nodeid)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "sleep", _no_sleep)  # audit hooks hear of it from Python 3.13 on
            return (yield)
    finally:
        _running.pop()


@pytest.fixture
def database() -> str:
    """There is none; PostgreSQL's driver tells no audit hook what it opens."""
    pytest.fail("a database in a unit test: it belongs in tests/db")
