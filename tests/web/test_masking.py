"""What a viewer is shown instead of personal values, exit by exit; and what of a company they read.

That no address at all tells one is walked in tests/contracts/test_canaries.py.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from factories import catalog, contact, customer
from flask import Flask
from members import CUSTOMERS, LIST, filled, owner
from openpyxl import load_workbook

from crmadmin.access import roles
from crmadmin.access.permissions import Permission
from crmadmin.access.roles import Role, Scope
from crmadmin.admin import cells as formatters
from crmadmin.admin.view_models import ListColumn
from crmadmin.catalogs.models import Collaborator
from crmadmin.core.db import db
from crmadmin.core.kinds import KINDS, FieldKind
from crmadmin.core.masks import Masked
from crmadmin.customers.models import Customer

BORN, WHERE, IDENTITY = date(1992, 8, 9), "12 Nguyễn Trãi", "001092014587"
PERSONAL = {"birthday": BORN, "address": WHERE, "tax_code": IDENTITY, "phone": "+84912345678"}
SAID = ("09/08/1992", "1992-08-09", WHERE, IDENTITY, "345 678", "912345678")
"""How the values above would be told."""


@pytest.fixture
def lan(context: Flask, people: dict[str, int]) -> Customer:
    """A person, with a contact, in a group of hers."""
    made = customer(owner(people), "Nguyễn Lan", kind="person", **PERSONAL)
    contact(made, "Vũ Hồng", phone="+84987654321", birthday=date(1990, 11, 20), note="Gọi tối")
    filled(people, "Khách mời", [made])
    return made


@pytest.fixture
def company(context: Flask, people: dict[str, int]) -> Customer:
    """An organization with the same values, but for the tax code of a company."""
    given = {**PERSONAL, "tax_code": "0100109106"}
    made = customer(owner(people), "Công ty Lan", kind="organization", **given)
    db.session.commit()
    return made


def told(text: str) -> list[str]:
    """Which of the personal values stand in a page."""
    read = re.sub(r"\s+", " ", text)
    return [said for said in SAID if said in read]


def facts(page: str) -> dict[str, str]:
    """Label → value of a details page, as people read it."""
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.DOTALL)
    return {label: re.sub(r"\s*<[^>]*>\s*", "", value) for label, value in pairs}


def test_a_viewer_reads_of_a_person_neither_where_nor_when_born_nor_the_id(
    lan: Customer, visitor
) -> None:
    page = visitor("vy").get(f"{CUSTOMERS}details/?id={lan.id}").text
    shown = facts(page)
    assert shown["Ngày sinh / thành lập"] == shown["Địa chỉ"] == shown["Mã số thuế"] == "***"
    assert shown["Điện thoại"] == "0912 *** 678"
    assert told(page) == []
    everything = visitor("an").get(f"{CUSTOMERS}details/?id={lan.id}").text
    assert {"09/08/1992", WHERE, IDENTITY} <= set(told(everything))


def test_what_is_public_of_a_company_a_viewer_still_reads(company: Customer, visitor) -> None:
    shown = facts(visitor("vy").get(f"{CUSTOMERS}details/?id={company.id}").text)
    assert shown["Ngày sinh / thành lập"] == "09/08/1992"
    assert (shown["Địa chỉ"], shown["Mã số thuế"]) == (WHERE, "0100109106")
    assert shown["Điện thoại"] == "0912 *** 678"


def test_a_company_that_pays_tax_under_a_persons_id_keeps_that_to_itself(
    company: Customer, visitor
) -> None:
    company.tax_code = IDENTITY
    db.session.commit()
    page = visitor("vy").get(f"{CUSTOMERS}details/?id={company.id}").text
    assert facts(page)["Mã số thuế"] == "***"
    assert IDENTITY not in page


def test_columns_of_ones_own_are_masked_and_give_no_order(
    lan: Customer, company: Customer, visitor
) -> None:
    vy = visitor("vy")
    columns = ["name", "birthday", "address", "tax_code", "phone"]
    vy.post(f"{CUSTOMERS}columns/", {"columns": columns}, page=f"{CUSTOMERS}columns/")
    page = vy.get(CUSTOMERS).text
    row = re.split(rf"data-id=\"?{lan.id}\b", page)[1].split("</tr>")[0]
    assert row.count("***") == 4
    assert told(row) == []
    assert "0100109106" in page
    for name in columns[1:]:
        assert f"sort={name}" not in page
    orders = {
        tuple(re.findall(r"data-id=\"?(\d+)", vy.get(f"{CUSTOMERS}?sort={sign}birthday").text))
        for sign in ("", "-")
    }
    assert len(orders) == 1
    assert len(orders.pop()) == 2


@pytest.mark.parametrize("query", [IDENTITY, "nguyen trai", "0912345678", "0100109106"])
def test_who_does_not_read_a_value_everywhere_finds_nobody_by_it(
    lan: Customer, company: Customer, visitor, query: str
) -> None:
    vy, an = visitor("vy"), visitor("an")
    for address in (CUSTOMERS, f"{LIST}details/", "/admin/search/"):
        given = {"q": query, "id": "1"}
        assert "Lan</a>" not in vy.get(address, query_string=given).text
    assert "Lan</a>" in an.get(CUSTOMERS, query_string={"q": query}).text


def test_the_search_box_of_a_viewer_names_nothing_that_they_see_masked(
    lan: Customer, visitor
) -> None:
    for name, wanted in (("vy", False), ("an", True)):
        box = re.search(r'id="q"[^>]*placeholder="([^"]*)"', visitor(name).get(CUSTOMERS).text)
        assert box is not None
        assert ("Mã số thuế" in box[1]) is wanted


def test_a_collaborators_account_id_address_and_ways_are_masked(
    context: Flask, people: dict[str, int], visitor
) -> None:
    ways = {"phone": "+84912345678", "email": "tu@example.com"}
    given = {"bank_account": "19036552188012", "bank_name": "Techcombank", "address": WHERE}
    made = catalog(Collaborator, "Hoàng Tú", tax_code=IDENTITY, **ways, **given)
    db.session.commit()
    page = visitor("vy").get(f"/admin/catalogs/collaborator/details/?id={made.id}").text
    shown = facts(page)
    assert shown["Số tài khoản"] == shown["Địa chỉ"] == shown["Mã số thuế / số định danh"] == "***"
    assert (shown["Điện thoại"], shown["Email"]) == ("0912 *** 678", "t***@example.com")
    assert shown["Ngân hàng"] == "Techcombank"
    assert told(page) == []
    assert "19036552188012" not in page


@pytest.fixture
def _vy_may_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """A role of tomorrow: takes files out, and sees personal values masked."""
    wanted = [p for p in Permission if p.action == "export"]
    table = {**roles.TABLE, Role.VIEWER: {**roles.TABLE[Role.VIEWER],
                                          **dict.fromkeys(wanted, Scope.ALL)}}  # fmt: skip
    monkeypatch.setattr(roles, "TABLE", table)


def cells(data: bytes, ending: str) -> dict[str, dict[str, str]]:
    """Name of a record → heading → cell, of an exported file."""
    if ending == "csv":
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    else:
        sheet = load_workbook(io.BytesIO(data)).worksheets[0]
        rows = [[str(c or "") for c in row] for row in sheet.iter_rows(values_only=True)]
    head = rows[0]
    return {r[head.index("Tên khách hàng")]: dict(zip(head, r, strict=False)) for r in rows[1:]}


@pytest.mark.usefixtures("_vy_may_export")
@pytest.mark.parametrize("ending", ["xlsx", "csv"])
@pytest.mark.parametrize("what", ["list", "group", "command"])
def test_a_file_is_masked_as_the_screen_is(
    lan: Customer, company: Customer, visitor, tmp_path: Path, what: str, ending: str
) -> None:
    group = filled_with(lan, company)
    vy = visitor("vy")
    if what == "command":
        out, app = tmp_path / f"a.{ending}", vy.app
        asked = ["crm", "export", "customers", str(out), "--as", "vy"]
        ran = app.test_cli_runner().invoke(args=asked)
        assert ran.exit_code == 0, ran.output
        data = out.read_bytes()
    else:
        place = f"{CUSTOMERS}export/" if what == "list" else f"{LIST}export-members/?id={group}"
        data = vy.get(f"{place}{'&' if '?' in place else '?'}format={ending}").data
    found = cells(data, ending)
    person, firm = found["Nguyễn Lan"], found["Công ty Lan"]
    for label in ("Ngày sinh / thành lập", "Địa chỉ", "Mã số thuế"):
        assert person[label] == "***"
    assert person["Điện thoại"] == firm["Điện thoại"] == "0912 *** 678"
    assert firm["Mã số thuế"] == "0100109106"
    assert firm["Địa chỉ"] == WHERE


def filled_with(*records: Customer) -> int:
    """A group of these customers."""
    people = {"mai": records[0].owner_id}
    return filled(people, "Hội thảo", records).id


@pytest.mark.usefixtures("_vy_may_export")
def test_a_template_with_data_leaves_out_what_is_masked(
    lan: Customer, company: Customer, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_too = {**roles.TABLE[Role.VIEWER], Permission.IMPORTS_CREATE: Scope.OWN,
                  Permission.CUSTOMERS_IMPORT: Scope.ALL}  # fmt: skip
    monkeypatch.setattr(roles, "TABLE", {**roles.TABLE, Role.VIEWER: import_too})
    answer = visitor("vy").get("/admin/imports/template/customers-contacts?data=1")
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(answer.data)).worksheets[0]
    read = [[str(c) for c in row if c is not None] for row in book.iter_rows(values_only=True)]
    rows = {row[1]: " ".join(row) for row in read[1:]}
    assert told(rows["Nguyễn Lan"]) == []
    assert "***" not in str(rows)  # a mask that is imported again would be a value
    assert WHERE in rows["Công ty Lan"]


@pytest.mark.parametrize("kind", [*KINDS.values()])
@pytest.mark.parametrize("draw", ["cell", "list_cell"])
def test_a_mask_looks_the_same_whatever_it_hides(
    context: Flask, kind: FieldKind, draw: str
) -> None:
    """No link of a website, no badge of a value, no tick for a yes."""
    column = ListColumn("a", "A", kind.cell)
    with context.test_request_context("/admin/customers/"):
        made: Any = getattr(formatters, draw)(column, object(), Masked("***"), "/somewhere")
    assert re.sub(r"<[^>]*>", "", str(made)).strip() == "***"
    assert "href" not in str(made)
    assert "icons.svg" not in str(made)
