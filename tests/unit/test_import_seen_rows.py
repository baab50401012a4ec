"""What earlier rows of a file said is known to later ones, written down or not."""

from __future__ import annotations

import pytest

from crmadmin.imports.pipeline.plan.contacts import ContactIndex
from crmadmin.imports.pipeline.plan.outcomes import Subject
from crmadmin.imports.pipeline.plan.seen_rows import SeenRows


def subject(number: int) -> Subject:
    contacts = ContactIndex()
    contacts.add({"name": f"Chị {number}", "phone": "0912345678"})
    return Subject(number, 10 + number, {"code": f"KH{number}", "name": "An"}, contacts)


@pytest.mark.parametrize("settled", [True, False])
def test_a_record_is_recalled_with_its_values_and_contacts(settled: bool) -> None:
    memory = SeenRows()
    memory.keep({"kh1": subject(1), "kh2": subject(2)}, ["kh3"])
    if settled:
        memory.settle()
    found = memory.recall(["kh2", "kh3", "kh4"])
    assert list(found) == ["kh2"]
    assert (found["kh2"].number, found["kh2"].record_id) == (2, 12)
    assert found["kh2"].values == {"code": "KH2", "name": "An"}
    assert found["kh2"].contacts.added[0]["name"] == "Chị 2"
    assert memory.asked(["kh1", "kh3", "kh4"]) == {"kh1", "kh3"}


@pytest.mark.parametrize("settled", [True, False])
def test_a_key_of_invalid_rows_becomes_a_record_when_a_valid_row_comes(settled: bool) -> None:
    memory = SeenRows()
    memory.keep({}, ["kh1"])
    if settled:
        memory.settle()
    memory.keep({"kh1": subject(1)})
    memory.keep({}, ["kh1"])
    assert list(memory.recall(["kh1"])) == ["kh1"]
