"""The list as a spreadsheet: what is shown, what an import takes back, nothing that runs."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest
from factories import catalog, customer
from flask import Flask

from crmadmin.access.models import User
from crmadmin.catalogs.models import CustomerStatus
from crmadmin.core.db import db

URL = "/admin/customers/export/"


def filled(people: dict[str, int]) -> None:
    an, son = db.session.get(User, people["an"]), db.session.get(User, people["son"])
    assert an is not None
    assert son is not None
    status = catalog(CustomerStatus, "Tiềm năng")
    customer(an, "=HYPERLINK(1)", phone="+84912345678", status_id=status.id)
    customer(son, "Đặng Hường")
    db.session.commit()


def sheet(answer: Any) -> list[dict[str, Any]]:
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows())
    heads = [c.value for c in rows[0]]
    return [dict(zip(heads, row, strict=True)) for row in rows[1:]]


def test_the_workbook_has_what_the_filter_shows(context: Flask, people: dict, visitor) -> None:
    filled(people)
    rows = sheet(visitor("an").get(f"{URL}?q=dang"))
    assert [r["Tên khách hàng"].value for r in rows] == ["Đặng Hường"]
    assert rows[0]["Chủ sở hữu"].value == "son"


def test_text_that_looks_like_a_formula_stays_text(context: Flask, people: dict, visitor) -> None:
    filled(people)
    first = sheet(visitor("an").get(URL))[0]
    assert first["Tên khách hàng"].data_type == "s"
    assert first["Điện thoại"].value == "+84912345678"
    assert first["Trạng thái"].value == "Tiềm năng"


def test_a_csv_file_is_escaped(context: Flask, people: dict, visitor) -> None:
    filled(people)
    text = visitor("an").get(f"{URL}?format=csv").data.decode("utf-8-sig")
    names = [row["Tên khách hàng"] for row in csv.DictReader(io.StringIO(text))]
    assert names == ["'=HYPERLINK(1)", "Đặng Hường"]


@pytest.mark.parametrize("name", ["son", "vy"])
def test_who_may_not_export_gets_nothing(context: Flask, people: dict, visitor, name: str) -> None:
    filled(people)
    browser = visitor(name)
    assert browser.get(URL).status_code == 403
    assert "/export/" not in browser.get("/admin/customers/").text


def test_a_list_that_is_too_long_is_said_to_be(
    context: Flask, people: dict, visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(people)
    monkeypatch.setattr("crmadmin.core.exports.MOST_ROWS", 1)
    an = visitor("an")
    assert an.get(URL).status_code == 302
    assert "tối đa 1 dòng" in an.get("/admin/customers/").text


def test_an_unknown_format_is_not_found(context: Flask, people: dict, visitor) -> None:
    assert visitor("an").get(f"{URL}?format=pdf").status_code == 404
