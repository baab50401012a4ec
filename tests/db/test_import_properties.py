"""What holds for any file: counts add up, previews keep their word, a second run does nothing."""

from __future__ import annotations

from typing import Any

import factories
import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from importing import number_of, staged

from crmadmin.catalogs.models import Collaborator, Industry
from crmadmin.core.db import db
from crmadmin.customers.models import Contact, Customer
from crmadmin.groups.models import Membership
from crmadmin.imports import services
from crmadmin.imports.records import CellError, State

pytestmark = pytest.mark.usefixtures("context")

HEADER = ("Mã KH", "Tên KH", "SĐT", "Nguồn", "Tỉnh", "Ghi chú", "Người liên hệ", "ĐT liên hệ")
CODES = st.sampled_from([None, "A", "a", "B", "KH000001", "kh000002", 7])
NAMES = st.sampled_from([None, "Một", "Hai", " ", CellError("#N/A")])
PHONES = st.sampled_from([None, "0912345678", 912345678, "01682928334", "abc"])
ROW = st.one_of(
    st.just(()),
    st.tuples(
        CODES, NAMES, PHONES, st.sampled_from([None, "Zalo", "Lạ"]),
        st.sampled_from([None, "Hà Nội", "Hải Dương", "Paris"]), st.sampled_from([None, "x"]),
        NAMES, PHONES,
    ),
)  # fmt: skip
CATALOG_HEADER = ("Mã", "Tên", "Mô tả", "Mặc định", "SĐT")
CATALOG_ROW = st.tuples(
    st.sampled_from([None, "A", "a", "B", "LV001", "CTV001"]),
    st.sampled_from([None, "Một", "MỘT", "Hai", "Ba"]),
    st.sampled_from([None, "x"]),
    st.sampled_from([None, "Có", "Không"]),
    PHONES,
)
RULES = st.fixed_dictionaries(
    {
        "on_duplicate": st.sampled_from(["skip", "overwrite"]),
        "contacts": st.sampled_from(["add", "skip"]),
        "blank": st.sampled_from(["keep", "clear"]),
        "unknown": st.sampled_from(["error", "create", "blank"]),
    }
)
MANY = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # shrinking would import thousands of files
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def empty() -> None:
    db.session.rollback()
    for table in reversed(db.metadata.sorted_tables):
        db.session.execute(table.delete())
    db.session.commit()


def keeps_its_promises(kind: str, header: Any, rows: Any, group: str | None, rules: Any) -> None:
    """Run twice, each after a preview; check the ledger each time and the tables the second."""
    # A file ends with its last row that holds a value.
    while rows and all(cell is None for cell in rows[-1]):
        rows = rows[:-1]
    assume(rows)
    user = factories.user("an")
    factories.catalog(Industry, "Hai", code="LV001")
    db.session.commit()

    def both() -> Any:
        batch = staged(user, kind, header, rows, group=group, **rules)
        promised = services.preview(batch).to_json()
        done = services.run(batch)
        found = done.to_json()
        parts = ("rows", "contacts", "members", "problems", "warnings")
        assert {p: found[p] for p in parts} == {p: promised[p] for p in parts}
        assert done.changed_count == 0
        assert done.total == len(rows)
        assert sum(done.rows[s] for s in State) == done.total
        return found

    first = both()
    before = {m: number_of(m) for m in (Customer, Contact, Membership, Industry, Collaborator)}
    second = both()
    assert {m: number_of(m) for m in before} == before
    assert second["rows"]["created"] == second["rows"]["updated"] == 0
    assert second["contacts"]["created"] == second["members"]["added"] == 0
    assert second["rows"]["invalid"] == first["rows"]["invalid"]


@MANY
@given(rows=st.lists(ROW, min_size=1, max_size=9), rules=RULES, size=st.sampled_from([1, 3, 100]))
def test_any_customer_file_keeps_the_promises_of_the_ledger(
    context: Flask, rows: Any, rules: Any, size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("importing.BLOCK_ROWS", size)
        empty()
        keeps_its_promises("customers-contacts", HEADER, rows, "Nhóm", rules)


@MANY
@given(
    rows=st.lists(CATALOG_ROW, min_size=1, max_size=7),
    rules=RULES,
    size=st.sampled_from([1, 3, 100]),
    kind=st.sampled_from(["industries", "collaborators"]),
)
def test_any_catalog_file_keeps_the_promises_of_the_ledger(
    context: Flask, rows: Any, rules: Any, size: int, kind: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("importing.BLOCK_ROWS", size)
        empty()
        keeps_its_promises(kind, CATALOG_HEADER, rows, None, rules)
