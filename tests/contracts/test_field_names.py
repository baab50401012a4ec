"""Names of fields that are kept in rows follow a field that a migration renames, wherever they are.

What is declared later is covered: a column of text or JSON must say whether it keeps such names,
and one that does must have its sample here.
"""

from __future__ import annotations

import json
from typing import Any

import factories
import pytest
from flask import Flask
from sqlalchemy import JSON, String, Text, insert, select

from crmadmin.access.models import SavedView
from crmadmin.core.acts import BulkAct, BulkRow
from crmadmin.core.db import Kept, db, utcnow
from crmadmin.core.field_names import NO_NAMES, carry_renamed_field, keeping
from crmadmin.core.models import Setting
from crmadmin.groups.models import CustomerGroup, GroupDraft, GroupStep
from crmadmin.imports.models import ImportBatch, ImportChange, ImportFix, ImportMemory, ImportRow
from crmadmin.jobs.models import Job

SHORT_WORDS = {
    "question_count.kind",
    "bulk_act.kind",
    "bulk_act.state",
    "bulk_act.target",
    "bulk_row.fate",
    "bulk_row.how",
    "bulk_row.label",
    "bulk_row.target",
    "code_sequence.name", "group_step.kind", "import_batch.digest", "import_batch.file_name",
    "import_batch.file_path", "import_batch.kind", "import_batch.sheet", "import_batch.status",
    "import_change.target", "import_memory.headings", "import_memory.kind", "import_row.contact",
    "import_row.kept", "import_row.key", "import_row.label", "import_row.member",
    "import_row.planned", "import_row.state", "job.error", "job.state", "job.task", "job.token",
    "job.worker", "login_throttle.key", "saved_view.name", "saved_view.name_key",
    "saved_view.record", "setting.key", "setup_token.token_hash", "user.password_hash",
    "user_session.token_hash",
}  # fmt: skip
"""Short texts that name no field: names of tables, states, digests, what people wrote."""

QUERY = "q=industry&§=3&§=-&other=industry&sort=-§&§_from=2026-01-01&§_to=2026-02-01"
SAID = [{"code": "unknown_value", "column": "§", "value": "industry", "params": {}}]
IMAGE = {"name": "industry", "¤": 3, "note": None}
SAMPLES: dict[str, Any] = {
    # § is what screens and imports call the field, ¤ the table's column.
    "setting.value": ["phone", "§", "email"],
    "user.preferences": {"columns": {"customer": ["code", "§"], "contact": ["industry"]}},
    "saved_view.query": "§=3&§_from=2026-01-01&sort=-§",
    "bulk_act.params": {"back": f"/admin/customers/?{QUERY}", "field": "industry"},
    "bulk_row.before": IMAGE,
    "customer_group.filter": QUERY,
    "group_draft.filter": QUERY,
    "group_draft.before": {"name": "industry", "filter": QUERY},
    "group_step.params": {"filter": QUERY, "name": "industry"},
    "import_batch.options": {"strict": True, "values": {"§": {"industry": 4}}},
    "import_batch.columns": {"fields": {"§": 3}, "headings": {"§": "industry"}},
    "import_batch.mapping": {"sheet": "industry", "header": 1, "fields": {"§": 3}},
    "import_batch.unknown": [{"column": "§", "value": "industry", "rows": 2}],
    "import_row.before": IMAGE,
    "import_row.problems": SAID,
    "import_row.warnings": SAID,
    "import_fix.column": "§",
    "import_change.before": IMAGE,
    "import_memory.fields": {"§": 3, "name": 0},
    "import_memory.values": {"§": {"industry": 4}},
    "job.progress": {"phase": "write", "recent": [{"row": 2, **SAID[0]}]},
}


def _with(sample: Any, field: str, column: str) -> Any:
    written = json.dumps(sample, ensure_ascii=False)
    return json.loads(written.replace("§", field).replace("¤", column))


def _fill(field: str, column: str, kind: str, table: str, target: str) -> None:
    """A row of every table with names of the field in all columns that keep some."""
    user = factories.user()

    def of(model: Any) -> dict[str, Any]:
        name = model.__tablename__
        return {
            key.partition(".")[2]: _with(sample, field, column)
            for key, sample in SAMPLES.items()
            if key.startswith(f"{name}.")
        }

    user.preferences = of(type(user))["preferences"]
    group = CustomerGroup(name="A", description="a", **of(CustomerGroup))
    draft = GroupDraft(user_id=user.id, **of(GroupDraft))
    batch = ImportBatch(kind=kind, file_name="a.xlsx", **of(ImportBatch))
    view = SavedView(user_id=user.id, record=table, name="a", name_key="a", **of(SavedView))
    act = BulkAct(user_id=user.id, kind="set", target=table, **of(BulkAct))
    db.session.add(act)
    db.session.flush()
    db.session.add(BulkRow(act_id=act.id, target=table, record_id=1, **of(BulkRow)))
    db.session.add_all([group, draft, batch, view, Setting(key="duplicate_check", **of(Setting))])
    db.session.flush()
    memory = {"user_id": user.id, "kind": kind, "headings": "0", "updated_at": utcnow()}
    db.session.add_all(
        [
            GroupStep(draft_id=draft.id, kind="freeze", adds=True, **of(GroupStep)),
            ImportFix(batch_id=batch.id, number=2, **of(ImportFix)),
            ImportChange(batch_id=batch.id, target=target, record_id=1, **of(ImportChange)),
            ImportMemory(**memory, **of(ImportMemory)),
            Job(task="import.run", subject_id=batch.id, **of(Job)),
        ]
    )
    db.session.flush()
    rows = [{"batch_id": batch.id, "number": n, **of(ImportRow)} for n in range(2, 2100)]
    db.session.execute(insert(ImportRow), rows)
    db.session.commit()


