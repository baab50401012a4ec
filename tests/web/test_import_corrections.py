"""Corrections of the preview survive everything else that is decided about the import."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from wizard import CUSTOMERS, act, begun, of, run, workbook

from crmadmin.core.db import db
from crmadmin.imports import forgetting
from crmadmin.imports.models import ImportBatch, ImportFix
from crmadmin.imports.pipeline import corrections
from crmadmin.imports.views import rows, steps
from crmadmin.jobs.models import Job

HEAD = ("Mã KH", "Tên khách hàng", "Điện thoại", "Số máy khác", "Email")
ROWS = (
    HEAD,
    ("A1", "Một", "12", "13", None),
    ("A2", "Hai", "0912345678", None, "lan@"),
    ("A3", "Ba", "14", None, None),
)
OTHER = {"Trang 2": [("Mã KH", "Tên khách hàng", "Điện thoại"), ("B1", "Bốn", "15")]}
PHONE, SECOND = 2, 3


@pytest.fixture
def where(people: Any, visitor: Any) -> str:
    """An import of Mai's with two corrections and a row left out."""
    browser = visitor("mai")
    where = begun(browser, CUSTOMERS, workbook(*ROWS, sheets=OTHER))
    if "mapping" in browser.get(f"{where}/").headers["Location"]:
        act(browser, where, "mapping", page="mapping")
    act(browser, where, "rows/2/fix", **{"cell-phone": "0912345670"})
    act(browser, where, "rows/3/fix", **{"cell-email": "lan@congty.vn"})
    act(browser, where, "rows/4/leave-out")
    assert fixes(browser.app) == MADE
    return where


MADE = {(2, "phone"): "0912345670", (3, "email"): "lan@congty.vn", (4, ""): "1"}


def fixes(app: Flask) -> dict[tuple[int, str], str]:
    with app.app_context():
        found = {(f.number, f.column): f.value for f in db.session.scalars(select(ImportFix))}
        db.session.remove()
    return found


def match(browser: Any, where: str, **otherwise: str) -> Any:
    """Choose columns on the page of columns, as they are matched at first or `otherwise`: field
    by place, "-" for none."""
    chosen = {"field-0": "code", "field-1": "name", "field-2": "phone", "field-3": "-",
              "field-4": "email"}  # fmt: skip
    return act(browser, where, "mapping", "mapping", **{**chosen, **otherwise})


def test_other_settings_keep_them(app: Flask, visitor: Any, where: str) -> None:
    browser = visitor("mai")
    answer = act(browser, where, "settings", "settings", on_duplicate="overwrite", blank="clear")
    assert answer.status_code == 303
    assert fixes(app) == MADE
    assert of(app, where).planned["rows"]["created"] == 2


def test_a_column_that_is_matched_otherwise_sets_its_correction_aside_and_says_so(
    app: Flask, visitor: Any, where: str
) -> None:
    browser = visitor("mai")
    match(browser, where, **{"field-2": "-", "field-3": "phone"})
    assert fixes(app) == {k: v for k, v in MADE.items() if k != (2, "phone")}
    page = browser.get(f"{where}/preview").text
    for words in ("1 chỗ đã sửa không được tính", "dòng 2", "cột C", "0912345670"):
        assert words in page, words
    match(browser, where)
    assert fixes(app) == MADE
    assert "không được tính" not in browser.get(f"{where}/preview").text


def test_what_an_older_page_corrects_in_a_column_that_is_no_longer_imported_is_refused_aloud(
    app: Flask, visitor: Any, where: str
) -> None:
    browser = visitor("mai")
    older = browser.carried(f"{where}/preview", f"{where}/rows/2/fix")
    match(browser, where, **{"field-2": "-"})
    answer = browser.raw_post(f"{where}/rows/2/fix", {**older, "cell-phone": "0912345679"})
    assert answer.status_code == 303
    assert "lần sửa vừa rồi chưa được nhận" in browser.get(f"{where}/preview").text
    assert fixes(app) == {k: v for k, v in MADE.items() if k != (2, "phone")}


def test_a_cell_that_was_noted_by_its_place_and_by_its_name_is_corrected_once(
    app: Flask, visitor: Any, where: str
) -> None:
    browser = visitor("mai")
    match(browser, where, **{"field-2": "-"})
    with app.app_context():
        db.session.add(ImportFix(batch_id=of(app, where).id, number=2, column="phone", value="15"))
        db.session.commit()
    match(browser, where)
    assert fixes(app) == {**MADE, (2, "phone"): "15"}


