"""The template filled with what is there: imported again, it changes nothing."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import factories
import pytest
from openpyxl import load_workbook

from crmadmin.catalogs.models import (
    Collaborator,
    CollaboratorGroup,
    CustomerSource,
    CustomerStatus,
    Industry,
)
from crmadmin.core.db import db
from crmadmin.imports import services, template
from crmadmin.imports.examples import examples
from crmadmin.imports.kinds import KINDS
from crmadmin.imports.records import Rules, State
from crmadmin.imports.report import Report

pytestmark = pytest.mark.usefixtures("context")


def filled(kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    template.write(KINDS[kind], out, with_data=True, **options)
    return out.getvalue()


def sheet(data: bytes, number: int = 0) -> Any:
    return load_workbook(io.BytesIO(data)).worksheets[number]


def rows(data: bytes, number: int = 0) -> list[dict[str, Any]]:
    head, *others = sheet(data, number).iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in others]


def imported(user: Any, kind: str, data: bytes, **rules: Any) -> Report:
    batch = services.create_batch(
        io.BytesIO(data), "mau.xlsx", KINDS[kind],
        Rules.from_mapping({"on_duplicate": "overwrite", **rules}), user,
    )  # fmt: skip
    return services.run(batch)


def some_customers(user: Any) -> None:
    group = factories.catalog(CollaboratorGroup, "Miền Bắc")
    tu = factories.catalog(Collaborator, "Hoàng Tư", phone="+84912345678", group_id=group.id)
    source = factories.catalog(CustomerSource, "=Facebook", color="blue", description="a\nb")
    one = factories.customer(
        user, "Minh Phát & con", code="0001", kind="organization", phone="+84912345670",
        email="a@example.com", province="Hà Nội", birthday=date(1990, 2, 3), source_id=source.id,
        collaborator_id=tu.id, tax_code="0100109106", note="dòng một\ndòng hai",
        website="https://example.com/a_x0041_", address="  Số 1".strip(),
    )  # fmt: skip
    factories.contact(one, "Lan", phone="+84904118552")
    factories.contact(one, "Hà", title="Giám đốc", birthday=date(1980, 1, 1), is_primary=True)
    factories.customer(user, "Nguyễn Lan", code="A", kind="person")
    db.session.commit()


def test_customers_and_contacts_come_back_unchanged(an: Any) -> None:
    some_customers(an)
    data = filled("customers-contacts")
    found = rows(data)
    assert [row["Mã khách hàng"] for row in found] == ["0001", "0001", "A"]
    assert [row["Người liên hệ"] for row in found] == ["Hà", "Lan", None]
    for blank in ("keep", "clear"):
        report = imported(an, "customers-contacts", data, blank=blank)
        assert (report.rows[State.UNCHANGED], report.rows[State.MERGED]) == (2, 1)
        assert report.rows["total"] == 3
        assert report.contacts == {"created": 0, "skipped": 2}


@pytest.mark.parametrize(
    "kind", ["customers", "customer-sources", "collaborators", "collaborator-groups", "industries"]
)
def test_every_kind_comes_back_unchanged(an: Any, kind: str) -> None:
    some_customers(an)
    factories.catalog(Industry, "Xây dựng", is_default=True, color="teal", is_active=False)
    factories.catalog(Industry, "xay dung 2", description="=1+1")
    db.session.commit()
    report = imported(an, kind, filled(kind))
    assert report.rows[State.UNCHANGED] == report.rows["total"] > 0, report.to_json()["problems"]


def test_the_codes_of_customers_are_found_again(an: Any) -> None:
    some_customers(an)
    batch = services.create_batch(
        io.BytesIO(filled("codes")), "mau.xlsx", KINDS["codes"], Rules(), an, group_name="Nhóm"
    )
    assert services.run(batch).members == {"added": 2, "already": 0}


def test_a_name_that_means_another_record_is_written_as_the_code(an: Any) -> None:
    one = factories.catalog(CustomerStatus, "Mới", code="TT1")
    factories.catalog(CustomerStatus, "TT2", code="TT1B")
    other = factories.catalog(CustomerStatus, "tt1", code="TT2")
    factories.customer(an, code="A", status_id=one.id)
    factories.customer(an, code="B", status_id=other.id)
    db.session.commit()
    data = filled("customers")
    assert [row["Trạng thái"] for row in rows(data)] == ["Mới", "TT2"]
    assert imported(an, "customers", data).rows[State.UNCHANGED] == 2


def test_a_value_out_of_use_stays_blank_and_so_is_kept(an: Any) -> None:
    status = factories.catalog(CustomerStatus, "Cũ", is_active=False)
    left = factories.user("binh", is_active=False)
    factories.customer(left, code="A", status_id=status.id)
    db.session.commit()
    data = filled("customers")
    assert rows(data)[0]["Trạng thái"] is None
    assert imported(an, "customers", data).rows[State.UNCHANGED] == 1


def test_only_what_the_user_may_see_is_in_it(an: Any) -> None:
    some_customers(an)
    son = factories.user("son", role="sales")
    of_son = factories.customer(son, code="S", phone="+84912345671", email="s@example.com")
    factories.contact(of_son, "Vy", phone="+84912345672")
    db.session.commit()
    [row] = rows(filled("customers-contacts", owner_id=son.id, masked=True))
    assert (row["Mã khách hàng"], row["Người liên hệ"]) == ("S", "Vy")
    values = set(map(str, row.values()))
    assert not values & {"+84912345671", "s@example.com", "+84912345672"}
    assert len(rows(filled("customers-contacts", masked=False))) == 4


def test_more_than_fits_is_said(an: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "MOST_ROWS", 2)
    for _ in range(3):
        factories.customer(an)
    db.session.commit()
    out = io.BytesIO()
    written = template.write(KINDS["customers"], out, with_data=True)
    assert written == (2, True)
    assert len(rows(out.getvalue())) == 2
    words = [str(cell.value) for row in sheet(out.getvalue(), 2) for cell in row]
    assert any("2" in w for w in words[-3:])


def test_lists_reach_below_the_data(an: Any) -> None:
    some_customers(an)
    rules = sheet(filled("customers-contacts")).data_validations.dataValidation
    lowest = {
        str(rule.sqref).rsplit(":", 1)[1].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for rule in rules
    }
    assert lowest == {str(3 + template.LIST_ROWS + 1)}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_examples_can_be_imported(an: Any, kind: str) -> None:
    """As a person would who copies them: only what is no record yet is made with them."""
    if kind == "codes":
        factories.customer(an, code="KH000123", phone="+84912345678", email="lienhe@example.com")
    factories.user("lan")
    db.session.commit()
    out = io.BytesIO()
    template.write(KINDS[kind], out)
    book = load_workbook(io.BytesIO(out.getvalue()))
    for row in book.worksheets[1].iter_rows(min_row=2):
        for cell in row:
            book.worksheets[0].cell(cell.row, cell.column).value = cell.value
    again = io.BytesIO()
    book.save(again)
    report = imported(an, kind, again.getvalue(), unknown="create")
    assert report.rows[State.INVALID] == 0, report.to_json()["problems"]
    assert report.rows["total"] == len(examples(KINDS[kind])) == 3


def test_texts_of_codes_phones_and_tax_codes_keep_their_zeros(an: Any) -> None:
    some_customers(an)
    head = sheet(filled("customers"))
    by_name = {cell.value: cell.column_letter for cell in head[1]}
    for name in ("Mã khách hàng", "Điện thoại", "Mã số thuế"):
        assert head.column_dimensions[by_name[name]].number_format == "@"
        assert head[f"{by_name[name]}2"].data_type == "s"
