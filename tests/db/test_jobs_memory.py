"""A worker does not stay as large as its largest job."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from sqlalchemy import text

from crmadmin.core.db import db
from crmadmin.jobs.memory import give_back


def resident() -> float:
    """MiB of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def test_what_was_freed_goes_back_to_the_system(context: Flask) -> None:
    small = [bytes(2000) for _ in range(60_000)]
    held = resident()
    kept = small[::100]  # what is left lies between what is freed, as the objects of a job do
    del small
    assert held - resident() < 30
    give_back(db.engine)
    assert len(kept) == 600
    assert held - resident() > 60


def test_giving_back_waits_for_no_lock_and_leaves_connections_usable(context: Flask) -> None:
    with db.engine.begin() as writer:
        writer.execute(text("UPDATE \"user\" SET full_name = 'An'"))
        give_back(db.engine)
        assert writer.scalar(text("SELECT 1")) == 1
    assert db.session.scalar(text("SELECT 2")) == 2
