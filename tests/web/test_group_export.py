"""Members as a spreadsheet: without those not to be contacted, within rights; and `crm export`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest
from factories import catalog
from flask import Flask
from members import LIST, filled, several

from crmadmin.access.models import User
from crmadmin.catalogs.models import CustomerStatus
from crmadmin.core.db import db

NAME, PHONE = "Tên khách hàng", "Điện thoại"


def lines(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def some(people: dict) -> int:
    """A group of three, one of whom is not to be contacted; and somebody outside it."""
    loud = several(people, "Hoa Sen", "Cá Vàng", phone="+84912345678")
    quiet = several(people, "Gạch Đỏ", do_not_contact=True)
    several(people, "Ngoài nhóm")
    return filled(people, "Khách mời", [*loud, *quiet]).id


def test_the_sheet_says_how_many_go_out_and_how_many_are_left(
    context: Flask, people: dict, visitor
) -> None:
    key = some(people)
    page = visitor("mai").get(f"{LIST}export-members/?id={key}").text
    assert "2 khách hàng" in page
    assert "Đã loại 1 khách hàng có dấu “Không liên hệ”" in page


def test_the_file_leaves_out_who_is_not_to_be_contacted_unless_told(
    context: Flask, people: dict, visitor
) -> None:
    url = f"{LIST}export-members/?id={some(people)}&format=csv"
    mai = visitor("mai")
    answer = mai.get(url)
    assert {r[NAME] for r in lines(answer.data)} == {"Hoa Sen", "Cá Vàng"}
    assert "khach-moi.csv" in answer.headers["Content-Disposition"]
    everybody = {r[NAME] for r in lines(mai.get(f"{url}&all=1").data)}
    assert everybody == {"Hoa Sen", "Cá Vàng", "Gạch Đỏ"}
    assert [r[NAME] for r in lines(mai.get(f"{url}&q=hoa").data)] == ["Hoa Sen"]


def test_the_workbook_takes_the_columns_of_an_import(context: Flask, people: dict, visitor) -> None:
    data = visitor("an").get(f"{LIST}export-members/?id={some(people)}&format=xlsx").data
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    heads = [c.value for c in sheet[1]]
    assert {"Mã khách hàng", NAME, PHONE} <= set(heads)
    assert sheet.max_row == 3


def test_an_ending_that_is_no_spreadsheet_is_404(context: Flask, people: dict, visitor) -> None:
    key = some(people)
    assert visitor("an").get(f"{LIST}export-members/?id={key}&format=exe").status_code == 404


@pytest.mark.parametrize("name", ["son", "vy"])
def test_who_may_not_export_gets_no_file(context: Flask, people: dict, visitor, name: str) -> None:
    url = f"{LIST}export-members/?id={some(people)}"
    browser = visitor(name)
    assert browser.get(url).status_code == 403
    assert browser.get(f"{url}&format=csv").status_code == 403
    page = browser.get(f"{LIST}details/?id=1").text
    assert "Xuất Excel" not in page


# flask crm export


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    """Exit code and output of a command; what the test wrote must be seen by it."""
    db.session.commit()
    result = app.test_cli_runner().invoke(args=["crm", "export", *arguments])
    return result.exit_code, result.output


def test_the_command_writes_a_group_without_those_not_to_be_contacted(
    context: Flask, people: dict, tmp_path: Path
) -> None:
    some(people)
    out = tmp_path / "out.csv"
    code, said = run(context, "khách  mời", str(out), "--json")
    assert code == 0, said
    assert json.loads(said) == {"file": str(out), "rows": 2, "left_out": 1}
    assert {r[NAME] for r in lines(out.read_bytes())} == {"Hoa Sen", "Cá Vàng"}
    assert run(context, "Khách mời", str(out), "--all")[0] == 0
    assert len(lines(out.read_bytes())) == 3


def test_the_command_writes_the_members_of_a_dynamic_group(
    context: Flask, people: dict, tmp_path: Path
) -> None:
    some(people)
    filled(people, "Theo tên", filter="q=hoa")
    out = tmp_path / "out.csv"
    assert run(context, "Theo tên", str(out))[0] == 0
    assert [r[NAME] for r in lines(out.read_bytes())] == ["Hoa Sen"]


@pytest.mark.parametrize("value", ["Tiềm năng", "tt001", "{id}"])
def test_the_command_filters_as_the_list_does(
    context: Flask, people: dict, tmp_path: Path, value: str
) -> None:
    status = catalog(CustomerStatus, "Tiềm năng")
    value = value.format(id=status.id) if "{" in value else value
    value = status.code.lower() if value == "tt001" else value
    several(people, "Hoa Sen", "Hoa Hồng", status_id=status.id)
    several(people, "Hoa Lan")
    out = tmp_path / "out.xlsx"
    filters = ("--filter", f"status={value}", "--filter", "q=hoa sen")
    code, said = run(context, "customers", str(out), *filters)
    assert code == 0, said
    rows = list(openpyxl.load_workbook(out).active.iter_rows(values_only=True))
    assert [r[1] for r in rows[1:]] == ["Hoa Sen"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("customers", "out.pdf"),
        ("Không có", "out.csv"),
        ("customers", "out.csv", "--filter", "nmae=1"),
        ("customers", "out.csv", "--filter", "status=Không có"),
        ("customers", "out.csv", "--filter", "kind=robot"),
        ("customers", "out.csv", "--as", "nobody"),
        ("customers", "out.csv", "--as", "son"),
        ("Khách mời", "out.csv", "--as", "vy"),
    ],
)
def test_wrong_use_of_the_command_exits_2_and_writes_nothing(
    context: Flask, people: dict, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    some(people)
    what, out, *options = arguments
    code, said = run(context, what, str(tmp_path / out), *options)
    assert code == 2, said
    assert list(tmp_path.iterdir()) == []


def test_the_command_acts_in_the_name_that_it_is_given(
    context: Flask, people: dict, tmp_path: Path
) -> None:
    some(people)
    assert db.session.get_one(User, people["mai"]).role == "marketing"
    out = tmp_path / "out.csv"
    assert run(context, "Khách mời", str(out), "--as", "mai")[0] == 0
    assert {r[PHONE] for r in lines(out.read_bytes())} == {"+84912345678"}
