"""Step 2 of an import: columns, sheets, header rows, and catalog values that no list has."""

from __future__ import annotations

import re
from typing import Any

import factories
import pytest
from flask import Flask
from sqlalchemy import select
from wizard import CUSTOMERS, act, begun, count, leads, of, run, workbook

from crmadmin.catalogs.models import Collaborator, CollaboratorGroup, CustomerSource
from crmadmin.core.db import db
from crmadmin.customers.models import Customer

HEAD = ("Tên khách hàng", "Nguồn", "Gian hàng")
ROWS = (HEAD, ("Một", "Hội chợ", "A1"), ("Hai", "Hội chợ", "A2"), ("Ba", "Zalo", "A3"))


def decide(browser: Any, where: str, **form: Any) -> Any:
    """Send the mapping page, with the values of the page itself."""
    page = browser.get(f"{where}/mapping").text
    hidden = dict(
        re.findall(r'<input type="hidden" name="((?:column|value)-\d+)" value="([^"]*)"', page)
    )
    return act(browser, where, "mapping", page="mapping", **hidden, **form)


def number_of(browser: Any, where: str, value: str) -> str:
    """The number under which the page asks about a value."""
    page = browser.get(f"{where}/mapping").text
    found = re.search(rf'name="value-(\d+)" value="{value}"', page)
    assert found is not None
    return found[1]


def sources(app: Flask) -> list[str | None]:
    """The customers' sources, by name, in the order of the customers."""
    with app.app_context():
        names = dict(db.session.execute(select(CustomerSource.id, CustomerSource.name)).all())
        found = db.session.scalars(select(Customer.source_id).order_by(Customer.id)).all()
        db.session.remove()
    return [names.get(key) for key in found]


@pytest.fixture
def fair(app: Flask) -> int:
    """The id of the source "Hội chợ Việt"."""
    with app.app_context():
        record = factories.catalog(CustomerSource, "Hội chợ Việt")
        db.session.commit()
        key = int(record.id)
        db.session.remove()
    return key


def test_customers_lead_to_the_columns_first_when_something_is_undecided(
    people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(*ROWS))
    assert leads(browser, where) == "mapping"
    page = browser.get(f"{where}/mapping").text
    for words in ("Gian hàng", "Chưa nhận ra", "Hội chợ", "2 dòng", "Zalo", "1 dòng", "A1",
                  "Khớp", "Tạo mới", "Để trống", "Làm mới", "Bỏ qua", "Quay lại",
                  "Xem trước"):  # fmt: skip
        assert words in page, words
    assert "1 cột và 2 giá trị chưa quyết định: nhiều nhất 3 dòng sẽ lỗi" in page
    clear = begun(browser, CUSTOMERS, workbook(("Tên khách hàng",), ("Một",)))
    assert leads(browser, clear) == "preview"


def test_a_column_is_matched_by_hand_and_remembered_for_the_next_file(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    rows = (("Tên khách hàng", "Cột lạ"), ("Một", "0912345678"))
    where = begun(browser, CUSTOMERS, workbook(*rows))
    answer = act(
        browser, where, "mapping", page="mapping", **{"field-0": "name", "field-1": "phone"}
    )
    assert answer.status_code == 303
    assert leads(browser, where) == "preview"
    assert of(app, where).columns["fields"] == {"name": 0, "phone": 1}
    again = begun(browser, CUSTOMERS, workbook(*rows))
    assert of(app, again).columns["fields"] == {"name": 0, "phone": 1}
    assert "Như lần trước" in browser.get(f"{again}/mapping").text
    run(browser, where)
    with app.app_context():
        assert db.session.scalar(select(Customer.phone)) == "+84912345678"
        db.session.remove()


def test_a_column_that_is_left_out_on_purpose_is_not_asked_about_again(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(("Tên khách hàng", "Lạ"), ("Một", "x")))
    assert leads(browser, where) == "mapping"
    act(browser, where, "mapping", page="mapping", **{"field-0": "name", "field-1": "-"})
    assert leads(browser, where) == "preview"
    assert "Không nhập" in browser.get(f"{where}/mapping").text


def test_two_columns_for_one_field_are_refused_beside_the_columns(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(("Tên khách hàng", "Lạ"), ("Một", "x")))
    answer = act(
        browser, where, "mapping", page="mapping", **{"field-0": "name", "field-1": "name"}
    )
    assert answer.status_code == 422
    assert "Hai cột không thể cùng là" in answer.text
    assert of(app, where).mapping is None


def test_a_file_needs_a_column_by_which_a_record_is_known(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(("Tên khách hàng", "Email"), ("Một", None)))
    answer = act(browser, where, "mapping", page="mapping", **{"field-0": "-", "field-1": "email"})
    assert answer.status_code == 422
    assert "Tên khách hàng" in answer.text


def test_an_unknown_field_is_no_request(app: Flask, people: Any, visitor: Any) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(*ROWS))
    for name in ("password_hash", "owner_id", "id", "\x00"):
        answer = act(browser, where, "mapping", page="mapping", **{"field-0": name})
        assert answer.status_code == 400, name
    assert of(app, where).mapping is None


