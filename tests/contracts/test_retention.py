"""Every column that may hold somebody's data is a record's own field or in the list of copies, and
whatever is kept for a number of days has a clock behind it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import JSON, String, Text

from crmadmin.core import retention
from crmadmin.core.db import all_records, db
from crmadmin.core.retention import Keep
from crmadmin.jobs import periodic

NOTHING_OF_PEOPLE = {
    # what it holds instead
    "code_sequence.name": "names of tables",
    "setting.key": "names of settings", "setting.value": "how codes are made, what is compared",
    "user_session.token_hash": "a digest", "setup_token.token_hash": "a digest",
    "login_throttle.key": "a digest", "login_throttle.stamps": "times",
    "question_count.kind": "a name in code",
    "job.task": "a name in code", "job.state": "a name in code", "job.token": "random",
    "job.worker": "a machine", "periodic_run.name": "a name in code",
    "import_batch.kind": "a name in code", "import_batch.status": "a name in code",
    "import_batch.file_name": "what the importer called the file, by which people know it",
    "import_batch.digest": "a digest", "import_batch.sheet": "what the importer called it",
    "import_batch.columns": "headings", "import_batch.mapping": "headings",
    "import_batch.planned": "counts", "import_batch.counts": "counts",
    "import_batch.refusal": "why the whole file could not be read",
    "import_row.planned": "a name in code", "import_row.state": "a name in code",
    "import_row.contact": "a name in code", "import_row.member": "a name in code",
    "import_row.kept": "a name in code", "import_fix.column": "a field",
    "import_change.target": "a name in code",
    "import_memory.kind": "a name in code", "import_memory.headings": "a digest",
    "group_step.kind": "a name in code",
    "bulk_act.kind": "a name in code", "bulk_act.target": "a table",
    "bulk_act.state": "a name in code",
    "bulk_act.params": "names of catalog values and groups, and the list that it was asked from",
    "bulk_row.target": "a table", "bulk_row.fate": "a name in code",
    "bulk_row.how": "a name in code",
    "saved_view.record": "a table", "saved_view.name_key": "goes with the name",
}  # fmt: skip
KEPT_BY_THEIR_OWNERS = {"saved_view.name", "saved_view.query", "customer_group.filter"}
"""Written by a user for use, changed and deleted on pages of their own."""


def places() -> set[str]:
    return {place for copy in retention.copies() for place in copy.places}


def textual(app: Flask) -> set[str]:
    """Every column of text or JSON that is no record's own."""
    records = {model.__tablename__ for model in all_records()}
    return {
        f"{table.name}.{column.name}"
        for table in db.metadata.sorted_tables
        if table.name not in records
        for column in table.columns
        if isinstance(column.type, (String, Text, JSON))
    }


def test_every_column_of_text_says_what_becomes_of_it(app: Flask) -> None:
    told = places() | set(NOTHING_OF_PEOPLE) | KEPT_BY_THEIR_OWNERS
    assert sorted(textual(app) - told) == []


def test_the_list_names_only_columns_that_there_are(app: Flask) -> None:
    known = {f"{t.name}.{c.name}" for t in db.metadata.sorted_tables for c in t.columns}
    named = places() | set(NOTHING_OF_PEOPLE) | KEPT_BY_THEIR_OWNERS
    assert sorted(n for n in named if not n.startswith("file:") and n not in known) == []


def test_what_is_kept_for_days_is_forgotten_by_a_clock(app: Flask) -> None:
    come_round = {p.name for p in periodic.registered()}
    kept = [c for c in retention.copies() if c.keep in (Keep.FILES, Keep.HISTORY, Keep.RECORD)]
    assert kept
    for copy in kept:
        assert copy.forget is not None, copy.name
        assert f"forget {copy.name}" in come_round
        assert copy.every.total_seconds() <= 86_400


@pytest.mark.parametrize("keep", [Keep.FILES, Keep.HISTORY])
def test_a_date_on_screen_is_the_day_on_which_the_clock_forgets(app: Flask, keep: Keep) -> None:
    with app.app_context():
        made = retention.kept_since(keep)
        assert abs((retention.goes_at(keep, made) - retention.utcnow()).total_seconds()) < 5
