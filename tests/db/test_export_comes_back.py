"""What is exported comes back equal when it is imported again, from CSV and from Excel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import factories
import pytest
from flask import Flask
from sqlalchemy import select

from crmadmin.core.db import db, spec_of
from crmadmin.customers.models import Customer

TEXTS = (
    "=1+1", "+84 918 700 001", "-5", "@SUM(A1)", "'đã có nháy", "''hai nháy", "＝1＋1", "a;=1+1",
    "a,b", 'nói "chào" nhé', '"', '""', "00012", "0912345678", "1e5", "1,5", "1.000", "TRUE",
    "NULL", "12/03/2024", "2024-03-12", '=HYPERLINK("http://x","y")', "a\\nb", "%d",
    "Đặng Thị Ánh", "𝒜 nhã 😀", "a|b", "_x0041_", "<b>&amp;</b>", "0", "–", ".", "a = b",
    "x'; DROP TABLE y; --",
)  # fmt: skip
ERROR_CELL = "#N/A"
"""In a workbook a text like any other. In CSV nobody can tell it from Excel's own: refused."""
NOTES = ("một\nhai\n\nbốn", "=1+1\n=2+2", "a;\n=b", '"trích"\n"dẫn"')


def _values() -> dict[str, dict[str, Any]]:
    spec = spec_of(Customer)
    fields = [f for f in spec.having("exported") if f.importable]
    rows = db.session.scalars(select(Customer).order_by(Customer.code)).all()
    return {c.code: {f.name: getattr(c, f.column) for f in fields} for c in rows}


def _crm(app: Flask, *words: object) -> str:
    told = app.test_cli_runner().invoke(args=["crm", *map(str, words)])
    assert told.exit_code == 0, told.output
    db.session.remove()
    return told.output


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_is_exported_comes_back_equal(context: Flask, tmp_path: Path, ending: str) -> None:
    an = factories.user("an", "admin")
    for number, text in enumerate([*TEXTS, *[ERROR_CELL][: ending == "xlsx"]]):
        note = NOTES[number % len(NOTES)]
        factories.customer(an, text, code=f"{number:05}", note=note, address=text)
    factories.customer(an, "Mã lạ", code="0E10", phone="+84918700001", tax_code="0100109106")
    factories.customer(an, "Mã lạ 2", code="=A1")
    db.session.commit()
    before = _values()
    db.session.remove()
    out = tmp_path / f"all.{ending}"
    _crm(context, "export", "customers", out)
    for customer in db.session.scalars(select(Customer)):
        customer.name = "khác"
        customer.note, customer.address = (v and "khác" for v in (customer.note, customer.address))
    db.session.commit()
    db.session.remove()
    _crm(context, "import", "--kind", "customers", out, "--on-duplicate", "overwrite")
    after = _values()
    wrong = {
        (code, name): (value, after[code][name])
        for code, values in before.items()
        for name, value in values.items()
        if after[code][name] != value
    }
    assert wrong == {}
    assert after.keys() == before.keys()


def test_what_csv_cannot_tell_is_said(context: Flask, tmp_path: Path) -> None:
    factories.customer(factories.user("an", "admin"), ERROR_CELL, code="KH1")
    db.session.commit()
    out = tmp_path / "all.csv"
    _crm(context, "export", "customers", out)
    words = ["crm", "import", "--kind", "customers", str(out), "--on-duplicate", "overwrite"]
    told = context.test_cli_runner().invoke(args=words)
    assert told.exit_code == 1
    assert ERROR_CELL in told.output