def test_unknown_values_are_matched_created_or_left_blank(
    app: Flask, people: Any, visitor: Any, fair: int
) -> None:
    browser = visitor("an")
    rows = (HEAD[:2], ("Một", "Hội chợ"), ("Hai", "Zalo"), ("Ba", "Không rõ"))
    where = begun(browser, CUSTOMERS, workbook(*rows))
    match, make, none = (number_of(browser, where, v) for v in ("Hội chợ", "Zalo", "Không rõ"))
    form = {
        f"how-{match}": "match", f"to-{match}": str(fair),
        f"how-{make}": "create", f"how-{none}": "blank",
    }  # fmt: skip
    assert decide(browser, where, **form).status_code == 303
    assert leads(browser, where) == "preview"
    assert count(app, CustomerSource) == 1
    run(browser, where)
    assert sources(app) == ["Hội chợ Việt", "Zalo", None]


def test_what_was_decided_about_a_value_is_remembered(
    app: Flask, people: Any, visitor: Any, fair: int
) -> None:
    browser = visitor("an")
    rows = (HEAD[:2], ("Một", "Hội chợ"))
    where = begun(browser, CUSTOMERS, workbook(*rows))
    number = number_of(browser, where, "Hội chợ")
    decide(browser, where, **{f"to-{number}": str(fair)})
    again = begun(browser, CUSTOMERS, workbook(*rows, ("Hai", "Hội chợ")))
    assert leads(browser, again) == "preview"
    run(browser, again)
    assert sources(app) == ["Hội chợ Việt"] * 2


def test_values_that_were_seen_and_left_are_not_asked_about_again(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(*ROWS))
    decide(browser, where, **{"field-0": "name", "field-1": "source", "field-2": "-"})
    assert leads(browser, where) == "preview"
    page = browser.get(f"{where}/preview").text
    assert "2 giá trị trong tệp chưa có trong danh mục" in page
    assert of(app, where).planned["rows"]["invalid"] == 3


def test_sending_the_page_as_it_is_leads_to_the_preview(people: Any, visitor: Any) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(HEAD[:2], ("Một", "Hội chợ")))
    answer = decide(browser, where)
    assert answer.headers["Location"].endswith("/preview")


@pytest.mark.parametrize("word", ["create", "blank"])
def test_one_button_decides_every_value_of_a_list(
    app: Flask, people: Any, visitor: Any, word: str
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(*ROWS))
    answer = decide(browser, where, **{"field-2": "-", "all": f"source:{word}"})
    assert answer.headers["Location"].endswith("/mapping")
    run(browser, where)
    expected = ["Hội chợ", "Hội chợ", "Zalo"] if word == "create" else [None] * 3
    assert sources(app) == expected


def test_who_may_not_add_to_a_list_cannot_create_its_values(
    app: Flask, people: Any, visitor: Any
) -> None:
    mai = visitor("mai")
    where = begun(mai, CUSTOMERS, workbook(HEAD[:2], ("Một", "Hội chợ")))
    assert 'value="create"' not in mai.get(f"{where}/mapping").text
    number = number_of(mai, where, "Hội chợ")
    for form in ({f"how-{number}": "create"}, {"all": "source:create"}):
        answer = decide(mai, where, **form)
        assert answer.status_code in (303, 422)
    run(mai, where)
    assert count(app, CustomerSource) == 0


