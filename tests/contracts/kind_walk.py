"""Run in a process of its own by test_new_kind: looks for a field of a kind that was one new module
wherever fields are, as an administrator would, and prints what it found as one JSON object.

    python kind_walk.py PROJECT DATABASE_URL WORK_FOLDER
"""

from __future__ import annotations

import io
import json
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from declared_walk import CUSTOMERS, Walk

Check = Callable[[Walk], None]
CHECKS: dict[str, Check] = {}
LARGE = 5_000_000_000
"""More than 32 bits hold."""


def check(function: Check) -> Check:
    """One promise; its name is the sentence."""
    CHECKS[function.__name__] = function
    return function


def add(walk: Walk, name: str, credit: str) -> Any:
    """A customer with this credit, as it was typed."""
    owner = str(walk.user_id)
    walk.add(CUSTOMERS, name=name, credit=credit, owner=owner, kind="organization")
    return walk.record(walk.customers.Customer, name)


def workbook(walk: Walk, path: str) -> Any:
    from openpyxl import load_workbook

    answer = walk.browser.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return load_workbook(io.BytesIO(answer.data))


def last_import(walk: Walk) -> int:
    from crmadmin.imports.models import ImportBatch

    with walk.app.app_context():
        newest = walk.db.select(walk.db.func.max(ImportBatch.id))
        return int(walk.db.session.scalar(newest))


def cell_below(sheet: Any, heading: str, row: int) -> Any:
    words = [str(c.value).rstrip(" *") for c in sheet[1]]
    return sheet.cell(row, words.index(heading) + 1)


@check
def the_form_takes_it_as_people_type_it_and_shows_it_so(walk: Walk) -> None:
    form = walk.page(f"{CUSTOMERS}new/")
    assert re.search(r'<input[^>]*inputmode="numeric"[^>]*name="credit"', form)
    made = add(walk, "Công ty Hạn Mức", "5.000.000.000 đ")
    assert made.credit == LARGE
    assert 'value="5.000.000.000"' in walk.page(f"{CUSTOMERS}edit/?id={made.id}")


@check
def a_value_that_cannot_be_read_is_refused_in_the_words_of_its_module(walk: Walk) -> None:
    values = {"name": "Sai Tiền", "credit": "nhiều lắm", "kind": "organization"}
    answer = walk.browser.post(f"{CUSTOMERS}new/", {**values, "owner": str(walk.user_id)})
    assert answer.status_code == 422
    assert "“nhiều lắm” is not an amount in đồng, such as 1.500.000." in answer.text
    assert 'value="nhiều lắm"' in answer.text


@check
def the_list_and_the_page_of_a_record_show_it(walk: Walk) -> None:
    made = add(walk, "Công ty Hiện Ra", "1234567")
    found = walk.page(f"{CUSTOMERS}?q=hien+ra")
    row = found[found.index(f'data-id="{made.id}"') :].split("</tr>")[0]
    assert re.search(r"<td[^>]*\bend\b[^>]*>\s*1\.234\.567", row), row
    assert "1.234.567" in walk.page(f"{CUSTOMERS}details/?id={made.id}")


@check
def the_list_is_sorted_by_it_as_by_a_number(walk: Walk) -> None:
    add(walk, "Sắp xếp Một", "9.000")
    add(walk, "Sắp xếp Hai", "80.000")
    found = walk.page(f"{CUSTOMERS}?q=sap+xep&sort=credit")
    assert found.index("Sắp xếp Một") < found.index("Sắp xếp Hai")
    found = walk.page(f"{CUSTOMERS}?q=sap+xep&sort=-credit")
    assert found.index("Sắp xếp Hai") < found.index("Sắp xếp Một")


