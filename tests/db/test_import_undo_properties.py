"""What holds for any imports: undone in reverse order, they leave the database as they found it."""

from __future__ import annotations

from typing import Any

import factories
import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from importing import staged
from test_import_properties import CATALOG_HEADER, CATALOG_ROW, HEADER, ROW, RULES, empty
from undoing import everything

from crmadmin.catalogs.models import CollaboratorGroup, CustomerSource, Industry
from crmadmin.core.db import db
from crmadmin.imports import services, undo
from crmadmin.imports.states import Status
from crmadmin.imports.undo import rows as undo_rows

pytestmark = pytest.mark.usefixtures("context")

MANY = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # shrinking would import thousands of files
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SIZES = st.sampled_from([1, 3, 5000])


def comes_back(kind: str, header: Any, files: Any, group: str | None, rules: Any) -> None:
    """Import every file, remembering the state before each; then undo them, the last one first."""
    user = factories.user("an")
    factories.catalog(Industry, "Hai", code="LV001", is_default=True)
    factories.catalog(CustomerSource, "Zalo")
    factories.catalog(CollaboratorGroup, "Miền Bắc")
    factories.customer(user, "Có sẵn", code="B", note="cũ")
    db.session.commit()
    states, batches = [], []
    for rows, options in zip(files, rules, strict=True):
        states.append(everything())
        batches.append(staged(user, kind, header, rows, group=group, **options))
        services.run(batches[-1])
    for batch, before in zip(reversed(batches), reversed(states), strict=True):
        if batch.status == Status.REFUSED:  # a file without a single row
            continue
        promised = undo.preview(batch)
        services.undo(batch)
        told = batch.undone or {}
        assert everything() == before
        assert told["kept"] == promised.kept_count == 0
        for name in ("created", "restored", "contacts", "members", "made", "changed", "gone"):
            assert told[name] == getattr(promised, name), name


@MANY
@given(
    files=st.lists(st.lists(ROW, min_size=1, max_size=7), min_size=3, max_size=3),
    rules=st.lists(RULES, min_size=3, max_size=3),
    size=SIZES,
)
def test_any_customer_files_leave_nothing_when_they_are_undone(
    context: Flask, files: Any, rules: Any, size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(undo_rows, "BLOCK", size)
        empty()
        comes_back("customers-contacts", HEADER, files, "Nhóm", rules)


@MANY
@given(
    files=st.lists(st.lists(CATALOG_ROW, min_size=1, max_size=6), min_size=3, max_size=3),
    rules=st.lists(RULES, min_size=3, max_size=3),
    size=SIZES,
    kind=st.sampled_from(["industries", "collaborators"]),
)
def test_any_catalog_files_leave_nothing_when_they_are_undone(
    context: Flask, files: Any, rules: Any, size: int, kind: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(undo_rows, "BLOCK", size)
        empty()
        comes_back(kind, CATALOG_HEADER, files, None, rules)
