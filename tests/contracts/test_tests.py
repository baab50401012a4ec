"""The tests themselves: every module is collected, in whatever selection."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parent.parent


def test_no_two_modules_of_tests_have_one_name() -> None:
    # They are imported by name alone; the second of two would not be collected.
    names = Counter(p.name for p in TESTS.rglob("*.py") if p.name != "conftest.py")
    assert [name for name, times in names.items() if times > 1] == []