@pytest.mark.parametrize("to", ["999", "0", "-1", "abc", "1" * 30, "\u0663"])
def test_a_record_that_is_not_there_cannot_be_chosen(
    app: Flask, people: Any, visitor: Any, to: str
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(HEAD[:2], ("Một", "Hội chợ")))
    number = number_of(browser, where, "Hội chợ")
    answer = decide(browser, where, **{f"how-{number}": "match", f"to-{number}": to})
    assert answer.status_code in (303, 422)
    run(browser, where)
    assert count(app, Customer) == 0


def test_another_header_row_and_sheet_can_be_chosen(app: Flask, people: Any, visitor: Any) -> None:
    browser = visitor("an")
    book = workbook(
        ("Tên khách hàng",), ("Một",), ("Hai",),
        sheets={"Tháng 10": [("Ghi chú gì đó",), ("Tên khách hàng", "Email"), ("Ba", None)]},
    )  # fmt: skip
    where = begun(browser, CUSTOMERS, book)
    first = of(app, where).sheet
    assert "Tháng 10" not in browser.get(f"{where}/mapping").text
    assert act(browser, where, "sheets", page="mapping").status_code == 303
    assert "Tháng 10" in browser.get(f"{where}/mapping").text
    act(browser, where, "sheet", page="mapping", sheet="Tháng 10", was=first, header="1")
    assert (of(app, where).sheet, of(app, where).header_row) == ("Tháng 10", 2)
    act(browser, where, "sheet", page="mapping", sheet=first, was="Tháng 10")
    act(browser, where, "sheet", page="mapping", sheet=first, was=first, header="2")
    assert of(app, where).header_row == 2


@pytest.mark.parametrize(
    ("sheet", "header"), [("không có", "1"), ("", ""), ("Sheet", "99"), ("Sheet", "x")]
)
def test_a_sheet_or_row_that_is_not_there_is_answered_with_the_page(
    app: Flask, people: Any, visitor: Any, sheet: str, header: str
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(*ROWS))
    form = {"sheet": sheet, "was": sheet, "header": header}
    answer = act(browser, where, "sheet", page="mapping", **form)
    assert answer.status_code in (303, 422)
    assert of(app, where).sheet == "Sheet"


def test_a_file_without_a_header_waits_for_the_user_to_name_it(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    rows = (("a", "b"), ("Công ty Một", "0912345678"), ("Công ty Hai", "0912345679"))
    where = begun(browser, CUSTOMERS, workbook(*rows))
    assert of(app, where).status == "unmapped"
    assert leads(browser, where) == "mapping"
    answer = act(browser, where, "mapping", page="mapping")
    assert answer.status_code == 422
    assert "hàng tiêu đề" in answer.text
    act(browser, where, "sheet", page="mapping", sheet="Sheet", was="Sheet", header="1")
    act(browser, where, "mapping", page="mapping", **{"field-0": "name", "field-1": "phone"})
    assert leads(browser, where) == "preview"
    run(browser, where)
    assert count(app, Customer) == 2


def test_records_to_match_with_are_looked_up(
    app: Flask, people: Any, visitor: Any, fair: int
) -> None:
    browser = visitor("an")
    where = begun(browser, CUSTOMERS, workbook(*ROWS))
    found = browser.get(f"{where}/options?column=source&q=hoi+cho").json["results"]
    assert [(r["id"].partition(".")[0], r["text"]) for r in found] == [(str(fair), "Hội chợ Việt")]
    for query in ("?column=source&q=%25", "?column=name", "?column=", "", "?column=password_hash"):
        assert browser.get(f"{where}/options{query}").json["results"] == [], query


def test_a_catalog_goes_to_the_preview_and_says_what_is_undecided(
    app: Flask, people: Any, visitor: Any
) -> None:
    browser = visitor("an")
    rows = (("Họ tên", "Điện thoại", "Nhóm cộng tác viên"), ("Lan", "0912345678", "Miền Bắc"))
    where = begun(browser, "/admin/imports/new/collaborators", workbook(*rows))
    assert leads(browser, where) == "preview"
    assert f"{where}/mapping" in browser.get(f"{where}/preview").text
    number = number_of(browser, where, "Miền Bắc")
    decide(browser, where, **{f"how-{number}": "create"})
    run(browser, where)
    assert (count(app, Collaborator), count(app, CollaboratorGroup)) == (1, 1)
