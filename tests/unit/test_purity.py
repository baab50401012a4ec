"""A unit test that starts a process, opens a database or waits fails, whatever becomes of it."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import pytest


def bound() -> None:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))


TRIED: dict[str, Callable[[], object]] = {
    "a process": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
    "a shell": lambda: os.system("true"),  # noqa: S605 - it is refused
    "a fork": os.fork,
    "a database": lambda: sqlite3.connect("crm.db"),
    "an address": bound,
    "a wait": lambda: time.sleep(0.001),
}


@pytest.mark.parametrize("what", TRIED)
def test_what_is_not_pure_is_refused_with_the_folder_where_it_belongs(what: str) -> None:
    with pytest.raises(pytest.fail.Exception, match="belongs in tests/"):
        TRIED[what]()


def test_no_except_clause_of_the_code_hides_it() -> None:
    with pytest.raises(pytest.fail.Exception), suppress(Exception):
        time.sleep(0.001)


def test_a_fixture_of_a_database_is_refused(request: pytest.FixtureRequest) -> None:
    with pytest.raises(pytest.fail.Exception, match="belongs in tests/db"):
        request.getfixturevalue("app")