def test_a_correction_goes_with_its_cell_to_the_field_that_the_column_becomes(
    app: Flask, visitor: Any, where: str
) -> None:
    browser = visitor("mai")
    match(browser, where, **{"field-2": "contact_phone"})
    assert (2, "contact_phone") in fixes(app)
    assert (2, "phone") not in fixes(app)


def test_another_sheet_sets_them_aside_and_coming_back_brings_them_back(
    app: Flask, visitor: Any, where: str
) -> None:
    browser = visitor("mai")
    first = of(app, where).sheet
    act(browser, where, "sheets", "mapping")
    act(browser, where, "sheet", "mapping", sheet="Trang 2", was=first)
    assert of(app, where).sheet == "Trang 2"
    assert fixes(app) == {}
    page = browser.get(f"{where}/preview").text
    assert "3 chỗ đã sửa không được tính" in page
    assert str(first) in page
    act(browser, where, "sheet", "mapping", sheet=first, was="Trang 2")
    assert fixes(app) == MADE


def test_a_row_that_is_taken_back_has_its_corrections(app: Flask, visitor: Any, where: str) -> None:
    browser = visitor("mai")
    act(browser, where, "rows/2/leave-out")
    assert (2, "") in fixes(app)
    act(browser, where, "rows/2/take-back")
    assert fixes(app) == MADE
    assert of(app, where).planned["rows"]["created"] == 2


def test_an_older_page_of_the_row_takes_no_correction_back(
    app: Flask, visitor: Any, people: Any
) -> None:
    browser = visitor("mai")
    head = ("Tên khách hàng", "Điện thoại", "Email")
    where = begun(browser, CUSTOMERS, workbook(head, ("Một", "12", "lan@")))
    old = {"was-phone": "12", "cell-phone": "12", "was-email": "lan@", "cell-email": "lan@"}
    act(browser, where, "rows/2/fix", **{**old, "cell-phone": "0912345678"})
    act(browser, where, "rows/2/fix", **{**old, "cell-email": "lan@congty.vn"})
    assert fixes(app) == {(2, "phone"): "0912345678", (2, "email"): "lan@congty.vn"}


def test_the_run_writes_what_counts_and_nothing_that_was_set_aside(
    app: Flask, visitor: Any, where: str
) -> None:
    browser = visitor("mai")
    match(browser, where, **{"field-2": "-"})
    run(browser, where)
    assert of(app, where).counts["rows"]["created"] == 2


def test_a_correction_that_comes_while_the_file_is_looked_at_is_not_lost_in_silence(
    app: Flask, visitor: Any, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "PATIENCE", 0)
    browser = visitor("mai")
    carried = browser.carried(f"{where}/preview", f"{where}/rows/2/fix")
    with app.app_context():
        job = db.session.scalars(select(Job).order_by(Job.id.desc())).first()
        assert job is not None
        job.state = "running"
        db.session.commit()
        db.session.remove()
    form = {**carried, "cell-phone": "0912345679"}
    answer = browser.raw_post(f"{where}/rows/2/fix", form, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(rows.LOOK_AGAIN))
    assert browser.raw_post(f"{where}/rows/2/fix", form).status_code == 303
    assert "lần sửa vừa rồi chưa được nhận" in browser.get(f"{where}/progress").text


def test_a_column_that_the_file_lacks_has_no_cell_to_correct(people: Any, visitor: Any) -> None:
    browser = visitor("mai")
    where = begun(browser, CUSTOMERS, workbook(("Mã KH", "Điện thoại"), ("A1", "12")))
    page = browser.get(f"{where}/preview").text
    assert 'name="cell-phone"' in page
    assert 'name="cell-name"' not in page


def test_what_was_set_aside_goes_with_the_file(app: Flask, visitor: Any, where: str) -> None:
    act(visitor("mai"), where, "mapping", "mapping", **{"field-2": "-", "field-1": "name"})
    with app.app_context():
        batch = db.session.get_one(ImportBatch, int(where.rsplit("/", 1)[-1]))
        assert dict(corrections.aside(batch))
        forgetting._forget_decisions(batch.id)
        assert not dict(corrections.aside(batch))
        db.session.remove()
