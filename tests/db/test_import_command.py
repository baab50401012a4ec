"""`flask crm import`, `imports` and `template`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import factories
import pytest
from flask import Flask
from importing import number_of
from openpyxl import Workbook, load_workbook

from crmadmin.catalogs.models import CustomerType
from crmadmin.core.db import db
from crmadmin.customers.models import Customer
from crmadmin.groups.models import CustomerGroup
from crmadmin.imports.kinds import KINDS

DATA = Path(__file__).parents[2] / "samples"
CATALOGS = (
    "customer-types", "sales-groups", "sales-channels", "customer-sources", "industries",
    "company-sizes", "customer-statuses", "customer-tiers", "collaborator-groups", "collaborators",
)  # fmt: skip


@pytest.fixture
def an(app: Flask) -> None:
    with app.app_context():
        factories.user("an")
        factories.user("mai", role="marketing")
        factories.user("vy", role="viewer")
        db.session.commit()
        db.session.remove()


def crm(app: Flask, *args: Any, code: int | None = 0) -> str:
    result = app.test_cli_runner().invoke(args=["crm", *map(str, args)])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result.output


def import_json(app: Flask, *args: Any, code: int = 0) -> dict[str, Any]:
    return dict(json.loads(crm(app, "import", *args, "--json", code=code)))


def test_the_sample_workbooks_end_as_the_rules_say(app: Flask, an: None) -> None:
    for kind in CATALOGS:
        has_bad_row = kind in ("customer-sources", "industries", "collaborators")
        import_json(app, DATA / f"{kind}.xlsx", "--kind", kind, code=int(has_bad_row))
    tidy = (DATA / "customers-tidy.xlsx", "--kind", "customers-contacts", "--group", "Khách mời")
    first = import_json(app, *tidy)
    assert first["rows"] == {
        "total": 480, "created": 400, "updated": 0, "unchanged": 0, "skipped": 0, "merged": 80,
        "invalid": 0, "blank": 0,
    }  # fmt: skip
    assert (first["contacts"]["created"], first["members"]["added"]) == (480, 400)
    again = import_json(app, *tidy, "--on-duplicate", "overwrite")
    assert (again["rows"]["unchanged"], again["rows"]["merged"]) == (400, 80)
    assert (again["contacts"]["created"], again["members"]) == (0, {"added": 0, "already": 400})

    untidy = import_json(
        app, DATA / "customers-untidy.xlsx", "--kind", "customers-contacts", "--dry-run", code=1
    )
    assert untidy["status"] == "previewed"
    assert untidy["rows"] == {
        "total": 51, "created": 31, "updated": 0, "unchanged": 0, "skipped": 0, "merged": 3,
        "invalid": 15, "blank": 2,
    }  # fmt: skip
    assert untidy["columns"] == {"ignored": ["Ghi chú nội bộ"]}
    assert untidy["problems"][0]["row"] == 41
    assert {p["code"] for p in untidy["problems"] if p["row"] == 55} == {
        "bad_phone", "bad_email", "bad_date",
    }  # fmt: skip
    assert [(w["row"], w["code"]) for w in untidy["warnings"]] == [
        (9, "old_prefix_mapped"), (22, "tax_check_digit"), (36, "differs_from_first_row"),
    ]  # fmt: skip

    codes = import_json(app, DATA / "codes.xlsx", "--kind", "codes", "--group", "Nhóm 3", code=1)
    assert (codes["rows"]["invalid"], codes["members"]["added"]) == (2, 10)


def test_a_dry_run_writes_nothing_else(app: Flask, an: None) -> None:
    tidy = (
        DATA / "customers-tidy.xlsx",
        "--kind",
        "customers",
        "--group",
        "Nhóm",
        "--unknown",
        "create",
    )
    report = import_json(app, *tidy, "--dry-run")
    assert report["rows"]["created"] == 400
    with app.app_context():
        assert (number_of(Customer), number_of(CustomerGroup)) == (0, 0)
        db.session.remove()


def test_a_refused_file_says_why_and_exits_with_1(app: Flask, an: None, tmp_path: Path) -> None:
    file = tmp_path / "anh.xlsx"
    file.write_bytes(b"\xff\xd8\xff\xe0")
    report = import_json(app, file, "--kind", "customers", code=1)
    assert report["status"] == "refused"
    assert report["problems"][0]["code"] == "file_not_spreadsheet"
    assert report["rows"]["total"] == 0


@pytest.mark.parametrize(
    ("rows", "code"), [([("Xin chào",)], "no_header"), ([("Mã KH", "Tên KH")], "no_rows")]
)
def test_a_file_with_nothing_to_import_says_which_is_missing(
    app: Flask, an: None, tmp_path: Path, rows: Any, code: str
) -> None:
    file = tmp_path / "tep.xlsx"
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(file)
    report = import_json(app, file, "--kind", "customers", code=1)
    assert [p["code"] for p in report["problems"]] == [code]


def test_strict_stops_before_writing(app: Flask, an: None) -> None:
    untidy = (DATA / "customers-untidy.xlsx", "--kind", "customers", "--unknown", "blank")
    report = import_json(app, *untidy, "--strict", code=1)
    assert report["status"] == "stopped"
    with app.app_context():
        assert number_of(Customer) == 0
        db.session.remove()


@pytest.mark.parametrize(
    "args",
    [
        ("--kind", "nonsense"),
        ("--kind", "industries", "--group", "Nhóm"),
        ("--kind", "customers", "--group", " "),
        ("--kind", "customers", "--as", "nobody"),
        ("--kind", "customers", "--as", "vy"),
        ("--kind", "industries", "--as", "mai"),
        ("--kind", "customers", "--on-duplicate", "perhaps"),
        (),
    ],
)
def test_wrong_use_exits_with_2(app: Flask, an: None, args: tuple[str, ...]) -> None:
    crm(app, "import", DATA / "codes.xlsx", *args, code=2)


def test_without_an_administrator_nobody_imports(app: Flask) -> None:
    assert "administrator" in crm(app, "import", DATA / "codes.xlsx", "--kind", "codes", code=2)


def test_a_file_over_the_limit_is_wrong_use_and_is_not_kept(
    app: Flask, an: None, tmp_path: Path
) -> None:
    file = tmp_path / "to.xlsx"
    with file.open("wb") as out:
        out.truncate(51 * 1024 * 1024)
    crm(app, "import", file, "--kind", "customers", code=2)
    folder = app.config["SETTINGS"].instance / "uploads"
    assert not [kept for kept in folder.glob("*") if kept.stat().st_size > 50 * 1024 * 1024]


def test_the_ledger_is_printed_for_people(app: Flask, an: None) -> None:
    printed = crm(
        app, "import", DATA / "customer-sources.xlsx", "--kind", "customer-sources", code=1
    )
    assert "customer-sources.xlsx" in printed
    assert "! 9 " in printed


def test_imports_are_listed_latest_first(app: Flask, an: None) -> None:
    for kind in ("customer-types", "sales-groups"):
        import_json(app, DATA / f"{kind}.xlsx", "--kind", kind)
    listed = json.loads(crm(app, "imports", "--json"))["imports"]
    assert [line["kind"] for line in listed] == ["sales-groups", "customer-types"]
    assert listed[0]["rows"]["created"] == 4
    assert "sales-groups.xlsx" in crm(app, "imports")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_template_has_its_columns_lists_and_an_example_of_its_own(
    app: Flask, an: None, tmp_path: Path, kind: str
) -> None:
    if kind == "customers-contacts":
        import_json(app, DATA / "customer-types.xlsx", "--kind", "customer-types")
    out = tmp_path / "mau.xlsx"
    crm(app, "template", kind, out)
    book = load_workbook(out)
    sheet = book.worksheets[0]
    assert sheet.max_column == len(KINDS[kind].columns)
    assert sheet.max_row == 1
    assert book.worksheets[1].max_row == 4
    assert sheet["A1"].comment is not None
    if kind == "customers-contacts":
        hidden = book.worksheets[-1]
        assert hidden.sheet_state == "hidden"
        values = [cell.value for row in hidden.iter_rows() for cell in row]
        assert "Khách hàng cá nhân" in values
        assert "an" in values
        assert "TP. Hồ Chí Minh" in values
        assert len(sheet.data_validations.dataValidation) == 4


def test_a_filled_template_is_imported(app: Flask, an: None, tmp_path: Path) -> None:
    out = tmp_path / "mau.xlsx"
    crm(app, "template", "customers-contacts", out)
    book = load_workbook(out)
    sheet, example = book.worksheets[:2]
    for column in range(1, sheet.max_column + 1):
        sheet.cell(2, column).value = example.cell(2, column).value
    sheet["D2"] = "an"
    book.save(out)
    report = import_json(app, out, "--kind", "customers-contacts", "--unknown", "create")
    assert report["rows"]["created"] == 1, report["problems"]
    assert report["contacts"]["created"] == 1
    assert report["columns"] == {"ignored": []}


def test_the_uploaded_file_is_readable_by_nobody_else(app: Flask, an: None) -> None:
    folder = app.config["SETTINGS"].instance / "uploads"
    before = set(folder.glob("*"))
    import_json(app, DATA / "customer-types.xlsx", "--kind", "customer-types")
    (kept,) = set(folder.glob("*")) - before
    assert kept.stat().st_mode & 0o077 == 0


def test_an_import_is_undone_by_its_number(app: Flask, an: None) -> None:
    tidy = (DATA / "customers-tidy.xlsx", "--kind", "customers-contacts", "--group", "Nhóm")
    done = import_json(app, *tidy, "--unknown", "create")
    undone = json.loads(crm(app, "undo-import", done["import"], "--json"))
    made = undone["undone"].pop("made")
    assert made > 1
    assert undone == {
        "import": done["import"], "status": "undone", "kept_count": 0, "kept": [],
        "undone": {"created": 400, "restored": 0, "contacts": 480, "members": 400, "changed": 0,
                   "gone": 0},
    }  # fmt: skip
    with app.app_context():
        assert (number_of(Customer), number_of(CustomerGroup)) == (0, 0)
        db.session.remove()
    assert "undone" in crm(app, "undo-import", done["import"], code=2)
    assert import_json(app, *tidy, "--unknown", "create")["rows"]["created"] == 400


def test_undoing_names_what_it_leaves_and_exits_with_1(app: Flask, an: None) -> None:
    done = import_json(app, DATA / "customer-types.xlsx", "--kind", "customer-types")
    with app.app_context():
        kept = db.session.scalars(db.select(CustomerType).limit(1)).one()
        kept.description = "sửa tay"
        db.session.commit()
        name = kept.name
        db.session.remove()
    printed = crm(app, "undo-import", done["import"], code=1)
    assert f"{name}: " in printed


@pytest.mark.parametrize("args", [("999",), ("x",), (), ("1", "--as", "mai"), ("1", "--as", "vy")])
def test_only_ones_own_imports_are_undone(app: Flask, an: None, args: tuple[str, ...]) -> None:
    import_json(app, DATA / "customer-types.xlsx", "--kind", "customer-types")
    crm(app, "undo-import", *args, code=2)


def test_the_rows_with_errors_and_the_ledger_are_written(
    app: Flask, an: None, tmp_path: Path
) -> None:
    untidy = (DATA / "customers-untidy.xlsx", "--kind", "customers-contacts", "--unknown", "blank")
    done = import_json(app, *untidy, code=1)
    out = tmp_path / "loi.xlsx"
    told = json.loads(crm(app, "errors", done["import"], out, "--json"))
    assert told == {"file": str(out), "rows": done["rows"]["invalid"]}
    sheet = load_workbook(out).active
    assert sheet.max_row == 1 + done["rows"]["invalid"]
    assert sheet.cell(1, sheet.max_column).value == "Lý do"
    crm(app, "errors", done["import"], out, "--ledger")
    assert load_workbook(out).active.max_row == 1 + done["rows"]["total"]
    assert "import" in crm(app, "errors", 999, out, code=2)


def test_a_template_with_data_is_imported_back_unchanged(
    app: Flask, an: None, tmp_path: Path
) -> None:
    import_json(app, DATA / "customer-types.xlsx", "--kind", "customer-types")
    out = tmp_path / "mau.xlsx"
    told = json.loads(crm(app, "template", "customer-types", out, "--with-data", "--json"))
    assert told["rows"] == 6
    again = import_json(app, out, "--kind", "customer-types", "--on-duplicate", "overwrite")
    assert again["rows"]["unchanged"] == 6
    crm(app, "template", "customer-types", out, "--with-data", "--as", "mai", code=2)