def _kept() -> dict[str, Any]:
    """What is kept: one value of each column, of which all rows must be the same."""
    found: dict[str, Any] = {}
    for column, _keeps in keeping():
        values = db.session.scalars(select(column)).all()
        assert values, column
        assert all(value == values[0] for value in values), column
        found[str(column)] = values[0]
    return found


def test_every_column_of_text_or_json_says_whether_it_keeps_names_of_fields() -> None:
    columns = [c for t in db.metadata.sorted_tables for c in t.columns if "spec" not in c.info]
    texts = {str(c) for c in columns if isinstance(c.type, JSON | Kept | Text | String)}
    told = {str(c) for c in columns if NO_NAMES.keys() <= c.info.keys()}
    derived = {"customer_search_pending.id"}
    assert texts - told - derived == SHORT_WORDS


def test_every_column_that_keeps_names_has_its_sample() -> None:
    assert {str(column) for column, _keeps in keeping()} == set(SAMPLES)


@pytest.mark.parametrize("backwards", [False, True], ids=["up", "down"])
def test_every_name_follows_a_renamed_link(context: Flask, backwards: bool) -> None:
    names = [("industry", "industry_id"), ("sector", "sector_id")]
    if backwards:
        names.reverse()
    (old, new) = names
    _fill(*old, "customers-contacts", "customer", "Customer")
    done = carry_renamed_field(db.session.connection(), "customer", old[1], new[1])
    db.session.commit()
    assert {key: _with(sample, *new) for key, sample in SAMPLES.items()} == _kept()
    assert set(done) == set(SAMPLES)
    assert done["import_row.before"] == 2098


def test_the_names_of_another_table_stay(context: Flask) -> None:
    _fill("industry", "industry_id", "customers-contacts", "customer", "Customer")
    before = _kept()
    carry_renamed_field(db.session.connection(), "collaborator", "industry_id", "sector_id")
    db.session.commit()
    assert _kept() == before


def test_a_renamed_field_of_contacts_is_carried_where_imports_call_it_by_its_prefix(
    context: Flask,
) -> None:
    _fill("contact_title", "title", "customers-contacts", "contact", "Contact")
    carry_renamed_field(db.session.connection(), "contact", "title", "post")
    db.session.commit()
    found = _kept()
    for key in ("import_batch.columns", "import_batch.options", "import_row.problems",
                "import_fix.column", "import_memory.fields", "job.progress"):  # fmt: skip
        assert found[key] == _with(SAMPLES[key], "contact_post", "post"), key
    assert "title" in found["import_row.before"]  # the customer's own column of that name
    assert "post" in found["import_change.before"]


def test_a_text_whose_name_ends_like_a_link_is_no_link(context: Flask) -> None:
    """`tax_id` is `tax_id` everywhere, and the field `tax` beside it is another one."""
    user = factories.user()
    batch = ImportBatch(
        kind="customers", file_name="a.xlsx", columns={"fields": {"tax_id": 1, "tax": 2}}
    )
    view = SavedView(
        user_id=user.id, record="customer", name="a", name_key="a", query="tax=1&tax_id=2"
    )
    db.session.add_all([batch, view])
    db.session.commit()
    carry_renamed_field(db.session.connection(), "customer", "tax_id", "number_id")
    db.session.commit()
    db.session.expire_all()
    assert batch.columns == {"fields": {"number_id": 1, "tax": 2}}
    assert view.query == "number_id=2&tax=1"


def test_names_are_carried_in_a_database_of_an_earlier_time(context: Flask) -> None:
    """A migration may be older than a table that keeps names today."""
    _fill("industry", "industry_id", "customers-contacts", "customer", "Customer")
    connection = db.session.connection()
    connection.exec_driver_sql("ALTER TABLE saved_view RENAME TO saved_view_later")
    connection.exec_driver_sql("ALTER TABLE import_row RENAME COLUMN warnings TO later")
    done = carry_renamed_field(connection, "customer", "industry_id", "sector_id")
    assert "saved_view.query" not in done
    assert "import_row.warnings" not in done
    assert done["import_row.before"] == 2098
    connection.exec_driver_sql("ALTER TABLE import_row RENAME COLUMN later TO warnings")
    connection.exec_driver_sql("ALTER TABLE saved_view_later RENAME TO saved_view")
    db.session.rollback()