@check
def the_filter_goes_from_one_value_to_another(walk: Walk) -> None:
    for name, credit in (("Lọc Thấp", "1.000"), ("Lọc Vừa", "2.000"), ("Lọc Cao", "3.000")):
        add(walk, name, credit)
    found = walk.page(f"{CUSTOMERS}?q=loc&credit_from=1500&credit_to=2000")
    assert "Lọc Vừa" in found
    assert "Lọc Thấp" not in found
    assert "Lọc Cao" not in found
    assert "1.500 – 2.000" in found
    assert "Lọc Cao" in walk.page(f"{CUSTOMERS}?q=loc&credit_from=2.500")
    panel = walk.page(f"{CUSTOMERS}filter/credit/?credit_from=1500")
    assert re.search(r'<input[^>]*type="text"[^>]*name="credit_from"[^>]*value="1500"', panel)
    assert 'name="credit_to"' in panel


@check
def an_end_that_cannot_be_read_is_said(walk: Walk) -> None:
    page = walk.page(f"{CUSTOMERS}?credit_from=v%C3%B4+s%E1%BB%91")
    assert "“vô số” không phải là số." in page, page[page.find("vô số") - 400 :][:800]


@check
def the_template_has_its_column_format_and_hint(walk: Walk) -> None:
    assert "Hạn mức công nợ" in walk.template("customers")
    sheets = workbook(walk, "/admin/imports/template/customers").worksheets
    place = cell_below(sheets[0], "Hạn mức công nợ", 1)
    assert "An amount in đồng" in place.comment.text
    assert sheets[0].column_dimensions[place.column_letter].number_format == "#,##0"


@check
def the_import_reads_it_and_names_what_it_cannot_read(walk: Walk) -> None:
    head = ["Mã KH", "Tên KH", "Hạn mức công nợ"]
    rows: list[list[Any]] = [["N1", "Nhập Chữ", "12.000.000"], ["N2", "Nhập Số", LARGE]]
    walk.import_rows("customers", [head, *rows, ["N3", "Nhập Sai", "mười triệu"]])
    kept = [walk.record(walk.customers.Customer, name).credit for _code, name, _amount in rows]
    assert kept == [12_000_000, LARGE]
    walk.import_rows(
        "customers", [head, ["N1", "Nhập Chữ", "13.000.000"]], on_duplicate="overwrite"
    )
    assert walk.record(walk.customers.Customer, "Nhập Chữ").credit == 13_000_000
    page = walk.page("/admin/imports/")
    assert "Nhập Sai" not in walk.page(f"{CUSTOMERS}?q=nhap")
    assert page


@check
def an_import_that_overwrote_it_is_undone(walk: Walk) -> None:
    head = ["Mã KH", "Tên KH", "Hạn mức công nợ"]
    walk.import_rows("customers", [head, ["H1", "Hoàn Tác", LARGE]])
    walk.import_rows("customers", [head, ["H1", "Hoàn Tác", 7]], on_duplicate="overwrite")
    assert walk.record(walk.customers.Customer, "Hoàn Tác").credit == 7
    place = f"/admin/imports/{last_import(walk)}/undo"
    walk.page(place)
    assert walk.browser.post(place, page=place).status_code == 303
    assert walk.record(walk.customers.Customer, "Hoàn Tác").credit == LARGE


@check
def the_export_writes_it_as_a_number(walk: Walk) -> None:
    add(walk, "Công ty Xuất Ra", "8.000.000.000")
    book = workbook(walk, f"{CUSTOMERS}export/?q=xuat+ra")
    cell = cell_below(book.worksheets[0], "Credit limit", 2)
    assert (cell.value, cell.number_format) == (8_000_000_000, "#,##0")


@check
def the_reference_names_the_kind_and_its_field(walk: Walk) -> None:
    from crmadmin.cli.reference import page

    with walk.app.app_context():
        text = page()
    assert "| `money` | `field.money` | an amount in whole đồng |" in text
    assert re.search(r"\| `credit` \| Credit limit \|[^|]*\| money \|", text)
    assert "| `bad_money` | “‹value›” is not an amount in đồng, such as 1.500.000. |" in text


def main(project: str, url: str, folder: str) -> None:
    here = Path(__file__).parent
    sys.path[:0] = [project, str(here), str(here.parent), str(here.parent / "web")]
    walk = Walk(url, "edited", Path(folder))
    found = {}
    for name, function in CHECKS.items():
        try:
            function(walk)
        except Exception:
            found[name] = traceback.format_exc()
        else:
            found[name] = ""
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
